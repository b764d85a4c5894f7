#include "daemon/init.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/real_world.h"
#include "desk/fleet/passphrase.h"
#include "machine/join/birth.h"
#include "store/store.h"
#include "transport/transport.h"

namespace postern::daemon {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

Result<machine::BirthKeys> draw_keys() {
  auto host = transport::make_key_pair();
  if (!host) return host.error();
  auto user = transport::make_key_pair();
  if (!user) return user.error();
  return machine::BirthKeys{host->private_pem, host->public_line, user->private_pem, user->public_line};
}

}  // namespace

std::string store_path(const std::string& directory) { return directory + "/posternd.db"; }

Result<void> init(const std::string& directory, const desk::NewMachine& told, const std::string& passphrase) {
  const std::string path = store_path(directory);
  const auto there = store::Store::exists(path);
  if (!there) return there.error();
  if (*there)
    return fail(ErrorCode::exists, fmt::format("{} exists: this machine is set up already. Nothing was changed.", path));
  if (auto weak = desk::weak_passphrase("admin", passphrase)) return *weak;
  auto schema = schema::Schema::load();
  if (!schema) return schema.error();
  auto checked = desk::check_new_machine(**schema, told);
  if (!checked) return checked.error();
  auto keys = draw_keys();
  if (!keys) return keys.error();
  const auto random = kernel_random(16);
  std::array<std::uint8_t, 16> salt{};
  std::copy(random.begin(), random.end(), salt.begin());
  const machine::Birth birth{std::move(*checked), base::passphrase_hash(passphrase, salt)};
  auto batch = machine::give_birth(birth, *keys, **schema, kernel_random, read_clocks());
  if (!batch) return batch.error();
  return store::Store::create(path, *batch);
}

}  // namespace postern::daemon
