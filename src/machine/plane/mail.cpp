#include "machine/plane/mail.h"

#include <algorithm>
#include <utility>

#include "base/once.h"
#include "base/printable.h"
#include "base/words.h"

namespace postern::machine {
namespace {

constexpr std::int64_t measure_most_ms = 1'000;  // a status does not wait for an apply that takes long
constexpr std::size_t logged_bytes = 1'024;

using State = gateway::ListenerState::State;

std::string word_of(State state) { return state == State::open ? "open" : state == State::off ? "off" : "suspended"; }

}  // namespace

commands::MailState Mail::state() const {
  auto out = shown_;
  if (handed_ms_) out.under_way_ms = driver_.world.now().mono_ms - *handed_ms_;
  out.age_ms = driver_.world.now().mono_ms - (out.queue ? std::min(seen_ms_, counted_ms_) : seen_ms_);
  return out;
}

std::vector<commands::MailListener> Mail::listeners() const {
  const auto kept = suspended();
  auto left = to_be_suspended();
  std::vector<commands::MailListener> out;
  for (const auto& each : driver_.plan.listeners) {
    const bool suspended = left.erase(each.name) > 0;
    const auto now = std::ranges::find(in_force_, each.name, &gateway::ListenerState::name);
    out.push_back({each.name,
                   suspended                  ? "suspended"
                   : each.state == State::off ? "off"
                                              : "open",
                   now == in_force_.end() ? "" : word_of(now->state), true, kept.contains(each.name) == suspended});
  }
  for (const auto& name : left) out.push_back({name, "suspended", "", false, kept.contains(name)});
  return out;
}

std::set<std::string> Mail::suspended() const {
  const auto note = driver_.notes.find(std::string(note_suspended));
  if (note == driver_.notes.end()) return {};
  const auto names = base::lines(note->second);
  return {names.begin(), names.end()};
}

std::set<std::string> Mail::to_be_suspended() const {
  auto names = suspended();
  for (const auto& wish : wishes_) wish.put_into(names);
  return names;
}

void Mail::Wish::put_into(std::set<std::string>& names) const {
  for (const auto& each : listeners) suspended ? void(names.insert(each)) : void(names.erase(each));
}

void Mail::suspend(std::vector<std::string> listeners, bool suspended, std::function<void(base::Result<void>)> done) {
  wishes_.push_back({std::move(listeners), suspended, std::move(done)});
  if (wishes_.size() == 1) keep_next();
}

/// Told as kept: so it is flushed.
void Mail::keep_next() {
  auto names = suspended();
  wishes_.front().put_into(names);
  std::optional<std::string> note;
  if (!names.empty()) note = base::join({names.begin(), names.end()}, "\n");
  store::Batch batch;
  batch.persist.flush = true;
  batch.notes[std::string(note_suspended)] = note;
  driver_.world.write(std::move(batch), [this, note](const base::Result<void>& kept, bool) { written(note, kept); });
}

/// Plans see what is kept only: what the store refused is not done, by whatever comes next either.
void Mail::written(const std::optional<std::string>& note, const base::Result<void>& kept) {
  const Wish wish = std::move(wishes_.front());
  wishes_.pop_front();
  if (kept && note) driver_.notes[std::string(note_suspended)] = *note;
  if (kept && !note) driver_.notes.erase(std::string(note_suspended));
  if (!wishes_.empty()) keep_next();
  if (!kept) {
    driver_.world.log("warning", base::printable_line(base::join(wish.listeners, ", "), logged_bytes) +
                                     (wish.suspended ? " not suspended: " : " not resumed: ") + to_text(kept.error()));
    return wish.done(kept.error());
  }
  driver_.replan([this, wish] { wish.done(came_of(wish)); });
}

/// What else of the settings is not in force is no matter of these listeners.
base::Result<void> Mail::came_of(const Wish& wish) const {
  const auto wanted = to_be_suspended();
  const bool given = std::ranges::all_of(wish.listeners, [&](const std::string& name) {
    if (wanted.contains(name) != wish.suspended) return true;  // another wish has come since, and answers for itself
    const auto now = std::ranges::find(in_force_, name, &gateway::ListenerState::name);
    if (now != in_force_.end()) return (now->state == State::suspended) == wish.suspended;
    const auto& planned = driver_.plan.listeners;
    return begun() && (wish.suspended || std::ranges::find(planned, name, &gateway::ListenerState::name) == planned.end());
  });
  if (!given) return base::fail(base::ErrorCode::io, "This is kept, but not in force: " + problem());
  if (!not_proved_) return {};
  return base::fail(base::ErrorCode::io, "Postfix was given this, and it is kept, but it is " + problem());
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

void Mail::handed() {
  if (!handed_ms_) handed_ms_ = driver_.world.now().mono_ms;
}

void Mail::show(const applier::Outcome& outcome) {
  saw(outcome.running);
  shown_.generation = outcome.generation;
  shown_.problem.clear();
  not_proved_ = outcome.result.has_value() && !outcome.not_proved.empty();
  if (!outcome.result)
    shown_.problem = to_text(outcome.result.error());
  else if (not_proved_)
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
