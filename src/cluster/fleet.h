#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/role.h"
#include "cluster/state.h"

/// The fleet's records as typed values, read out of F(S) by the rules of contract 2.11; and their
/// encodings, which are the values of the record registers.
namespace postern::cluster {

/// Register {member, "identity"}. A member's id is the hash of its identity (member_of), so no other can be
/// written for it, and none with other keys.
struct MemberIdentity {
  std::string serial;           ///< "4F21A09C3B7E-K3QM7ZT2XW5A"
  base::VerifyKey signing_key;  ///< of its commits
  std::string host_key;         ///< SSH public key, "ssh-ed25519 AAAA…": pinned by the others
  std::string user_key;         ///< SSH public key with which it logs in on machine links
  base::Uuid drawn;             ///< random: each stay of a machine has an id of its own
  friend bool operator==(const MemberIdentity&, const MemberIdentity&) = default;
};
/// Register {member, "addresses"}: where its machine links are reached.
struct MemberAddresses {
  std::string dial_host;  ///< host name (default the member's) or address to dial
  std::uint16_t ssh_port = 22;
  std::uint16_t ccs_port = 0;  ///< 0: CCS off
  friend bool operator==(const MemberAddresses&, const MemberAddresses&) = default;
};

/// A machine of the cluster, as its records say.
struct Member {
  base::MemberId id;
  std::string host_name;
  MemberIdentity identity;
  MemberAddresses addresses;
  base::GroupId group;  ///< resolved: always a live group
};
/// A group of machines.
struct Group {
  base::GroupId id;
  std::string name;  ///< as shown: a later group of an equal name gets "~2" (contract case 9)
};
using base::Role;
using base::role_name;
/// Somebody who may log in.
struct User {
  base::UserId id;
  std::string name;
  Role role = Role::none;            ///< least of concurrent roles; none: locked
  std::string passphrase;            ///< Argon2id text (base/crypto.h), empty: none
  std::vector<std::string> keys;     ///< OpenSSH public keys, as `sshconfig` lists them
  std::vector<Dot> credential_dots;  ///< head dots of role and passphrase (contract 2.12)
};

/// The whole fleet at one state.
struct Fleet {
  base::ClusterId cluster;
  std::string cluster_name;                             ///< empty: standalone
  std::int64_t named_wall_ms = 0;                       ///< when the shown name was committed
  std::vector<Group> groups;                            ///< Main_Group first, then by creation stamp
  std::vector<Member> members;                          ///< by host name
  std::vector<User> users;                              ///< by name; live ones only
  std::map<base::GroupId, std::size_t> group_places;    ///< in `groups`: who lists thousands asks for each
  std::map<base::MemberId, std::size_t> member_places;  ///< in `members`

  [[nodiscard]] bool standalone() const { return cluster_name.empty(); }
  /// These return null when there is none. Lifetime: the Fleet's.
  [[nodiscard]] const Member* member(const base::MemberId& id) const;
  [[nodiscard]] const Member* member_by_host(std::string_view host_name) const;  ///< case-insensitive
  /// Exact.
  [[nodiscard]] const Member* member_by_serial(std::string_view serial) const;
  /// By its id.
  [[nodiscard]] const Group* group(const base::GroupId& id) const;
  [[nodiscard]] const Group* group_by_name(std::string_view name) const;  ///< case-insensitive
  [[nodiscard]] const User* user(const base::UserId& id) const;
  /// As login names are compared: exact.
  [[nodiscard]] const User* user_by_name(std::string_view name) const;
};
/// Pure function of the state.
Fleet read_fleet(const base::ClusterId& cluster, const State& state);

/// Where the cluster's name stands.
Register cluster_name_register(const base::ClusterId& id);
/// Where a group's name stands.
Register group_name_register(const base::GroupId& id);
/// Where a group ends: a removal there is for ever.
Register group_life_register(const base::GroupId& id);
/// A part of a member's record: "identity", "name", "addresses", "group", "life".
Register member_register(const base::MemberId& id, std::string_view part);
/// A part of a user's record: "identity", "role", "passphrase", "keys", "life".
Register user_register(const base::UserId& id, std::string_view part);

/// Values of the record registers. Names ("name", a user's "identity") are the plain text itself; a member's
/// "group" is the group's 16 bytes; a user's "passphrase" is the Argon2id text.
std::string encode(const MemberIdentity& value);
std::string encode(const MemberAddresses& value);
std::string encode_role(Role role);
std::string encode_keys(const std::vector<std::string>& keys);
std::string encode_group(const base::GroupId& group);
/// The first 16 bytes of the hash of an identity's encoding.
base::MemberId member_of(const base::Hash& identity);
base::MemberId member_of(const MemberIdentity& identity);
base::Result<MemberIdentity> decode_identity(std::string_view bytes);
base::Result<MemberAddresses> decode_addresses(std::string_view bytes);

}  // namespace postern::cluster
