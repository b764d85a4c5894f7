#pragma once

#include "base/dns.h"
#include "transport/addresses.h"

#include <string>
#include <string_view>

/// What servers of the domain name system say, read. Everybody's zone is asked, and anybody may own it. Pure.
namespace postern::transport {

/// Its number (RFC 1035 §3.2.2); 0 for what is none of base::dns_types.
int record_type(const std::string& type);

/// The name under which an address's names stand (RFC 1035 §3.5, RFC 3596 §2.5).
std::string reverse_name(const SocketAddress& address);

/// What a server's answer says of `name`, which was asked for and has no dot at its end, and `type`. Records of other names
/// than that and those that it is an alias of are left out, as are other types.
base::DnsAnswer read_answer(std::string_view message, const std::string& name, const std::string& type);

/// "A of www.example.com is not known: WHY."
std::string not_known(const std::string& name, const std::string& type, std::string_view why);

/// Whether a server answered that it does not answer this: another one may.
bool is_refusal(std::string_view message);

}  // namespace postern::transport
