#pragma once

#include "base/result.h"

#include <optional>
#include <string>

namespace postern::desk {

/// What is wrong with `passphrase` as the new one of the user `name`; nothing when it will do.
std::optional<base::Error> weak_passphrase(const std::string& name, const std::string& passphrase);

}  // namespace postern::desk
