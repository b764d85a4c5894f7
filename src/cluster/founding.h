#pragma once

#include "cluster/event.h"
#include "cluster/fleet.h"

#include <string>
#include <vector>

/// The commits with which machines come to be: the first of a standalone machine, which founds its
/// cluster of one, and the items that admit a joiner.
namespace postern::cluster {

constexpr const char* first_group_name = "Main_Group";
constexpr const char* first_user_name = "admin";

/// Everything drawn and asked beforehand; nothing here is random.
struct Founding {
  base::ClusterId cluster;
  base::MemberId member;
  base::GroupId group;  ///< Main_Group
  base::UserId admin;
  std::string host_name;
  MemberIdentity identity;  ///< its signing key must be the machine's own
  MemberAddresses addresses;
  std::string passphrase;                   ///< Argon2id text of the administrator's
  std::vector<LocalCommit::Item> settings;  ///< more writes, e.g. the machine's network settings
};
/// The cluster has no name yet: the machine is standalone.
LocalCommit founding_commit(const Founding& what, const std::string& request_key);

/// The writes that make a machine a member.
struct Admission {
  base::MemberId member;
  std::string host_name;
  MemberIdentity identity;
  MemberAddresses addresses;
  base::GroupId group;
};
/// Over nothing that was there before: the member is new.
std::vector<LocalCommit::Item> admission_items(const Admission& what);

/// The writes that make a user; an empty passphrase is not written.
struct NewUser {
  base::UserId id;
  std::string name;
  Role role = Role::guest;
  std::string passphrase;
};
/// Over nothing that was there before: the user is new.
std::vector<LocalCommit::Item> user_items(const NewUser& what);

/// One item that puts `value`, or clears or deletes, over the heads that `state` shows now: for
/// changes made at once, without a pending edit.
LocalCommit::Item item_over(const State& state, const Register& reg, WriteKind kind, std::string value);

}  // namespace postern::cluster
