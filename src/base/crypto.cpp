#include "base/crypto.h"

#include <sodium.h>

#include <cstring>

#include "base/assert.h"

namespace postern::base {
namespace {

constexpr unsigned long long argon2_passes = crypto_pwhash_OPSLIMIT_INTERACTIVE;
constexpr std::size_t argon2_memory = crypto_pwhash_MEMLIMIT_INTERACTIVE;
constexpr std::size_t argon2_hash_size = 32;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string base64(const unsigned char* data, std::size_t size, int variant) {
  std::string out(sodium_base64_ENCODED_LEN(size, variant), '\0');
  sodium_bin2base64(out.data(), out.size(), data, size, variant);
  out.resize(std::strlen(out.c_str()));
  return out;
}

/// How each text of passphrase_hash begins.
std::string argon2_costs() {
  return "$argon2id$v=19$m=" + std::to_string(argon2_memory / 1024) + ",t=" + std::to_string(argon2_passes) + ",p=1$";
}

}  // namespace

void crypto_start() { POSTERN_ASSERT(sodium_init() >= 0); }

Hash hash_bytes(std::string_view bytes) {
  Hash hash;
  crypto_generichash(hash.bytes.data(), hash.bytes.size(), bytes_of(bytes), bytes.size(), nullptr, 0);
  return hash;
}

std::string sha256(std::string_view bytes) {
  std::string out(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes), bytes.size());
  return out;
}

SigningKey signing_key(const std::array<std::uint8_t, 32>& seed) {
  SigningKey key;
  VerifyKey ignored;
  crypto_sign_seed_keypair(ignored.bytes.data(), key.secret.data(), seed.data());
  return key;
}

VerifyKey verify_key(const SigningKey& key) {
  VerifyKey out;
  crypto_sign_ed25519_sk_to_pk(out.bytes.data(), key.secret.data());
  return out;
}

Signature sign(const SigningKey& key, std::string_view message) {
  Signature out;
  crypto_sign_detached(out.bytes.data(), nullptr, bytes_of(message), message.size(), key.secret.data());
  return out;
}

bool verify(const VerifyKey& key, std::string_view message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.bytes.data(), bytes_of(message), message.size(), key.bytes.data()) == 0;
}

std::string passphrase_hash(std::string_view passphrase, const std::array<std::uint8_t, 16>& salt) {
  std::array<unsigned char, argon2_hash_size> out{};
  const int rc = crypto_pwhash(out.data(), out.size(), passphrase.data(), passphrase.size(), salt.data(), argon2_passes,
                               argon2_memory, crypto_pwhash_ALG_ARGON2ID13);
  POSTERN_ASSERT(rc == 0);
  constexpr int variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
  return argon2_costs() + base64(salt.data(), salt.size(), variant) + "$" + base64(out.data(), out.size(), variant);
}

bool passphrase_matches(std::string_view hash_text, std::string_view passphrase) {
  // The text says what the check costs, and it may come from another machine: gigabytes and hours, if it were asked.
  if (hash_text.size() >= crypto_pwhash_STRBYTES || !hash_text.starts_with(argon2_costs())) return false;
  const std::string text(hash_text);
  return crypto_pwhash_str_verify(text.c_str(), passphrase.data(), passphrase.size()) == 0;
}

std::string to_base64(std::string_view bytes) { return base64(bytes_of(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL); }

Result<std::string> from_base64(std::string_view text) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr, &size,
                        nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
    return fail(ErrorCode::damaged, "Not base64.");
  out.resize(size);
  // libsodium 1.0.18 takes some bytes above 0x7f for letters.
  if (to_base64(out) != text) return fail(ErrorCode::damaged, "Not base64.");
  return out;
}

}  // namespace postern::base
