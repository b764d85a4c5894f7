#include "sim/asks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sim/faults.h"
#include "sim/world.h"

namespace postern::sim {
namespace {

constexpr Micros pause_low = 300 * millisecond;
constexpr Micros pause_high = 3 * second;
/// The asker waits 3 s of its own clock; a machine that was asleep hears of that when it wakes.
constexpr Micros told_within = 10 * second;
constexpr Micros answered_within = 4 * second;
/// How long a machine may take to hear that a link has ended.
constexpr Micros news = 90 * second;
/// Paths as slow as this take the time that an asker waits.
constexpr Micros slow = 500 * millisecond;

std::string body_of(cluster::AskId id) { return fmt::format("a{}", id); }

std::optional<cluster::AskId> id_of(std::string_view body) {
  cluster::AskId id = 0;
  if (body.empty() || body.front() != 'a') return std::nullopt;
  const auto read = std::from_chars(body.data() + 1, body.data() + body.size(), id);
  return read.ec == std::errc() ? std::optional(id) : std::nullopt;
}

}  // namespace

Asks::Asks(World& world, Random random) : world_(world), random_(random) {}

void Asks::broken(const char* law, std::string text) { world_.broken({law, std::move(text), {}, world_.now()}); }

void Asks::start() {
  world_.timeline().after(random_.between(pause_low, pause_high), [this] { next(); });
}

void Asks::next() {
  if (over_ || world_.size() < 2) return;
  const auto asker = static_cast<std::size_t>(random_.below(world_.size()));
  const auto step = 1 + static_cast<std::size_t>(random_.below(world_.size() - 1));
  (void)ask(asker, (asker + step) % world_.size());
  start();
}

cluster::AskId Asks::ask(std::size_t asker, std::size_t target) {
  const Machine& from = world_.machine(asker);
  if (!from.awake()) return 0;
  const cluster::AskId id = ++last_;
  questions_[id] = {asker, from.life, target, world_.now()};
  world_.give(asker, cluster::Ask{id, world_.machine(target).self.member, body_of(id)});
  return id;
}

void Asks::sent(std::size_t machine, const cluster::Message& message) {
  const auto* relay = std::get_if<cluster::Relay>(&message);
  if (relay == nullptr || relay->reply || relay->from != world_.machine(machine).self.member) return;
  last_sent_[machine] = *relay;
  world_.faults().question_under_way(machine);
}

std::optional<cluster::Relay> Asks::last_of(std::size_t machine) const {
  const auto found = last_sent_.find(machine);
  return found == last_sent_.end() ? std::nullopt : std::optional(found->second);
}

void Asks::asked(std::size_t machine, const cluster::Asked& asked) {
  const std::string& name = world_.machine(machine).name;
  const auto id = id_of(asked.body);
  const auto found = id ? questions_.find(*id) : questions_.end();
  if (found == questions_.end()) return broken("heard", name + " hears a question that nobody asked.");
  Question& question = found->second;
  const Machine& asker = world_.machine(question.asker);
  if (question.target != machine || asker.self.member != asked.from)
    return broken("heard", fmt::format("{} hears what {} asked of {}.", name, asker.name, world_.machine(question.target).name));
  const std::uint64_t life = world_.machine(machine).life;
  if (question.heard && forgetful_.count(machine) == 0)
    return broken("heard", fmt::format("{} hears one question of {} twice.", name, asker.name));
  question.heard = true;
  world_.mark("question");
  if (!prompt_ && random_.chance(30)) return;
  const Micros delay = prompt_ || !random_.chance(100) ? 0 : random_.between(0, 4 * second);
  world_.timeline().after(delay, [this, machine, asked, life] {
    if (world_.machine(machine).life == life) reply(machine, asked);
  });
}

void Asks::reply(std::size_t machine, const cluster::Asked& asked) {
  world_.give(machine, cluster::Reply{asked.id, world_.machine(machine).name + " heard " + asked.body});
}

void Asks::told(std::size_t machine, const cluster::Told& told) {
  const Machine& asker = world_.machine(machine);
  const auto found = questions_.find(told.id);
  if (found == questions_.end() || found->second.asker != machine || found->second.told)
    return broken("told", asker.name + " is told of a question that it has not open.");
  Question& question = found->second;
  question.told = true;
  question.answered = static_cast<bool>(told.answer);
  if (!told.answer) return;
  world_.mark("question answered");
  const std::string right = world_.machine(question.target).name + " heard " + body_of(told.id);
  if (*told.answer != right || !question.heard)
    broken("told", fmt::format("{} takes \"{}\" for the answer \"{}\".", asker.name, *told.answer, right));
}

void Asks::at_quiet_end() {
  if (!world_.is_broken()) check_told();
  if (world_.size() < 2 || world_.network().slowest() > slow) return;
  prompt_ = true;
  std::vector<cluster::AskId> asks;
  for (std::size_t a = 0; a < world_.size(); ++a)
    for (std::size_t b = 0; b < world_.size(); ++b)
      if (a != b && linked(a, b)) asks.push_back(ask(a, b));
  world_.live(world_.now() + answered_within);
  check_reached(asks, "over its link");
  if (world_.size() > 2) over_others();
}

/// Between the first two, whose link ends and cannot come back. One that has forgotten how often it told of its links is not
/// believed until it has told as often again.
void Asks::over_others() {
  if (!forgetful_.empty()) return;
  Network& network = world_.network();
  network.set_cut(0, 1, true);
  network.set_cut(1, 0, true);
  network.reset(0, 1);
  for (const Micros until = world_.now() + news; world_.now() < until && (linked(0, 1) || linked(1, 0));)
    world_.live(world_.now() + second);
  for (std::size_t other = 2; other < world_.size(); ++other)
    if (!linked(0, other) || !linked(other, 1)) return;
  if (linked(0, 1) || linked(1, 0)) return;
  world_.live(world_.now() + second);
  const std::vector<cluster::AskId> asks = {ask(0, 1), ask(1, 0)};
  world_.live(world_.now() + answered_within);
  check_reached(asks, "over another machine");
  world_.mark("question over another machine");
}

bool Asks::linked(std::size_t a, std::size_t b) const {
  const Machine& from = world_.machine(a);
  if (!from.awake()) return false;
  const auto links = from.peer->links();
  return std::any_of(links.begin(), links.end(),
                     [&](const auto& one) { return one.live && one.member == world_.machine(b).self.member; });
}

void Asks::check_told() {
  for (const auto& [id, question] : questions_) {
    const Machine& asker = world_.machine(question.asker);
    if (!question.told && asker.life == question.life && question.when + told_within < world_.now())
      return broken("told", fmt::format("{} was never told what came of question {}.", asker.name, id));
  }
}

/// One that forgot which numbers it has used asks in vain until it has passed them.
void Asks::check_reached(const std::vector<cluster::AskId>& asks, const char* how) {
  if (world_.is_broken()) return;
  for (const cluster::AskId id : asks) {
    const auto found = questions_.find(id);
    if (found == questions_.end() || found->second.answered || forgetful_.count(found->second.asker) != 0) continue;
    return broken("reached", fmt::format("{} does not reach {} {}.", world_.machine(found->second.asker).name,
                                         world_.machine(found->second.target).name, how));
  }
}

}  // namespace postern::sim
