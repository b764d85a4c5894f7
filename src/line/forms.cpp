#include "line/forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/assert.h"
#include "base/words.h"

namespace postern::line {
namespace {

using base::ErrorCode;
using base::fail;
using Kind = model::Node::Kind;
using Op = model::Edit::Op;

/// Where a list stands: the container's own (no parent) or inside the entries of `parent`.
struct Table {
  const schema::Form* list = nullptr;
  const schema::Form* parent = nullptr;
};

std::vector<Table> tables_of(const schema::Feature& feature, const schema::Form& form, const Line* own) {
  const schema::Form* main = main_list(feature, form);
  std::vector<Table> tables;
  for (const auto& child : form.children)
    if (child.kind == Kind::list && &child != main) tables.push_back({&child, nullptr});
  if (main == nullptr || whole_of(own, *main) != nullptr) return tables;
  for (const auto& child : main->children)
    if (child.kind == Kind::list) tables.push_back({&child, main});
  return tables;
}

bool has_own_options(const schema::Form& form) {
  return std::ranges::any_of(form.children, [](const schema::Form& child) {
    return child.kind == Kind::container ? has_own_options(child) : child.kind == Kind::leaf && !child.option.empty();
  });
}

bool is_key(const schema::Form& list, std::string_view name) { return std::ranges::count(list.keys, name) > 0; }

// --- words to edits -------------------------------------------------------------------------------------------

/// Nothing was given to change: an option that is not known says more than that.
base::Error nothing_given(const Arguments& arguments) {
  Arguments left = arguments;
  left.option("start");
  if (const auto finished = left.finished(); !finished) return finished.error();
  return fail(ErrorCode::usage, "Say what to change: no option was given.");
}

/// Values that replace those of a leaf-list.
base::Result<Edits> value_edits(const Subject& subject, const schema::Form& list, const model::Path& path, Arguments& arguments) {
  Edits edits{{Op::clear, path, {}, {}}};
  while (const auto word = arguments.take()) {
    auto value = canonical_leaf(subject, names_of(path), *word);
    if (!value) return value.error();
    edits.push_back({Op::insert, path, *value, {}});
  }
  if (edits.size() == 1) return fail(ErrorCode::usage, fmt::format("Enter {}: none is given.", list.label));
  return edits;
}

/// The words of an entry behind its keys, as far as there are any.
base::Result<Edits> word_edits(const Subject& subject, const schema::Form& list, const model::Path& entry, Arguments& arguments) {
  Edits edits;
  for (const auto& child : list.children) {
    if (!child.word || is_key(list, child.name) || arguments.empty()) continue;
    const model::Path path = below(entry, child.name);
    if (child.kind == Kind::leaf_list) {
      auto values = value_edits(subject, child, path, arguments);
      if (!values) return values;
      edits.insert(edits.end(), values->begin(), values->end());
    } else {
      auto value = take_leaf(subject, names_of(path), arguments, child.label);
      if (!value) return value.error();
      edits.push_back({Op::set, path, *value, {}});
    }
  }
  return edits;
}

/// What a new entry must be given and was not.
base::Result<> all_given(const schema::Form& list, const Edits& edits) {
  for (const auto& child : list.children) {
    if (is_key(list, child.name) || (!child.mandatory && !(child.word && child.kind == Kind::leaf_list))) continue;
    const bool given = std::ranges::any_of(edits, [&](const model::Edit& edit) { return edit.path.back().name == child.name; });
    if (given) continue;
    if (child.word) return fail(ErrorCode::usage, fmt::format("{} is missing: enter {}.", placeholder(child), child.label));
    return fail(ErrorCode::usage, fmt::format("The option --{} is missing.", option_name(child)));
  }
  return {};
}

base::Result<model::Path> take_entry(const Subject& subject, const schema::Form& list, const model::Path& parent,
                                     Arguments& arguments) {
  std::vector<std::string> keys;
  for (const auto& key : list.keys) {
    auto value = take_leaf(subject, names_of(below(below(parent, list.name), key)), arguments,
                           fmt::format("The {} of the {}", key, list.label));
    if (!value) return value.error();
    keys.push_back(*value);
  }
  return below(parent, list.name, std::move(keys));
}

base::Result<Edits> entry_edits(const Subject& subject, const schema::Form& list, const model::Path& parent,
                                std::string_view verb, Arguments& arguments) {
  const std::string typed = base::lower(arguments.peek());
  auto entry = take_entry(subject, list, parent, arguments);
  // What could not be made today (a keyword as a domain) can be deleted all the same.
  if (!entry && verb == "delete" && list.keys.size() == 1) {
    if (const auto there = entry_at(subject, below(parent, list.name, {typed})); there) entry = below(parent, list.name, {typed});
  }
  if (!entry) return entry.error();
  if (verb == "delete") return Edits{{Op::remove, *entry, {}, {}}};
  if (verb == "edit") {
    if (const auto there = expect_entry(subject, *entry, arguments); !there) return there.error();
  }
  auto edits = word_edits(subject, list, *entry, arguments);
  if (!edits) return edits;
  auto options = option_edits(subject, list, *entry, arguments);
  if (!options) return options;
  edits->insert(edits->end(), options->begin(), options->end());
  if (verb == "edit") {
    if (edits->empty()) return nothing_given(arguments);
    return edits;
  }
  if (const auto given = all_given(list, *edits); !given) return given.error();
  edits->insert(edits->begin(), model::Edit{Op::create, *entry, {}, {}});
  return edits;
}

base::Result<Edits> table_edits(const Subject& subject, const Table& table, Arguments& arguments) {
  model::Path parent;
  if (table.parent != nullptr) {
    auto holder = take_entry(subject, *table.parent, {}, arguments);
    if (!holder) return holder.error();
    parent = std::move(*holder);
  }
  const auto verb = by_prefix({"new", "edit", "delete", "print", "import", "export"}, arguments.take().value_or(""),
                              fmt::format("new, edit, delete, print, import or export, which {} needs", table.list->name));
  if (!verb) return verb.error();
  // Without this, setting a leaf would silently make an entry of that name to hold the table.
  if (!parent.empty()) {
    if (const auto there = expect_entry(subject, parent, arguments); !there) return there.error();
  }
  return entry_edits(subject, *table.list, parent, *verb, arguments);
}

/// What is asked for with the choice alone is given by the words; what belongs to another choice goes.
base::Result<Edits> choice_edits(const Subject& subject, std::string_view choice, Arguments& arguments) {
  const std::string when = fmt::format("{}={}", subject.feature.choose, choice);
  Edits edits;
  Edits values;
  for (const auto& child : subject.form.children) {
    if (child.kind != Kind::leaf_list || !child.word || child.when_hint.empty()) continue;
    if (child.when_hint != when) {
      edits.push_back({Op::clear, below({}, child.name), {}, {}});
      continue;
    }
    auto given = value_edits(subject, child, below({}, child.name), arguments);
    if (!given) return given;
    values.insert(values.end(), given->begin(), given->end());
  }
  edits.push_back({Op::set, below({}, subject.feature.choose), std::string(choice), {}});
  edits.insert(edits.end(), values.begin(), values.end());
  return edits;
}

base::Result<Edits> set_edits(const Subject& subject, Arguments& arguments) {
  auto edits = option_edits(subject, subject.form, {}, arguments);
  if (edits && edits->empty()) return nothing_given(arguments);
  return edits;
}

const Table* table_named(const std::vector<Table>& tables, std::string_view name) {
  const auto found = std::ranges::find_if(tables, [&](const Table& table) { return table.list->name == name; });
  return found == tables.end() ? nullptr : &*found;
}

// --- help -----------------------------------------------------------------------------------------------------

void option_usage(const schema::Form& form, bool as_new, std::vector<std::string>& words) {
  for (const auto& child : form.children) {
    if (child.kind == Kind::container) option_usage(child, as_new, words);
    if (child.kind != Kind::leaf || child.option.empty() || child.word) continue;
    const std::string text = fmt::format("--{}={}", option_name(child), placeholder(child));
    words.push_back(child.mandatory && as_new ? text : fmt::format("[{}]", text));
  }
}

void word_usage(const schema::Form& list, std::vector<std::string>& words) {
  for (const auto& key : list.keys) words.push_back(placeholder(*list.child(key)));
  for (const auto& child : list.children) {
    if (!child.word || is_key(list, child.name)) continue;
    words.push_back(child.kind == Kind::leaf_list ? placeholder(child) + " ..." : placeholder(child));
  }
}

void file_usage(const std::string& begin, const schema::Form& list, const Line* own, std::vector<std::string>& forms) {
  std::vector<std::string> formats;
  for (const auto& file : files_of(own, list)) formats.emplace_back(file.format);
  if (formats.empty()) return;
  const std::string format = formats.size() > 1 ? fmt::format(" [--format={}]", base::join(formats, "|")) : "";
  forms.push_back(fmt::format("{} import{} [--add] [--continue] (then the file)", begin, format));
  forms.push_back(fmt::format("{} export{}", begin, format));
}

/// Words on lines of at most 100 columns.
std::string wrapped(const std::string& begin, const std::vector<std::string>& words) {
  std::string text = begin;
  std::size_t width = begin.size();
  for (const auto& word : words) {
    if (width + 1 + word.size() > 100) {
      text += "\n   ";
      width = 3;
    }
    text += " " + word;
    width += 1 + word.size();
  }
  return text;
}

void list_usage(const std::string& begin, const schema::Form& list, const Line* own, bool is_main,
                std::vector<std::string>& forms) {
  const auto taken = [&](const char* verb) { return is_main && own != nullptr && std::ranges::count(own->operations, verb) > 0; };
  const bool mandatory =
      std::ranges::any_of(list.children, [&](const schema::Form& child) { return child.mandatory && !is_key(list, child.name); });
  std::vector<std::string> words;
  word_usage(list, words);
  option_usage(list, true, words);
  if (!taken("new")) forms.push_back(wrapped(begin + (mandatory ? " new" : " new|edit"), words));
  if (!taken("edit") && mandatory) {
    std::vector<std::string> edit;
    for (const auto& key : list.keys) edit.push_back(placeholder(*list.child(key)));
    std::vector<std::string> all;
    word_usage(list, all);
    for (std::size_t i = list.keys.size(); i < all.size(); ++i) edit.push_back(fmt::format("[{}]", all[i]));
    option_usage(list, false, edit);
    forms.push_back(wrapped(begin + " edit", edit));
  }
  std::vector<std::string> keys;
  for (const auto& key : list.keys) keys.push_back(placeholder(*list.child(key)));
  if (!taken("delete")) forms.push_back(wrapped(begin + " delete", keys));
}

void choice_usage(const schema::Feature& feature, const schema::Form& form, std::vector<std::string>& forms) {
  const schema::Form* leaf = form.child(feature.choose);
  POSTERN_ASSERT(leaf != nullptr);
  for (const auto& choice : leaf->choices) {
    std::vector<std::string> words;
    for (const auto& child : form.children)
      if (child.word && child.when_hint == fmt::format("{}={}", feature.choose, choice))
        words.push_back(placeholder(child) + " ...");
    forms.push_back(wrapped(fmt::format("{} {}", feature.command, choice), words));
  }
}

}  // namespace

std::vector<TableFile> files_of(const Line* own, const schema::Form& list) {
  std::vector<TableFile> files;
  if (own != nullptr)
    std::ranges::copy_if(own->files, std::back_inserter(files), [&](const TableFile& file) { return file.list == list.name; });
  return files;
}

const schema::Form* main_list(const schema::Feature& feature, const schema::Form& form) {
  if (!feature.choose.empty()) return nullptr;
  const auto found = std::ranges::find(form.children, Kind::list, &schema::Form::kind);
  return found == form.children.end() ? nullptr : &*found;
}

std::vector<std::string> operations(const schema::Feature& feature, const schema::Form& form, const Line* own) {
  std::vector<std::string> names;
  if (!feature.choose.empty()) {
    const schema::Form* leaf = form.child(feature.choose);
    POSTERN_ASSERT(leaf != nullptr);
    names = leaf->choices;
  } else if (main_list(feature, form) != nullptr) {
    names = {"new", "edit", "delete"};
    if (!files_of(own, *main_list(feature, form)).empty()) names.insert(names.end(), {"import", "export"});
  }
  if (feature.choose.empty() && has_own_options(form)) names.emplace_back("set");
  for (const auto& table : tables_of(feature, form, own)) names.push_back(table.list->name);
  if (own == nullptr) return names;
  for (const auto& name : own->operations)
    if (std::ranges::count(names, name) == 0) names.push_back(name);
  return names;
}

std::vector<std::string> usage(const schema::Feature& feature, const schema::Form& form, const Line* own) {
  std::vector<std::string> forms;
  if (own != nullptr) forms = base::lines(own->forms);
  if (!feature.choose.empty()) choice_usage(feature, form, forms);
  if (const schema::Form* main = main_list(feature, form)) {
    list_usage(feature.command, *main, own, true, forms);
    file_usage(feature.command, *main, own, forms);
  }
  if (feature.choose.empty() && has_own_options(form)) {
    std::vector<std::string> words;
    option_usage(form, false, words);
    forms.push_back(wrapped(feature.command + " set", words));
  }
  for (const auto& table : tables_of(feature, form, own)) {
    std::string begin = fmt::format("{} {}", feature.command, table.list->name);
    if (table.parent != nullptr) begin += " " + base::upper(table.parent->name);
    if (own == nullptr || std::ranges::count(own->operations, table.list->name) == 0)
      list_usage(begin, *table.list, own, false, forms);
    forms.push_back(begin + " print");
    file_usage(begin, *table.list, own, forms);
  }
  return base::lines(base::join(forms, "\n"));
}

base::Result<Edits> make_edits(const Subject& subject, const Line* own, std::string_view operation, Arguments& arguments) {
  if (own != nullptr && own->make != nullptr && std::ranges::count(own->operations, operation) > 0) {
    if (auto made = own->make(subject, operation, arguments)) return std::move(*made);
  }
  const auto tables = tables_of(subject.feature, subject.form, own);
  if (const Table* table = table_named(tables, operation)) return table_edits(subject, *table, arguments);
  if (!subject.feature.choose.empty()) return choice_edits(subject, operation, arguments);
  if (operation == "set") return set_edits(subject, arguments);
  const schema::Form* main = main_list(subject.feature, subject.form);
  POSTERN_ASSERT(main != nullptr);
  return entry_edits(subject, *main, {}, operation, arguments);
}

std::optional<WholeTable> whole_table(const Subject& subject, std::string_view operation, Arguments& arguments) {
  if (operation == "import" || operation == "export")
    return WholeTable{main_list(subject.feature, subject.form), {}, std::string(operation)};
  const auto tables = tables_of(subject.feature, subject.form, nullptr);
  const Table* table = table_named(tables, operation);
  if (table == nullptr) return std::nullopt;
  Arguments ahead = arguments;
  WholeTable whole{table->list, {}, {}};
  if (table->parent != nullptr) {
    auto holder = take_entry(subject, *table->parent, {}, ahead);
    if (!holder) return std::nullopt;
    whole.parent = std::move(*holder);
  }
  whole.verb = base::lower(ahead.take().value_or(""));
  if (whole.verb != "print" && whole.verb != "import" && whole.verb != "export") return std::nullopt;
  arguments = std::move(ahead);
  return whole;
}

}  // namespace postern::line
