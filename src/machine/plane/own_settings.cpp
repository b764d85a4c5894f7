#include "machine/plane/own_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::machine {
namespace {

/// Machine, its group, cluster: near to far. Empty when this fleet does not know the machine.
std::vector<base::Mode> chain_of(const cluster::Fleet& fleet, const base::MemberId& id) {
  const auto* member = fleet.member(id);
  if (member == nullptr) return {};
  return {{base::Level::machine, id.uuid}, {base::Level::group, member->group.uuid}, {base::Level::cluster, fleet.cluster.uuid}};
}

}  // namespace

bool is_host_name(const schema::Schema& schema, const std::string& name) {
  return schema.check_leaf("interfaces", {"interface", "host-name"}, name).has_value();
}

void OwnSettings::load(std::vector<store::DamagedCommit> damaged, std::map<std::string, std::string> in_use) {
  damaged_ = std::move(damaged);
  for (auto& [feature, text] : in_use) in_use_[feature] = std::make_shared<const std::string>(std::move(text));
}

model::Mix OwnSettings::wanted() {
  const auto wanted = removed() || (mends() && !in_use_.empty()) ? in_use_ : all();
  return model::hold_back(wanted, in_use_, [this](const model::Texts& texts) { return verdicts_.named_by_errors(texts); });
}

/// What was last in force stands for a value that the disk has lost: it is not as if nothing were set there.
model::Text OwnSettings::at(const cluster::Register& reg) const {
  return truth_.peer().state().is_lost(reg) ? in_use(reg.name) : truth_.peer().state().value(reg);
}

model::Text OwnSettings::effective(const std::string& feature) const {
  for (const auto& mode : chain_of(truth_.peer().fleet(), truth_.identity().member)) {
    const auto reg = cluster::settings_register(mode, feature);
    if (auto text = at(reg); text != nullptr || truth_.peer().state().is_lost(reg)) return text;
  }
  return nullptr;
}

/// Are commits missing that were in effect here before? Then the settings are those of some earlier day.
bool OwnSettings::mends() const {
  return truth_.peer().gaps() > 0 || std::any_of(damaged_.begin(), damaged_.end(), [this](const auto& one) {
           return truth_.peer().commit(one.stored) == nullptr && truth_.peer().commit(one.found) == nullptr;
         });
}

/// Why the data plane is not as the settings are, or empty.
std::string OwnSettings::why_kept(const model::Mix& mix) const {
  if (mends())
    return "Commits in this machine's store are damaged, so what was last in force is kept until the other machines have sent "
           "them again. If none has them, restore the store from a backup, or set the machine up anew and let it join again.";
  std::string lost;
  for (const auto& feature : schema_.features())
    for (const auto& mode : chain_of(truth_.peer().fleet(), truth_.identity().member))
      if (truth_.peer().state().is_lost(cluster::settings_register(mode, feature.name)))
        lost += (lost.empty() ? "" : ", ") + feature.name;
  if (!lost.empty())
    return fmt::format(
        "These settings were lost on this machine's disk, so what was last in force is kept until another "
        "machine has sent them again: {}.",
        lost);
  std::string held;
  for (const auto& feature : mix.held) held += (held.empty() ? "" : ", ") + feature;
  if (held.empty()) return {};
  return "These settings do not check on this machine, so what was last in force is kept for: " + held + ".";
}

model::Texts OwnSettings::all() const {
  model::Texts out;
  for (const auto& feature : schema_.features())
    if (auto text = effective(feature.name)) out.emplace(feature.name, std::move(text));
  return out;
}

/// The tree with defaults filled in; the factory default's for no text, or one that cannot be read.
model::TreePtr OwnSettings::tree_of(const std::string& feature, const model::Text& text) {
  if (text != nullptr) {
    auto read = verdicts_.filled(feature, text);
    if (read) return *read;
    world_.log("error", "settings of " + feature + " cannot be read: " + to_text(read.error()));
  }
  auto& factory = factory_[feature];
  if (factory == nullptr) factory = std::make_shared<const model::Tree>(schema_.with_defaults(feature, schema_.factory(feature)));
  return factory;
}

/// Admitted once, and removed since. Its settings in the cluster have no effect any more; its mail must not stop, so
/// it goes on with what was in force when it heard of that.
bool OwnSettings::removed() const {
  const auto identity = cluster::member_register(truth_.identity().member, "identity");
  return truth_.peer().state().find(identity) != nullptr && truth_.peer().fleet().member(truth_.identity().member) == nullptr;
}

model::Text OwnSettings::in_use(const std::string& feature) const {
  const auto found = in_use_.find(feature);
  return found == in_use_.end() ? nullptr : found->second;
}

void OwnSettings::save_in_use(const model::Texts& texts) {
  store::Batch batch;
  batch.persist.flush = false;
  for (const auto& [feature, text] : texts) {
    const auto known = in_use_.find(feature);
    if (known == in_use_.end() || !model::same(known->second, text)) batch.in_use[feature] = *text;
  }
  for (const auto& [feature, text] : in_use_)
    if (!texts.contains(feature)) batch.in_use[feature] = std::nullopt;
  if (batch.in_use.empty()) return;
  in_use_ = texts;
  world_.write(std::move(batch), [this](base::Result<void> result, bool) {
    if (!result) world_.log("error", "in_use was not saved: " + to_text(result.error()));
  });
}

}  // namespace postern::machine
