#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

/// Messages on a byte stream: u32 length, big endian, then that many bytes (at most
/// base::limits::message_bytes).
namespace postern::transport {

/// Takes bytes as they come and gives whole messages back.
class FrameReader {
 public:
  /// Takes bytes up to the end of one message and removes them from `bytes`; true: message() is
  /// whole. False with bytes left: the announced length is over the limit, and the stream is of no
  /// use any more.
  bool feed(std::string_view& bytes);
  std::string take();
  [[nodiscard]] std::uint32_t announced() const { return length_; }

 private:
  std::string header_;
  std::string body_;
  std::uint32_t length_ = 0;
};

/// Messages on their way out, small ones gathered, so that a burst costs few packets.
class FrameQueue {
 public:
  void push(std::string message);
  /// The bytes to write next; empty when there are none. Good until pop or push.
  [[nodiscard]] std::string_view front() const;
  void pop(std::size_t written);

 private:
  void append(std::string chunk);
  std::deque<std::string> chunks_;
  std::size_t offset_ = 0;  // of the first chunk, written already
};

}  // namespace postern::transport
