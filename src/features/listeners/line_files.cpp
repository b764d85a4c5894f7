#include "features/listeners/line_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/words.h"

namespace postern::features {
namespace {

using base::ErrorCode;
using base::fail;
using line::below;
using line::canonical_leaf;
using line::Edits;
using line::Said;
using line::Subject;
using Op = model::Edit::Op;

std::string unquoted(std::string_view text) {
  const bool quotes = text.size() > 1 && text.front() == '"' && text.back() == '"';
  return std::string(quotes ? text.substr(1, text.size() - 2) : text);
}

// --- RAT ------------------------------------------------------------------------------------------------------

base::Result<Edits> rat_entry(const Subject& subject, const model::Path& parent, const line::FileLine& one) {
  line::Arguments words(base::split(one.text, " \t"));
  auto address = take_leaf(subject, {"listener", "rat", "address"}, words, "The address");
  if (!address) return address.error();
  const std::string said = base::lower(words.take().value_or(""));
  auto action = canonical_leaf(subject, {"listener", "rat", "action"}, said);
  if (!action) return fail(ErrorCode::usage, fmt::format("\"{}\" is neither ACCEPT nor REJECT.", said));
  const model::Path entry = below(parent, "rat", {*address});
  Edits edits{{Op::create, entry, {}, {}}, {Op::set, below(entry, "action"), *action, {}}};
  const std::string rest = words.take_rest();
  if (rest.empty()) return edits;
  if (*action == "accept")
    return fail(ErrorCode::usage, fmt::format("\"{}\" behind ACCEPT is not in this version: take it out.", rest));
  auto text = canonical_leaf(subject, {"listener", "rat", "text"}, unquoted(rest));
  if (!text) return text.error();
  edits.push_back({Op::set, below(entry, "text"), *text, {}});
  return edits;
}

Edits read_rat(const Subject& subject, const model::Path& parent, std::string_view text, std::vector<Said>& said) {
  return line::read_lines(text, said, [&](const line::FileLine& one) { return rat_entry(subject, parent, one); });
}

std::string write_rat(const model::Node& holder) {
  std::string text;
  for (const auto& entry : holder.entries("rat")) {
    const auto reply = entry.leaf("text");
    text += fmt::format("{} {}{}\n", entry.leaf("address"), base::upper(entry.leaf("action")),
                        reply.empty() ? "" : fmt::format(" \"{}\"", reply));
  }
  return text;
}

// --- HAT ------------------------------------------------------------------------------------------------------

/// What a policy, a group or a host does with connections.
struct Behavior {
  std::string action;
  std::string text;
};

/// "251.192.1." is the network of all that begins so.
std::string whole_network(const std::string& member) {
  const bool partial = member.ends_with('.') && member.find_first_not_of("0123456789.") == std::string::npos;
  if (!partial) return member;
  const auto dots = std::ranges::count(member, '.');
  std::string network = member;
  for (auto left = 4 - dots; left > 0; --left) network += left > 1 ? "0." : "0";
  return fmt::format("{}/{}", network, 8 * dots);
}

class HatReader {
 public:
  HatReader(const Subject& subject, const model::Path& parent, std::vector<Said>& said)
      : subject_(subject), parent_(parent), said_(said) {
    for (const char* name : {"$ACCEPTED", "$TRUSTED", "$THROTTLED"}) policies_[name].action = "accept";
    policies_["$BLOCKED"].action = "reject";
    policies_["$RELAYED"].action = "relay";
  }

  void take(const line::FileLine& one) {
    if (in_braces_) return parameter(one);
    if (!one.indented) return header(one);
    if (!at_) return bad(one.number, fmt::format("\"{}\" stands below no policy, group or host.", one.text));
    below_header(one);
  }
  Edits finish() {
    close();
    return std::move(edits_);
  }

 private:
  /// What is being read: its header, its members, what it does.
  struct Section {
    std::size_t line = 0;
    std::string name;
    bool policy = false;
    std::vector<std::string> members;
    std::optional<Behavior> behavior;
  };

  void bad(std::size_t number, std::string text) { said_.push_back({number, std::move(text), true}); }
  void note(std::size_t number, std::string text) { said_.push_back({number, std::move(text), false}); }

  void header(const line::FileLine& one) {
    close();
    at_ = Section{one.number, one.text, one.text.front() == '$', {}, std::nullopt};
    if (at_->policy) {
      at_->name = base::upper(one.text);
    } else if (one.text.ends_with(':')) {
      at_->name = one.text.substr(0, one.text.size() - 1);
    } else {
      at_->name = base::upper(one.text) == "ALL" ? "ALL" : fmt::format("RULE{}", one.number);
      member(one.number, one.text);
    }
  }

