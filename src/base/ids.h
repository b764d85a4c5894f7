#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::base {

/// 128 random bits. Text form is the usual 8-4-4-4-12 lower-case hex (RFC 4122 layout, no version bits).
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  [[nodiscard]] bool is_nil() const { return *this == Uuid{}; }
};

std::string to_text(const Uuid& id);
Result<Uuid> parse_uuid(std::string_view text);

/// A Uuid that cannot be confused with one of another kind. Names are values and change; ids never do.
template <class Tag>
struct Id {
  Uuid uuid;

  friend auto operator<=>(const Id&, const Id&) = default;
  [[nodiscard]] bool is_nil() const { return uuid.is_nil(); }
};
template <class Tag>
std::string to_text(const Id<Tag>& id) {
  return to_text(id.uuid);
}

using ClusterId = Id<struct ClusterTag>;
using GroupId = Id<struct GroupTag>;
/// One stay of a machine in a cluster: a machine that leaves and rejoins gets a new one.
using MemberId = Id<struct MemberTag>;
using UserId = Id<struct UserTag>;

/// 64 random bits, drawn at each daemon start and taken at its first own commit (contract 2.2).
using Incarnation = std::uint64_t;

/// BLAKE2b-256 (RFC 7693).
struct Hash {
  std::array<std::uint8_t, 32> bytes{};

  friend auto operator<=>(const Hash&, const Hash&) = default;
  [[nodiscard]] bool is_nil() const { return *this == Hash{}; }
};

/// 64 lower-case hex digits.
std::string to_text(const Hash& hash);
Result<Hash> parse_hash(std::string_view text);

/// Lower-case hex of any bytes, and back (even count of hex digits, either case).
std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view text);

}  // namespace postern::base
