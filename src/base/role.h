#pragma once

#include <cstdint>

namespace postern::base {

/// What a user may do, from least to most (spec C9 to C13). The numbers are stored.
enum class Role : std::uint8_t { none = 0, guest = 1, operator_ = 2, administrator = 3 };

/// "none", "guest", "operator", "administrator".
constexpr const char* role_name(Role role) {
  switch (role) {
    case Role::none: return "none";
    case Role::guest: return "guest";
    case Role::operator_: return "operator";
    case Role::administrator: return "administrator";
  }
  return "none";
}

}  // namespace postern::base
