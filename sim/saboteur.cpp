#include "sim/saboteur.h"

#include <algorithm>

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
  const bool staged = std::any_of(persist.commits.begin(), persist.commits.end(),
                                  [](const cluster::StoredCommit& commit) { return commit.staged; });
  if (what == Sabotage::valueless_store && !staged) persist.values.clear();
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
