#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/fleet.h"
#include "cluster/message.h"

/// The words of a join (spec J4), between a joiner and the member that sponsors it:
///
///   joiner                         sponsor
///   JoinRequest            ->
///                          <-      JoinOffer | JoinRefusal
///                          <-      JoinPart …          every commit, any order
///   JoinReady              ->                          joiner holds them all
///                          <-      JoinPart            what came since, and the admission
///                          <-      JoinComplete
///   (swaps in one transaction, with its own first commit)
///   Joined                 ->
///
/// Before JoinReady nothing is recorded anywhere; after it the admission stands, and lapses by removal when the
/// joiner's own first commit is not seen within 10 minutes.
namespace postern::cluster {

/// The joiner begins: who it is, and which settings it speaks.
struct JoinRequest {
  std::string package_version;
  base::Hash settings_version;
  std::string host_name;
  MemberIdentity identity;
  MemberAddresses addresses;
  friend bool operator==(const JoinRequest&, const JoinRequest&) = default;
};
/// The sponsor ends it; the text is for the person who asked.
struct JoinRefusal {
  std::string text;
  friend bool operator==(const JoinRefusal&, const JoinRefusal&) = default;
};
/// The sponsor goes on: which cluster it is, and how much is to come.
struct JoinOffer {
  base::ClusterId cluster;
  std::string cluster_name;
  std::string group_name;
  base::MemberId member;      ///< the joiner's new membership
  std::uint64_t commits = 0;  ///< how many parts' items to expect, for progress
  friend bool operator==(const JoinOffer&, const JoinOffer&) = default;
};
/// The next commits of the cluster.
struct JoinPart {
  std::vector<Ship::Item> items;
  friend bool operator==(const JoinPart&, const JoinPart&) = default;
};
/// The joiner has all of them, proved, and waits for its admission.
struct JoinReady {
  friend bool operator==(const JoinReady&, const JoinReady&) = default;
};
/// The sponsor has committed the admission, this commit: what the joiner holds becomes its store.
struct JoinComplete {
  base::Hash admission;
  friend bool operator==(const JoinComplete&, const JoinComplete&) = default;
};
/// The joiner has made its first commit as a member.
struct Joined {
  friend bool operator==(const Joined&, const Joined&) = default;
};
using JoinFrame = std::variant<JoinRequest, JoinRefusal, JoinOffer, JoinPart, JoinReady, JoinComplete, Joined>;

/// As decode_join reads it.
std::string encode_join(const JoinFrame& frame);
/// Errors: damaged; unsupported for a frame of a later version.
base::Result<JoinFrame> decode_join(std::string_view bytes);

/// The same commits so that each one's prev and parents come before it. Errors: damaged, naming the dot
/// whose context is not among them.
base::Result<std::vector<StoredCommit>> order_causally(std::vector<StoredCommit> commits);

}  // namespace postern::cluster
