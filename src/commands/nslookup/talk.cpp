#include <algorithm>
#include <iterator>

#include "base/dns.h"
#include "base/words.h"
#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"

namespace postern::cli {
namespace {

const std::vector<std::string> types{
    "A       the host's IPv4 addresses",         "AAAA    the host's IPv6 addresses",
    "CNAME   the name that an alias stands for", "MX      the hosts that take the domain's mail",
    "NS      the name servers of the zone",      "PTR     the name of an address",
    "SOA     the zone's start of authority",     "TXT     texts",
};

}  // namespace

int run_nslookup(Session& session, Arguments& arguments) {
  auto host = arguments.take();
  auto type = arguments.take();
  if (const auto finished = arguments.finished(); !finished) return misused(session, finished.error(), {"nslookup HOST [TYPE]"});
  if (!host) {
    if (!session.interactive) return session.fail(base::ErrorCode::usage, "Say which host: nslookup HOST [TYPE].");
    host = ask_needed(session, "Enter the host name or IP address to look up.");
    if (!host) return exit_ok;
    session.line("Choose the query type:");
    const auto chosen = ask_number(session, types, 0);
    if (!chosen) return exit_ok;
    type = base::dns_types[*chosen];
  }
  // An address has a name, and no address: so that "nslookup 192.0.2.1" asks for what is meant.
  if (!type) type = base::is_ip_address(*host) ? "PTR" : "A";
  return run_and_show(session, "nslookup", {{"host", *host}, {"type", base::upper(*type)}});
}

}  // namespace postern::cli
