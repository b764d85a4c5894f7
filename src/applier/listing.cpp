#include "applier/listing.h"

#include "base/idn.h"
#include "base/printable.h"
#include "base/words.h"

#include <charconv>
#include <utility>

namespace postern::applier {
namespace {

constexpr std::size_t text_most = 4'096;  ///< bytes of one string that are kept
constexpr std::size_t reason_most = 500;

base::Error no_listing() { return base::fail(base::ErrorCode::damaged, "Postfix's showq says something else than a queue."); }

std::int64_t number(const std::string& text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

ListingReader::ListingReader(const std::vector<std::string>& domains) {
  for (const auto& domain : domains) figures_[domain];
}

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
    of_ = nullptr;
    arrived_s_ = 0;
  } else if (name_ == "time") {
    arrived_s_ = number(value);
  } else if (name_ == "recipient") {
    recipient(value);
  } else if (name_ == "reason") {
    reason(value);
  }
}

void ListingReader::recipient(const std::string& address) {
  const std::size_t at = address.rfind('@');
  // A client with SMTPUTF8 leaves it in the queue as people write it.
  const auto domain = base::ascii_domain(at == std::string::npos ? std::string() : base::lower(address.substr(at + 1)));
  const auto found = domain ? figures_.find(*domain) : figures_.end();
  of_ = found == figures_.end() ? nullptr : &found->second;
  if (of_ == nullptr) return;
  base::QueuedMail& listed = of_->listed;
  if (std::exchange(of_->counted_in, lists_) != lists_) {
    ++listed.messages;
    if (arrived_s_ > 0 && (listed.oldest_s == 0 || arrived_s_ < listed.oldest_s)) listed.oldest_s = arrived_s_;
  }
  if (queue_ == "deferred")
    ++listed.deferred;
  else if (queue_ == "hold")
    ++listed.hold;
  else
    ++listed.active;
}

void ListingReader::reason(const std::string& text) {
  if (of_ == nullptr || text.empty() || arrived_s_ < of_->reason_of_s) return;
  of_->reason_of_s = arrived_s_;
  of_->listed.reason = base::printable_line(text, reason_most);
}

}  // namespace postern::applier
