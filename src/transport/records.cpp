#include "transport/records.h"

#include "base/limits.h"
#include "base/printable.h"
#include "base/words.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <resolv.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace postern::transport {

namespace {

using Outcome = base::DnsAnswer::Outcome;

constexpr int type_numbers[] = {ns_t_a, ns_t_aaaa, ns_t_cname, ns_t_mx, ns_t_ns, ns_t_ptr, ns_t_soa, ns_t_txt};
static_assert(std::size(type_numbers) == std::size(base::dns_types));
/// RFC 6895 §2.3, as far as an answer without extensions can have them.
constexpr const char* code_names[] = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                                      "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};
constexpr std::size_t head_bytes = 12;
constexpr std::size_t authority_numbers_bytes = 20;

const char* type_name(int number) {
  const auto at = std::find(std::begin(type_numbers), std::end(type_numbers), number);
  return at == std::end(type_numbers) ? nullptr : base::dns_types[at - std::begin(type_numbers)];
}

bool recurses(std::string_view message) { return (static_cast<unsigned char>(message[3]) & 0x80U) != 0; }

int code_of(std::string_view message) {
  return message.size() < head_bytes ? static_cast<int>(ns_r_formerr) : static_cast<unsigned char>(message[3]) & 15;
}

/// The servers of a zone above say by that who else may know (RFC 1034 §4.3.1); whoever looks for others' sake has RA.
bool is_referral(std::string_view message) {
  if (message.size() < head_bytes || code_of(message) != ns_r_noerror) return false;
  const bool authority = (static_cast<unsigned char>(message[2]) & 0x04U) != 0;
  const bool no_answers = message[6] == 0 && message[7] == 0;
  return no_answers && !authority && !recurses(message);
}

std::string code_name(int code) {
  return static_cast<std::size_t>(code) < std::size(code_names) ? code_names[code] : fmt::format("code {}", code);
}

/// One record's data, read from a message that anybody may have sent: nothing is believed but what lies inside of it.
class RecordReader {
 public:
  RecordReader(const ns_msg& message, const ns_rr& record)
      : begin_(ns_msg_base(message)), end_(ns_msg_end(message)), at_(ns_rr_rdata(record)), left_(ns_rr_rdlen(record)) {}

  /// Empty when it cannot be read.
  std::string read(int type, std::uint16_t& preference) {
    if (type == ns_t_a || type == ns_t_aaaa) return address(type == ns_t_a ? AF_INET : AF_INET6);
    if (type == ns_t_txt) return texts();
    if (type == ns_t_soa) return authority();
    if (type == ns_t_mx) {
      if (left_ < 2) return {};
      preference = static_cast<std::uint16_t>(ns_get16(at_));
      skip(2);
    }
    return name();
  }
  /// The name that was read last, as it stands there.
  [[nodiscard]] const std::string& target() const { return target_; }
  /// There was more text than is kept.
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  void skip(std::size_t count) {
    at_ += count;
    left_ -= count;
  }

  std::string address(int family) {
    char text[INET6_ADDRSTRLEN] = "";
    const std::size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
    return left_ == size && inet_ntop(family, at_, text, sizeof text) != nullptr ? text : std::string();
  }

  std::string name() {
    char text[NS_MAXDNAME];
    const int size = ns_name_uncompress(begin_, end_, at_, text, sizeof text);
    if (size < 0 || static_cast<std::size_t>(size) > left_) return {};
    skip(static_cast<std::size_t>(size));
    target_ = text;
    return target_.empty() ? "." : base::printable_line(target_, base::limits::host_name_bytes);
  }

  std::string texts() {
    std::string all;
    while (left_ > 0 && all.size() < base::dns_text_bytes) {
      const std::size_t size = *at_;
      if (size + 1 > left_) return {};
      if (!all.empty()) all += ' ';
      all += '"' + base::printable_line(std::string(reinterpret_cast<const char*>(at_) + 1, size)) + '"';
      skip(size + 1);
    }
    cut_ = left_ > 0;
    return all;
  }

  std::string authority() {
    std::string all = name();
    const std::string person = name();
    if (all.empty() || person.empty() || left_ != authority_numbers_bytes) return {};
    all += ' ' + person;
    for (; left_ > 0; skip(4)) all += fmt::format(" {}", ns_get32(at_));
    return all;
  }

  const unsigned char* begin_;
  const unsigned char* end_;
  const unsigned char* at_;
  std::size_t left_;
  std::string target_;
  bool cut_ = false;
};

/// A record before it is known whether it is about what was asked.
struct Found {
  std::string owner;   ///< in lower case
  std::string target;  ///< of an alias, in lower case
  base::DnsRecord record;
  bool cut = false;
};

Found found_in(const ns_msg& message, const ns_rr& record) {
  Found out;
  out.owner = base::lower(ns_rr_name(record));
  out.record.name = base::printable_line(ns_rr_name(record), base::limits::host_name_bytes);
  out.record.type = type_name(ns_rr_type(record));
  out.record.ttl = ns_rr_ttl(record);
  RecordReader reader(message, record);
  out.record.data = reader.read(ns_rr_type(record), out.record.preference);
  out.target = base::lower(reader.target());
  out.cut = reader.cut();
  return out;
}

/// Those of `type` and the aliases in the answer section, whosever they are; none when it cannot be read.
std::optional<std::vector<Found>> all_found(std::string_view bytes, int type) {
  std::vector<Found> out;
  ns_msg message;
  const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
  if (ns_initparse(begin, static_cast<int>(bytes.size()), &message) != 0) return {};
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0) return {};
    const bool counts = ns_rr_type(record) == type || ns_rr_type(record) == ns_t_cname;
    if (counts && ns_rr_class(record) == ns_c_in) out.push_back(found_in(message, record));
  }
  return out;
}

