#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "desk/setup/new_machine.h"
#include "machine/world/identity.h"
#include "schema/schema.h"
#include "store/store.h"

namespace postern::machine {

/// A new machine as it is made: what it was told about itself, checked (desk::check_new_machine).
struct Birth : desk::NewMachine {
  std::string passphrase_hash;  ///< Argon2id text, of the administrator "admin"
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
