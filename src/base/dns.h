#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace postern::base {

/// One record of the domain name system (RFC 1035 §3.2.1) as people read it: names without the last dot, every text printable.
struct DnsRecord {
  std::string name;
  std::string type;            ///< "A", "MX", …
  std::uint32_t ttl = 0;       ///< in seconds, as the server that was asked has it
  std::uint16_t preference = 0;  ///< of an MX: the least is tried first
  std::string data;            ///< an address, a name, texts, or the seven fields of an SOA
};

/// What came of one question.
struct DnsAnswer {
  enum class Outcome {
    found,      ///< there are records, of that type or the alias on the way to them
    none,       ///< the name, or the type at this name, does not exist: that is the server's word
    no_answer,  ///< no server answered in time, or none said anything that counts
  };
  Outcome outcome = Outcome::no_answer;
  std::vector<DnsRecord> records;  ///< in the server's order; 256 at most
  std::string problem;             ///< unless found, a sentence that names the name and the type
};

/// The types that can be asked for, "A" first.
inline constexpr const char* dns_types[] = {"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "TXT"};

}  // namespace postern::base
