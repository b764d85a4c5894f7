#include "line/line.h"

#include <fmt/format.h>

#include <map>

#include "base/words.h"

/// aliasconfig: only its files; the schema says the rest.
namespace postern::features {
namespace {

using base::ErrorCode;
using base::fail;
using line::canonical_leaf;
using line::Edits;
using line::Said;
using line::Subject;
using Op = model::Edit::Op;

/// Edits of a file's aliases; what is bad is said with its line.
class AliasReader {
 public:
  AliasReader(const Subject& subject, const model::Path& parent, std::vector<Said>& said)
      : subject_(subject), parent_(parent), said_(said) {}

  void alias(std::size_t number, const std::string& address, const std::vector<std::string>& targets) {
    auto made = entry(number, address, targets);
    if (!made) return bad(number, made.error().text);
    edits_.insert(edits_.end(), std::make_move_iterator(made->begin()), std::make_move_iterator(made->end()));
  }
  void bad(std::size_t number, std::string text) { said_.push_back({number, std::move(text), true}); }
  Edits finish() { return std::move(edits_); }

 private:
  base::Result<Edits> entry(std::size_t number, const std::string& address, const std::vector<std::string>& targets) {
    auto key = canonical_leaf(subject_, {"alias", "address"}, address);
    if (!key) return key.error();
    if (targets.empty()) return fail(ErrorCode::usage, fmt::format("Say whom {} stands for.", *key));
    const model::Path path = line::below(parent_, "alias", {*key});
    Edits made{{Op::create, path, {}, {}}};
    for (const auto& text : targets) {
      auto target = canonical_leaf(subject_, {"alias", "target"}, text);
      if (!target) return target.error();
      if (*target == *key) return fail(ErrorCode::usage, fmt::format("{} cannot stand for itself.", *key));
      if (target->starts_with('@') && !key->starts_with('@'))
        return fail(ErrorCode::usage, fmt::format("{} can stand for whole addresses only, not for {}.", *key, *target));
      made.push_back({Op::insert, line::below(path, "target"), *target, {}});
    }
    if (const auto once = line::check_once(made); !once) return once.error();
    if (const auto [seen, fresh] = seen_.emplace(*key, number); !fresh)
      return fail(ErrorCode::usage, fmt::format("{} is on line {} already.", *key, seen->second));
    return made;
  }

  const Subject& subject_;
  const model::Path& parent_;
  std::vector<Said>& said_;
  std::map<std::string, std::size_t> seen_;
  Edits edits_;
};

/// "admin" below [example.com] as admin@example.com, once for each domain there.
std::vector<std::string> in_domains(const std::string& name, const std::vector<std::string>& domains) {
  if (name.find('@') != std::string::npos) return {name};
  std::vector<std::string> out;
  out.reserve(domains.size());
  for (const auto& domain : domains) out.push_back(fmt::format("{}@{}", name, domain));
  return out;
}

/// AsyncOS: "ALIAS[, ALIAS]: TARGET[, TARGET]"; names without a domain are of those that stand in brackets above.
Edits read_asyncos(const Subject& subject, const model::Path& parent, std::string_view text, std::vector<Said>& said) {
  AliasReader reader(subject, parent, said);
  std::vector<std::string> domains;
  for (const auto& one : line::file_lines(text)) {
    if (one.text.starts_with('[') && one.text.ends_with(']')) {
      domains = base::split(one.text.substr(1, one.text.size() - 2), ", \t");
      if (domains.empty()) reader.bad(one.number, "The brackets name no domain: write [example.com].");
      continue;
    }
    const auto colon = one.text.find(':');
    if (colon == std::string::npos) {
      reader.bad(one.number, fmt::format("\"{}\" has no colon: write an alias, a colon, and whom it stands for.", one.text));
      continue;
    }
    const auto targets = base::split(one.text.substr(colon + 1), ", \t");
    for (const auto& name : base::split(one.text.substr(0, colon), ", \t")) {
      const auto addresses = in_domains(name, domains);
      if (addresses.empty())
        reader.bad(one.number,
                   fmt::format("\"{}\" has no domain: write {}@example.com, or a line [example.com] above.", name, name));
      for (const auto& address : addresses) {
        const std::vector<std::string> of_it{address.substr(address.find('@') + 1)};
        std::vector<std::string> whole;
        whole.reserve(targets.size());
        for (const auto& target : targets) whole.push_back(in_domains(target, of_it).front());
        reader.alias(one.number, address, whole);
      }
    }
  }
  return reader.finish();
}

/// Postfix's virtual(5): "ADDRESS TARGET[, TARGET]", and indented lines that go on with the one before.
Edits read_virtual(const Subject& subject, const model::Path& parent, std::string_view text, std::vector<Said>& said) {
  AliasReader reader(subject, parent, said);
  std::vector<line::FileLine> whole;
  for (const auto& one : line::file_lines(text)) {
    if (one.indented && !whole.empty())
      whole.back().text += " " + one.text;
    else
      whole.push_back(one);
  }
  for (const auto& one : whole) {
    const auto blank = one.text.find_first_of(" \t");
    const std::string address = one.text.substr(0, blank);
    if (address.find('@') == std::string::npos) {
      reader.bad(one.number,
                 fmt::format("\"{}\" is no address. A domain alone, which Postfix needs for its virtual domains, is not "
                             "needed here: leave the line out. A user alone is written with its domain.",
                             address));
      continue;
    }
    reader.alias(one.number, address,
                 blank == std::string::npos ? std::vector<std::string>() : base::split(one.text.substr(blank), ", \t"));
  }
  return reader.finish();
}

std::string write_aliases(const model::Node& holder, std::string_view between) {
  std::string text;
  for (const auto& alias : holder.entries("alias"))
    if (const model::Node* targets = alias.child("target"); targets != nullptr)
      text += fmt::format("{}{} {}\n", alias.leaf("address"), between, base::join(targets->values, ", "));
  return text;
}

std::string write_asyncos(const model::Node& holder) { return write_aliases(holder, ":"); }
std::string write_virtual(const model::Node& holder) { return write_aliases(holder, ""); }

}  // namespace

line::Line line_aliases() {
  line::Line line;
  line.feature = "aliases";
  line.files = {{"asyncos", "alias", read_asyncos, write_asyncos}, {"postfix", "alias", read_virtual, write_virtual}};
  return line;
}

}  // namespace postern::features
