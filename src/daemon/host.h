#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// What the host below has: names, addresses, ports.
namespace postern::daemon {

struct LinkAddress {
  std::string link;     ///< "eth0"
  std::string address;  ///< "192.0.2.10"
  unsigned prefix_bits = 0;
  bool reachable = false;  ///< by others: neither loopback nor link-local
};
/// In the kernel's order.
std::vector<LinkAddress> link_addresses();

/// Some addresses are usable without being listed on a link, the whole of 127.0.0.0/8 above all.
bool can_bind(const std::string& address);
/// Whether another program listens on that TCP port. What cannot be found out counts as free.
bool port_taken(const std::string& address, std::uint16_t port);
/// Raises this process's limit of descriptors to what it may be; how many that is.
std::size_t raise_descriptor_limit();
/// gethostname(2); empty when there is none.
std::string host_name();

}  // namespace postern::daemon
