#include "cli/dialogue/interview.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/assert.h"
#include "base/idn.h"
#include "cli/dialogue/questions.h"
#include "cli/dialogue/settings.h"
#include "cli/line/words.h"
#include "features/lines.h"
#include "line/summary.h"

namespace postern::cli {
namespace {

using Kind = model::Node::Kind;
using Op = model::Edit::Op;
using Answers = std::map<std::string, std::string, std::less<>>;

using line::below;
using line::names_of;

std::string help_of(const schema::Form& leaf, bool may_go = false) {
  std::string text = leaf.hint.empty() ? leaf.description : leaf.hint;
  if (leaf.type == "enumeration") text += "\nOne of: " + join(leaf.choices, ", ") + ".";
  if (may_go) text += "\nA lone - takes the value away.";
  return text;
}

std::string asked_as(const schema::Form& leaf) {
  constexpr std::string_view port = "the port for ";
  std::string text = leaf.label.starts_with(port)
                         ? fmt::format("Which port do you want to use for {}?", leaf.label.substr(port.size()))
                         : fmt::format("Enter {}.", leaf.label);
  if (!leaf.units.empty() && text.ends_with('.')) {
    text.pop_back();
    text += fmt::format(", in {}.", leaf.units);
  }
  return text;
}

/// Names that a reference could mean, as they are in effect here.
std::vector<std::string> referred_names(Interview& interview, const schema::Form& leaf) {
  const auto slash = leaf.refers_to.find('/');
  if (slash == std::string::npos) return {};
  const auto* feature = interview.session.schema.feature(leaf.refers_to.substr(0, slash));
  const auto steps = split(leaf.refers_to.substr(slash), "/");
  if (feature == nullptr || steps.empty()) return {};
  // Machine-only settings are looked up on the login host, whatever the mode.
  const bool machine = feature->scope == schema::Scope::machine && interview.session.in_cluster() &&
                       !interview.session.mode.starts_with("machine ");
  const auto view = open_feature(interview.session, *feature, machine ? interview.session.own_mode() : std::string());
  if (!view) return {};
  std::vector<std::string> names;
  for (const auto& entry : view->shown.entries(steps.front())) {
    names.push_back(join(entry.key_values(1), " "));
  }
  return names;
}

std::optional<std::string> ask_boolean(Interview& interview, const schema::Form& leaf, const std::string& preset) {
  const auto answer = ask_yes_no(interview.session, fmt::format("Do you want to enable {}?", leaf.label),
                                 preset.empty() ? std::nullopt : std::optional(preset == "true"), help_of(leaf));
  if (!answer) return std::nullopt;
  return *answer ? "true" : "false";
}

std::optional<std::string> ask_choice(Interview& interview, const schema::Form& leaf, const std::string& preset) {
  const auto found = std::ranges::find(leaf.choices, preset);
  std::optional<std::size_t> standing;
  if (found != leaf.choices.end()) {
    standing = static_cast<std::size_t>(found - leaf.choices.begin());
  } else if (!leaf.choices.empty()) {
    standing = 0;
  }
  interview.session.line(fmt::format("Choose {}:", leaf.label));
  const auto number = ask_number(interview.session, leaf.choices, standing);
  if (!number) return std::nullopt;
  return leaf.choices[*number];
}

/// Each backslash that begins neither an escaped line end nor an escaped backslash stands for itself.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    out += text[at];
    if (text[at] != '\\') continue;
    const char next = at + 1 < text.size() ? text[at + 1] : ' ';
    if (next == 'n' || next == '\\') ++at;
    out += next == 'n' ? 'n' : '\\';
  }
  return out;
}

