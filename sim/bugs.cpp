#include "sim/bugs.h"

#include "cluster/planted.h"

namespace postern::sim {
namespace {

constexpr Bug in_room(const char* name, const char* law, cluster::Planted bug) {
  return {name, law, std::uint64_t{1} << static_cast<unsigned>(bug), Sabotage::none};
}

constexpr Bug in_driver(const char* name, const char* law, Sabotage what) { return {name, law, 0, what}; }

}  // namespace

const std::vector<Bug>& bugs() {
  using cluster::Planted;
  static const std::vector<Bug> all = {
      in_room("ack-before-sync", "durable", Planted::ack_before_sync),
      in_room("visible-before-durable", "visible", Planted::visible_before_durable),
      in_room("flush-failure-keeps-incarnation", "dot", Planted::flush_failure_keeps_incarnation),
      in_room("ignore-context", "losers", Planted::ignore_context),
      in_room("wall-clock-winner", "stamp-order", Planted::wall_clock_winner),
      in_room("unbounded-stamps", "stamp-bound", Planted::unbounded_stamps),
      in_room("half-commit", "whole", Planted::half_commit),
      in_room("base-is-shown", "base", Planted::base_is_shown),
      in_room("delete-heads-only", "graves", Planted::delete_heads_only),
      in_room("no-request-key", "same-answer", Planted::no_request_key),
      in_room("no-chain-check", "forged", Planted::no_chain_check),
      in_room("no-successor-cycle", "group", Planted::no_successor_cycle),
      in_room("seen-heads-stay", "informed", Planted::seen_heads_stay),
      in_room("digest-without-tips", "digest", Planted::digest_without_tips),
      in_room("count-forgets-drop", "counted", Planted::count_forgets_drop),
      in_room("forget-parents", "context", Planted::forget_parents),
      in_room("apply-without-context", "causal", Planted::apply_without_context),
      in_room("order-decides", "winner", Planted::order_decides),
      in_room("least-wins", "winner", Planted::least_wins),
      in_room("first-branch-stays", "converge", Planted::first_branch_stays),
      in_room("late-branch-renamed", "named", Planted::late_branch_renamed),
      in_room("branch-by-predecessor", "named", Planted::branch_by_predecessor),
      in_room("branches-share-name", "named", Planted::branches_share_name),
      in_room("branches-by-number", "converge", Planted::branches_by_number),
      in_room("fork-keeps-incarnation", "ended", Planted::fork_keeps_incarnation),
      in_room("anything-dies", "forged", Planted::anything_dies),
      in_room("any-identity", "forged", Planted::any_identity),
      in_room("any-value", "forged", Planted::any_value),
      in_room("key-alone", "answer", Planted::key_alone),
      in_room("third-party-word", "counted", Planted::third_party_word),
      in_room("one-pool", "converge", Planted::one_pool),
      in_room("chains-without-measure", "pace", Planted::chains_without_measure),
      in_room("asked-again", "heard", Planted::asked_again),
      in_room("asked-anew", "heard", Planted::asked_anew),
      in_room("any-answer", "told", Planted::any_answer),
      in_room("carries-nothing", "reached", Planted::carries_nothing),
      in_driver("lying-disk", "durable", Sabotage::lying_disk),
      in_driver("forgetful-disk", "lost", Sabotage::forgetful_disk),
      in_driver("altering-store", "bytes", Sabotage::altering_store),
      in_driver("valueless-store", "bytes", Sabotage::valueless_store),
      in_driver("lost-answer", "prompt", Sabotage::lost_answer),
      in_driver("false-no", "denied", Sabotage::false_no),
      in_driver("counts-everyone", "counted", Sabotage::counts_everyone),
      in_driver("wrong-answer", "answer", Sabotage::wrong_answer),
      in_driver("false-conflict", "same-answer", Sabotage::false_conflict),
      in_driver("early-ship", "said", Sabotage::early_ship),
      in_driver("deaf", "converge", Sabotage::deaf),
      in_driver("babbler", "queue", Sabotage::babbler),
  };
  return all;
}

const Bug* find_bug(std::string_view name) {
  for (const Bug& bug : bugs())
    if (name == bug.name) return &bug;
  return nullptr;
}

void plant(std::string_view name) {
  const Bug* bug = find_bug(name);
  cluster::planted_mask = bug == nullptr ? 0 : bug->mask;
}

}  // namespace postern::sim
