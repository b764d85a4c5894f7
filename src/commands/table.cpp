#include "commands/table.h"

#include <algorithm>

#include "base/words.h"
#include "commands/planned.h"

namespace postern::commands {
namespace {

Where where_of(schema::Scope scope) {
  switch (scope) {
    case schema::Scope::any: return Where::any;
    case schema::Scope::machine: return Where::machine;
    case schema::Scope::cluster: return Where::cluster;
  }
  return Where::any;
}

Command command_of(const Row& row, bool built) {
  return {std::string(row.name), row.where, row.least, std::string(row.summary), row.forms, row.asks, row.alias,
          row.before_setup,      built,     nullptr};
}

Command command_of(const schema::Feature& feature) {
  Command command;
  command.name = feature.command;
  command.where = where_of(feature.scope);
  command.least = feature.role;
  command.summary = feature.does;
  command.built = true;
  command.feature = &feature;
  return command;
}

}  // namespace

Table::Table(const schema::Schema& schema) {
  for (const Row* row : folder_rows()) all_.push_back(command_of(*row, true));
  for (const auto& feature : schema.features()) all_.push_back(command_of(feature));
  for (const auto& one : planned)
    if (std::ranges::find(all_, one.name, &Command::name) == all_.end()) all_.push_back(command_of(one, false));
  std::ranges::sort(all_, {}, &Command::name);
}

const Command* Table::find(std::string_view name) const {
  const std::string wanted = base::lower(name);
  if (wanted.empty()) return nullptr;
  for (const Command& command : all_)
    if (command.name == wanted || command.alias == wanted) return &command;
  return nullptr;
}

}  // namespace postern::commands
