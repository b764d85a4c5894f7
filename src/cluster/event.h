#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "cluster/message.h"

namespace postern::cluster {

/// A live, authenticated connection to a member; numbered by the driver, never reused in one run.
using LinkId = std::uint64_t;
/// Numbers one Persist effect.
using Token = std::uint64_t;

/// What the desk wants committed. All or nothing; refused whole when a base is not current.
struct LocalCommit {
  std::string request_key;  ///< unique per commit; a known one gets the same answer again (contract 2.8), if
                            ///< it asks for the same; else it is refused as a reuse
  base::UserId author;
  std::string author_name;
  std::string comment;
  struct Item {
    Register reg;
    WriteKind kind = WriteKind::put;
    std::string value;      ///< put, and the successor for remove
    std::vector<Dot> base;  ///< heads seen by the author (empty: nothing was there); sorted
  };
  std::vector<Item> items;
  std::string retire;  ///< pending set to delete in the same transaction (desk's key), or empty
  bool wait = true;    ///< wait up to 2 s for the other machines before answering
};
/// What a request asks for: author and edits, without their bases. Equal for the same request asked again, here
/// or elsewhere.
base::Hash content_of(const LocalCommit& what);
/// A Persist with this token came to its end. A failed or unknown flush ends the incarnation: `fresh` is a
/// newly drawn one for the next own commit.
struct Flushed {
  enum class How : std::uint8_t { done, failed, unknown };
  Token token = 0;
  How how = How::done;
  base::Incarnation fresh = 0;
  std::string reason;  ///< for people, when not done
};
/// The transport authenticated a member's link, in either direction.
struct LinkUp {
  LinkId link = 0;
  base::MemberId member;
};
struct LinkDown {
  LinkId link = 0;
};
struct Received {
  LinkId link = 0;
  Message message;
  std::uint64_t bytes = 0;  ///< encoded size, for the counters
};
/// The driver's timer fired (see Effects::wake_mono_ms) or it just wants the time known.
struct Tick {};
/// The data plane's answer: it now runs the settings of these commits, or says why it does not.
struct DataPlane {
  Vector covers;
  std::string problem;
  Vector tried = {};  ///< with a problem: the commits whose settings it is about; empty: all that are here
};
/// Joins that this machine sponsors now, for the others' LIST and CONNSTATUS.
struct Joining {
  std::vector<std::string> lines;
};
/// Numbers one question, by whoever made it known: the driver for Ask, the peer for Asked.
using AskId = std::uint64_t;
/// A question to another machine, at most base::limits::ask_bytes. One Told with this id comes.
struct Ask {
  AskId id = 0;  ///< never used twice
  base::MemberId to;
  std::string body;
};
/// The answer to what came as Asked. An unknown or late one is dropped.
struct Reply {
  AskId id = 0;
  std::string body;
};

using Event = std::variant<LocalCommit, Flushed, LinkUp, LinkDown, Received, Tick, DataPlane, Joining, Ask, Reply>;

}  // namespace postern::cluster
