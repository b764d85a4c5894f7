#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/dns.h"
#include "base/idn.h"
#include "base/words.h"
#include "commands/site.h"

namespace postern::commands {
namespace {

namespace json = boost::json;

constexpr std::size_t hosts_most = 16;      ///< whose addresses are looked up
constexpr std::int64_t longest_ms = 2'500;  ///< then what is known is told: who asks another machine waits 3 s
constexpr const char* silence = "No DNS server answered in time.";

/// One run: what is known so far, and how many answers are still to come.
struct Look : std::enable_shared_from_this<Look> {
  Look(const Site& site, const Caller& caller, std::string of, Answer to)
      : names(site.names), domain(std::move(of)), asker(asker_of(caller)), answer(std::move(to)) {}

  void begin(const Site& site);
  void exchangers(const base::DnsAnswer& came);
  void addresses(const std::string& host, std::size_t at);
  void address(std::size_t at, const std::string& type, const base::DnsAnswer& came);
  void say_what_is_not_known();
  void settle();
  void tell();

  Names& names;
  const std::string domain;
  const std::string asker;
  Answer answer;
  json::object out;
  json::array hosts;
  struct Addresses {
    int open = 0;  ///< look-ups under way
    std::string problem;
  };
  std::vector<Addresses> known;  ///< of each of `hosts`
  bool mx_open = true;           ///< their look-up is under way
  std::size_t open = 0;
};

json::value queue_json(const base::Result<base::QueuedMail>& queued) {
  if (!queued) return json::object{{"problem", base::to_text(queued.error())}};
  json::object out{{"messages", queued->messages}, {"active", queued->active}, {"deferred", queued->deferred},
                   {"hold", queued->hold},         {"reason", queued->reason}, {"whole", queued->whole}};
  out["oldest_ms"] = queued->oldest_s == 0 ? json::value(nullptr) : json::value(queued->oldest_s * 1'000);
  return out;
}

void Look::begin(const Site& site) {
  out = {{"host", domain}, {"as_of_ms", site.host.now().wall_ms}, {"route", site.mail.route_of(domain)}};
  out["queue"] = json::object{{"problem", "It could not be listed in time."}};
  open = 2;
  site.host.after(longest_ms, [self = shared_from_this()] { self->tell(); });
  site.mail.queued_for(domain, [self = shared_from_this()](const base::Result<base::QueuedMail>& queued) {
    self->out["queue"] = queue_json(queued);
    self->settle();
  });
  names.look_up({domain, "MX", asker}, [self = shared_from_this()](const base::DnsAnswer& came) {
    self->exchangers(came);
    self->settle();
  });
}

/// A domain without MX records is its own (RFC 5321 §5.1); one whose only record is "." takes no mail (RFC 7505).
void Look::exchangers(const base::DnsAnswer& came) {
  using Outcome = base::DnsAnswer::Outcome;
  mx_open = false;
  if (!answer) return;  // too late: nobody waits for addresses
  auto records = came.records;
  std::erase_if(records, [](const auto& one) { return one.type != "MX"; });
  std::ranges::stable_sort(records, {}, &base::DnsRecord::preference);
  const bool refuses = std::erase_if(records, [](const auto& one) { return one.data == "."; }) > 0;
  if (came.cut || records.size() > hosts_most) out["mx_cut"] = true;
  if (records.size() > hosts_most) records.resize(hosts_most);
  for (const auto& record : records)
    hosts.push_back(json::object{{"preference", record.preference}, {"ttl", record.ttl}, {"host", record.data}});
  const bool open_alias = came.outcome == Outcome::found && !came.problem.empty();
  if (came.outcome == Outcome::no_answer || came.outcome == Outcome::damaged || open_alias) {
    out["mx_problem"] = came.problem;
  } else if (hosts.empty() && refuses) {
    out["mx_problem"] = domain + " takes no mail: its MX record says so.";
  } else if (hosts.empty()) {
    out["mx_problem"] = came.problem;
    hosts.push_back(json::object{{"preference", nullptr}, {"ttl", nullptr}, {"host", domain}});
  }
  known.resize(hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    json::object& host = hosts[i].get_object();
    host["addresses"] = json::array();
    addresses(std::string(host.at("host").get_string()), i);
  }
}

void Look::addresses(const std::string& host, std::size_t at) {
  for (const char* type : {"A", "AAAA"}) {
    ++open;
    ++known[at].open;
    names.look_up({host, type, asker}, [self = shared_from_this(), at, type](const base::DnsAnswer& came) {
      if (self->answer) self->address(at, type, came);
      self->settle();
    });
  }
}

/// That nothing came is no word that there is none.
void Look::address(std::size_t at, const std::string& type, const base::DnsAnswer& came) {
  using Outcome = base::DnsAnswer::Outcome;
  --known[at].open;
  const bool is_known = (came.outcome == Outcome::found && came.problem.empty()) || came.outcome == Outcome::none;
  if (!is_known && known[at].problem.empty()) known[at].problem = came.problem;
  for (const auto& record : came.records)
    if (record.type == type) hosts[at].get_object()["addresses"].get_array().emplace_back(record.data);
}

void Look::settle() {
  if (--open == 0) tell();
}

void Look::say_what_is_not_known() {
  if (mx_open) out["mx_problem"] = silence;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const std::string& problem = known[i].problem;
    if (!problem.empty() || known[i].open > 0) hosts[i].get_object()["address_problem"] = problem.empty() ? silence : problem;
  }
}

void Look::tell() {
  const Answer to = std::exchange(answer, nullptr);
  if (!to) return;
  say_what_is_not_known();
  out["mx"] = std::move(hosts);
  to(std::move(out));
}

}  // namespace

void run_hoststatus(const Site& site, const Caller& caller, protocol::Params& parameters, const Answer& answer) {
  std::string domain = base::lower(parameters.text("host"));
  if (auto trouble = parameters.trouble()) return answer(std::move(*trouble));
  if (domain.ends_with('.')) domain.pop_back();
  if (domain.empty() || domain.find('@') != std::string::npos)
    return answer(base::fail(base::ErrorCode::usage, "host",
                             "That is no recipient domain. Enter what stands behind the @, such as example.com."));
  const auto ascii = base::ascii_domain(domain);
  if (!ascii) return answer(base::fail(ascii.error().code, "host", ascii.error().text));
  domain = *ascii;
  if (const auto good = base::check_dns_name(domain); !good)
    return answer(base::fail(good.error().code, "host", good.error().text));
  std::make_shared<Look>(site, caller, std::move(domain), answer)->begin(site);
}

}  // namespace postern::commands
