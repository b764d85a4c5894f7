#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/effects.h"
#include "cluster/fleet.h"
#include "cluster/state.h"

namespace postern::cluster {

/// Who this machine is in its cluster.
struct Self {
  base::ClusterId cluster;
  base::MemberId member;
  base::SigningKey key;
  base::Hash settings_version;
  std::string package_version;
};

/// Durations in milliseconds; the simulator and tests shorten them.
struct Tuning {
  std::int64_t answer_wait_ms = 2'000;      ///< P1: how long a commit waits for the other machines
  std::int64_t ping_ms = 60'000;            ///< N2
  std::int64_t ping_deadline_ms = 20'000;   ///< a ping without an answer counts as missed
  int pings_missed = 3;                     ///< then the link is closed
  std::int64_t start_wait_ms = 2'000;       ///< 2.2: wait for peers before the first own commit
  std::int64_t sync_retry_ms = 1'000;       ///< an unanswered Pull or an unacknowledged tip is tried again
  std::int64_t skew_follow_ms = 600'000;    ///< 2.3: stamps further ahead of the wall are not followed
  std::int64_t skew_alert_ms = 300'000;     ///< P12
  std::size_t held_bytes = 128U << 20;      ///< received and not applied, over all members
  std::int64_t chains_burst = 64;           ///< a member's new incarnations and branches taken at once …
  std::int64_t chain_refill_ms = 60'000;    ///< … and one more so often; the rest waits on the disk
  std::int64_t vouched_burst = 1024;        ///< of those that others build on or show, of all members together …
  std::int64_t vouched_refill_ms = 10'000;  ///< … and one more so often
};

/// A stored value by its hash, or nothing.
using ValueOf = std::function<std::optional<std::string>(const base::Hash&)>;

/// One machine's part in its fleet: a pure state machine. The same code runs in posternd and in the
/// simulator; it reads no clock, no randomness, no file and no thread. Not thread-safe: one owner.
class Peer {
 public:
  /// `past`: everything stored, in the order it was stored. `value_of` is asked, during the call, for the members'
  /// identities among its values: a commit counts only when a signature proves it (docs/WIRE.md). What none proves,
  /// and what builds on that, is held back as what has a gap is. `boot_nonce` and `fresh` are newly drawn random
  /// numbers. Errors: damaged, when bytes are no commit's.
  static base::Result<std::unique_ptr<Peer>> restore(Self self, Tuning tuning, const std::vector<StoredCommit>& past,
                                                     std::uint64_t boot_nonce, base::Incarnation fresh, base::Instant now,
                                                     const ValueOf& value_of = {});
  ~Peer();

  /// A restored commit that no signature proves.
  struct Unproved {
    Dot dot;
    base::Hash hash;
    std::string host;  ///< its author's host name, or id
    std::string why;   ///< "its signature is wrong", …
  };
  /// Names are there when the values were supplied.
  [[nodiscard]] std::vector<Unproved> unproved() const;

  /// Stored commits that were in effect before this start, and are not until what they build on has come again.
  [[nodiscard]] std::size_t gaps() const;

  /// Hashes of head values that `state()` still lacks; to be supplied once after restore.
  [[nodiscard]] std::vector<base::Hash> missing_values() const;
  void supply_value(const base::Hash& hash, std::string bytes);

  /// Takes one event. Its effects are to be carried out, in the order that effects.h demands, before the next step.
  [[nodiscard]] Effects step(const Event& event, base::Instant now);

  // What everyone may look at between steps. References live until the next step.
  [[nodiscard]] const Self& self() const;
  [[nodiscard]] const State& state() const;  ///< applied commits only
  [[nodiscard]] const Fleet& fleet() const;
  [[nodiscard]] Vector vector() const;  ///< durable and applied
  [[nodiscard]] base::Hash vector_digest() const;

  /// In which the next own commit will be made; nothing when a new one will be drawn for it.
  [[nodiscard]] std::optional<base::Incarnation> incarnation() const;

  /// One applied commit, for commitdetail and history.
  struct CommitInfo {
    base::Hash hash;
    Dot dot;  ///< as it is known here; its header's but for a branch of a fork (contract 2.2)
    Header header;
    std::vector<Register> shown;  ///< of its writes: those whose register shows this commit now
  };
  /// Null for a commit that is not applied here. Lifetime: until the next step.
  [[nodiscard]] const CommitInfo* commit(const base::Hash& hash) const;
  /// Newest applied commits first, by (stamp, dot); at most `limit`.
  [[nodiscard]] std::vector<base::Hash> newest_commits(std::size_t limit) const;
  /// The applied commit that was made on this machine under that request's key. Others can use the key as
  /// well, so what they made under it says nothing of a request made here.
  [[nodiscard]] std::optional<base::Hash> commit_of_request(const std::string& key) const;
  /// All applied commits, each after all that it had seen.
  [[nodiscard]] std::vector<base::Hash> commits_in_order() const;
  /// The commit that `dot`, e.g. of a base, meant to the author of the commit `by`; or null.
  [[nodiscard]] const CommitInfo* commit_meant(const base::Hash& by, const Dot& dot) const;
  /// Commits whose hash starts with these hex digits.
  [[nodiscard]] std::vector<base::Hash> commits_by_prefix(std::string_view hex) const;

  /// What is known of each member's progress with one commit.
  struct Progress {
    base::MemberId member;
    bool stored = false;
    bool applied = false;  ///< its data plane covers it
    std::string problem;   ///< why not applied, when it said so since; or what others tell of it
  };
  /// Of every member, in fleet order.
  [[nodiscard]] std::vector<Progress> progress(const base::Hash& commit) const;

  /// What is known of the link to one member.
  struct LinkInfo {
    base::MemberId member;
    bool live = false;  ///< a link with Hello exchanged and settings flowing
    std::string state;  ///< "connected", "version differs", "no link"
    std::int64_t last_heard_mono_ms = 0;
    std::int64_t round_trip_ms = -1;  ///< of the last answered ping; -1: none yet
    std::int64_t clock_ahead_ms = 0;  ///< peer's wall clock minus ours at the last ping
    std::string package_version;
    std::vector<base::MemberId> its_live;  ///< its own LinkState, or what `told_by` tells of it
    std::vector<std::string> joining;
    std::optional<base::MemberId> told_by;  ///< without a link to it this is hearsay
  };
  [[nodiscard]] std::vector<LinkInfo> links() const;  ///< every other member, in fleet order

  /// Other machines of which is remembered what they have asked.
  [[nodiscard]] std::size_t askers() const;

  /// Counters since start: commits authored/received, bytes and messages per kind, flushes asked for.
  struct Counters {
    std::uint64_t commits_authored = 0;
    std::uint64_t commits_received = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t refused = 0;  ///< received commits that did not check
    std::uint64_t conflicts = 0;
    std::uint64_t persists = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t asked = 0;    ///< questions of other machines that were handed on
    std::uint64_t carried = 0;  ///< questions and answers carried between others
  };
  /// Lifetime: the Peer's.
  [[nodiscard]] const Counters& counters() const;

 private:
  struct Core;
  explicit Peer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace postern::cluster
