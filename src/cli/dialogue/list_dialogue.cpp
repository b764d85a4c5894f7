#include "cli/dialogue/list_dialogue.h"

#include <fmt/format.h>

#include "base/idn.h"
#include "cli/dialogue/interview.h"
#include "cli/dialogue/settings.h"
#include "cli/line/words.h"
#include "features/lines.h"
#include "line/summary.h"

namespace postern::cli {
namespace {

using Op = model::Edit::Op;

constexpr std::size_t lines_shown = 20;

/// The node that holds the list, in a copy of the settings as they are now. nullopt: told, or gone.
std::optional<model::Node> holder(Session& session, const Place& place) {
  const auto view = open_feature(session, place.feature);
  if (!view) {
    session.refused(view.error());
    return std::nullopt;
  }
  const model::Node* node = &view->shown;
  for (const auto& step : place.parent) {
    node = node->child(step.name);
    if (node != nullptr && !step.keys.empty()) node = node->entry(step.keys);
    if (node == nullptr) return std::nullopt;
  }
  return *node;
}

model::Path entry_path(const Place& place, std::vector<std::string> keys) {
  model::Path path = place.parent;
  path.push_back({place.list.name, std::move(keys)});
  return path;
}

std::vector<std::string> key_texts(const Place& place, const model::Node& parent) {
  std::vector<std::string> texts;
  for (const auto& entry : parent.entries(place.list.name)) {
    texts.push_back(join(entry.key_values(place.list.keys.size()), " "));
  }
  return texts;
}

/// Which entry is meant, by its number in the listing or its name.
std::optional<model::Node> pick(Session& session, const Place& place, std::string_view verb) {
  const auto parent = holder(session, place);
  if (!parent) return std::nullopt;
  const auto keys = key_texts(place, *parent);
  Question question;
  question.text = fmt::format("Enter the name or number of the {} you want to {}.", place.list.label, verb);
  question.completions = keys;
  question.check = [&](std::string_view typed) -> base::Result<std::string> {
    const auto number = whole_number(typed);
    if (number && *number >= 1 && static_cast<std::size_t>(*number) <= keys.size()) {
      return keys[static_cast<std::size_t>(*number) - 1];
    }
    const auto ascii = base::ascii_domain(std::string(typed));
    // Letters beyond ASCII never make a keyword such as ALL: what they become is in lower case, as domains are.
    std::vector<std::string> meant = keys;
    if (ascii && *ascii != typed) std::erase_if(meant, [&](const std::string& key) { return !key.starts_with(*ascii); });
    return by_prefix(meant, ascii ? *ascii : std::string(typed), fmt::format("one of the {}", base::plural(place.list.label)));
  };
  const auto chosen = ask_text(session, question);
  if (!chosen || chosen->empty()) return std::nullopt;
  const auto& entries = parent->entries(place.list.name);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == *chosen) return entries[i];
  }
  return std::nullopt;
}

void new_entry(Session& session, const Place& place) {
  const auto parent = holder(session, place);
  if (!parent) return;
  Interview interview{session, place.feature, {}};
  std::vector<std::string> keys;
  if (!ask_keys(interview, place.list, place.parent, keys)) return;
  const model::Node* list = parent->child(place.list.name);
  if (list != nullptr && list->entry(keys) != nullptr) {
    session.line(fmt::format("There is {} {} already: EDIT changes it.", base::with_article(place.list.label), join(keys, " ")));
    return;
  }
  const model::Path path = entry_path(place, keys);
  interview.edits.push_back({Op::create, path, {}, {}});
  if (!ask_children(interview, place.list, path, nullptr)) return;
  send_edits(session, place.feature, interview.edits);
}

void change_entry(Session& session, const Place& place, const model::Node& entry, const model::Path& path) {
  Interview interview{session, place.feature, {}};
  if (!ask_children(interview, place.list, path, &entry)) return;
  if (!interview.edits.empty()) send_edits(session, place.feature, interview.edits);
}

/// Whether an entry has the table: a private listener has no Recipient Access Table.
bool has_table(const model::Node& entry, const Table& table) {
  const std::string& when = table.list->when_hint;
  const auto equals = when.find('=');
  return equals == std::string::npos || entry.leaf(when.substr(0, equals)) == when.substr(equals + 1);
}

