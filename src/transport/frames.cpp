#include "transport/frames.h"

#include "base/limits.h"

#include <algorithm>
#include <utility>

namespace postern::transport {

namespace {
constexpr std::size_t header_size = 4;
constexpr std::size_t gather_bytes = 32U << 10;  // about one SSH packet
constexpr std::size_t reserve_bytes = 1U << 20;  // believed of an announced length before bytes come
}  // namespace

bool FrameReader::feed(std::string_view& bytes) {
  if (header_.size() < header_size) {
    const auto part = bytes.substr(0, header_size - header_.size());
    header_ += part;
    bytes.remove_prefix(part.size());
    if (header_.size() < header_size) return false;
    length_ = 0;
    for (const char byte : header_) length_ = length_ << 8 | static_cast<unsigned char>(byte);
    body_.reserve(std::min<std::size_t>(length_, reserve_bytes));
  }
  if (length_ > base::limits::message_bytes) return false;
  const auto part = bytes.substr(0, length_ - body_.size());
  body_ += part;
  bytes.remove_prefix(part.size());
  return body_.size() == length_;
}

std::string FrameReader::take() {
  header_.clear();
  return std::exchange(body_, {});
}

void FrameQueue::push(std::string message) {
  const auto length = static_cast<std::uint32_t>(message.size());
  std::string header;
  for (int shift = 24; shift >= 0; shift -= 8) {
    header += static_cast<char>(static_cast<unsigned char>(length >> shift));
  }
  append(std::move(header));
  append(std::move(message));
}

void FrameQueue::append(std::string chunk) {
  if (chunk.empty()) return;
  if (!chunks_.empty() && chunks_.back().size() + chunk.size() <= gather_bytes) {
    chunks_.back() += chunk;
  } else {
    chunks_.push_back(std::move(chunk));
  }
}

std::string_view FrameQueue::front() const {
  if (chunks_.empty()) return {};
  return std::string_view(chunks_.front()).substr(offset_);
}

void FrameQueue::pop(std::size_t written) {
  offset_ += written;
  if (offset_ < chunks_.front().size()) return;
  chunks_.pop_front();
  offset_ = 0;
}

}  // namespace postern::transport
