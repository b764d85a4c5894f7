#include "line/line.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "features/listeners/line_files.h"

/// listenerconfig hat LISTENER ...: one address at a time, into the sender group that has the action.
namespace postern::features {
namespace {

using base::ErrorCode;
using base::fail;
using line::below;
using line::canonical_leaf;
using line::Edits;
using line::Subject;
using line::take_leaf;
using Op = model::Edit::Op;

const schema::Form& hat_form(const Subject& subject) {
  const schema::Form* listener = subject.form.child("listener");
  POSTERN_ASSERT(listener != nullptr && listener->child("hat") != nullptr);
  return *listener->child("hat");
}

std::string usual_group(std::string_view action) {
  if (action == "relay") return "RELAYLIST";
  return action == "reject" ? "BLOCKLIST" : "ALLOWLIST";
}

/// The sender group that gets an address: the one named, or the first with that action.
const model::Node* group_for(const model::Node& listener, std::string_view name, std::string_view action) {
  for (const auto& group : listener.entries("hat")) {
    if (name.empty() ? group.leaf("action") == action : group.leaf("name") == name) return &group;
  }
  return nullptr;
}

/// A new group must stand before one that names ALL, or it would never be asked.
std::vector<std::string> before_all(const model::Node& listener) {
  for (const auto& group : listener.entries("hat")) {
    const model::Node* senders = group.child("sender");
    if (senders != nullptr && std::ranges::find(senders->values, "ALL") != senders->values.end()) {
      return {std::string(group.leaf("name"))};
    }
  }
  return {};
}

base::Result<Edits> new_hat_edits(const Subject& subject, const model::Path& path, const model::Node& listener,
                                  const std::string& address, line::Arguments& arguments) {
  auto action = take_leaf(subject, {"listener", "hat", "action"}, arguments, "The action (accept, relay or reject)");
  if (!action) return action.error();
  const std::string named = arguments.value("group").value_or("");
  const model::Node* group = group_for(listener, named, *action);
  if (group != nullptr && group->leaf("action") != *action) {
    return fail(ErrorCode::invalid,
                fmt::format("The sender group {} has the action {}, not {}.", named, group->leaf("action"), *action));
  }
  const std::string wanted = !named.empty() ? named : usual_group(*action);
  auto name = canonical_leaf(subject, {"listener", "hat", "name"}, group == nullptr ? wanted : group->leaf("name"));
  if (!name) return name.error();
  const model::Path entry = below(path, "hat", {*name});
  auto texts = option_edits(subject, hat_form(subject), entry, arguments);
  if (!texts) return texts;
  Edits edits;
  if (group == nullptr) {
    edits.push_back({Op::create, entry, {}, address == "ALL" ? std::vector<std::string>{} : before_all(listener)});
    edits.push_back({Op::set, below(entry, "action"), *action, {}});
  }
  edits.push_back({Op::insert, below(entry, "sender"), address, {}});
  edits.insert(edits.end(), texts->begin(), texts->end());
  return edits;
}

base::Result<Edits> hat_edits(const Subject& subject, const model::Path& path, std::string_view verb,
                              line::Arguments& arguments) {
  auto address = take_leaf(subject, {"listener", "hat", "sender"}, arguments, "The address");
  if (!address) return address.error();
  const auto listener = entry_at(subject, path);
  if (!listener) return listener.error();
  if (verb == "new") {
    return new_hat_edits(subject, path, *listener, *address, arguments);
  }
  Edits edits;
  for (const auto& group : listener->entries("hat")) {
    const model::Node* senders = group.child("sender");
    if (senders == nullptr) continue;
    if (std::ranges::find(senders->values, *address) == senders->values.end()) continue;
    const model::Path entry = below(path, "hat", {std::string(group.leaf("name"))});
    edits.push_back({Op::erase, below(entry, "sender"), *address, {}});
  }
  if (edits.empty()) {
    return fail(ErrorCode::not_found, fmt::format("No sender group of {} names {}.", path.front().keys.front(), *address));
  }
  return edits;
}

/// hat LISTENER new|delete ADDRESS ...
std::optional<base::Result<Edits>> make(const Subject& subject, std::string_view, line::Arguments& arguments) {
  auto name = take_leaf(subject, {"listener", "name"}, arguments, "The listener's name");
  if (!name) return name.error();
  const model::Path listener{{"listener", {*name}}};
  const auto verb =
      line::by_prefix({"new", "delete", "print"}, arguments.take().value_or(""), "new, delete or print, which hat needs");
  if (!verb) return verb.error();
  // Without this, setting a leaf would silently make a listener of that name.
  if (const auto there = expect_entry(subject, listener, arguments); !there) return there.error();
  return hat_edits(subject, listener, *verb, arguments);
}

}  // namespace

line::Line line_listeners() {
  line::Line line;
  line.feature = "listeners";
  line.operations = {"hat"};
  line.forms =
      "listenerconfig hat LISTENER new ADDRESS accept|relay|reject [--group=NAME] [--text=TEXT]\n"
      "listenerconfig hat LISTENER delete ADDRESS";
  line.make = make;
  line.files = access_files();
  return line;
}

}  // namespace postern::features
