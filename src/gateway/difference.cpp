#include "gateway/plan.h"

#include <algorithm>
#include <array>

namespace postern::gateway {
namespace {

// Postfix's master reads these only when it starts (postconf(5), master(8)).
constexpr std::array restart_parameters{"inet_interfaces", "inet_protocols",   "queue_directory",
                                        "data_directory",  "daemon_directory", "mail_owner"};

bool needs_restart(const Plan& before, const Plan& after) {
  return std::any_of(restart_parameters.begin(), restart_parameters.end(),
                     [&](const char* name) { return parameter(before, name) != parameter(after, name); });
}

// Both sides are sorted by key: one walk.
TableChange row_changes(const Table& before, const Table& after) {
  TableChange change{after.name, false, {}, {}};
  auto old_row = before.rows.begin();
  for (const auto& [key, value] : after.rows) {
    for (; old_row != before.rows.end() && old_row->first < key; ++old_row) change.drop.push_back(old_row->first);
    const bool known = old_row != before.rows.end() && old_row->first == key;
    if (!known || old_row->second != value) change.put.emplace_hint(change.put.end(), key, value);
    if (known) ++old_row;
  }
  for (; old_row != before.rows.end(); ++old_row) change.drop.push_back(old_row->first);
  return change;
}

}  // namespace

Actions difference(const Plan& before, const Plan& after) {
  Actions actions;
  actions.start = before.files.empty();
  actions.files = actions.start || before.files != after.files || before.resolvers != after.resolvers;
  actions.restart = !actions.start && actions.files && needs_restart(before, after);
  for (const Table& table : after.tables) {
    const auto old =
        std::find_if(before.tables.begin(), before.tables.end(), [&](const Table& each) { return each.name == table.name; });
    if (old == before.tables.end()) {
      actions.tables.push_back({table.name, true, table.rows, {}});
      continue;
    }
    TableChange change = row_changes(*old, table);
    if (!change.put.empty() || !change.drop.empty()) actions.tables.push_back(std::move(change));
  }
  return actions;
}

}  // namespace postern::gateway
