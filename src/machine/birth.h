#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "machine/identity.h"
#include "schema/schema.h"
#include "store/store.h"

namespace postern::machine {

/// What a new machine is told about itself, by `posternd init` or the systemsetup dialogue.
struct Birth {
  std::string host_name;
  std::string interface_name = "Management";
  std::string address;                 ///< "192.0.2.10/24"
  std::uint16_t ssh_port = 22;
  std::uint16_t https_port = 443;
  std::uint16_t public_port = 25;      ///< listener IncomingMail; 0: none
  std::uint16_t private_port = 0;      ///< listener OutgoingMail; 0: none
  std::vector<std::string> relay;      ///< who may send through OutgoingMail: addresses or CIDR
  std::vector<std::string> dns_servers;  ///< empty: the host's own
  std::string bind_address;            ///< source of outgoing SSH and SMTP; empty: the system chooses
  std::string passphrase_hash;         ///< Argon2id text, of the administrator "admin"
};

/// Keys that were drawn for it.
struct BirthKeys {
  std::string host_private, host_public;
  std::string user_private, user_public;
};

/// Everything a store must hold for the machine to start standalone: its identity and the founding commit of a
/// cluster of one that has no name yet. Errors: invalid, naming the feature and value.
base::Result<store::Batch> give_birth(const Birth& birth, const BirthKeys& keys, const schema::Schema& schema,
                                      const std::function<std::string(std::size_t)>& random, base::Instant now);

/// Note under which the bind address is kept.
inline constexpr std::string_view note_bind_address = "setup/bind-address";

}  // namespace postern::machine
