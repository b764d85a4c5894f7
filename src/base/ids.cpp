#include "base/ids.h"

#include <algorithm>

#include "base/printable.h"

namespace postern::base {
namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <std::size_t N>
std::string_view view(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

Result<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(ErrorCode::damaged, "An odd number of hex digits.");
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = nibble(text[i]);
    const int low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return fail(ErrorCode::damaged, "Not a hex digit.");
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string to_text(const Uuid& id) {
  std::string hex = to_hex(view(id.bytes));
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, 1, '-');
  return hex;
}

Result<Uuid> parse_uuid(std::string_view text) {
  std::string hex(text);
  std::erase(hex, '-');
  const auto bytes = from_hex(hex);
  const bool dashed = text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
  if (!dashed || !bytes || bytes->size() != 16) return fail(ErrorCode::damaged, "Not a UUID: " + printable_line(text, 64));
  Uuid id;
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  return id;
}

std::string to_text(const Hash& hash) { return to_hex(view(hash.bytes)); }

Result<Hash> parse_hash(std::string_view text) {
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != 32) return fail(ErrorCode::damaged, "Not a 32-byte hash.");
  Hash hash;
  std::copy(bytes->begin(), bytes->end(), hash.bytes.begin());
  return hash;
}

}  // namespace postern::base