/// An entry with tables inside: a menu of SETUP and the tables.
void entry_menu(Session& session, const Place& place, const model::Path& path, const std::vector<Table>& tables) {
  while (!session.over() && !session.console().ended()) {
    const auto parent = holder(session, place);
    const model::Node* list = parent ? parent->child(place.list.name) : nullptr;
    const model::Node* entry = list == nullptr ? nullptr : list->entry(path.back().keys);
    if (entry == nullptr) return;
    session.line(line::entry_line(place.list, features::line_of(place.feature.name), *entry));
    session.line("");
    std::vector<Operation> operations{{"SETUP", fmt::format("Change the settings of this {}.", place.list.label)}};
    for (const auto& table : tables) {
      if (has_table(*entry, table)) operations.push_back({table.operation, table.text});
    }
    const auto operation = ask_operation(session, operations);
    if (!operation) return;
    if (*operation == "SETUP") change_entry(session, place, *entry, path);
    for (const auto& table : tables) {
      if (*operation == table.operation) table_menu(session, {place.feature, *table.list, path});
    }
  }
}

void edit_entry(Session& session, const Place& place) {
  const auto entry = pick(session, place, "edit");
  if (!entry) return;
  const model::Path path = entry_path(place, entry->key_values(place.list.keys.size()));
  const auto tables = tables_of(place.feature, place.list);
  tables.empty() ? change_entry(session, place, *entry, path) : entry_menu(session, place, path, tables);
}

void delete_entry(Session& session, const Place& place) {
  const auto entry = pick(session, place, "delete");
  if (!entry) return;
  const auto keys = entry->key_values(place.list.keys.size());
  if (send_edits(session, place.feature, {{Op::remove, entry_path(place, keys), {}, {}}}) == exit_ok) {
    session.line(fmt::format("Deleted: {}.", base::readable_domains(join(keys, " "))));
  }
}

void move_entry(Session& session, const Place& place) {
  const auto entry = pick(session, place, "move");
  if (!entry) return;
  const auto keys = entry->key_values(place.list.keys.size());
  session.line("It goes before the entry named next; a blank line makes it the last.");
  const auto before = pick(session, place, "have behind it");
  if (!before && session.console().ended()) return;
  std::vector<std::string> anchor;
  if (before) anchor = before->key_values(place.list.keys.size());
  if (anchor == keys) return;
  send_edits(session, place.feature, {{Op::move, entry_path(place, keys), {}, anchor}});
}

}  // namespace

std::size_t print_entries(Session& session, const Place& place) {
  const auto parent = holder(session, place);
  if (!parent) return 0;
  const std::size_t count = parent->entries(place.list.name).size();
  if (count == 0) {
    session.line(fmt::format("There are no {}.", base::plural(place.list.label)));
  } else {
    session.print(line::list_text(place.list, features::line_of(place.feature.name), *parent, 0, lines_shown));
  }
  return count;
}

std::vector<Operation> list_operations(const Place& place, std::size_t entries) {
  const std::string& name = place.list.label;
  std::vector<Operation> operations{{"NEW", fmt::format("Create a new {}.", name)}};
  if (entries == 0) return operations;
  operations.push_back({"EDIT", fmt::format("Modify {}.", base::with_article(name))});
  operations.push_back({"DELETE", fmt::format("Remove {}.", base::with_article(name))});
  if (place.list.user_ordered && entries > 1) {
    operations.push_back({"MOVE", fmt::format("Change the order of the {}.", base::plural(name))});
  }
  return operations;
}

bool list_operation(Session& session, const Place& place, std::string_view operation) {
  if (operation == "NEW") {
    new_entry(session, place);
  } else if (operation == "EDIT") {
    edit_entry(session, place);
  } else if (operation == "DELETE") {
    delete_entry(session, place);
  } else if (operation == "MOVE") {
    move_entry(session, place);
  } else {
    return false;
  }
  return true;
}

void table_menu(Session& session, const Place& place) {
  while (!session.over() && !session.console().ended()) {
    const std::size_t entries = print_entries(session, place);
    session.line("");
    const auto operation = ask_operation(session, list_operations(place, entries));
    if (!operation) return;
    list_operation(session, place, *operation);
  }
}

}  // namespace postern::cli
