#include "machine/world/identity.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace postern::machine {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::string_view note_cluster = "identity/cluster";
constexpr std::string_view note_member = "identity/member";
constexpr std::string_view note_serial = "identity/serial";
constexpr std::string_view note_signing = "identity/signing-key";
constexpr std::string_view note_host_private = "identity/host-private";
constexpr std::string_view note_host_public = "identity/host-public";
constexpr std::string_view note_user_private = "identity/user-private";
constexpr std::string_view note_user_public = "identity/user-public";

std::string signing_bytes(const base::SigningKey& key) {
  return {reinterpret_cast<const char*>(key.secret.data()), key.secret.size()};
}

}  // namespace

cluster::MemberIdentity Identity::record(const base::Uuid& drawn) const {
  return {serial, base::verify_key(signing), host_public, user_public, drawn};
}

cluster::Self Identity::self(const base::Hash& settings_version, std::string version) const {
  return {cluster, member, signing, settings_version, std::move(version)};
}

Notes to_notes(const Identity& identity) {
  Notes notes;
  const auto put = [&](std::string_view name, std::string value) { notes[std::string(name)] = std::move(value); };
  put(note_cluster, to_text(identity.cluster));
  put(note_member, to_text(identity.member));
  put(note_serial, identity.serial);
  put(note_signing, base::to_hex(signing_bytes(identity.signing)));
  put(note_host_private, identity.host_private);
  put(note_host_public, identity.host_public);
  put(note_user_private, identity.user_private);
  put(note_user_public, identity.user_public);
  return notes;
}

Result<Identity> read_identity(const std::map<std::string, std::string>& notes) {
  Identity out;
  std::string cluster;
  std::string member;
  std::string signing;
  const std::pair<std::string_view, std::string*> wanted[] = {
      {note_cluster, &cluster},
      {note_member, &member},
      {note_serial, &out.serial},
      {note_signing, &signing},
      {note_host_private, &out.host_private},
      {note_host_public, &out.host_public},
      {note_user_private, &out.user_private},
      {note_user_public, &out.user_public},
  };
  for (const auto& [name, into] : wanted) {
    const auto found = notes.find(std::string(name));
    if (found == notes.end())
      return fail(ErrorCode::damaged, "The store lacks this machine's note \"" + std::string(name) +
                                          "\". Restore the file from a backup, or set the machine up anew.");
    *into = found->second;
  }
  const auto cluster_id = base::parse_uuid(cluster);
  const auto member_id = base::parse_uuid(member);
  const auto key = base::from_hex(signing);
  if (!cluster_id || !member_id || !key || key->size() != out.signing.secret.size())
    return fail(ErrorCode::damaged, "This machine's identity in the store is malformed.");
  out.cluster.uuid = *cluster_id;
  out.member.uuid = *member_id;
  std::copy(key->begin(), key->end(), out.signing.secret.begin());
  return out;
}

std::string make_serial(std::string_view random) {
  POSTERN_ASSERT(random.size() >= 14);
  constexpr char hex[] = "0123456789ABCDEF";
  constexpr char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  for (std::size_t i = 0; i < 6; ++i) {
    const auto byte = static_cast<unsigned char>(random[i]);
    out += hex[byte >> 4];
    out += hex[byte & 15];
  }
  out += '-';
  std::uint64_t bits = 0;
  std::memcpy(&bits, random.data() + 6, 8);
  for (int i = 0; i < 12; ++i, bits >>= 5) out += base32[bits & 31];
  return out;
}

base::Uuid make_uuid(std::string_view random) {
  POSTERN_ASSERT(random.size() >= 16);
  base::Uuid id;
  std::copy_n(random.begin(), 16, id.bytes.begin());
  return id;
}

std::uint64_t make_number(std::string_view random) {
  POSTERN_ASSERT(random.size() >= 8);
  std::uint64_t out = 0;
  std::memcpy(&out, random.data(), 8);
  return out;
}

}  // namespace postern::machine
