#include "machine/plane/plane.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "features/features.h"

/// From the fleet's settings to this machine's data plane: resolve, check, plan, hand to the applier.
namespace postern::machine {
namespace {

constexpr std::int64_t retry_first_ms = 10'000;
constexpr std::int64_t retry_most_ms = 300'000;  // each try may cost Postfix two reloads and mail.log a dozen lines
constexpr std::int64_t addresses_age_ms = 1'000;

}  // namespace

Plane::Plane(const Parts& parts)
    : world_(parts.world),
      schema_(parts.schema),
      facts_(parts.facts),
      truth_(parts.truth),
      settings_(parts.settings),
      mail_(Mail::Driver{parts.world, plan_, parts.notes, [this](auto done) { replan(std::move(done)); }}) {}

void Plane::settle() { apply(settings_.wanted()); }

void Plane::replaced() {
  ++epoch_;
  in_force_.clear();
}

/// Asked again when older than a second: addresses come and go without telling, but not between two commits of a row.
const std::vector<std::string>& Plane::addresses_now(const model::Tree& interfaces) {
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

void Plane::apply(const model::Mix& mix) {
  gateway::Effective effective;
  for (const auto& feature : schema_.features()) {
    const auto text = mix.texts.find(feature.name);
    effective.trees[feature.name] = settings_.tree_of(feature.name, text == mix.texts.end() ? nullptr : text->second);
  }
  auto facts = facts_;
  if (const auto* member = truth_.peer().fleet().member(truth_.identity().member)) facts.host_name = member->host_name;
  // Names come from the fleet's records, and a bad one must not reach Postfix's files.
  if (!is_host_name(schema_, facts.host_name)) {
    world_.log("error", "this machine's host name in the cluster is malformed; mail uses its serial number instead");
    facts.host_name = truth_.identity().serial + ".invalid";
  }
  facts.addresses = addresses_now(*effective.trees["interfaces"]);
  facts.suspended = mail_.suspended();
  auto plan = gateway::make_plan(effective, facts, features::parts());
  const bool same = planned_ && plan == plan_;
  if (!same) retry_ms_ = 0;  // other settings: they deserve a try of their own
  plan_ = plan;
  planned_ = true;
  auto covers = truth_.peer().vector();
  // Nothing to do for the mail engine, and nothing unproved before it: the commits are in force as they are.
  if (same && applying_ == 0 && settings_.why_kept(mix).empty() && mail_.problem().empty() && mail_.begun()) {
    settings_.save_in_use(mix.texts);
    in_force_ = covers;
    truth_.tell(cluster::DataPlane{std::move(covers), {}});
    return;
  }
  ++applying_;
  mail_.handed();
  Handed handed{mix, std::move(covers), epoch_, plan.listeners};
  world_.apply(std::move(plan),
               [this, handed = std::move(handed)](const applier::Outcome& outcome) { applied(outcome, handed); });
}

void Plane::applied(const applier::Outcome& outcome, Handed handed) {
  if (--applying_ == 0) mail_.all_answered();
  mail_.show(outcome);
  mail_.set_notes(plan_.notes);
  if (outcome.result) mail_.set_in_force(std::move(handed.listeners));
  const auto kept = settings_.why_kept(handed.mix);
  mail_.add_problem(kept);
  if (!mail_.problem().empty()) world_.log("warning", mail_.problem());
  const bool proved = outcome.result.has_value() && outcome.not_proved.empty();
  refused_ = !outcome.result;
  if (proved) settings_.save_in_use(handed.mix.texts);
  if (refused_)
    retry_later();
  else
    retry_ms_ = 0;
  if (handed.epoch == epoch_) {
    if (proved && kept.empty()) in_force_ = handed.covers;
    truth_.tell(cluster::DataPlane{in_force_, mail_.problem(), std::move(handed.covers)});
  }
  if (applying_ == 0)
    for (const auto& done : std::exchange(replanned_, {})) done();
}

void Plane::replan(std::function<void()> done) {
  truth_.settle();
  if (applying_ == 0) return done();
  replanned_.push_back(std::move(done));
}

/// postern-hands or a port may be back by then. Only the last of several timers tries.
void Plane::retry_later() {
  retry_ms_ = retry_ms_ == 0 ? retry_first_ms : std::min(retry_ms_ * 2, retry_most_ms);
  world_.after(retry_ms_, [this, round = ++retry_round_] {
    if (round == retry_round_ && refused_) truth_.settle();
  });
}

void Plane::changed(const applier::Outcome& outcome) {
  if (applying_ > 0) return;  // the answer to that comes, and is newer
  if (refused_) {             // the plan is not in force, whatever the state of the one before
    mail_.saw(outcome.running);
    return;
  }
  if (outcome.result && outcome.not_proved.empty()) return truth_.settle();  // tells what is applied now
  mail_.show(outcome);
  world_.log("warning", mail_.problem());
  truth_.tell(cluster::DataPlane{in_force_, mail_.problem()});
}

}  // namespace postern::machine
