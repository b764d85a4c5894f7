#include "desk/fleet/passphrase.h"

#include "base/words.h"

#include <fmt/format.h>

namespace postern::desk {

using base::ErrorCode;
using base::fail;

namespace {

constexpr std::size_t passphrase_least = 8;  // characters are counted as bytes: never too short
constexpr std::size_t passphrase_greatest = 1024;

}  // namespace

std::optional<base::Error> weak_passphrase(const std::string& name, const std::string& passphrase) {
  if (passphrase.size() < passphrase_least)
    return fail(ErrorCode::invalid, "new",
                fmt::format("The new passphrase is too short: it needs at "
                            "least {} characters.",
                            passphrase_least));
  if (passphrase.size() > passphrase_greatest)
    return fail(ErrorCode::invalid, "new", fmt::format("The new passphrase is too long: {} bytes at most.", passphrase_greatest));
  if (base::lower(passphrase) == base::lower(name))
    return fail(ErrorCode::invalid, "new", "The new passphrase must not be the user's name.");
  return std::nullopt;
}

}  // namespace postern::desk
