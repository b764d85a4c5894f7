#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/feature_command.h"
#include "cli/summary.h"

/// listenerconfig in one line, with its tables: `rat LISTENER …` (recipients) and `hat LISTENER …` (hosts).
namespace postern::cli {
namespace {

using base::ErrorCode;
using base::fail;
using Op = model::Edit::Op;
using Edits = std::vector<model::Edit>;

model::Path below(model::Path path, std::string_view name, std::vector<std::string> keys = {}) {
  path.push_back({std::string(name), std::move(keys)});
  return path;
}

/// The listener in the mode's settings. Errors: not_found.
base::Result<model::Node> listener_named(Session& session, const schema::Feature& feature,
                                         const std::string& name) {
  const auto view = open_feature(session, feature);
  if (!view) return view.error().error;
  const model::Node* list = view->shown.child("listener");
  const model::Node* entry = list == nullptr ? nullptr : list->entry({name});
  if (entry == nullptr) {
    return fail(ErrorCode::not_found,
                fmt::format("{} has no listener {}.", session.label, name));
  }
  return *entry;
}

base::Result<Edits> rat_edits(Session& session, const schema::Feature& feature,
                              const model::Path& listener, std::string_view verb,
                              Arguments& arguments) {
  auto address = take_leaf(session, feature, {"listener", "rat", "address"}, arguments, "The address");
  if (!address) return address.error();
  const model::Path entry = below(listener, "rat", {*address});
  if (verb == "delete") return Edits{{Op::remove, entry, {}, {}}};
  auto action = take_leaf(session, feature, {"listener", "rat", "action"}, arguments,
                          "The action (accept or reject)");
  if (!action) return action.error();
  auto edits = option_edits(session, feature, entry, {{"text", {"text"}}}, arguments);
  if (!edits) return edits;
  edits->insert(edits->begin(), {model::Edit{Op::create, entry, {}, {}},
                                 model::Edit{Op::set, below(entry, "action"), *action, {}}});
  return edits;
}

std::string usual_group(std::string_view action) {
  if (action == "relay") return "RELAYLIST";
  return action == "reject" ? "BLOCKLIST" : "ALLOWLIST";
}

/// The sender group that gets an address: the one named, or the first with that action.
const model::Node* group_for(const model::Node& listener, std::string_view name,
                             std::string_view action) {
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

base::Result<Edits> new_hat_edits(Session& session, const schema::Feature& feature,
                                  const model::Path& path, const model::Node& listener,
                                  const std::string& address, Arguments& arguments) {
  auto action = take_leaf(session, feature, {"listener", "hat", "action"}, arguments,
                          "The action (accept, relay or reject)");
  if (!action) return action.error();
  const std::string named = arguments.option("group").value_or("");
  const model::Node* group = group_for(listener, named, *action);
  if (group != nullptr && group->leaf("action") != *action) {
    return fail(ErrorCode::invalid, fmt::format("The sender group {} has the action {}, not {}.", named,
                                                group->leaf("action"), *action));
  }
  const std::string wanted = !named.empty() ? named : usual_group(*action);
  auto name = canonical_leaf(session, feature, {"listener", "hat", "name"},
                             group == nullptr ? wanted : group->leaf("name"));
  if (!name) return name.error();
  const model::Path entry = below(path, "hat", {*name});
  auto texts = option_edits(session, feature, entry, {{"text", {"text"}}}, arguments);
  if (!texts) return texts;
  Edits edits;
  if (group == nullptr) {
    edits.push_back({Op::create, entry, {}, address == "ALL" ? std::vector<std::string>{}
                                                             : before_all(listener)});
    edits.push_back({Op::set, below(entry, "action"), *action, {}});
  }
  edits.push_back({Op::insert, below(entry, "sender"), address, {}});
  edits.insert(edits.end(), texts->begin(), texts->end());
  return edits;
}

base::Result<Edits> hat_edits(Session& session, const schema::Feature& feature,
                              const model::Path& path, std::string_view verb,
                              Arguments& arguments) {
  auto address = take_leaf(session, feature, {"listener", "hat", "sender"}, arguments, "The address");
  if (!address) return address.error();
  const auto listener = listener_named(session, feature, path.front().keys.front());
  if (!listener) return listener.error();
  if (verb == "new") {
    return new_hat_edits(session, feature, path, *listener, *address, arguments);
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
    return fail(ErrorCode::not_found,
                fmt::format("No sender group of {} names {}.", path.front().keys.front(), *address));
  }
  return edits;
}

base::Result<Edits> table_edits(Session& session, const schema::Feature& feature,
                                std::string_view table, Arguments& arguments) {
  auto name = take_leaf(session, feature, {"listener", "name"}, arguments, "The listener's name");
  if (!name) return name.error();
  const model::Path listener{{"listener", {*name}}};
  const auto verb = by_prefix({"new", "delete", "print"}, arguments.take().value_or(""),
                              fmt::format("new, delete or print, which {} needs", table));
  if (!verb) return verb.error();
  // Without this, setting a leaf would silently make a listener of that name.
  if (const auto there = expect_entry(session, feature, "listener", *name, arguments); !there) {
    return there.error();
  }
  return table == "rat" ? rat_edits(session, feature, listener, *verb, arguments)
                        : hat_edits(session, feature, listener, *verb, arguments);
}

base::Result<Edits> make_edits(Session& session, const schema::Feature& feature,
                               std::string_view operation, Arguments& arguments) {
  if (operation == "rat" || operation == "hat") {
    return table_edits(session, feature, operation, arguments);
  }
  static const std::vector<LeafOption> options{
      {"type", {"type"}},
      {"interface", {"interface"}},
      {"port", {"port"}},
      {"max-size", {"maximum-message-size"}},
  };
  return keyed_edits(session, feature, "listener", options, {"type", "interface"}, operation,
                     arguments);
}

/// `rat|hat LISTENER print`; -1 for anything else.
int print_table(Session& session, const schema::Feature& feature, std::string_view operation,
                Arguments& arguments) {
  Arguments ahead = arguments;
  const auto name = ahead.take();
  if ((operation != "rat" && operation != "hat") || !name || lower(ahead.peek()) != "print") return -1;
  const auto listener = listener_named(session, feature, *name);
  if (!listener) return session.fail(listener.error());
  const schema::Form* form = session.schema.form(feature.name).child("listener")->child(operation);
  if (session.json) {
    boost::json::array rows;
    for (const auto& entry : listener->entries(operation)) {
      JsonObject row;
      for (const auto& leaf : entry.children) {
        if (leaf.kind == model::Node::Kind::leaf) {
          row[leaf.name] = leaf.value;
        } else {
          row[leaf.name] = boost::json::array(leaf.values.begin(), leaf.values.end());
        }
      }
      rows.emplace_back(std::move(row));
    }
    session.line(to_line(rows));
    return exit_ok;
  }
  const std::string text = list_text(*form, feature, *listener, 0, ~std::size_t{0});
  session.print(text.empty() ? fmt::format("There are no {}.\n", plural(form->label)) : text);
  return exit_ok;
}

}  // namespace

int run_listenerconfig(Session& session, Arguments& arguments) {
  return run_feature_command(
      session, arguments,
      {"listenerconfig", {"new", "edit", "delete", "rat", "hat"}, make_edits, print_table});
}

}  // namespace postern::cli
