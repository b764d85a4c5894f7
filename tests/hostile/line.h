#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::hostile {

/// How to log in there: OpenSSH's client speaks, so that what goes over the subsystem is ours to choose, byte by byte.
struct Login {
  std::string address;
  std::uint16_t port = 2200;
  std::string from;      ///< own address
  std::string key_file;  ///< private key
  std::string user;
  std::string subsystem;
};

/// One connection to a machine. Ends its client when it goes.
class Line {
 public:
  explicit Line(const Login& login);
  ~Line();
  Line(Line&& other) noexcept;
  Line& operator=(Line&&) = delete;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// Writes as they are, for at most that long; false when the other side has closed, or takes no more.
  bool raw(std::string_view bytes, int within_ms = 10'000);
  /// One framed message.
  bool say(std::string_view message, int within_ms = 10'000);
  /// The next message that came, or nothing within that time or ever after.
  std::optional<std::string> hear(int within_ms);
  /// Reads and forgets until the other side closes or the time is over; true when it has closed.
  bool closes(int within_ms);

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string heard_;
  bool fill(int within_ms);
};

/// The four bytes before a message of that size.
std::string frame_head(std::uint32_t size);

}  // namespace postern::hostile
