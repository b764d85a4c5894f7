#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster/event.h"

/// What a step asks of its driver, and in which order it must be done (contract 2.16):
///   1. `persist` is begun: one transaction; with `flush` it must be on the disk before Flushed{done} comes.
///   2. `sends` and `ships` may go at once, beside the flush: what must wait for the disk is asked for only by
///      the step that handles that Flushed.
///   3. `answers`, `told` and `asked`, then `changed` (apply), then `alerts`.
/// Persists are carried out in the order given; several may be joined into one transaction and one flush,
/// and then each gets its own Flushed. Nothing else may be reordered per link.
namespace postern::cluster {

/// One write to the store.
struct Persist {
  Token token = 0;
  bool flush = true;  ///< false: may be lost by a power cut (not by SIGKILL); no Flushed is expected
  std::vector<StoredCommit> commits;
  Values values;
  std::vector<base::Hash> promote;  ///< staged commits that become visible
  std::vector<base::Hash> drop;     ///< staged commits that will never be
  std::string retire;               ///< LocalCommit::retire
};

/// One message for one link.
struct Send {
  LinkId link = 0;
  Message message;
};

/// Read these commits from the store and send them, in this order, as Ship messages of a bounded size; all
/// are applied commits, so none is staged.
struct ShipCommits {
  LinkId link = 0;
  std::vector<base::Hash> commits;
};

/// Why a register's base was not current.
struct Conflict {
  Register reg;
  std::vector<Dot> heads;  ///< what is there now; the first is the shown one
};

/// A member that a commit has not reached, and why.
struct Missing {
  base::MemberId member;
  std::string why;  ///< "no link", "did not answer in 2 s", …
};

/// Reply to one LocalCommit.
struct Answer {
  std::string request_key;
  base::Hash content;  ///< of the request, by content_of: one key may have been used for several
  /// How the commit ended.
  enum class What : std::uint8_t {
    committed,  ///< durable here, on `members - missing.size()` of `members` machines
    conflict,   ///< nothing written, nothing shipped
    refused,    ///< flush failed and nothing left the machine, or a limit
    in_doubt,   ///< flush failed after shipping
  };
  What what = What::committed;
  base::Hash commit;
  Dot dot;
  std::int64_t wall_ms = 0;
  std::size_t members = 0;
  std::vector<Missing> missing;
  std::vector<Conflict> conflicts;
  std::string reason;
};

/// Something that administrators should know.
struct Alert {
  /// How soon somebody should look.
  enum class Grade : std::uint8_t { info, warning, critical };
  Grade grade = Grade::info;
  std::string about;  ///< stable kind, e.g. "link-down", "fork", "clock"
  std::string text;   ///< one sentence for administrators
};

/// What came of an Ask; once for each.
struct Told {
  AskId id = 0;
  /// Errors: unreachable (no way there, or no answer in 3 s; it may have been answered there all the same), busy (here or
  /// there), invalid (too long a question), unsupported (too long an answer, or a newer version's). `where` is the host.
  base::Result<std::string> answer;
};
/// Another member asks, proved by its signature, and never the same question twice: to be answered by a Reply with this id
/// within a minute.
struct Asked {
  AskId id = 0;
  base::MemberId from;
  std::string body;  ///< at most base::limits::ask_bytes; whatever that member likes
};

/// All that one step wants done.
struct Effects {
  std::optional<Persist> persist;
  std::vector<Send> sends;
  std::vector<ShipCommits> ships;
  std::vector<LinkId> close;  ///< links to end (wrong cluster, superseded nonce); after the sends
  std::vector<Answer> answers;
  std::vector<Told> told;
  std::vector<Asked> asked;
  std::vector<Register> changed;  ///< registers whose shown value changed: resolve and apply
  std::vector<Alert> alerts;
  std::int64_t wake_mono_ms = 0;  ///< next Tick wanted at this CLOCK_BOOTTIME; 0: none
};

}  // namespace postern::cluster
