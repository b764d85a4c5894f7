#include "model/hold.h"

#include <algorithm>
#include <set>

namespace postern::model {
namespace {

void take(Texts& into, const Texts& from, const std::string& feature) {
  const auto found = from.find(feature);
  if (found == from.end())
    into.erase(feature);
  else
    into[feature] = found->second;
}

std::set<std::string> all_features(const Texts& a, const Texts& b) {
  std::set<std::string> out;
  for (const auto& [feature, text] : a) out.insert(feature);
  for (const auto& [feature, text] : b) out.insert(feature);
  return out;
}

}  // namespace

Mix hold_back(const Texts& wanted, const Texts& in_use, const NamedByErrors& named_by_errors) {
  Mix mix{wanted, {}};
  std::set<std::string> held;
  for (;;) {
    const auto named = named_by_errors(mix.texts);
    if (named.empty()) break;
    const std::size_t before = held.size();
    held.insert(named.begin(), named.end());
    if (held.size() == before) {
      const auto all = all_features(wanted, in_use);
      if (std::includes(held.begin(), held.end(), all.begin(), all.end())) break;
      held.insert(all.begin(), all.end());
    }
    for (const auto& feature : held) take(mix.texts, in_use, feature);
  }
  mix.held.assign(held.begin(), held.end());
  return mix;
}

}  // namespace postern::model
