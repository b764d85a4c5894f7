#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

/// OpenSSH public key lines (sshd(8), AUTHORIZED_KEYS; RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4).
namespace postern::desk {

struct PublicKey {
  std::string type;         ///< "ssh-ed25519"
  std::string fingerprint;  ///< "SHA256:…", as ssh-keygen -l prints it
  std::string comment;
  std::string line;  ///< "TYPE BASE64 COMMENT", one space between
};

/// Ed25519, ECDSA (nistp256, 384, 521) and RSA of 2048 to 16384 bits, the blob checked to its last
/// byte; one printable line (base/printable.h). Lines with options are refused. Errors: invalid, saying what is
/// expected. For keys that are to be kept.
base::Result<PublicKey> parse_public_key(std::string_view line);
/// A key that is kept already, whoever kept it: the same, but for what is not printable in its comment, which is
/// written out. A key that lets somebody in is never left out of a list for its comment.
base::Result<PublicKey> read_public_key(std::string_view line);

}  // namespace postern::desk
