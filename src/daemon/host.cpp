#include "daemon/host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <memory>
#include <string_view>

namespace postern::daemon {
namespace {

/// A numeric address as the socket calls want it; null for anything else.
std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> resolve(const std::string& address, int type, const char* port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), port, &hints, &found) != 0) found = nullptr;
  return {found, &freeaddrinfo};
}

/// errno of the attempt, or 0.
int try_bind(const addrinfo& at, bool listening) {
  const int fd = socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  if (listening) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bool good = bind(fd, at.ai_addr, at.ai_addrlen) == 0;
  if (good && listening) good = listen(fd, 1) == 0;
  const int error = good ? 0 : errno;
  ::close(fd);
  return error;
}

std::string_view bytes_of(const sockaddr* from) {
  if (from->sa_family == AF_INET)
    return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in*>(from)->sin_addr), 4};
  return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr), 16};
}

unsigned bits_of(const sockaddr* mask) {
  unsigned bits = 0;
  for (const char byte : bytes_of(mask)) bits += static_cast<unsigned>(std::popcount(static_cast<unsigned char>(byte)));
  return bits;
}

bool link_local(const sockaddr* address) {
  const auto bytes = bytes_of(address);
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (address->sa_family == AF_INET) return at(0) == 169 && at(1) == 254;
  return at(0) == 0xfe && (at(1) & 0xc0U) == 0x80U;
}

}  // namespace

std::vector<LinkAddress> link_addresses() {
  std::vector<LinkAddress> out;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return out;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    const int family = at->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    char text[NI_MAXHOST] = {};
    const auto size = static_cast<socklen_t>(family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    if (getnameinfo(at->ifa_addr, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    LinkAddress one{at->ifa_name, text, 0, (at->ifa_flags & IFF_LOOPBACK) == 0 && !link_local(at->ifa_addr)};
    if (at->ifa_netmask != nullptr) one.prefix_bits = bits_of(at->ifa_netmask);
    out.push_back(std::move(one));
  }
  freeifaddrs(list);
  return out;
}

bool can_bind(const std::string& address) {
  const auto at = resolve(address, SOCK_DGRAM, nullptr);
  return at != nullptr && try_bind(*at, false) == 0;
}

bool port_taken(const std::string& address, std::uint16_t port) {
  const auto at = resolve(address, SOCK_STREAM, std::to_string(port).c_str());
  return at != nullptr && try_bind(*at, true) == EADDRINUSE;
}

std::size_t raise_descriptor_limit() {
  constexpr rlim_t enough = 65'536;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{std::min(limit.rlim_max, std::max(limit.rlim_cur, enough)), limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return static_cast<std::size_t>(std::min(limit.rlim_cur, enough));
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace postern::daemon
