#include <fmt/format.h>

#include "base/dns.h"
#include "commands/shows.h"

namespace postern::commands {
namespace {

/// "30m", the largest units that there are.
std::string span(long seconds) {
  std::string out;
  for (const auto& [unit, size] : {std::pair{'d', 86'400L}, {'h', 3'600L}, {'m', 60L}, {'s', 1L}}) {
    if (seconds >= size) out += fmt::format("{}{}", seconds / size, unit);
    seconds %= size;
  }
  return out.empty() ? "0s" : out;
}

}  // namespace

std::vector<std::string> show_nslookup(const protocol::Json& answer) {
  using protocol::number_of;
  using protocol::text_of;
  std::vector<std::string> lines;
  const std::string asked = text_of(answer, "host");
  for (const auto& record : protocol::items_of(answer, "records")) {
    const std::string type = text_of(record, "type");
    std::string line = fmt::format("{}={} TTL={}", type, text_of(record, "data"), span(number_of(record, "ttl")));
    if (type == "MX") line += fmt::format(" preference={}", number_of(record, "preference"));
    if (const std::string name = text_of(record, "name"); name != asked) line += fmt::format(" of {}", name);
    lines.push_back(std::move(line));
  }
  if (protocol::flag_of(answer, "cut"))
    lines.push_back(fmt::format("There is more: {} records, and {} bytes of a text, are shown at most.", base::dns_records_most,
                                base::dns_text_bytes));
  if (const std::string problem = text_of(answer, "problem"); !problem.empty()) lines.push_back(problem);
  return lines;
}

}  // namespace postern::commands
