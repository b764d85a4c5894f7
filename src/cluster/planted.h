#pragma once

#include <cstdint>

/// Planted bugs: each breaks one rule at one spot, so that the simulator can prove that it would
/// notice. Off, at compile time, everywhere but in the simulator's own build of this room
/// (POSTERN_PLANTED_BUGS).
namespace postern::cluster {

enum class Planted : std::uint8_t {
  ack_before_sync,                  ///< a commit is said to be durable before its flush
  visible_before_durable,           ///< a receiver applies what is staged
  flush_failure_keeps_incarnation,  ///< a dot may be used twice
  ignore_context,                   ///< a new write replaces all heads
  wall_clock_winner,                ///< stamps ignore the stamps that were seen
  unbounded_stamps,                 ///< stamps follow any clock, however wrong
  half_commit,                      ///< only the first write of a commit is applied
  base_is_shown,                    ///< a base is current when it holds the shown version
  delete_heads_only,                ///< a delete stops burying once somebody has restored its thing
  no_request_key,                   ///< a retry becomes a second commit
  no_chain_check,                   ///< a commit's predecessor is not compared
  no_successor_cycle,               ///< groups that name each other as successor all stay dead
  seen_heads_stay,                  ///< a head that was seen stays when its stamp is greater
  digest_without_tips,              ///< a vector's digest does not cover the hashes of its tips
  count_forgets_drop,               ///< an ack counts although our Hello made the other drop it
  forget_parents,                   ///< a commit names only its own predecessor
  apply_without_context,            ///< a commit is applied before its parents
  order_decides,                    ///< of concurrent writes the one that came last is shown
  least_wins,                       ///< of concurrent writes the least is shown
  first_branch_stays,               ///< of a fork the branch that came first is kept, others are refused
  late_branch_renamed,              ///< of a fork the branch that came first keeps the name
  branch_by_predecessor,            ///< a branch is named after the commit before it
  branches_share_name,              ///< heads of a fork's branches keep the dots of their headers
  branches_by_number,               ///< a tip of another branch is taken for the one that is here
  fork_keeps_incarnation,           ///< an author goes on in a chain of which others hold another branch
  anything_dies,                    ///< a delete of what cannot be deleted is taken
  any_identity,                     ///< a member's id need not be the hash of its identity
  any_value,                        ///< a record's value need not be one
  key_alone,                        ///< a request's key alone decides that it is known
  third_party_word,                 ///< whatever machine says that a third one has a commit is believed
  one_pool,                         ///< whoever fills the room for received commits has it
  chains_without_measure,           ///< a member begins as many chains as it likes
  asked_again,                      ///< a question that was heard before is asked again
  asked_anew,                       ///< a question that may have been heard is asked under a new number
  any_answer,                       ///< whatever comes under a question's number is its answer
  carries_nothing,                  ///< no question is carried for other machines
};

#ifdef POSTERN_PLANTED_BUGS
/// Bit n is set: Planted with value n is on. Set by the simulator before a run.
inline std::uint64_t planted_mask = 0;
inline bool planted(Planted bug) { return (planted_mask >> static_cast<unsigned>(bug) & 1U) != 0; }
#else
constexpr bool planted(Planted) { return false; }
#endif

}  // namespace postern::cluster
