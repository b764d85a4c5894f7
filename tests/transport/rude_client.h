#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::transport::test {

/// An SSH client that says what it likes, when it likes: libssh's own keeps to the protocol. One key exchange
/// (curve25519, no look at the host key), chacha20-poly1305, a passphrase. Calls answer false, or an empty text, once the
/// server has gone.
class RudeClient {
 public:
  RudeClient(const std::string& address, std::uint16_t port);
  ~RudeClient();
  RudeClient(const RudeClient&) = delete;
  RudeClient& operator=(const RudeClient&) = delete;

  bool login(std::string_view user, std::string_view passphrase);
  /// One packet. Waits for room in the socket.
  bool send(std::string_view payload);
  /// Many at once, as one piece.
  bool send_all(const std::vector<std::string>& payloads);
  /// The next packet's payload, of one of these kinds; others are passed over.
  std::string receive(std::string_view kinds);
  /// The server has closed it; what it says until then is read, and dropped.
  bool closes(int within_ms);

  // RFC 4254: the packets themselves.
  static std::string open(std::uint32_t number, std::uint32_t packet_bytes);
  static std::string request(std::uint32_t channel, std::string_view kind, std::string_view body);
  static std::string data(std::uint32_t channel, std::string_view bytes);
  static std::string extended(std::uint32_t channel, std::string_view bytes);
  static std::string close(std::uint32_t channel);
  static std::string text(std::string_view bytes);  ///< with its length

  /// Opens a channel; the server's number for it.
  std::uint32_t opened(std::uint32_t number);

 private:
  bool exchange_keys();
  std::string sealed(std::string_view payload);
  std::string next();
  bool fill(std::size_t bytes);
  bool write(std::string_view bytes);

  int fd_ = -1;
  std::string in_;  // received, not looked at
  std::string server_version_;
  std::string key_out_, key_in_;
  std::uint64_t number_out_ = 0, number_in_ = 0;
};

}  // namespace postern::transport::test
