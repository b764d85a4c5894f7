#include "model/align.h"

#include <algorithm>
#include <map>

namespace postern::model {

std::vector<Ident> idents(const Node& node) {
  std::vector<Ident> result;
  result.reserve(node.children.size());
  for (const Node& child : node.children)
    result.push_back(node.kind == Node::Kind::list ? child.key_values(node.keys.size()) : Ident{child.name});
  return result;
}

PathStep step_to(const Node& node, const Ident& ident) {
  if (node.kind == Node::Kind::list) return {node.name, ident};
  return {ident.front(), {}};
}

std::vector<Ident> moved(const std::vector<Ident>& before, const std::vector<Ident>& after) {
  std::map<Ident, std::size_t> place;
  for (std::size_t i = 0; i < before.size(); ++i) place.emplace(before[i], i);
  std::vector<const Ident*> common;
  std::vector<std::size_t> places;
  for (const Ident& ident : after)
    if (const auto found = place.find(ident); found != place.end()) {
      common.push_back(&ident);
      places.push_back(found->second);
    }
  // The longest increasing run of places stays; patience sorting, with links back to rebuild the
  // run.
  constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> tails;
  std::vector<std::size_t> previous(places.size(), none);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto pile =
        std::lower_bound(tails.begin(), tails.end(), places[i], [&](std::size_t t, std::size_t p) { return places[t] < p; });
    if (pile != tails.begin()) previous[i] = *(pile - 1);
    if (pile == tails.end()) {
      tails.push_back(i);
    } else {
      *pile = i;
    }
  }
  std::vector<bool> stays(places.size(), false);
  for (std::size_t i = tails.empty() ? none : tails.back(); i != none; i = previous[i]) stays[i] = true;
  std::vector<Ident> result;
  for (std::size_t i = 0; i < common.size(); ++i)
    if (!stays[i]) result.push_back(*common[i]);
  return result;
}

}  // namespace postern::model
