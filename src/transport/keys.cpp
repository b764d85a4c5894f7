#include "transport/keys.h"

#include "transport/transport.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace postern::transport {

using base::ErrorCode;
using base::fail;

namespace {

// Strict key exchange is on in libssh 0.10.6 whenever the peer has it.
constexpr const char* key_exchange = "curve25519-sha256,curve25519-sha256@libssh.org";
constexpr const char* host_keys = "ssh-ed25519";
constexpr const char* ciphers = "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com";
constexpr const char* macs = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com";
constexpr const char* user_keys =
    "ssh-ed25519,rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
    "ecdsa-sha2-nistp521";

/// "TYPE BASE64" of a line, as two views; empty ones when it has no two words.
std::pair<std::string_view, std::string_view> words(std::string_view line) {
  constexpr std::string_view blanks = " \t\r\n";
  std::array<std::string_view, 2> found;
  for (auto& word : found) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    line.remove_prefix(begin);
    word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
  }
  return {found[0], found[1]};
}

base::Result<KeyHandle> import_public(std::string_view line) {
  const auto [type, text] = words(line);
  const auto kind = ssh_key_type_from_name(std::string(type).c_str());
  ssh_key key = nullptr;
  if (text.empty() || kind == SSH_KEYTYPE_UNKNOWN ||
      ssh_pki_import_pubkey_base64(std::string(text).c_str(), kind, &key) != SSH_OK) {
    return fail(ErrorCode::invalid, "This is not a public key: one line \"ssh-ed25519 AAAA...\" is expected.");
  }
  return KeyHandle(key);
}

base::Result<std::string> fingerprint(ssh_key key, ssh_publickey_hash_type type) {
  unsigned char* hash = nullptr;
  std::size_t size = 0;
  if (ssh_get_publickey_hash(key, type, &hash, &size) != SSH_OK) {
    return fail(ErrorCode::internal, "The fingerprint of a public key could not be computed.");
  }
  TextHandle text(ssh_get_fingerprint_hash(type, hash, size));
  ssh_clean_pubkey_hash(&hash);
  if (!text) return fail(ErrorCode::internal, "A fingerprint could not be printed.");
  return std::string(text.get());
}

}  // namespace

base::Result<KeyHandle> import_private(const std::string& pem, std::string_view what) {
  ssh_key key = nullptr;
  if (ssh_pki_import_privkey_base64(pem.c_str(), nullptr, nullptr, nullptr, &key) != SSH_OK) {
    return fail(ErrorCode::invalid, fmt::format("The {} is not an unencrypted private key in OpenSSH's format.", what));
  }
  KeyHandle handle(key);
  if (ssh_key_type(key) != SSH_KEYTYPE_ED25519) {
    return fail(ErrorCode::invalid, fmt::format("The {} is not an Ed25519 key.", what));
  }
  return handle;
}

std::string public_line(ssh_key key) {
  char* text = nullptr;
  if (key == nullptr || ssh_pki_export_pubkey_base64(key, &text) != SSH_OK) return {};
  const TextHandle owned(text);
  const char* type = ssh_pki_key_ecdsa_name(key);  // for ECDSA the curve belongs to the name
  if (ssh_key_type(key) < SSH_KEYTYPE_ECDSA_P256 || ssh_key_type(key) > SSH_KEYTYPE_ECDSA_P521) {
    type = ssh_key_type_to_char(ssh_key_type(key));
  }
  return fmt::format("{} {}", type == nullptr ? "" : type, text);
}

bool same_key(std::string_view left, std::string_view right) {
  const auto mine = words(left);
  return !mine.second.empty() && mine == words(right);
}

base::Result<BindHandle> make_bind(const std::string& host_private, const char* banner) {
  auto key = import_private(host_private, "host key");
  if (!key) return key.error();
  BindHandle bind(ssh_bind_new());
  if (!bind) return fail(ErrorCode::internal, "SSH could not be started: out of memory.");
  const bool no_config = false;
  const auto set = [&bind](ssh_bind_options_e option, const void* value) {
    return ssh_bind_options_set(bind.get(), option, value) == SSH_OK;
  };
  const bool done = set(SSH_BIND_OPTIONS_PROCESS_CONFIG, &no_config) && set(SSH_BIND_OPTIONS_IMPORT_KEY, key->get());
  if (done) static_cast<void>(key->release());  // the bind frees it now
  if (!done || !set(SSH_BIND_OPTIONS_BANNER, banner) || !set(SSH_BIND_OPTIONS_KEY_EXCHANGE, key_exchange) ||
      !set(SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, host_keys) || !set(SSH_BIND_OPTIONS_CIPHERS_C_S, ciphers) ||
      !set(SSH_BIND_OPTIONS_CIPHERS_S_C, ciphers) || !set(SSH_BIND_OPTIONS_HMAC_C_S, macs) ||
      !set(SSH_BIND_OPTIONS_HMAC_S_C, macs) || !set(SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, user_keys)) {
    return fail(ErrorCode::internal, fmt::format("libssh refused a server option: {}", ssh_get_error(bind.get())));
  }
  return bind;
}

bool offer_no_compression(ssh_session session) {
  return ssh_options_set(session, SSH_OPTIONS_COMPRESSION_C_S, "none") == SSH_OK &&
         ssh_options_set(session, SSH_OPTIONS_COMPRESSION_S_C, "none") == SSH_OK;
}

bool set_client_options(ssh_session session, const std::string& user) {
  const bool no_config = false;
  const auto set = [session](ssh_options_e option, const void* value) {
    return ssh_options_set(session, option, value) == SSH_OK;
  };
  // Our own files, and a name that is in none of them: no ~/.ssh is read for a daemon's links.
  return set(SSH_OPTIONS_PROCESS_CONFIG, &no_config) && set(SSH_OPTIONS_SSH_DIR, "/nonexistent") &&
         set(SSH_OPTIONS_KNOWNHOSTS, "/dev/null") && set(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") &&
         set(SSH_OPTIONS_HOST, "postern-machine") && set(SSH_OPTIONS_USER, user.c_str()) &&
         set(SSH_OPTIONS_KEY_EXCHANGE, key_exchange) && set(SSH_OPTIONS_HOSTKEYS, host_keys) &&
         set(SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, host_keys) && set(SSH_OPTIONS_CIPHERS_C_S, ciphers) &&
         set(SSH_OPTIONS_CIPHERS_S_C, ciphers) && set(SSH_OPTIONS_HMAC_C_S, macs) && set(SSH_OPTIONS_HMAC_S_C, macs) &&
         offer_no_compression(session);
}

base::Result<KeyPair> make_key_pair() {
  ssh_key key = nullptr;
  if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK) {
    return fail(ErrorCode::internal, "A new Ed25519 key could not be made.");
  }
  const KeyHandle handle(key);
  char* pem = nullptr;
  if (ssh_pki_export_privkey_base64(key, nullptr, nullptr, nullptr, &pem) != SSH_OK) {
    return fail(ErrorCode::internal, "A new Ed25519 key could not be written as text.");
  }
  const TextHandle text(pem);
  return KeyPair{pem, public_line(key)};
}

base::Result<Fingerprints> fingerprints(std::string_view line) {
  const auto key = import_public(line);
  if (!key) return key.error();
  const auto sha256 = fingerprint(key->get(), SSH_PUBLICKEY_HASH_SHA256);
  if (!sha256) return sha256.error();
  const auto md5 = fingerprint(key->get(), SSH_PUBLICKEY_HASH_MD5);
  if (!md5) return md5.error();
  return Fingerprints{*sha256, *md5};
}

}  // namespace postern::transport
