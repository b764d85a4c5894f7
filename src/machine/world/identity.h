#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/crypto.h"
#include "base/ids.h"
#include "base/result.h"
#include "cluster/peer.h"

namespace postern::machine {

/// Who this machine is, as kept among the store's notes. Cluster and member change at a join; the serial and
/// the keys stay for the machine's life.
struct Identity {
  base::ClusterId cluster;
  base::MemberId member;
  std::string serial;
  base::SigningKey signing;
  std::string host_private;  ///< PEM
  std::string host_public;   ///< "ssh-ed25519 AAAA…"
  std::string user_private;
  std::string user_public;

  /// Of a stay; `drawn` is random. Its member_of is the stay's member id.
  [[nodiscard]] cluster::MemberIdentity record(const base::Uuid& drawn) const;
  /// As its peer is told.
  [[nodiscard]] cluster::Self self(const base::Hash& settings_version, std::string version) const;
};

using Notes = std::map<std::string, std::optional<std::string>>;

/// As notes to write, and back. Error damaged: names the note that is missing or malformed.
Notes to_notes(const Identity& identity);
base::Result<Identity> read_identity(const std::map<std::string, std::string>& notes);

/// A serial number of 24 random hex and base32 places, "4F21A09C3B7E-K3QM7ZT2XW5A", from 16 random bytes.
std::string make_serial(std::string_view random);
/// A Uuid from 16 random bytes.
base::Uuid make_uuid(std::string_view random);
std::uint64_t make_number(std::string_view random);

}  // namespace postern::machine
