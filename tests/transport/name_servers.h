#pragma once

#include "base/dns.h"
#include "transport/station.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

/// DNS servers that lie or say nothing, and stations that ask them.
namespace postern::transport::test {

/// A socket on that UDP port of that address, 0: a free one, and what to call it as a DNS server.
inline std::pair<int, std::string> udp_server(const std::string& address, std::uint16_t port = 0) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &in.sin_addr);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&in), sizeof in), 0);
  socklen_t size = sizeof in;
  getsockname(fd, reinterpret_cast<sockaddr*>(&in), &size);
  return {fd, address + ":" + std::to_string(ntohs(in.sin_port))};
}

inline Transport::Resolution resolve(Station& station, const std::string& host) {
  std::promise<Transport::Resolution> done;
  station.transport->resolve(host, [&](auto found) { done.set_value(std::move(found)); });
  return done.get_future().get();
}

inline base::DnsAnswer look_up(Station& station, const std::string& name, const std::string& type) {
  std::promise<base::DnsAnswer> done;
  station.transport->look_up({name, type}, [&](auto found) { done.set_value(std::move(found)); });
  return done.get_future().get();
}

inline std::string texts(const base::DnsAnswer& answer) {
  std::vector<std::string> all;
  for (const auto& one : answer.records)
    all.push_back(one.name + " " + one.type + (one.type == "MX" ? " " + std::to_string(one.preference) : "") + " " + one.data);
  std::sort(all.begin(), all.end());
  std::string out = answer.problem;
  for (const auto& one : all) out += (out.empty() ? "" : "\n") + one;
  return out;
}

/// A server that answers each question with bytes of the test's making behind the question's own head and name.
class LyingDns {
 public:
  /// `refers`: it does not ask others, and says nothing.
  explicit LyingDns(std::string answer, int code = 0, bool refers = false, const std::string& address = "127.40.4.55",
                    std::uint16_t port = 0)
      : answer_(std::move(answer)), code_(code), refers_(refers) {
    std::tie(socket_, server_) = udp_server(address, port);
    thread_ = std::thread([this] { serve(); });
  }
  ~LyingDns() {
    shutdown(socket_, SHUT_RDWR);
    stop_ = true;
    thread_.join();
    close(socket_);
  }
  std::string server() const { return server_; }
  int asked() const { return asked_; }

 private:
  void serve() {
    while (!stop_) {
      timeval wait{0, 50'000};
      setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
      char bytes[512];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = recvfrom(socket_, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 12) continue;
      ++asked_;
      const std::string_view asked(bytes, static_cast<std::size_t>(got));
      const std::size_t question = asked.find('\0', 12) + 5;  // the name, its type and class; not what follows (EDNS)
      std::string reply(asked.substr(0, question));
      reply[2] = static_cast<char>(0x81);
      reply[3] = static_cast<char>((refers_ ? 0 : 0x80) | code_);
      reply[6] = 0, reply[7] = code_ == 0 && !refers_ ? 1 : 0;  // one answer
      reply[8] = reply[9] = reply[10] = reply[11] = 0;
      reply += answer_;
      sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  const std::string answer_;
  const int code_;
  const bool refers_;
  std::atomic<int> asked_ = 0;
  int socket_ = -1;
  std::string server_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// A station whose names are asked of `servers`.
struct Asker {
  explicit Asker(std::vector<std::string> servers) {
    station.setup.dns_servers = std::move(servers);
    EXPECT_TRUE(station.transport->set_up(station.setup));
  }
  Station station{"newyork", "127.40.4.1"};
};

/// Servers that hear and say nothing.
struct Deaf {
  explicit Deaf(int count) {
    for (int i = 0; i < count; ++i) {
      const auto [fd, server] = udp_server("127.40.4.54");
      sockets.push_back(fd);
      servers.push_back(server);
    }
  }
  ~Deaf() {
    for (const int fd : sockets) close(fd);
  }
  /// Of how many look-ups the first server has heard since the last time.
  std::size_t heard() const {
    std::set<std::string> from;  // each has a socket of its own
    char bytes[512];
    sockaddr_in in{};
    auto* whose = reinterpret_cast<sockaddr*>(&in);
    for (socklen_t size = sizeof in; recvfrom(sockets[0], bytes, sizeof bytes, MSG_DONTWAIT, whose, &size) > 0;)
      from.insert(std::to_string(in.sin_port));
    return from.size();
  }
  std::vector<int> sockets;
  std::vector<std::string> servers;
};

}  // namespace postern::transport::test
