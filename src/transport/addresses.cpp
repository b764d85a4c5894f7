#include "transport/addresses.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <cstring>

namespace postern::transport {

std::optional<SocketAddress> parse_address(const std::string& text, std::uint16_t port) {
  if (text.find('\0') != std::string::npos) return std::nullopt;  // inet_pton would stop there
  SocketAddress address;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  if (text.empty() || text == "*" || inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    std::memcpy(&address.storage, &four, sizeof four);
    address.size = sizeof four;
    return address;
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  if (inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) != 1) return std::nullopt;
  std::memcpy(&address.storage, &six, sizeof six);
  address.size = sizeof six;
  return address;
}

std::string address_text(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = address.family() == AF_INET6
                          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr)
                          : &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr;
  inet_ntop(address.family(), bytes, text.data(), text.size());
  return text.data();
}

namespace {

/// The network of so many whole bytes that the address belongs to, as text.
std::string network_text(const SocketAddress& address, std::size_t whole) {
  auto network = address;
  const bool six = address.family() == AF_INET6;
  auto* bytes = six ? reinterpret_cast<sockaddr_in6*>(&network.storage)->sin6_addr.s6_addr
                    : reinterpret_cast<unsigned char*>(&reinterpret_cast<sockaddr_in*>(&network.storage)->sin_addr);
  std::memset(bytes + whole, 0, (six ? sizeof(in6_addr) : sizeof(in_addr)) - whole);
  return fmt::format("{}/{}", address_text(network), whole * 8);
}

}  // namespace

base::Source source_of(const SocketAddress& address) {
  if (address.family() == AF_INET6) return {network_text(address, 8), network_text(address, 6), network_text(address, 4)};
  return {address_text(address), network_text(address, 3), network_text(address, 2)};
}

std::string address_port_text(const SocketAddress& address) {
  const auto text = address_text(address);
  const auto port = ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
  return address.family() == AF_INET6 ? fmt::format("[{}]:{}", text, port) : fmt::format("{}:{}", text, port);
}

}  // namespace postern::transport
