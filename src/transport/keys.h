#pragma once

#include "base/result.h"
#include "transport/ssh_handles.h"

#include <string>
#include <string_view>

/// Keys as libssh holds them, and the algorithms both of our ends agree to.
namespace postern::transport {

/// A private key from its OpenSSH text. Errors: invalid, naming `what`.
base::Result<KeyHandle> import_private(const std::string& pem, std::string_view what);
/// "ssh-ed25519 AAAA…": type and base64, no comment. Empty when it cannot be exported.
std::string public_line(ssh_key key);
/// Whether two lines hold the same key; comments and spacing do not count.
bool same_key(std::string_view left, std::string_view right);

/// A listener's template: host key, fixed algorithms, and the version text that clients see.
base::Result<BindHandle> make_bind(const std::string& host_private, const char* banner);
/// No zlib, for either end: nobody needs it here, and it would read what strangers send.
bool offer_no_compression(ssh_session session);
/// The fixed algorithms of machine links and joins. False: libssh refused one of them.
bool set_client_options(ssh_session session, const std::string& user);

/// What the version text of a port for machines alone says; join_dial knows it by this.
inline constexpr const char* ccs_banner = "postern-ccs";
inline constexpr const char* admin_banner = "postern";

}  // namespace postern::transport
