#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/mail_queue.h"
#include "base/result.h"

namespace postern::applier {

/// Reads the queue as showq(8) lists it (Postfix 3.7: strings that end with NUL; names and their values, an empty name ends
/// a list; first the protocol's list, then one for each message, then an empty one). In memory only what it counts.
class ListingReader {
 public:
  /// `domain` in lower case.
  explicit ListingReader(std::string domain) : domain_(std::move(domain)) {}

  /// Takes the next bytes, cut anywhere. True when the list is complete, error damaged when it is none.
  base::Result<bool> take(std::string_view bytes);
  [[nodiscard]] const base::QueuedMail& listed() const { return listed_; }

 private:
  base::Result<bool> string(std::string&& text);
  base::Result<bool> end_of_list();
  void attribute(const std::string& value);
  void recipient(const std::string& address);

  const std::string domain_;
  base::QueuedMail listed_;
  std::string text_;         ///< the string that has begun
  std::string name_;         ///< whose value comes next; empty: a name comes
  bool value_ = false;
  std::uint64_t lists_ = 0;
  std::size_t attributes_ = 0;  ///< of this list
  // This message's.
  std::string queue_;
  std::int64_t arrived_s_ = 0;
  std::int64_t reason_of_s_ = 0;
  bool counted_ = false;
  bool ours_ = false;        ///< the recipient that was named last
};

}  // namespace postern::applier
