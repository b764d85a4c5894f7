#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/idn.h"
#include "base/words.h"
#include "commands/site.h"

namespace postern::commands {
namespace {

namespace json = boost::json;

json::object record_json(const base::DnsRecord& record) {
  json::object out{{"name", record.name}, {"type", record.type}, {"ttl", record.ttl}, {"data", record.data}};
  if (record.type == "MX") out["preference"] = record.preference;
  return out;
}

base::Error unknown_type(const std::string& type) {
  const std::vector<std::string> all(std::begin(base::dns_types), std::end(base::dns_types));
  return base::fail(base::ErrorCode::usage, "type",
                    fmt::format("\"{}\" is no type of record. Types: {}.", type, base::join(all, ", ")));
}

/// Whether `name` can be asked for; an address only has a name.
base::Result<void> check(const std::string& name, const std::string& type) {
  if (!base::is_ip_address(name)) return base::check_dns_name(name);
  if (type == "PTR") return {};
  return base::fail(base::ErrorCode::usage,
                    fmt::format("{} is an address: it has no {} records. Ask for PTR, or enter a host name.", name, type));
}

base::ErrorCode code_of(base::DnsAnswer::Outcome outcome) {
  using Outcome = base::DnsAnswer::Outcome;
  if (outcome == Outcome::none) return base::ErrorCode::not_found;
  return outcome == Outcome::damaged ? base::ErrorCode::damaged : base::ErrorCode::unreachable;
}

}  // namespace

void run_nslookup(const Site& site, const Caller& caller, protocol::Params& parameters, const Answer& answer) {
  std::string name = parameters.text("host");
  const std::string type = parameters.text("type");
  if (auto trouble = parameters.trouble()) return answer(std::move(*trouble));
  if (std::ranges::find(base::dns_types, type) == std::end(base::dns_types)) return answer(unknown_type(type));
  if (name.size() > 1 && name.ends_with('.')) name.pop_back();
  const auto ascii = base::ascii_domain(name);
  if (!ascii) return answer(base::fail(ascii.error().code, "host", ascii.error().text));
  name = *ascii;
  if (const auto good = check(name, type); !good) return answer(base::fail(good.error().code, "host", good.error().text));
  site.names.look_up({name, type, asker_of(caller)}, [answer, name, type](const base::DnsAnswer& came) {
    if (came.outcome != base::DnsAnswer::Outcome::found) return answer(base::fail(code_of(came.outcome), came.problem));
    json::array records;
    for (const auto& record : came.records) records.push_back(record_json(record));
    json::object out{{"host", name}, {"type", type}, {"records", std::move(records)}};
    if (came.cut) out["cut"] = true;
    if (!came.problem.empty()) out["problem"] = came.problem;
    answer(std::move(out));
  });
}

}  // namespace postern::commands
