#include "gateway/plan.h"

#include "base/assert.h"
#include "gateway/draft.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::gateway {
namespace {

constexpr std::string_view letters_and_digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

}  // namespace

const model::Tree& Effective::tree(std::string_view feature) const {
  static const model::Tree nothing{};
  const auto found = trees.find(feature);
  return found == trees.end() || !found->second ? nothing : *found->second;
}

std::string probe_table(std::uint64_t generation, std::string_view name) {
  POSTERN_ASSERT(!name.empty() && name.find_first_not_of(letters_and_digits) == std::string::npos);
  return fmt::format("/^{}@postern-probe\\.invalid$/ REJECT generation {}.\n", name, generation);
}

std::string probe_name(std::string_view table) {
  if (!table.starts_with("/^")) return {};
  const std::string_view name = table.substr(2, table.substr(2).find_first_not_of(letters_and_digits));
  return table.substr(2 + name.size()).starts_with("@") ? std::string(name) : std::string();
}

Plan make_plan(const Effective& effective, const Facts& facts, const std::vector<Part>& parts) {
  Draft draft;
  add_base(facts, draft);
  for (const Part& part : parts) part.plan(effective, facts, draft);
  return render(draft, facts);
}

std::string turn_key(std::string_view set, unsigned turn) { return std::string(set) + "," + std::to_string(turn); }

bool routes_mail(std::string_view table) {
  return table == "transport" || table == rest_table || table == shared_table || table == turns_table;
}

std::string parameter(const Plan& plan, std::string_view name) {
  const auto file = std::find_if(plan.files.begin(), plan.files.end(), [](const File& each) { return each.path == "main.cf"; });
  if (file == plan.files.end()) return {};
  std::string_view rest = file->bytes;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.starts_with(name) || line.substr(name.size(), 2) != " =") continue;
    return std::string(line.substr(std::min(name.size() + 3, line.size())));
  }
  return {};
}

}  // namespace postern::gateway
