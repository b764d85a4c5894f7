#include "cluster/validate.h"

#include "base/limits.h"
#include "base/printable.h"
#include "cluster/fleet.h"
#include "cluster/graves.h"
#include "cluster/planted.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::cluster {
namespace {

using base::limits::host_name_bytes;
using base::limits::name_bytes;

/// Milliseconds of Unix time that a clock may show: what a stamp can carry.
constexpr std::int64_t clock_end_ms = std::int64_t{1} << 48;
constexpr std::size_t key_bytes = 4096;         ///< one SSH public key
constexpr std::size_t keys_bytes = 256U << 10;  ///< all keys of a user
constexpr std::size_t passphrase_bytes = 512;   ///< an Argon2id text
constexpr std::size_t identity_bytes = 16U << 10;

base::Error wrong(std::string what) { return base::fail(base::ErrorCode::invalid, std::move(what)); }

/// One part of a record: what its register may hold.
struct Part {
  Space space;
  const char* name;
  bool may_clear;
  std::size_t most_bytes;
  bool (*sound)(std::string_view value);
};

template <std::size_t Most>
bool name_of(std::string_view value) {
  return !value.empty() && base::is_printable_line(value, Most);
}

bool sound_identity(std::string_view value) {
  const auto identity = decode_identity(value);
  return identity && base::is_printable_line(identity->serial, key_bytes) &&
         base::is_printable_line(identity->host_key, key_bytes) && base::is_printable_line(identity->user_key, key_bytes);
}

bool sound_addresses(std::string_view value) {
  const auto addresses = decode_addresses(value);
  return addresses && base::is_printable_line(addresses->dial_host, host_name_bytes);
}

bool sound_id(std::string_view value) {
  return value.size() == sizeof(base::Uuid) && std::any_of(value.begin(), value.end(), [](char c) { return c != 0; });
}

bool sound_role(std::string_view value) {
  const Role roles[] = {Role::none, Role::guest, Role::operator_, Role::administrator};
  return std::any_of(std::begin(roles), std::end(roles), [value](Role role) { return value == role_name(role); });
}

bool sound_passphrase(std::string_view value) { return base::is_printable_line(value, passphrase_bytes); }

bool sound_keys(std::string_view value) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find('\n'), value.size());
    if (!base::is_printable_line(value.substr(0, end), key_bytes)) return false;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return true;
}

constexpr std::size_t id_bytes = sizeof(base::Uuid);

/// All records there are. Births (state.h) are never cleared: what is born can only be deleted.
constexpr Part parts[] = {
    {Space::cluster, "name", true, name_bytes, name_of<name_bytes>},
    {Space::group, "name", false, name_bytes, name_of<name_bytes>},
    {Space::member, "identity", false, identity_bytes, sound_identity},
    {Space::member, "name", false, host_name_bytes, name_of<host_name_bytes>},
    {Space::member, "addresses", false, identity_bytes, sound_addresses},
    {Space::member, "group", false, id_bytes, sound_id},
    {Space::user, "identity", false, name_bytes, name_of<name_bytes>},
    {Space::user, "role", true, name_bytes, sound_role},
    {Space::user, "passphrase", true, passphrase_bytes, sound_passphrase},
    {Space::user, "keys", true, keys_bytes, sound_keys},
};

const Part* part_of(const Register& reg) {
  const auto* found = std::find_if(std::begin(parts), std::end(parts),
                                   [&reg](const Part& part) { return part.space == reg.space && reg.name == part.name; });
  return found == std::end(parts) ? nullptr : found;
}

bool is_feature_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= name_bytes && std::all_of(name.begin(), name.end(), good);
}

/// Only groups, members and users have a life, and only a group's successor is a value.
base::Result<void> validate_delete(const Register& reg, std::uint64_t value_size) {
  const bool mortal = reg.space == Space::group || reg.space == Space::member || reg.space == Space::user;
  if (!mortal && !planted(Planted::anything_dies)) return wrong("it deletes what cannot be deleted");
  if (value_size != 0 && (reg.space != Space::group || value_size != id_bytes))
    return wrong("it deletes something with a value that is no successor");
  return {};
}

base::Result<void> validate_id(const base::ClusterId& cluster, const Register& reg) {
  if (reg.space == Space::cluster || reg.space == Space::cluster_settings) {
    if (reg.id != cluster.uuid) return wrong("it writes settings of another cluster");
    return {};
  }
  if (reg.id.is_nil()) return wrong("it writes a register of nobody");
  return {};
}

/// A member's id is the hash of its identity: then nobody can write another for it, and in
/// whatever order admissions come, a member has one key.
base::Result<void> validate_identity(const Register& reg, WriteKind kind, const base::Hash& value) {
  const bool identity = is_identity(reg) && kind == WriteKind::put;
  if (identity && member_of(value).uuid != reg.id && !planted(Planted::any_identity))
    return wrong(fmt::format("{} is not the identity of which that id is the hash", to_text(reg)));
  return {};
}

