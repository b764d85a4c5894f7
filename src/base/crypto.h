#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/ids.h"

/// The only header that stands for libsodium. Every call is pure: random bytes come in as arguments
/// (programs/entropy.h draws them), so that the rooms that hash and sign can be replayed.
namespace postern::base {

/// Must succeed once before any other call here; a broken libsodium aborts.
void crypto_start();

/// BLAKE2b-256 of `bytes` (RFC 7693).
Hash hash_bytes(std::string_view bytes);

/// SHA-256 (FIPS 180-4), 32 raw bytes: what OpenSSH's fingerprints are made of.
std::string sha256(std::string_view bytes);

/// Ed25519 (RFC 8032). The secret is libsodium's 64-byte form (seed, then public key).
struct SigningKey {
  std::array<std::uint8_t, 64> secret{};
};
struct VerifyKey {
  std::array<std::uint8_t, 32> bytes{};
  friend auto operator<=>(const VerifyKey&, const VerifyKey&) = default;
};
struct Signature {
  std::array<std::uint8_t, 64> bytes{};
  friend auto operator<=>(const Signature&, const Signature&) = default;
};

SigningKey signing_key(const std::array<std::uint8_t, 32>& seed);
VerifyKey verify_key(const SigningKey& key);
Signature sign(const SigningKey& key, std::string_view message);
bool verify(const VerifyKey& key, std::string_view message, const Signature& signature);

/// Argon2id (RFC 9106), libsodium's "interactive" costs (2 passes, 64 MiB): about 50 ms, so never on the
/// truth's thread. The text form is the PHC string "$argon2id$v=19$m=65536,t=2,p=1$SALT$HASH".
std::string passphrase_hash(std::string_view passphrase, const std::array<std::uint8_t, 16>& salt);
/// Constant-time comparison against a passphrase_hash text; false for a malformed text and for one of other costs.
bool passphrase_matches(std::string_view hash_text, std::string_view passphrase);

/// Standard base64 with padding (RFC 4648 §4), and back; a text that to_base64 would not make is damaged.
std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);

}  // namespace postern::base
