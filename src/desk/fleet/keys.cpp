#include "desk/fleet/keys.h"

#include "base/crypto.h"
#include "base/printable.h"
#include "base/words.h"

#include <fmt/format.h>

#include <bit>
#include <optional>
#include <vector>

namespace postern::desk {
namespace {

constexpr std::size_t key_line_bytes = 16 * 1024;
constexpr std::size_t rsa_bits_least = 2048;
constexpr std::size_t rsa_bits_greatest = 16384;

base::Error wrong(std::string text) { return base::fail(base::ErrorCode::invalid, std::move(text)); }

/// Reads RFC 4251 §5 strings off a key blob.
class Blob {
 public:
  explicit Blob(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::string_view> string() {
    if (rest_.size() < 4) return std::nullopt;
    std::size_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
    if (rest_.size() - 4 < size) return std::nullopt;
    const std::string_view out = rest_.substr(4, size);
    rest_.remove_prefix(4 + size);
    return out;
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// Bits of a positive mpint; 0 for a negative, padded or empty one.
std::size_t mpint_bits(std::string_view bytes) {
  if (bytes.empty() || static_cast<unsigned char>(bytes[0]) >= 0x80) return 0;
  if (bytes[0] == 0) {
    bytes.remove_prefix(1);
    if (bytes.empty() || static_cast<unsigned char>(bytes[0]) < 0x80) return 0;
  }
  return (bytes.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(static_cast<unsigned char>(bytes[0])));
}

bool good_ecdsa(Blob& blob, std::string_view curve, std::size_t coordinate_bytes) {
  const auto named = blob.string();
  const auto point = blob.string();
  return named == curve && point && point->size() == 1 + 2 * coordinate_bytes && (*point)[0] == 4;
}

std::optional<base::Error> wrong_rsa(Blob& blob) {
  const auto exponent = blob.string();
  const auto modulus = blob.string();
  if (!exponent || !modulus || mpint_bits(*exponent) < 2) return wrong("The RSA key is damaged: copy the whole line again.");
  const std::size_t bits = mpint_bits(*modulus);
  if (bits >= rsa_bits_least && bits <= rsa_bits_greatest) return std::nullopt;
  return wrong(
      fmt::format("The RSA key has {} bits; {} to {} are accepted. An Ed25519 key is better: "
                  "ssh-keygen -t ed25519 makes one.",
                  bits, rsa_bits_least, rsa_bits_greatest));
}

std::optional<base::Error> wrong_blob(std::string_view type, std::string_view bytes) {
  Blob blob(bytes);
  if (blob.string() != type) return wrong("The key's line and its content name different types.");
  bool good = false;
  if (type == "ssh-ed25519") {
    const auto point = blob.string();
    good = point && point->size() == 32;
  } else if (type == "ssh-rsa") {
    if (auto error = wrong_rsa(blob)) return error;
    good = true;
  } else {
    const std::string_view curve = type.substr(type.rfind('-') + 1);
    good = good_ecdsa(blob, curve, curve == "nistp256" ? 32 : curve == "nistp384" ? 48 : 66);
  }
  if (good && blob.done()) return std::nullopt;
  return wrong("The key is damaged: copy the whole line again.");
}

bool known_type(std::string_view type) {
  for (const char* known : {"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"})
    if (type == known) return true;
  return false;
}

std::string_view take_word(std::string_view& text) {
  const std::size_t start = text.find_first_not_of(" \t");
  text.remove_prefix(start == std::string_view::npos ? text.size() : start);
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

base::Result<PublicKey> parse_public_key(std::string_view line) {
  line = base::stripped(line);
  if (auto good = base::check_line(line, key_line_bytes, "A key"); !good) return good.error();
  return read_public_key(line);
}

base::Result<PublicKey> read_public_key(std::string_view line) {
  line = base::stripped(line);
  const std::string_view type = take_word(line);
  const std::string_view encoded = take_word(line);
  if (!known_type(type))
    return wrong(
        "A key's line begins with its type: ssh-ed25519, ecdsa-sha2-nistp256, -384, -521 or "
        "ssh-rsa, then the key, then a comment. Options before it are not accepted.");
  auto bytes = base::from_base64(encoded);
  if (!bytes) return wrong("The key is not base64: copy the whole line again.");
  if (auto error = wrong_blob(type, *bytes)) return *error;
  PublicKey out;
  out.type = type;
  out.comment = base::printable_line(base::stripped(line));
  std::string digest = base::to_base64(base::sha256(*bytes));
  digest.erase(digest.find_last_not_of('=') + 1);
  out.fingerprint = "SHA256:" + digest;
  out.line = fmt::format("{} {}", type, encoded);
  if (!out.comment.empty()) out.line += " " + out.comment;
  return out;
}

}  // namespace postern::desk
