#include "line/line.h"

#include <fmt/format.h>

#include <set>

#include "base/words.h"

/// destconfig's table as AsyncOS keeps it in a file: a section a domain, a parameter a line.
namespace postern::features {
namespace {

using line::Edits;
using line::Subject;
using Op = model::Edit::Op;

/// AsyncOS's names of the parameters that are here.
struct Parameter {
  std::string_view theirs;
  std::string_view ours;
};
constexpr Parameter parameters[] = {
    {"max_host_concurrency", "maximum-connections"},
    {"max_messages_per_connection", "messages-per-connection"},
};

class Reader {
 public:
  Reader(const Subject& subject, const model::Path& parent, std::vector<line::Said>& said)
      : subject_(subject), parent_(parent), said_(said) {}

  void take(const line::FileLine& one) {
    if (one.text.front() == '[') return section(one);
    const auto equals = one.text.find('=');
    if (equals == std::string::npos) return bad(one, fmt::format("\"{}\" is no NAME = VALUE.", one.text));
    if (entry_.empty()) {
      if (!in_bad_section_) bad(one, "The section of a domain, [DOMAIN], has to come first.");
      return;
    }
    parameter(one, base::lower(base::trimmed(one.text.substr(0, equals))), base::trimmed(one.text.substr(equals + 1)));
  }
  [[nodiscard]] Edits edits() && { return std::move(edits_); }

 private:
  void bad(const line::FileLine& one, std::string text) { said_.push_back({one.number, std::move(text), true}); }

  void section(const line::FileLine& one) {
    entry_.clear();
    in_bad_section_ = true;
    if (one.text.back() != ']') return bad(one, "The bracket of the section is not closed.");
    const std::string name = base::trimmed(one.text.substr(1, one.text.size() - 2));
    auto domain = canonical_leaf(subject_, {"destination", "domain"}, name);
    if (!domain) return bad(one, domain.error().text);
    if (!domains_.insert(*domain).second) return bad(one, fmt::format("{} has a section already.", *domain));
    in_bad_section_ = false;
    entry_ = line::below(parent_, "destination", {*domain});
    edits_.push_back({Op::create, entry_, {}, {}});
  }

  void parameter(const line::FileLine& one, const std::string& name, const std::string& value) {
    for (const auto& [theirs, ours] : parameters) {
      if (name != theirs) continue;
      auto canonical = canonical_leaf(subject_, {"destination", std::string(ours)}, value);
      if (!canonical) return bad(one, canonical.error().text);
      edits_.push_back({Op::set, line::below(entry_, ours), *canonical, {}});
      return;
    }
    said_.push_back({one.number, fmt::format("{} is not in this version: left out.", name), false});
  }

  const Subject& subject_;
  const model::Path& parent_;
  std::vector<line::Said>& said_;
  std::set<std::string> domains_;
  model::Path entry_;
  bool in_bad_section_ = false;
  Edits edits_;
};

Edits read(const Subject& subject, const model::Path& parent, std::string_view text, std::vector<line::Said>& said) {
  Reader reader(subject, parent, said);
  for (const auto& one : line::file_lines(text)) reader.take(one);
  return std::move(reader).edits();
}

std::string write(const model::Node& holder) {
  std::string text;
  for (const auto& entry : holder.entries("destination")) {
    const std::string domain(entry.leaf("domain"));
    text += fmt::format("[{}]\n", domain == "Default" ? "DEFAULT" : domain);
    for (const auto& [theirs, ours] : parameters)
      if (!entry.leaf(ours).empty()) text += fmt::format("{} = {}\n", theirs, entry.leaf(ours));
  }
  return text;
}

}  // namespace

line::Line line_destination_controls() {
  line::Line line;
  line.feature = "destination-controls";
  line.files = {{"asyncos", "destination", read, write}};
  return line;
}

}  // namespace postern::features
