#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/commit.h"

/// What machines say to each other on a link (postern.proto; docs/WIRE.md). The transport carries the
/// encoded bytes, framed; encode and decode are pure.
namespace postern::cluster {

/// First message each way. A link exchanges settings only when cluster, protocol and settings_version agree.
struct Hello {
  std::uint32_t protocol = 1;
  base::ClusterId cluster;
  base::MemberId member;
  std::uint64_t boot_nonce = 0;
  base::Hash settings_version;
  std::string package_version;
  std::int64_t wall_ms = 0;
  Vector vector;   ///< durable and applied commits
  Vector durable;  ///< own tips, incarnations as in the headers; what is staged beyond is dropped
  Vector applied;  ///< what the sender's data plane covers
  friend bool operator==(const Hello&, const Hello&) = default;
};

/// Commits, in an order in which each one's context comes before it or is held already by the receiver.
struct Ship {
  /// One commit with the values of its writes.
  struct Item {
    Envelope envelope;
    std::vector<std::string> values;  ///< for the header's writes that have one, in their order
    bool staged = false;              ///< author's flush still under way (contract 2.6)
    friend bool operator==(const Item&, const Item&) = default;
  };
  std::vector<Item> items;
  bool more = false;  ///< the sender has more for this receiver: ask again with Pull
  friend bool operator==(const Ship&, const Ship&) = default;
};
/// The own commit `hash`, seq of `incarnation` in its header, and all before it are durable at the sender.
struct Durable {
  base::Incarnation incarnation = 0;
  std::uint64_t seq = 0;
  base::Hash hash;
  friend bool operator==(const Durable&, const Durable&) = default;
};
/// Own staged commits of `incarnation` beyond seq will never be durable: drop them.
struct Dropped {
  base::Incarnation incarnation = 0;
  std::uint64_t seq = 0;
  friend bool operator==(const Dropped&, const Dropped&) = default;
};
/// These commits, and all before them in their chains, are flushed at the sender (staged or applied).
struct Ack {
  Vector stored;
  friend bool operator==(const Ack&, const Ack&) = default;
};
/// Send me what this vector lacks.
struct Pull {
  Vector vector;
  friend bool operator==(const Pull&, const Pull&) = default;
};
/// The sender's whole vector changed enough to tell (after applying, and when digests differ).
struct Summary {
  Vector vector;
  friend bool operator==(const Summary&, const Summary&) = default;
};
/// Keeps a link alive, and tells both ends whether they hold the same.
struct Ping {
  std::uint64_t number = 0;
  bool answer = false;  ///< this is the reply to the ping of the same number
  std::int64_t wall_ms = 0;
  base::Hash vector_digest;  ///< of the vector with its tip hashes
  base::Hash state_digest;   ///< of F(S): with equal vectors, a difference is an alarm
  friend bool operator==(const Ping&, const Ping&) = default;
};
/// Which members the sender has a live link with; the highest version counts (spec N1's route table).
struct LinkState {
  std::uint64_t boot_nonce = 0;
  std::uint64_t version = 0;
  base::MemberId member;
  std::vector<base::MemberId> live;
  std::vector<std::string> joining;  ///< "HOST 42 %": joins that the sender sponsors now (spec J9)
  friend bool operator==(const LinkState&, const LinkState&) = default;
};
/// The sender's data plane now covers these commits; or does not, and why.
struct Applied {
  base::MemberId member;
  Vector covers;
  std::string problem;  ///< empty, or the hold's or failure's text for people
  Vector tried = {};    ///< with a problem: the commits that were to be covered when it came
  friend bool operator==(const Applied&, const Applied&) = default;
};
/// A question to another machine, or its answer (spec C10): carried by others where there is no link, and signed by `from`
/// from end to end. What the body says is opaque to this room.
struct Relay {
  /// What came of a question. Others may be added: the number travels.
  enum class Verdict : std::uint8_t {
    done = 0,
    busy = 1,      ///< too many of this asker's are under way
    again = 2,     ///< not under the nonce that `to` has; `from_nonce` of the answer is that one
    too_long = 3,  ///< the answer's body is past base/limits.h
  };
  base::MemberId from;
  base::MemberId to;
  std::uint64_t number = 0;  ///< of the question: one under each boot nonce of the asker, from 1
  bool reply = false;
  std::string body;
  std::uint64_t from_nonce = 0;  ///< the boot nonce of `from`
  std::uint64_t to_nonce = 0;    ///< and of `to`, as `from` knows it
  std::uint32_t verdict = 0;     ///< of an answer
  base::Hash about = {};         ///< of an answer: the hash of the question's signed_bytes
  std::uint32_t hops = 0;        ///< how many have carried it; not signed, since each of them counts
  base::Signature signature = {};
  friend bool operator==(const Relay&, const Relay&) = default;
};
/// "postern relay 1" ‖ 0 ‖ cluster UUID ‖ all fields but hops and signature, the body last.
std::string signed_bytes(const base::ClusterId& cluster, const Relay& what);

using Message = std::variant<Hello, Ship, Durable, Dropped, Ack, Pull, Summary, Ping, LinkState, Applied, Relay>;

/// As decode reads it.
std::string encode(const Message& message);
/// Errors: damaged (malformed, or past base/limits.h). Unknown fields are kept out, not refused: a newer
/// machine may say more; an unknown message kind is `unsupported`.
base::Result<Message> decode(std::string_view bytes);
/// "ship", "ack", … for logs and counters.
const char* message_name(const Message& message);

}  // namespace postern::cluster
