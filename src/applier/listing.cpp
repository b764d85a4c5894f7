#include "applier/listing.h"

#include "base/printable.h"
#include "base/words.h"

#include <charconv>
#include <utility>

namespace postern::applier {
namespace {

constexpr std::size_t text_most = 4'096;   ///< bytes of one string that are kept
constexpr std::size_t reason_most = 500;

base::Error no_listing() { return base::fail(base::ErrorCode::damaged, "Postfix's showq says something else than a queue."); }

std::int64_t number(const std::string& text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

base::Result<bool> ListingReader::take(std::string_view bytes) {
  for (; !bytes.empty();) {
    const std::size_t end = bytes.find('\0');
    const std::string_view part = bytes.substr(0, end);
    text_ += part.substr(0, text_most - text_.size());
    if (end == std::string_view::npos) return false;
    bytes.remove_prefix(end + 1);
    auto done = string(std::exchange(text_, {}));
    if (!done || *done) return done;
  }
  return false;
}

base::Result<bool> ListingReader::string(std::string&& text) {
  if (std::exchange(value_, false)) {
    attribute(text);
    return false;
  }
  if (text.empty()) return end_of_list();
  name_ = std::move(text);
  value_ = true;
  if (lists_ == 0 && name_ != "protocol") return no_listing();
  ++attributes_;
  return false;
}

base::Result<bool> ListingReader::end_of_list() {
  const bool empty = std::exchange(attributes_, 0) == 0;
  if (lists_++ > 0) return empty;
  if (empty) return no_listing();
  return false;
}

void ListingReader::attribute(const std::string& value) {
  if (lists_ == 0) return;
  if (name_ == "queue_name") {
    queue_ = value;
    counted_ = ours_ = false;
    arrived_s_ = 0;
  } else if (name_ == "time") {
    arrived_s_ = number(value);
  } else if (name_ == "recipient") {
    recipient(value);
  } else if (name_ == "reason" && ours_ && !value.empty() && arrived_s_ >= reason_of_s_) {
    reason_of_s_ = arrived_s_;
    listed_.reason = base::printable_line(value, reason_most);
  }
}

void ListingReader::recipient(const std::string& address) {
  const std::size_t at = address.rfind('@');
  ours_ = at != std::string::npos && base::lower(address.substr(at + 1)) == domain_;
  if (!ours_) return;
  if (!std::exchange(counted_, true)) {
    ++listed_.messages;
    if (arrived_s_ > 0 && (listed_.oldest_s == 0 || arrived_s_ < listed_.oldest_s)) listed_.oldest_s = arrived_s_;
  }
  if (queue_ == "deferred")
    ++listed_.deferred;
  else if (queue_ == "hold")
    ++listed_.hold;
  else
    ++listed_.active;
}

}  // namespace postern::applier
