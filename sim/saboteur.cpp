#include "sim/saboteur.h"

namespace postern::sim {
namespace {

using What = cluster::Answer::What;

constexpr std::size_t babble = 500;

void spoil_answer(Sabotage what, cluster::Answer& answer) {
  switch (what) {
    case Sabotage::false_no:
      if (answer.what == What::in_doubt) answer.what = What::refused;
      break;
    case Sabotage::counts_everyone: answer.missing.clear(); break;
    case Sabotage::wrong_answer:
      if (answer.what == What::committed) ++answer.dot.seq;
      break;
    case Sabotage::false_conflict:
      if (answer.what == What::committed) answer.what = What::conflict;
      break;
    default: break;
  }
}

void spoil_persist(Sabotage what, cluster::Persist& persist) {
  if (what == Sabotage::valueless_store) persist.values.clear();
  if (what == Sabotage::altering_store)
    for (cluster::StoredCommit& commit : persist.commits)
      if (commit.staged) commit.envelope.signature.bytes[0] ^= 1U;
}

void spoil_sends(Sabotage what, cluster::Effects& effects) {
  if (what == Sabotage::early_ship)
    for (cluster::Send& send : effects.sends)
      if (auto* ship = std::get_if<cluster::Ship>(&send.message))
        for (cluster::Ship::Item& item : ship->items) item.staged = false;
  if (what == Sabotage::babbler && !effects.sends.empty())
    effects.sends.insert(effects.sends.end(), babble, effects.sends.front());
}

}  // namespace

const std::vector<SabotageName>& sabotages() {
  static const std::vector<SabotageName> all = {
      {"lying-disk", Sabotage::lying_disk},           {"forgetful-disk", Sabotage::forgetful_disk},
      {"altering-store", Sabotage::altering_store},   {"valueless-store", Sabotage::valueless_store},
      {"lost-answer", Sabotage::lost_answer},         {"false-no", Sabotage::false_no},
      {"counts-everyone", Sabotage::counts_everyone}, {"wrong-answer", Sabotage::wrong_answer},
      {"false-conflict", Sabotage::false_conflict},   {"early-ship", Sabotage::early_ship},
      {"deaf", Sabotage::deaf},                       {"babbler", Sabotage::babbler},
  };
  return all;
}

Sabotage sabotage_named(std::string_view name) {
  for (const SabotageName& one : sabotages())
    if (name == one.name) return one.what;
  return Sabotage::none;
}

void sabotage_effects(Sabotage what, cluster::Effects& effects, std::uint64_t draw) {
  if (what == Sabotage::none) return;
  if (what == Sabotage::lost_answer && draw % 4 == 0) effects.answers.clear();
  for (cluster::Answer& answer : effects.answers) spoil_answer(what, answer);
  if (effects.persist) spoil_persist(what, *effects.persist);
  spoil_sends(what, effects);
}

bool sabotage_event(Sabotage what, const cluster::Event& event, std::size_t machine) {
  if (what != Sabotage::deaf || machine != 0) return false;
  const auto* received = std::get_if<cluster::Received>(&event);
  return received != nullptr && std::holds_alternative<cluster::Ship>(received->message);
}

}  // namespace postern::sim
