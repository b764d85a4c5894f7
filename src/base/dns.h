#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::base {

/// One record of the domain name system (RFC 1035 §3.2.1) as people read it: names without the last dot, every text printable.
struct DnsRecord {
  std::string name;
  std::string type;              ///< "A", "MX", …
  std::uint32_t ttl = 0;         ///< in seconds, as the server that was asked has it
  std::uint16_t preference = 0;  ///< of an MX: the least is tried first
  std::string data;              ///< an address, a name, texts, or the seven fields of an SOA
};

/// What somebody wants to know.
struct DnsQuestion {
  std::string name;
  std::string type = "A";
  std::string asker = {};  ///< who asks, by any word: nobody takes the look-ups of all others
};

/// What came of one question.
struct DnsAnswer {
  enum class Outcome {
    found,      ///< there are records, of that type or the alias on the way to them
    none,       ///< the name, or the type at this name, does not exist: that is the server's word
    no_answer,  ///< no server answered in time, or those that did say by a code that they do not know
    damaged,    ///< a server answered, and it cannot be read: whether there are records is not known
  };
  Outcome outcome = Outcome::no_answer;
  std::vector<DnsRecord> records;  ///< in the server's order
  bool cut = false;                ///< there is more: past dns_records_most, or dns_text_bytes of a TXT record
  /// Unless found, a sentence that names the name and the type. With records: they end in an alias that the server did not follow.
  std::string problem;
};

inline constexpr std::size_t dns_records_most = 256;
inline constexpr std::size_t dns_text_bytes = 4'096;

/// The types that can be asked for, "A" first.
inline constexpr const char* dns_types[] = {"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "TXT"};

/// A literal IPv4 or IPv6 address, and nothing around it.
bool is_ip_address(const std::string& text);

/// Whether DNS can be asked for it, without a dot at its end: labels as hosts and domains have them, and names such as _dmarc.
/// Error usage: what is wrong, and the mend.
Result<void> check_dns_name(const std::string& name);

}  // namespace postern::base
