#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/limits.h"
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

}  // namespace

void run_nslookup(const Site& site, const Caller&, protocol::Params& parameters, const Answer& answer) {
  const std::string name = parameters.text("host");
  const std::string type = parameters.text("type");
  if (auto trouble = parameters.trouble()) return answer(std::move(*trouble));
  if (std::ranges::find(base::dns_types, type) == std::end(base::dns_types)) return answer(unknown_type(type));
  if (name.empty() || name.size() > base::limits::host_name_bytes)
    return answer(base::fail(base::ErrorCode::usage, "host",
                             fmt::format("A name has 1 to {} bytes; this one has {}.", base::limits::host_name_bytes, name.size())));
  site.names.look_up(name, type, [answer, name, type](const base::DnsAnswer& came) {
    using Outcome = base::DnsAnswer::Outcome;
    if (came.outcome != Outcome::found)
      return answer(base::fail(came.outcome == Outcome::none ? base::ErrorCode::not_found : base::ErrorCode::unreachable,
                               came.problem));
    json::array records;
    for (const auto& record : came.records) records.push_back(record_json(record));
    answer(json::object{{"host", name}, {"type", type}, {"records", std::move(records)}});
  });
}

}  // namespace postern::commands