  void below_header(const line::FileLine& one) {
    const std::string word = one.text.substr(0, one.text.find_first_of(" \t({"));
    const std::string name = base::upper(word);
    if (name == "ACCEPT" || name == "RELAY" || name == "REJECT" || name == "TCPREFUSE") {
      if (name == "TCPREFUSE") note(one.number, "TCPREFUSE is taken as REJECT.");
      at_->behavior = Behavior{name == "TCPREFUSE" ? "reject" : base::lower(name), {}};
      in_braces_ = one.text.find('{') != std::string::npos && one.text.find('}') == std::string::npos;
    } else if (name == "CONTINUE") {
      bad(one.number, "CONTINUE is not in this version.");
    } else if (word.starts_with('$')) {
      const auto policy = policies_.find(name);
      if (policy == policies_.end()) return bad(one.number, fmt::format("There is no policy {} above.", name));
      at_->behavior = policy->second;
    } else {
      member(one.number, one.text.substr(0, one.text.find_first_of(" \t(")));
    }
  }

  void member(std::size_t number, const std::string& text) {
    auto sender = canonical_leaf(subject_, {"listener", "hat", "sender"}, whole_network(text));
    if (!sender)
      return bad(number, fmt::format("\"{}\": this version knows hosts by address only. {}", text, sender.error().text));
    if (std::ranges::find(at_->members, *sender) != at_->members.end())
      return bad(number, fmt::format("{} stands there twice: take one out.", *sender));
    at_->members.push_back(*sender);
  }

  void parameter(const line::FileLine& one) {
    in_braces_ = one.text.front() != '}';
    if (!in_braces_) return;
    const auto equals = one.text.find('=');
    const std::string name = base::lower(base::trimmed(one.text.substr(0, equals)));
    if (name == "smtp_banner_text" && equals != std::string::npos && at_ && at_->behavior) {
      at_->behavior->text = unquoted(base::trimmed(one.text.substr(equals + 1)));
      return;
    }
    note(one.number, fmt::format("{} is not in this version: left out.", name));
  }

  void close() {
    if (!at_) return;
    const Section section = std::move(*at_);
    at_.reset();
    if (!section.behavior) return bad(section.line, fmt::format("{} says neither ACCEPT, RELAY nor REJECT.", section.name));
    if (section.policy) {
      policies_[section.name] = *section.behavior;
      return;
    }
    group(section);
  }

  void group(const Section& section) {
    auto name = canonical_leaf(subject_, {"listener", "hat", "name"}, section.name);
    if (!name) return bad(section.line, name.error().text);
    if (const auto [seen, fresh] = groups_.emplace(*name, section.line); !fresh)
      return bad(section.line, fmt::format("{} is on line {} already.", *name, seen->second));
    const model::Path entry = below(parent_, "hat", {*name});
    edits_.push_back({Op::create, entry, {}, {}});
    edits_.push_back({Op::set, below(entry, "action"), section.behavior->action, {}});
    for (const auto& sender : section.members) edits_.push_back({Op::insert, below(entry, "sender"), sender, {}});
    if (section.behavior->action != "reject" || section.behavior->text.empty()) return;
    auto text = canonical_leaf(subject_, {"listener", "hat", "text"}, section.behavior->text);
    if (!text) return bad(section.line, text.error().text);
    edits_.push_back({Op::set, below(entry, "text"), *text, {}});
  }

  const Subject& subject_;
  const model::Path& parent_;
  std::vector<Said>& said_;
  std::map<std::string, Behavior> policies_;
  std::map<std::string, std::size_t> groups_;
  std::optional<Section> at_;
  bool in_braces_ = false;
  Edits edits_;
};

Edits read_hat(const Subject& subject, const model::Path& parent, std::string_view text, std::vector<Said>& said) {
  HatReader reader(subject, parent, said);
  for (const auto& one : line::file_lines(text)) reader.take(one);
  return reader.finish();
}

std::string write_hat(const model::Node& holder) {
  std::string text;
  for (const auto& group : holder.entries("hat")) {
    text += fmt::format("{}:\n", group.leaf("name"));
    if (const model::Node* senders = group.child("sender"); senders != nullptr)
      for (const auto& sender : senders->values) text += fmt::format("    {}\n", sender);
    const auto reply = group.leaf("text");
    text += fmt::format("    {} {{", base::upper(group.leaf("action")));
    text += reply.empty() ? "}\n" : fmt::format("\n        smtp_banner_text = \"{}\"\n    }}\n", reply);
  }
  return text;
}

}  // namespace

std::vector<line::TableFile> access_files() {
  return {{"asyncos", "rat", read_rat, write_rat}, {"asyncos", "hat", read_hat, write_hat}};
}

}  // namespace postern::features
