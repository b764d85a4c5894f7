#include "daemon/init.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "daemon/real_world.h"
#include "store/store.h"
#include "transport/transport.h"

namespace postern::daemon {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t passphrase_least = 8;

Result<machine::BirthKeys> draw_keys() {
  auto host = transport::make_key_pair();
  if (!host) return host.error();
  auto user = transport::make_key_pair();
  if (!user) return user.error();
  return machine::BirthKeys{host->private_pem, host->public_line, user->private_pem, user->public_line};
}

}  // namespace

Result<void> init(const std::string& directory, machine::Birth birth, const std::string& passphrase) {
  const std::string path = directory + "/posternd.db";
  struct stat known {};
  if (stat(path.c_str(), &known) == 0)
    return fail(ErrorCode::exists, fmt::format("{} exists: this machine is set up already. Nothing was changed.", path));
  if (passphrase.size() < passphrase_least)
    return fail(ErrorCode::invalid, fmt::format("The administrator's passphrase needs at least {} characters.",
                                                passphrase_least));
  auto schema = schema::Schema::load();
  if (!schema) return schema.error();
  auto keys = draw_keys();
  if (!keys) return keys.error();
  const auto random = kernel_random(16);
  std::array<std::uint8_t, 16> salt{};
  std::copy(random.begin(), random.end(), salt.begin());
  birth.passphrase_hash = base::passphrase_hash(passphrase, salt);
  auto batch = machine::give_birth(birth, *keys, **schema, kernel_random, read_clocks());
  if (!batch) return batch.error();
  auto store = store::Store::open(path);
  if (!store) return store.error();
  bool unknown = false;
  return (*store)->write({*batch}, &unknown);
}

}  // namespace postern::daemon
