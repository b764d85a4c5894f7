#include "gateway/draft.h"

#include "base/assert.h"
#include "base/idn.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::gateway {
namespace {

std::string heading(const Facts& facts) {
  return fmt::format("# Made by Postern {} from its settings. Changes made here are lost.\n", facts.version);
}

std::string main_cf(const Draft& draft, const Facts& facts) {
  std::string text = heading(facts);
  for (const auto& [name, value] : draft.parameters) {
    POSTERN_ASSERT(value.find_first_of("\r\n") == std::string::npos);
    text += value.empty() ? fmt::format("{} =\n", name) : fmt::format("{} = {}\n", name, value);
  }
  return text;
}

std::string master_cf(const Draft& draft, const Facts& facts) {
  std::string text = heading(facts);
  text += "# service type private unprivileged chroot wakeup max-processes command\n";
  for (const auto& [key, service] : draft.services) {
    text += fmt::format("{} {} {} - {} {} {} {}\n", key.name, key.type, service.private_, service.chroot, service.wakeup,
                        service.max_processes, service.command);
    for (const auto& [name, value] : service.options) {
      POSTERN_ASSERT(value.find_first_of("\r\n{}") == std::string::npos);
      text += fmt::format("  -o {{ {} = {} }}\n", name, value);
    }
  }
  return text;
}

/// Postfix looks for a domain as the client wrote it: "bücher.example" is not "xn--bcher-kva.example" to it.
std::map<std::string, std::string> in_both_spellings(std::map<std::string, std::string> rows) {
  std::map<std::string, std::string> others;
  for (const auto& [key, value] : rows)
    if (key.find("xn--") != std::string::npos) others.emplace(base::folded_domain(key), value);
  rows.merge(others);
  return rows;
}

}  // namespace

void Draft::note(std::string_view feature, std::string text) { notes.push_back({std::string(feature), std::move(text)}); }

std::string Draft::map_name(const Facts& facts, std::string_view table) {
  return fmt::format("lmdb:{}/tables/{}", facts.instance_dir, table);
}

Plan render(const Draft& draft, const Facts& facts) {
  Plan plan;
  std::map<std::string, std::string> files = draft.files;
  files["main.cf"] = main_cf(draft, facts);
  files["master.cf"] = master_cf(draft, facts);
  for (auto& [path, bytes] : files) plan.files.push_back({path, std::move(bytes), 0644});
  for (const auto& [name, rows] : draft.tables) plan.tables.push_back({name, in_both_spellings(rows)});
  plan.probes = draft.probes;
  plan.notes = draft.notes;
  plan.listen = draft.listen;
  plan.listeners = draft.listeners;
  plan.resolvers = draft.resolvers;
  return plan;
}

}  // namespace postern::gateway
