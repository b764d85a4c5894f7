#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/mail_queue.h"
#include "base/result.h"

namespace postern::applier {

/// Reads the queue as showq(8) lists it (Postfix 3.7: strings that end with NUL; names and their values, an empty name ends
/// a list; first the protocol's list, then one for each message, then an empty one). In memory only what it counts, for all
/// domains in one pass.
class ListingReader {
 public:
  /// `domains` in lower case, as base/idn.h has them in ASCII.
  explicit ListingReader(const std::vector<std::string>& domains);

  /// Takes the next bytes, cut anywhere. True when the list is complete, error damaged when it is none.
  base::Result<bool> take(std::string_view bytes);
  /// So far; `domain` is one of those.
  [[nodiscard]] const base::QueuedMail& listed(const std::string& domain) const { return figures_.at(domain).listed; }

 private:
  struct Figures {
    base::QueuedMail listed;
    std::int64_t reason_of_s = 0;
    std::uint64_t counted_in = 0;  ///< the message, by its list, that was counted last
  };
  base::Result<bool> string(std::string&& text);
  base::Result<bool> end_of_list();
  void attribute(const std::string& value);
  void recipient(const std::string& address);
  void reason(const std::string& text);

  std::map<std::string, Figures> figures_;
  std::string text_;  ///< the string that has begun
  std::string name_;  ///< whose value comes next; empty: a name comes
  bool value_ = false;
  std::uint64_t lists_ = 0;
  std::size_t attributes_ = 0;  ///< of this list
  // This message's.
  std::string queue_;
  std::int64_t arrived_s_ = 0;
  Figures* of_ = nullptr;  ///< the recipient that was named last; null: nobody asks for its domain
};

}  // namespace postern::applier