/// A text of several lines, kept as one (pt:text-block). An empty block keeps what is there.
std::optional<std::string> ask_block(Interview& interview, const schema::Form& leaf, const std::vector<std::string>& names,
                                     const std::string& present) {
  Session& session = interview.session;
  while (!session.console().ended()) {
    if (!present.empty()) session.line(fmt::format("It is: {}", present));
    session.console().expect_block();
    session.line(fmt::format("Enter {}, line by line. A blank line ends it; \\n inside a line stands for one.{}", leaf.label,
                             present.empty() ? "" : " A blank line at once keeps it."));
    const auto block = session.console().read_block(Console::Ends::at_blank_line);
    if (!block) return std::nullopt;
    const std::string typed = escaped(join(split(*block, "\r\n"), "\\n"));
    if (typed.empty() && (!present.empty() || !leaf.mandatory)) return present;
    if (typed == "-" && !leaf.mandatory) return std::string();
    auto value = session.schema.check_leaf(interview.feature.name, names, typed);
    if (value) return *value;
    session.line(value.error().text);
  }
  return std::nullopt;
}

bool wanted(const schema::Form& child, const Answers& answers) {
  const auto equals = child.when_hint.find('=');
  if (equals == std::string::npos) return true;
  const auto answer = answers.find(child.when_hint.substr(0, equals));
  return answer != answers.end() && answer->second == child.when_hint.substr(equals + 1);
}

base::Result<std::string> checked_values(const Interview& interview, const std::vector<std::string>& names,
                                         std::string_view typed) {
  std::vector<std::string> values;
  for (const auto& part : split(typed, ", ")) {
    auto value = interview.session.schema.check_leaf(interview.feature.name, names, part);
    if (!value) return value.error();
    if (std::ranges::find(values, *value) == values.end()) values.push_back(std::move(*value));
  }
  return join(values, ", ");
}

bool ask_values(Interview& interview, const schema::Form& list, const model::Path& parent, const model::Node* current) {
  const model::Path path = below(parent, list.name);
  const auto names = names_of(path);
  const model::Node* now = current == nullptr ? nullptr : current->child(list.name);
  Question question;
  question.text = fmt::format("Enter {}. Several are separated by commas.", list.label);
  question.preset = now == nullptr ? std::string() : join(now->values, ", ");
  question.help = help_of(list, !question.preset.empty());
  question.may_be_empty = !list.mandatory && list.when_hint.empty();
  question.check = [&](std::string_view typed) -> base::Result<std::string> {
    if (typed == "-") return std::string();
    return checked_values(interview, names, typed);
  };
  const auto answer = ask_text(interview.session, question);
  if (!answer) return false;
  if (*answer == question.preset) return true;
  if (now != nullptr) interview.edits.push_back({Op::clear, path, {}, {}});
  for (const auto& value : split(*answer, ",")) {
    interview.edits.push_back({Op::insert, path, value, {}});
  }
  return true;
}

bool ask_one_leaf(Interview& interview, const schema::Form& leaf, const model::Path& path, const model::Node* current,
                  Answers& answers) {
  const std::string present(current == nullptr ? std::string_view() : current->leaf(leaf.name));
  const auto answer = ask_leaf(interview, leaf, path, present);
  if (!answer) return false;
  answers[leaf.name] = *answer;
  const bool unchanged = *answer == present || (present.empty() && *answer == leaf.fallback);
  if (unchanged) return true;
  if (answer->empty()) {
    interview.edits.push_back({Op::clear, below(path, leaf.name), {}, {}});
  } else {
    interview.edits.push_back({Op::set, below(path, leaf.name), *answer, {}});
  }
  return true;
}

bool ask_child(Interview& interview, const schema::Form& child, const model::Path& path, const model::Node* current,
               Answers& answers) {
  const model::Node* now = current == nullptr ? nullptr : current->child(child.name);
  if (!wanted(child, answers)) {
    if (now != nullptr) interview.edits.push_back({Op::clear, below(path, child.name), {}, {}});
    return true;
  }
  switch (child.kind) {
    case Kind::leaf: return ask_one_leaf(interview, child, path, current, answers);
    case Kind::leaf_list: return ask_values(interview, child, path, current);
    case Kind::container: return ask_children(interview, child, below(path, child.name), now);
    case Kind::list:
    case Kind::entry: break;
  }
  return true;
}

