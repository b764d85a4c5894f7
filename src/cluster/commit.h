#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/crypto.h"
#include "base/ids.h"
#include "base/mode.h"
#include "base/result.h"
#include "base/time.h"

/// Commits: what a machine signs, stores, ships and hashes (contract 2.1). The encoded header is made once
/// by its author; those bytes are never re-encoded.
namespace postern::cluster {

/// The name of a commit: the seq-th (from 1) of one incarnation. The signed header's dot is what its author
/// took it for; it has no branch. After a fork several commits bear one dot in their headers; then all branches
/// but one are *known* with the hash of their first commit beside the incarnation (contract 2.2). Nobody can
/// choose an incarnation so that it becomes a branch's name. Everything but a signed header and what is staged
/// speaks of known dots.
struct Dot {
  base::MemberId member;
  base::Incarnation incarnation = 0;
  std::uint64_t seq = 0;
  base::Hash branch = {};  ///< of a fork's branch that does not keep the name: the hash of its first commit
  friend auto operator<=>(const Dot&, const Dot&) = default;
};
/// "MEMBER/INCARNATION/SEQ", of a branch "MEMBER/INCARNATION~HASH/SEQ"; for logs and traces.
std::string to_text(const Dot& dot);

/// What a register belongs to. `id` of the register is the cluster's, group's, member's or user's Uuid.
enum class Space : std::uint8_t {
  cluster_settings = 0,  ///< settings made in cluster mode; name = feature
  group_settings = 1,
  machine_settings = 2,
  cluster = 3,  ///< records about the cluster itself: "name"
  group = 4,    ///< "name", "life"
  member = 5,   ///< "identity", "name", "addresses", "group", "life"
  user = 6,     ///< "identity", "role", "passphrase", "keys", "life"
};

/// The unit of conflict and of last-writer-wins: (mode, feature), or one part of a record.
struct Register {
  Space space = Space::cluster_settings;
  base::Uuid id;
  std::string name;
  friend auto operator<=>(const Register&, const Register&) = default;
};
/// The register of one feature's settings in one mode.
Register settings_register(const base::Mode& mode, std::string_view feature);
/// The mode of a settings register; asserts for other spaces.
base::Mode mode_of(const Register& reg);
bool is_settings(const Register& reg);
/// "group:ID:name", for logs and traces.
std::string to_text(const Register& reg);

/// Bytes of the longest request key.
constexpr std::size_t request_key_bytes = 256;
/// Most parents that one header names; who has seen more joins them by commits without writes before it.
constexpr std::size_t parents_per_commit = 256;
/// Most heads that one write names as its base: the greatest. Its context says the rest.
constexpr std::size_t heads_per_base = 64;

/// What a write does to its register. The numbers are on the wire and in the store.
enum class WriteKind : std::uint8_t {
  put = 0,     ///< the register's whole new value
  clear = 1,   ///< unset: inherits again (an ordinary write, not a delete)
  remove = 2,  ///< register "life" of a group, member or user: deletes that UUID for ever; for a group
               ///< the value is the successor's 16 bytes
};

/// One write as the header carries it; the value travels beside, by its hash.
struct Write {
  Register reg;
  WriteKind kind = WriteKind::put;
  base::Hash value;              ///< hash of the value's bytes; nil when there is none
  std::uint64_t value_size = 0;  ///< bytes
  std::vector<Dot> base;         ///< the heads that the author had before him, as they were known then (the
                                 ///< greatest of them): the commit's own context gives them their meaning
  friend bool operator==(const Write&, const Write&) = default;
};

/// A commit that this one builds on, beside its predecessor.
struct ParentRef {
  Dot dot;  ///< as that commit's own header has it
  base::Hash hash;
  friend auto operator<=>(const ParentRef&, const ParentRef&) = default;
};

/// What an author says about a trial of his own (contract 2.9). Carried from day one, not used yet.
enum class Outcome : std::uint8_t { none = 0, confirm = 1, revert = 2 };

/// What an author signs: who, when, on what, and which registers with which values.
struct Header {
  Dot dot;
  base::Stamp stamp;
  std::int64_t wall_ms = 0;        ///< author's clock, for people
  base::Hash prev;                 ///< previous commit of this incarnation; its first: the admission's hash;
                                   ///< nil for the very first commit of a cluster
  std::vector<ParentRef> parents;  ///< maximal commits held, not reachable from prev; sorted
  base::UserId author;
  std::string author_name;
  base::MemberId login_host;
  std::string comment;
  base::Hash settings_version;
  std::string request_key;
  std::vector<Write> writes;  ///< sorted by register, none twice; none at all: it only joins its parents
  std::uint32_t trial_minutes = 0;
  Outcome outcome = Outcome::none;
  Dot outcome_of;
  friend bool operator==(const Header&, const Header&) = default;
};

/// What a header writes to one register, or null.
const Write* find_write(const Header& header, const Register& reg);

/// A signed header as stored and shipped.
struct Envelope {
  std::string header;         ///< encoded Header
  base::Signature signature;  ///< over signed_bytes(cluster, header)
  friend bool operator==(const Envelope&, const Envelope&) = default;
  [[nodiscard]] base::Hash id() const { return base::hash_bytes(header); }
};

/// "postern commit 1" ‖ 0 ‖ cluster UUID ‖ header bytes (contract 2.1).
std::string signed_bytes(const base::ClusterId& cluster, std::string_view header);

/// Deterministic protobuf encoding of a header, and its strict inverse: an encoding that is not exactly
/// what encode_header makes (other order, unknown fields, trailing bytes) is `damaged`.
std::string encode_header(const Header& header);
base::Result<Header> decode_header(std::string_view bytes);

/// Values by hash.
using Values = std::map<base::Hash, std::string>;

/// One commit with everything needed to store it.
struct StoredCommit {
  Envelope envelope;
  bool staged = false;  ///< received before its author said "durable": flushed, but not visible
};

/// Tip of one incarnation's chain.
struct Tip {
  base::MemberId member;
  base::Incarnation incarnation = 0;
  std::uint64_t seq = 0;
  base::Hash hash;
  base::Hash branch = {};  ///< as in Dot
  friend bool operator==(const Tip&, const Tip&) = default;
  /// By chain first, so that the tips of a vector stand in the order of its chains.
  friend std::strong_ordering operator<=>(const Tip& a, const Tip& b) {
    return std::tie(a.member, a.incarnation, a.branch, a.seq, a.hash) <=>
           std::tie(b.member, b.incarnation, b.branch, b.seq, b.hash);
  }
};
/// Summary of a set of commits for sync: one tip per known incarnation, sorted. Ships between machines; never
/// used to order writes. Machines with different commits may know one branch by different names, so a tip that
/// comes from elsewhere is understood by its hash.
using Vector = std::vector<Tip>;

}  // namespace postern::cluster
