#pragma once

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include <cstdint>
#include <memory>
#include <string>

/// libssh's C handles, owned. Channels are not among them: they belong to their session.
namespace postern::transport {

struct SshFree {
  void operator()(ssh_session session) const { ssh_free(session); }
  void operator()(ssh_bind bind) const { ssh_bind_free(bind); }
  void operator()(ssh_key key) const { ssh_key_free(key); }
  void operator()(ssh_message message) const { ssh_message_free(message); }
  void operator()(char* text) const { ssh_string_free_char(text); }
};
using SessionHandle = std::unique_ptr<ssh_session_struct, SshFree>;
using BindHandle = std::unique_ptr<ssh_bind_struct, SshFree>;
using KeyHandle = std::unique_ptr<ssh_key_struct, SshFree>;
using MessageHandle = std::unique_ptr<ssh_message_struct, SshFree>;
using TextHandle = std::unique_ptr<char, SshFree>;

/// The greatest packet that the other end takes on an open channel, in bytes; 0 when this libssh does not tell. libssh
/// cuts what is written into pieces of that size less 10 bytes for a header: with 10 its write never ends, and with
/// little more it sends a packet for each byte.
std::uint32_t greatest_packet(ssh_channel channel);
constexpr std::uint32_t least_greatest_packet = 1024;

}  // namespace postern::transport