/// One line with all that the entry is, as its one-line form has it.
bool ask_whole(Interview& interview, const line::Whole& whole, const model::Path& path, const model::Node* current) {
  const line::Subject subject = subject_of(interview.session, interview.feature);
  Question question;
  question.text = fmt::format(fmt::runtime(whole.question), base::readable_domains(join(path.back().keys, " ")));
  question.help = whole.help;
  if (current != nullptr) question.preset = base::readable_domains(whole.answer(*current));
  question.may_be_empty = current == nullptr;
  question.check = [&](std::string_view typed) -> base::Result<std::string> {
    const auto edits = whole.edits(subject, path, typed);
    if (!edits) return edits.error();
    return std::string(typed);
  };
  const auto answer = ask_text(interview.session, question);
  if (!answer || answer->empty()) return false;
  if (*answer == question.preset) return true;
  for (const auto part : whole.replaced)
    if (current != nullptr) interview.edits.push_back({Op::clear, below(path, part), {}, {}});
  const auto edits = whole.edits(subject, path, *answer);
  interview.edits.insert(interview.edits.end(), edits->begin(), edits->end());
  return true;
}

}  // namespace

std::vector<Table> tables_of(const schema::Feature& feature, const schema::Form& entries) {
  std::vector<Table> tables;
  if (line::whole_of(features::line_of(feature.name), entries) != nullptr) return tables;
  for (const auto& child : entries.children) {
    if (child.kind != Kind::list) continue;
    tables.push_back({&child, child.table.empty() ? upper(child.name) : child.table,
                      fmt::format("Modify the {}.", child.title.empty() ? base::plural(child.label) : child.title)});
  }
  return tables;
}

std::optional<std::string> ask_leaf(Interview& interview, const schema::Form& leaf, const model::Path& parent,
                                    const std::string& present) {
  const std::string preset = present.empty() ? leaf.fallback : present;
  if (leaf.type == "boolean") return ask_boolean(interview, leaf, preset);
  if (leaf.type == "enumeration") return ask_choice(interview, leaf, preset);
  const auto names = names_of(below(parent, leaf.name));
  if (leaf.widget == "block") return ask_block(interview, leaf, names, present);
  Question question;
  question.text = asked_as(leaf);
  question.preset = preset;
  question.help = help_of(leaf, !leaf.mandatory && !present.empty());
  question.may_be_empty = !leaf.mandatory;
  if (!leaf.refers_to.empty()) {
    question.completions = referred_names(interview, leaf);
    if (question.preset.empty() && question.completions.size() == 1) {
      question.preset = question.completions.front();
    }
    if (!question.completions.empty()) {
      question.text += fmt::format(" There is: {}.", join(question.completions, ", "));
    }
  }
  question.check = [&](std::string_view typed) -> base::Result<std::string> {
    if (typed == "-" && !leaf.mandatory) return std::string();
    return interview.session.schema.check_leaf(interview.feature.name, names, typed);
  };
  return ask_text(interview.session, question);
}

bool ask_keys(Interview& interview, const schema::Form& list, const model::Path& parent, std::vector<std::string>& keys) {
  const model::Path at = below(parent, list.name);
  for (const auto& name : list.keys) {
    const schema::Form* form = list.child(name);
    POSTERN_ASSERT(form != nullptr);
    schema::Form leaf = *form;
    leaf.mandatory = !keys.empty();
    const auto answer = ask_leaf(interview, leaf, at, {});
    if (!answer || answer->empty()) return false;
    keys.push_back(*answer);
  }
  return true;
}

bool ask_children(Interview& interview, const schema::Form& form, const model::Path& path, const model::Node* current) {
  const line::Line* own = features::line_of(interview.feature.name);
  if (const line::Whole* whole = line::whole_of(own, form)) return ask_whole(interview, *whole, path, current);
  Answers answers;
  for (const auto& child : form.children) {
    if (std::ranges::find(form.keys, child.name) != form.keys.end()) continue;
    if (!ask_child(interview, child, path, current, answers)) return false;
  }
  return true;
}

}  // namespace postern::cli
