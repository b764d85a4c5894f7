#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <string>

#include "commands/site.h"

namespace postern::commands {
namespace {

namespace json = boost::json;

json::value text_or_null(const std::optional<std::string>& text) { return text ? json::value(*text) : json::value(nullptr); }

std::string data_plane(const MailState& mail) {
  if (mail.under_way_ms) {
    const std::string before = mail.problem.empty() ? "" : "; before: " + mail.problem;
    return fmt::format("not in force yet: the mail engine has been taking it for {} s{}", *mail.under_way_ms / 1'000, before);
  }
  if (!mail.problem.empty()) return mail.problem;
  if (mail.generation != 0 && !mail.running) return "not in force: the mail engine does not run";
  return mail.generation == 0 ? "not in force yet" : "in force";
}

void add_mail(const MailState& mail, json::object& out) {
  out["generation"] = mail.generation;
  out["data_plane"] = data_plane(mail);
  for (const auto& note : mail.notes) out["notes"].as_array().emplace_back(note);
  out["mta"] = mail.running;
  out["queue"] = nullptr;
  if (mail.queue)
    out["queue"] = json::object{{"active", mail.queue->active}, {"deferred", mail.queue->deferred}, {"hold", mail.queue->hold}};
  out["measured_ms_ago"] = mail.age_ms;
}

}  // namespace

void run_status(const Site& site, const Caller& caller, protocol::Params& parameters, const Answer& answer) {
  if (auto trouble = parameters.trouble()) return answer(std::move(*trouble));
  FleetState fleet = site.fleet.state(caller);
  json::object out{{"host", site.host.name()}, {"serial", site.host.serial()}, {"version", site.host.version()}};
  out["cluster"] = text_or_null(fleet.cluster);
  out["group"] = text_or_null(fleet.group);
  out["mode_digest"] = fleet.mode_digest;
  out["digest"] = fleet.digest;
  out["links"] = json::object{{"up", fleet.links_up}, {"of", fleet.links}};
  out["sessions"] = fleet.sessions;
  out["pending"] = fleet.pending;
  out["newest_commit"] = std::move(fleet.newest_commit);
  out["notes"] = json::array();
  if (!fleet.store_problem.empty())
    out["notes"].as_array().emplace_back("The store refused the last change: " + fleet.store_problem);
  site.mail.measure([&mail = site.mail, answer, out = std::move(out)]() mutable {
    add_mail(mail.state(), out);
    answer(std::move(out));
  });
}

}  // namespace postern::commands
