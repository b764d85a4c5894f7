#pragma once

#include "commands/site.h"

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// A machine as commands see it, for tests: it does at once what is asked, and waits when told to.
namespace postern::commands::test {

struct FakeMail final : MailEngine {
  [[nodiscard]] MailState state() const override { return shown; }
  void measure(std::function<void()> done) override {
    if (slow) return late.push_back(std::move(done));
    done();
  }
  [[nodiscard]] std::vector<MailListener> listeners() const override { return all; }
  void suspend(std::vector<std::string> listeners, bool suspended, std::function<void(base::Result<void>)> done) override {
    for (auto& each : all)
      for (const auto& name : listeners)
        if (each.name == name) each.state = suspended ? "suspended" : "open";
    for (auto& each : all) {
      each.kept = !slow;
      if (!slow && refusal.empty()) each.in_force = each.state;
    }
    if (slow) return late.push_back([done] { done({}); });
    done(refusal.empty() ? base::Result<void>() : base::fail(base::ErrorCode::io, refusal));
  }
  [[nodiscard]] std::string route_of(const std::string& domain) const override {
    const auto at = routes.find(domain);
    return at == routes.end() ? std::string() : at->second;
  }
  void queued_for(std::string domain, std::function<void(base::Result<base::QueuedMail>)> done) override {
    const auto at = queued.find(domain);
    const auto answer = at == queued.end() ? base::Result<base::QueuedMail>(base::QueuedMail{}) : at->second;
    if (slow) return late.push_back([done, answer] { done(answer); });
    done(answer);
  }

  MailState shown{3, "", {"a note"}, true, MailState::Queue{2, 3, 1}, 0};
  std::vector<MailListener> all{{"InboundMail", "open", "open"}, {"OutboundMail", "open", "open"}};
  std::map<std::string, std::string> routes;
  std::map<std::string, base::Result<base::QueuedMail>> queued;
  std::string refusal;  ///< why a change of listeners is not in force
  bool slow = false;
  std::deque<std::function<void()>> late;  ///< not answered while slow
};

struct FakeNames final : Names {
  void look_up(base::DnsQuestion question, std::function<void(base::DnsAnswer)> done) override {
    const auto& [name, type, asker] = question;
    asked.push_back(type + " " + name);
    askers.insert(asker);
    base::DnsAnswer answer;
    answer.outcome = base::DnsAnswer::Outcome::none;
    answer.problem = name + " has no " + type + " record.";
    if (const auto at = answers.find({name, type}); at != answers.end()) answer = at->second;
    if (slow) return late.push_back([done, answer] { done(answer); });
    done(answer);
  }
  std::set<std::string> askers;
  /// Records of one name and type, an hour old at most.
  void add(const std::string& name, const std::string& type, const std::string& data, std::uint16_t preference = 0) {
    auto& answer = answers[{name, type}];
    answer.outcome = base::DnsAnswer::Outcome::found;
    answer.records.push_back({name, type, 3'600, preference, data});
  }

  std::map<std::pair<std::string, std::string>, base::DnsAnswer> answers;
  std::vector<std::string> asked;
  bool slow = false;
  std::deque<std::function<void()>> late;
};

struct FakeHost final : Host {
  [[nodiscard]] std::string name() const override { return "paris.example.com"; }
  [[nodiscard]] std::string serial() const override { return "7C11D2E90A44-PX81"; }
  [[nodiscard]] std::string version() const override { return "0.1.0"; }
  [[nodiscard]] base::Instant now() const override { return {1'750'000'000'000, 1'000'000}; }
  void after(std::int64_t ms, std::function<void()> then) override { timers.emplace_back(ms, std::move(then)); }

  std::vector<std::pair<std::int64_t, std::function<void()>>> timers;
};

struct FakeFleet final : Fleet {
  [[nodiscard]] FleetState state(const Caller&) const override { return shown; }
  FleetState shown;
};

struct FakeSite {
  Site site() { return {host, mail, names, fleet}; }

  FakeHost host;
  FakeMail mail;
  FakeNames names;
  FakeFleet fleet;
};

}  // namespace postern::commands::test
