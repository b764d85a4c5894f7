#pragma once

#include "base/source.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

/// Socket addresses as text and back.
namespace postern::transport {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

/// A literal IPv4 or IPv6 address; "", "*" mean any IPv4 address. Nothing for a name.
std::optional<SocketAddress> parse_address(const std::string& text, std::uint16_t port);
/// "127.0.0.1" or "::1".
std::string address_text(const SocketAddress& address);
/// Whom it is counted under: an IPv4 address and its networks of 24 and 16 bits, or the networks of
/// 64, 48 and 32 bits of an IPv6 address, since one machine may have all addresses of 64 bits.
base::Source source_of(const SocketAddress& address);
/// "127.0.0.1:22" or "[::1]:22".
std::string address_port_text(const SocketAddress& address);

}  // namespace postern::transport
