#include "machine/plane/mail.h"

#include <algorithm>
#include <utility>

#include "base/once.h"
#include "base/words.h"

namespace postern::machine {
namespace {

constexpr std::int64_t measure_most_ms = 1'000;  // a status does not wait for an apply that takes long

}  // namespace

commands::MailState Mail::state() const {
  auto out = shown_;
  out.age_ms = driver_.world.now().mono_ms - (out.queue ? std::min(seen_ms_, counted_ms_) : seen_ms_);
  return out;
}

std::vector<commands::MailListener> Mail::listeners() const {
  using State = gateway::ListenerState::State;
  std::vector<commands::MailListener> out;
  for (const auto& each : driver_.plan.listeners)
    out.push_back({each.name, each.state == State::open ? "open" : each.state == State::off ? "off" : "suspended"});
  return out;
}

std::set<std::string> Mail::suspended() const {
  const auto note = driver_.notes.find(std::string(note_suspended));
  if (note == driver_.notes.end()) return {};
  const auto names = base::lines(note->second);
  return {names.begin(), names.end()};
}

/// In memory; what the store is to keep.
std::optional<std::string> Mail::set_suspended(const std::set<std::string>& names) {
  const std::string key(note_suspended);
  if (names.empty()) {
    driver_.notes.erase(key);
    return std::nullopt;
  }
  return driver_.notes[key] = base::join({names.begin(), names.end()}, "\n");
}

void Mail::suspend(std::vector<std::string> listeners, bool suspend, std::function<void(base::Result<void>)> done) {
  const auto before = suspended();
  auto names = before;
  for (auto& each : listeners) suspend ? void(names.insert(std::move(each))) : void(names.erase(each));
  store::Batch batch;
  batch.notes[std::string(note_suspended)] = set_suspended(names);
  driver_.world.write(std::move(batch), [this, before, names, done = std::move(done)](const base::Result<void>& kept, bool) {
    if (!kept) {
      if (suspended() == names) set_suspended(before);  // else somebody has changed it since
      return done(kept.error());
    }
    driver_.replan([this, done] {
      if (problem().empty()) return done({});
      done(base::fail(base::ErrorCode::io, "This is kept, but not known to be in force: " + problem()));
    });
  });
}

/// In transport(5)'s order: the domain, the domains that it is in, everything else.
std::string Mail::route_of(const std::string& domain) const {
  const auto row = [this](std::string_view table, const std::string& key) {
    const auto at = std::ranges::find(driver_.plan.tables, table, &gateway::Table::name);
    if (at == driver_.plan.tables.end()) return std::string();
    const auto found = at->rows.find(key);
    return found == at->rows.end() ? std::string() : found->second;
  };
  std::string route = row("transport", domain);
  for (std::size_t dot = domain.find('.'); route.empty() && dot != std::string::npos; dot = domain.find('.', dot + 1))
    route = row("transport", domain.substr(dot));
  return route.empty() ? row(gateway::rest_table, std::string(gateway::rest_key)) : route;
}

void Mail::measure(std::function<void()> done) {
  const auto answer = base::once(std::move(done));
  driver_.world.measure([this, answer](const applier::Measured& measured) {
    saw(measured.running);
    if (measured.queue) {
      shown_.queue = measured.queue;
      counted_ms_ = seen_ms_;
    }
    answer();
  });
  driver_.world.after(measure_most_ms, answer);
}

void Mail::queued_for(std::string domain, std::function<void(base::Result<base::QueuedMail>)> done) {
  driver_.world.list_queue(std::move(domain), std::move(done));
}

void Mail::show(const applier::Outcome& outcome) {
  saw(outcome.running);
  shown_.generation = outcome.generation;
  shown_.problem.clear();
  if (!outcome.result)
    shown_.problem = to_text(outcome.result.error());
  else if (!outcome.not_proved.empty())
    shown_.problem = "in force, not proved: " + outcome.not_proved;
}

void Mail::saw(bool running) {
  shown_.running = running;
  seen_ms_ = driver_.world.now().mono_ms;
}

void Mail::set_notes(const std::vector<gateway::Note>& notes) {
  shown_.notes.clear();
  for (const auto& note : notes) shown_.notes.push_back(note.text);
}

void Mail::add_problem(const std::string& problem) {
  if (shown_.problem.empty()) shown_.problem = problem;
}

}  // namespace postern::machine