/// A chain begins on an admission; only a cluster's first commit stands on nothing.
base::Result<void> validate_place(const Header& header) {
  if (header.dot.member.is_nil() || header.dot.seq == 0 || !header.dot.branch.is_nil())
    return wrong("it has no number of its own");
  if (header.prev.is_nil() && header.dot.seq != 1) return wrong("it continues nothing");
  if (header.prev.is_nil() && !header.parents.empty()) return wrong("it founds on something");
  if (header.parents.size() > parents_per_commit) return wrong("it names too many parents");
  const bool twice = std::any_of(header.parents.begin(), header.parents.end(),
                                 [&](const auto& one) { return one.hash == header.prev || !one.dot.branch.is_nil(); });
  if (twice) return wrong("it names its parents wrongly");
  if (header.login_host != header.dot.member) return wrong("it claims to be made on another machine than its author's");
  if (header.wall_ms < 0 || header.wall_ms >= clock_end_ms) return wrong("it was made at a time that no clock shows");
  return {};
}

/// A machine's name and where it is reached are its own word, or that of the commit that admits it: whoever could write
/// another's would send its links to nowhere.
bool speaks_for_another(const Header& header, const Register& reg) {
  if (reg.space != Space::member || (reg.name != "name" && reg.name != "addresses")) return false;
  return reg.id != header.dot.member.uuid && find_write(header, {reg.space, reg.id, "identity"}) == nullptr;
}

}  // namespace

base::Result<void> validate_texts(std::string_view author_name, std::string_view comment, std::string_view request_key) {
  if (!base::is_printable_line(author_name, name_bytes)) return wrong("the name of its user is not printable, or too long");
  if (!base::is_printable_line(comment, base::limits::comment_bytes)) return wrong("its comment is not printable, or too long");
  if (!base::is_printable_line(request_key, request_key_bytes)) return wrong("its request key is not printable, or too long");
  return {};
}

base::Result<void> validate_write(const base::ClusterId& cluster, const Register& reg, WriteKind kind, std::uint64_t value_size) {
  if (auto id = validate_id(cluster, reg); !id) return id;
  if (kind == WriteKind::remove && reg.name == "life" && !is_settings(reg)) return validate_delete(reg, value_size);
  if (kind == WriteKind::remove) return wrong("it deletes outside of a life");
  if (value_size > base::limits::value_bytes) return wrong("a value is too long");
  if (is_settings(reg)) {
    if (!is_feature_name(reg.name)) return wrong("it names a feature that cannot be");
    return {};
  }
  const Part* part = part_of(reg);
  if (part == nullptr) return wrong(fmt::format("there is no register {}", to_text(reg)));
  if (kind == WriteKind::clear && !part->may_clear) return wrong(fmt::format("{} cannot be unset", to_text(reg)));
  if (value_size > part->most_bytes) return wrong(fmt::format("{} is too long", to_text(reg)));
  return {};
}

base::Result<void> validate_value(const Register& reg, WriteKind kind, std::string_view value) {
  if (kind == WriteKind::remove) {
    if (!value.empty() && !sound_id(value)) return wrong("its successor is no group");
    return {};
  }
  const Part* part = kind == WriteKind::put ? part_of(reg) : nullptr;
  if (part != nullptr && !part->sound(value) && !planted(Planted::any_value))
    return wrong(fmt::format("the value of {} is not what it is for", to_text(reg)));
  if (part == nullptr || part->sound != sound_identity) return {};
  return validate_identity(reg, kind, base::hash_bytes(value));
}

base::Result<void> validate(const base::ClusterId& cluster, const Header& header) {
  if (auto place = validate_place(header); !place) return place;
  if (auto texts = validate_texts(header.author_name, header.comment, header.request_key); !texts) return texts;
  if (header.writes.empty() && (header.parents.empty() || !header.request_key.empty()))
    return wrong("it writes nothing and joins nothing");
  for (const Write& write : header.writes) {
    if (auto good = validate_write(cluster, write.reg, write.kind, write.value_size); !good) return good;
    if (auto good = validate_identity(write.reg, write.kind, write.value); !good) return good;
    if (write.base.size() > heads_per_base) return wrong("it names too long a base");
    if (speaks_for_another(header, write.reg)) return wrong("it says of another machine what only that machine says of itself");
  }
  return {};
}

base::Result<void> validate_values(const Header& header, const Values& values) {
  for (const Write& write : header.writes) {
    if (is_settings(write.reg) || write.value.is_nil()) continue;
    const auto value = values.find(write.value);
    if (value == values.end()) continue;
    if (auto good = validate_value(write.reg, write.kind, value->second); !good) return good;
  }
  return {};
}

}  // namespace postern::cluster
