#include "commands/suspendlistener/run.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/once.h"
#include "base/printable.h"
#include "base/words.h"

namespace postern::commands {
namespace {

namespace json = boost::json;

constexpr std::int64_t longest_ms = 2'500;  ///< who asks another machine waits 3 s
constexpr std::size_t shown_bytes = 64;

/// What was asked of some listeners.
struct Wanted {
  std::vector<std::string> listeners;
  bool suspended = false;
};

json::object state_json(const MailEngine& mail, const Wanted& wanted, bool under_way) {
  const auto& changed = wanted.listeners;
  json::array all, overtaken;
  bool kept = true;
  for (const auto& each : mail.listeners()) {
    if ((each.state == "suspended") != wanted.suspended && std::ranges::count(changed, each.name) > 0)
      overtaken.emplace_back(each.name);
    json::object one{{"name", each.name}, {"state", each.state}};
    if (!each.there) one["there"] = false;
    if (each.there && each.in_force != each.state) one["in_force"] = each.in_force;
    kept = kept && (each.kept || std::ranges::count(changed, each.name) == 0);
    all.push_back(std::move(one));
  }
  json::object out{
      {"listeners", std::move(all)}, {"changed", json::array(changed.begin(), changed.end())}, {"under_way", under_way}};
  if (!overtaken.empty()) out["overtaken"] = std::move(overtaken);
  if (!kept) out["kept"] = false;
  return out;
}

base::Error unknown(const MailEngine& mail, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& each : mail.listeners())
    if (each.there) names.push_back(each.name);
  return base::fail(base::ErrorCode::not_found, "listeners",
                    fmt::format("There is no listener \"{}\" here. Listeners: {}.", base::printable_line(name, shown_bytes),
                                names.empty() ? "none" : base::join(names, ", ")));
}

}  // namespace

void switch_listeners(const Site& site, protocol::Params& parameters, bool suspend, const Answer& answer) {
  const auto names = parameters.has("listeners") ? parameters.texts("listeners") : std::vector<std::string>();
  if (auto trouble = parameters.trouble()) return answer(std::move(*trouble));
  const auto all = site.mail.listeners();
  for (const auto& name : names)
    if (std::ranges::find(all, name, &MailListener::name) == all.end()) return answer(unknown(site.mail, name));
  Wanted wanted{{}, suspend};
  for (const auto& each : all)
    if (std::ranges::count(names, each.name) > 0 && !each.is(suspend)) wanted.listeners.push_back(each.name);
  if (wanted.listeners.empty()) return answer(state_json(site.mail, wanted, false));
  const Answer tell = base::once(answer);
  MailEngine& mail = site.mail;
  site.host.after(longest_ms, [&mail, tell, wanted] { tell(state_json(mail, wanted, true)); });
  mail.suspend(wanted.listeners, suspend, [&mail, tell, wanted](const base::Result<void>& done) {
    done ? tell(state_json(mail, wanted, false)) : tell(done.error());
  });
}

void run_suspendlistener(const Site& site, const Caller&, protocol::Params& parameters, const Answer& answer) {
  switch_listeners(site, parameters, true, answer);
}

}  // namespace postern::commands
