#pragma once

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
/// Whom it is counted under: an IPv4 address, or an IPv6 network of 64 bits ("2001:db8::/64"), since
/// one machine may have all of its addresses.
std::string source_text(const SocketAddress& address);
/// "127.0.0.1:22" or "[::1]:22".
std::string address_port_text(const SocketAddress& address);

}  // namespace postern::transport