/// `name` and all that it is an alias of.
std::set<std::string> names_of(const std::string& name, const std::vector<Found>& all) {
  std::multimap<std::string, std::string> aliases;
  for (const Found& one : all)
    if (one.record.type == "CNAME") aliases.emplace(one.owner, one.target);
  std::set<std::string> names{name};
  for (std::vector<std::string> to_follow{name}; !to_follow.empty();) {
    const auto [from, to] = aliases.equal_range(to_follow.back());
    to_follow.pop_back();
    for (auto at = from; at != to; ++at)
      if (names.insert(at->second).second) to_follow.push_back(at->second);
  }
  return names;
}

/// False when one of them cannot be read.
bool take(base::DnsAnswer& answer, std::vector<Found>&& all, const std::set<std::string>& names) {
  for (Found& one : all) {
    if (!names.contains(one.owner)) continue;
    if (one.record.data.empty()) return false;
    answer.cut |= one.cut || answer.records.size() == base::dns_records_most;
    if (answer.records.size() < base::dns_records_most) answer.records.push_back(std::move(one.record));
  }
  return true;
}

base::DnsAnswer no_records(Outcome outcome, std::string problem) {
  base::DnsAnswer out;
  out.outcome = outcome;
  out.problem = std::move(problem);
  return out;
}

base::DnsAnswer read_records(std::string_view message, const std::string& name, const std::string& type) {
  const auto damaged = [&] {
    return no_records(Outcome::damaged, not_known(name, type, "the DNS server's answer cannot be read"));
  };
  auto all = all_found(message, record_type(type));
  if (!all) return damaged();
  const bool any = !all->empty();
  const auto names = names_of(base::lower(name), *all);
  base::DnsAnswer out;
  if (!take(out, std::move(*all), names)) return damaged();
  out.outcome = Outcome::found;
  const auto has = [&](const std::string& wanted) {
    return std::ranges::find(out.records, wanted, &base::DnsRecord::type) != out.records.end();
  };
  if (!out.records.empty() && !has(type) && !recurses(message))
    out.problem =
        not_known(name, type, fmt::format("it is an alias of {}, which the DNS server does not follow", out.records.back().data));
  if (!out.records.empty()) return out;
  if (any) return no_records(Outcome::damaged, not_known(name, type, "the DNS server answers about other names"));
  return no_records(Outcome::none, fmt::format("{} has no {} record.", name, type));
}

/// The name that does not exist is the last of the aliases (RFC 2308 §2.1).
std::string no_such(std::string_view message, const std::string& name) {
  const auto all = all_found(message, ns_t_cname);
  if (!all) return fmt::format("There is no {}.", name);
  std::string last = base::lower(name);
  for (std::size_t step = 0; step < all->size(); ++step) {  // not for ever, where they go in a circle
    const auto next = std::ranges::find(*all, last, &Found::owner);
    if (next == all->end()) break;
    last = next->target;
  }
  if (last == base::lower(name)) return fmt::format("There is no {}.", name);
  return fmt::format("{} is an alias, and there is no {}.", name, base::printable_line(last, base::limits::host_name_bytes));
}

}  // namespace

int record_type(const std::string& type) {
  const auto* at = std::find(std::begin(base::dns_types), std::end(base::dns_types), type);
  return at == std::end(base::dns_types) ? 0 : type_numbers[at - std::begin(base::dns_types)];
}

std::string reverse_name(const SocketAddress& address) {
  std::string out;
  if (address.family() == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&four);
    for (int i = 3; i >= 0; --i) out += fmt::format("{}.", bytes[i]);
    return out + "in-addr.arpa";
  }
  const auto& six = reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
  for (int i = 15; i >= 0; --i) out += fmt::format("{:x}.{:x}.", six.s6_addr[i] & 15, six.s6_addr[i] >> 4);
  return out + "ip6.arpa";
}

base::DnsAnswer read_answer(std::string_view message, const std::string& name, const std::string& type) {
  const int code = code_of(message);
  if (is_referral(message))
    return no_records(Outcome::no_answer, not_known(name, type, "the DNS server refers to others, and does not ask them"));
  if (code == ns_r_noerror) return read_records(message, name, type);
  if (code == ns_r_nxdomain) return no_records(Outcome::none, no_such(message, name));
  return no_records(Outcome::no_answer, not_known(name, type, "the DNS server answers " + code_name(code)));
}

std::string not_known(const std::string& name, const std::string& type, std::string_view why) {
  return fmt::format("{} of {} is not known: {}.", type, name, why);
}

bool is_refusal(std::string_view message) {
  const int code = code_of(message);
  return (code != ns_r_noerror && code != ns_r_nxdomain) || is_referral(message);
}

}  // namespace postern::transport
