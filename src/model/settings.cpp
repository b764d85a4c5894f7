#include "model/settings.h"

#include <algorithm>

namespace postern::model {

using base::Level;
using base::Mode;

bool same(const Text& a, const Text& b) { return a == b || (a != nullptr && b != nullptr && *a == *b); }

Text Settings::find(const Mode& mode, std::string_view feature) const {
  const auto found = texts_.find(Key(mode, feature));
  return found == texts_.end() ? nullptr : found->second;
}

bool Settings::defines(const Mode& mode, std::string_view feature) const { return find(mode, feature) != nullptr; }

void Settings::set(const Mode& mode, std::string_view feature, Text text) {
  if (text == nullptr) return clear(mode, feature);
  texts_.insert_or_assign(Key(mode, feature), std::move(text));
}

void Settings::clear(const Mode& mode, std::string_view feature) { texts_.erase(Key(mode, feature)); }

Mode Layout::cluster_mode() const { return {Level::cluster, cluster.uuid}; }

const Layout::Group* Layout::group(const base::GroupId& id) const {
  const auto found = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.id == id; });
  return found == groups.end() ? nullptr : &*found;
}

const Layout::Machine* Layout::machine(const base::MemberId& id) const {
  const auto found = std::find_if(machines.begin(), machines.end(), [&](const Machine& m) { return m.id == id; });
  return found == machines.end() ? nullptr : &*found;
}

std::vector<Mode> Layout::chain(const base::MemberId& id) const {
  const Machine* found = machine(id);
  if (found == nullptr) return {};
  return {{Level::machine, id.uuid}, {Level::group, found->group.uuid}, cluster_mode()};
}

std::string mode_name(Level level, const std::string& cluster_name, const std::string* name) {
  if (level == Level::cluster) return "Cluster " + cluster_name;
  return (level == Level::group ? "Group " : "Machine ") + (name == nullptr ? "(deleted)" : *name);
}

std::string Layout::mode_name(const Mode& mode) const {
  const Group* in = mode.level == Level::group ? group({mode.id}) : nullptr;
  const Machine* at = mode.level == Level::machine ? machine({mode.id}) : nullptr;
  return model::mode_name(mode.level, cluster_name, in != nullptr ? &in->name : at != nullptr ? &at->host_name : nullptr);
}

namespace {

std::optional<Mode> first_defining(const Settings& settings, const std::vector<Mode>& chain, std::string_view feature) {
  const auto found = std::find_if(chain.begin(), chain.end(), [&](const Mode& mode) { return settings.defines(mode, feature); });
  return found == chain.end() ? std::nullopt : std::optional<Mode>(*found);
}

}  // namespace

std::optional<Mode> supplier(const Settings& settings, const Layout& layout, const base::MemberId& machine,
                             std::string_view feature) {
  return first_defining(settings, layout.chain(machine), feature);
}

std::optional<Mode> supplier_at(const Settings& settings, const Layout& layout, const Mode& mode, std::string_view feature) {
  if (mode.level == Level::machine) return supplier(settings, layout, {mode.id}, feature);
  std::vector<Mode> chain{mode};
  if (mode.level == Level::group) chain.push_back(layout.cluster_mode());
  return first_defining(settings, chain, feature);
}

Text effective(const Settings& settings, const Layout& layout, const base::MemberId& machine, std::string_view feature) {
  const auto mode = supplier(settings, layout, machine, feature);
  return mode ? settings.find(*mode, feature) : nullptr;
}

std::vector<DefinedAt> defined_at(const Settings& settings, const Layout& layout, std::string_view feature) {
  std::vector<DefinedAt> result;
  const auto add = [&](const Mode& mode) { result.push_back({mode, settings.defines(mode, feature)}); };
  add(layout.cluster_mode());
  for (const auto& group : layout.groups) add({Level::group, group.id.uuid});
  for (const auto& machine : layout.machines) add({Level::machine, machine.id.uuid});
  return result;
}

Hidden hidden_from(const Settings& settings, const Layout& layout, const Mode& mode, std::string_view feature) {
  Hidden hidden;
  if (mode.level == Level::machine) return hidden;
  if (mode.level == Level::cluster)
    for (const auto& group : layout.groups)
      if (settings.defines({Level::group, group.id.uuid}, feature)) hidden.groups.push_back(group.id);
  for (const auto& machine : layout.machines) {
    const bool below = mode.level == Level::cluster || machine.group.uuid == mode.id;
    if (below && settings.defines({Level::machine, machine.id.uuid}, feature)) hidden.machines.push_back(machine.id);
  }
  return hidden;
}

std::vector<base::MemberId> supplied_by(const Settings& settings, const Layout& layout, const Mode& mode,
                                        std::string_view feature) {
  std::vector<base::MemberId> result;
  for (const auto& machine : layout.machines)
    if (supplier(settings, layout, machine.id, feature) == mode) result.push_back(machine.id);
  return result;
}

std::map<std::string, Text> flatten(const Settings& settings, const Layout& layout, const base::MemberId& machine,
                                    const std::vector<std::string>& features) {
  std::map<std::string, Text> result;
  for (const std::string& feature : features)
    if (Text text = effective(settings, layout, machine, feature)) result.emplace(feature, std::move(text));
  return result;
}

}  // namespace postern::model
