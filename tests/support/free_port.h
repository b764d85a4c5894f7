#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <random>
#include <string>

namespace postern::support {

/// A TCP port that can be listened on at that IPv4 address. Below those that the kernel gives to outgoing connections: one of
/// another program's could have it a moment later, or keep it in TIME_WAIT. 0: none was found.
inline std::uint16_t free_port(const std::string& address = "127.0.0.1") {
  constexpr int first = 12'000;
  constexpr int last = 31'999;
  std::random_device device;
  std::uniform_int_distribution<int> draw(first, last);
  for (int tries = 0; tries < 1'000; ++tries) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(draw(device)));
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool free = ::inet_pton(AF_INET, address.c_str(), &at.sin_addr) == 1 &&
                      ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    ::close(fd);
    if (free) return ntohs(at.sin_port);
  }
  return 0;
}

}  // namespace postern::support
