#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "features/features.h"
#include "machine/machine.h"
#include "machine/mail.h"

/// From the fleet's settings to this machine's data plane: resolve, check, plan, hand to the applier.
namespace postern::machine {
namespace {

constexpr std::int64_t retry_first_ms = 10'000;
constexpr std::int64_t retry_most_ms = 300'000;  // each try may cost Postfix two reloads and mail.log a dozen lines
constexpr std::int64_t addresses_age_ms = 1'000;

/// Machine, its group, cluster: near to far. Empty when this fleet does not know the machine.
std::vector<base::Mode> chain_of(const cluster::Fleet& fleet, const base::MemberId& id) {
  const auto* member = fleet.member(id);
  if (member == nullptr) return {};
  return {{base::Level::machine, id.uuid},
          {base::Level::group, member->group.uuid},
          {base::Level::cluster, fleet.cluster.uuid}};
}

}  // namespace

bool is_host_name(const schema::Schema& schema, const std::string& name) {
  return schema.check_leaf("interfaces", {"interface", "host-name"}, name).has_value();
}

/// What was last in force stands for a value that the disk has lost: it is not as if nothing were set there.
model::Text Machine::text_at(const cluster::Register& reg) const {
  return peer_->state().is_lost(reg) ? text_in_use(reg.name) : peer_->state().value(reg);
}

model::Text Machine::effective_text(const std::string& feature) const {
  for (const auto& mode : chain_of(peer_->fleet(), identity_.member)) {
    const auto reg = cluster::settings_register(mode, feature);
    if (auto text = text_at(reg); text != nullptr || peer_->state().is_lost(reg)) return text;
  }
  return nullptr;
}

/// Are commits missing that were in effect here before? Then the settings are those of some earlier day.
bool Machine::mends() const {
  return peer_->gaps() > 0 || std::any_of(damaged_.begin(), damaged_.end(), [this](const auto& one) {
           return peer_->commit(one.stored) == nullptr && peer_->commit(one.found) == nullptr;
         });
}

/// Why the data plane is not as the settings are, or empty.
std::string Machine::why_kept(const model::Mix& mix) const {
  if (mends())
    return "Commits in this machine's store are damaged, so what was last in force is kept until the other machines have sent "
           "them again. If none has them, restore the store from a backup, or set the machine up anew and let it join again.";
  std::string lost;
  for (const auto& feature : schema_.features())
    for (const auto& mode : chain_of(peer_->fleet(), identity_.member))
      if (peer_->state().is_lost(cluster::settings_register(mode, feature.name)))
        lost += (lost.empty() ? "" : ", ") + feature.name;
  if (!lost.empty())
    return fmt::format("These settings were lost on this machine's disk, so what was last in force is kept until another "
                       "machine has sent them again: {}.", lost);
  std::string held;
  for (const auto& feature : mix.held) held += (held.empty() ? "" : ", ") + feature;
  if (held.empty()) return {};
  return "These settings do not check on this machine, so what was last in force is kept for: " + held + ".";
}

model::Texts Machine::effective_texts() const {
  model::Texts out;
  for (const auto& feature : schema_.features())
    if (auto text = effective_text(feature.name)) out.emplace(feature.name, std::move(text));
  return out;
}

/// The tree with defaults filled in; the factory default's for no text, or one that cannot be read.
model::TreePtr Machine::tree_of(const std::string& feature, const model::Text& text) {
  if (text != nullptr) {
    auto read = verdicts_.filled(feature, text);
    if (read) return *read;
    world_.log("error", "settings of " + feature + " cannot be read: " + to_text(read.error()));
  }
  auto& factory = factory_[feature];
  if (factory == nullptr)
    factory = std::make_shared<const model::Tree>(schema_.with_defaults(feature, schema_.factory(feature)));
  return factory;
}

/// Admitted once, and removed since. Its settings in the cluster have no effect any more; its mail must not stop, so
/// it goes on with what was in force when it heard of that.
bool Machine::removed() const {
  const auto identity = cluster::member_register(identity_.member, "identity");
  return peer_->state().find(identity) != nullptr && peer_->fleet().member(identity_.member) == nullptr;
}

model::Text Machine::text_in_use(const std::string& feature) const {
  const auto found = in_use_.find(feature);
  return found == in_use_.end() ? nullptr : found->second;
}

void Machine::settle() {
  unsettled_ = false;
  const auto wanted = removed() || (mends() && !in_use_.empty()) ? in_use_ : effective_texts();
  const auto mix = model::hold_back(wanted, in_use_, [this](const model::Texts& texts) {
    return verdicts_.named_by_errors(texts);
  });
  apply(mix);
}

/// Asked again when older than a second: addresses come and go without telling, but not between two commits of a row.
const std::vector<std::string>& Machine::addresses_now(const model::Tree& interfaces) {
  const auto now_ms = world_.now().mono_ms;
  if (now_ms < addresses_until_ms_ && interfaces == addresses_for_) return addresses_;
  addresses_ = world_.host_addresses();
  for (const auto& service : features::services(interfaces))
    if (world_.can_bind(service.address)) addresses_.push_back(service.address);
  std::sort(addresses_.begin(), addresses_.end());
  addresses_for_ = interfaces;
  addresses_until_ms_ = now_ms + addresses_age_ms;
  return addresses_;
}

void Machine::apply(const model::Mix& mix) {
  gateway::Effective effective;
  for (const auto& feature : schema_.features()) {
    const auto text = mix.texts.find(feature.name);
    effective.trees[feature.name] = tree_of(feature.name, text == mix.texts.end() ? nullptr : text->second);
  }
  auto facts = setup_.facts;
  if (const auto* member = peer_->fleet().member(identity_.member)) facts.host_name = member->host_name;
  // Names come from the fleet's records, and a bad one must not reach Postfix's files.
  if (!is_host_name(schema_, facts.host_name)) {
    world_.log("error", "this machine's host name in the cluster is malformed; mail uses its serial number instead");
    facts.host_name = identity_.serial + ".invalid";
  }
  facts.addresses = addresses_now(*effective.trees["interfaces"]);
  facts.suspended = mail_->suspended();
  auto plan = gateway::make_plan(effective, facts, features::parts());
  const bool same = planned_ && plan == plan_;
  if (!same) retry_ms_ = 0;  // other settings: they deserve a try of their own
  plan_ = plan;
  planned_ = true;
  auto covers = peer_->vector();
  // Nothing to do for the mail engine, and nothing unproved before it: the commits are in force as they are.
  if (same && applying_ == 0 && why_kept(mix).empty() && mail_->problem().empty() && mail_->begun()) {
    save_in_use(mix.texts);
    in_force_ = covers;
    step(cluster::DataPlane{std::move(covers), {}});
    return;
  }
  ++applying_;
  world_.apply(std::move(plan), [this, mix, covers, epoch = epoch_](const applier::Outcome& outcome) {
    applied(outcome, mix, covers, epoch);
  });
}

void Machine::applied(const applier::Outcome& outcome, const model::Mix& mix, cluster::Vector covers,
                      std::uint64_t epoch) {
  --applying_;
  mail_->show(outcome);
  mail_->set_notes(plan_.notes);
  const auto kept = why_kept(mix);
  mail_->add_problem(kept);
  if (!mail_->problem().empty()) world_.log("warning", mail_->problem());
  const bool proved = outcome.result.has_value() && outcome.not_proved.empty();
  refused_ = !outcome.result;
  if (proved) save_in_use(mix.texts);
  if (refused_)
    retry_later();
  else
    retry_ms_ = 0;
  if (epoch == epoch_) {
    if (proved && kept.empty()) in_force_ = std::move(covers);
    step(cluster::DataPlane{in_force_, mail_->problem()});
  }
  if (applying_ == 0)
    for (const auto& done : std::exchange(replanned_, {})) done();
}

void Machine::replan(std::function<void()> done) {
  settle();
  if (applying_ == 0) return done();
  replanned_.push_back(std::move(done));
}

/// postern-hands or a port may be back by then. Only the last of several timers tries.
void Machine::retry_later() {
  retry_ms_ = retry_ms_ == 0 ? retry_first_ms : std::min(retry_ms_ * 2, retry_most_ms);
  world_.after(retry_ms_, [this, round = ++retry_round_] {
    if (round == retry_round_ && refused_) settle();
  });
}

/// What the applier found by itself: something is broken, or mended, or proved at last.
void Machine::data_plane_changed(const applier::Outcome& outcome) {
  if (applying_ > 0) return;  // the answer to that comes, and is newer
  if (refused_) {             // the plan is not in force, whatever the state of the one before
    mail_->saw(outcome.running);
    return;
  }
  if (outcome.result && outcome.not_proved.empty()) return settle();  // tells what is applied now
  mail_->show(outcome);
  world_.log("warning", mail_->problem());
  step(cluster::DataPlane{in_force_, mail_->problem()});
}

void Machine::save_in_use(const model::Texts& texts) {
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
