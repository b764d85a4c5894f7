#include "cluster/world.h"

#include "cluster/reference.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postern::cluster {

base::Uuid uuid(int number) {
  base::Uuid id;
  id.bytes[0] = static_cast<std::uint8_t>(number >> 8);
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}
base::SigningKey signing_key(int machine) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = static_cast<std::uint8_t>(machine + 1);
  return base::signing_key(seed);
}
MemberIdentity identity_of(int machine) {
  return {"SERIAL-" + std::to_string(machine), base::verify_key(signing_key(machine)), "host", "user", uuid(0x100 + machine)};
}
base::MemberId member_id(int machine) { return member_of(identity_of(machine)); }

World::World() {
  base::crypto_start();
  cluster = {uuid(0x201)};
  main_group = {uuid(0x301)};
  admin = {uuid(0x401)};
}

base::Instant World::clock_of(const Machine& machine) const { return {now.wall_ms + machine.clock_off_ms, now.mono_ms}; }

void World::found(int machines, bool connected) {
  for (int i = 0; i < machines; ++i) {
    auto made = std::make_unique<Machine>();
    made->self = {cluster, member_id(i), signing_key(i), base::hash_bytes("settings 1"), "1.0"};
    made->host = "mail" + std::to_string(i) + ".example.com";
    machines_.push_back(std::move(made));
  }
  restart(0);
  Founding founding{cluster, member_id(0), main_group, admin, at(0).host, identity_of(0), {at(0).host, 22, 0}, "hash", {}};
  step(0, founding_commit(founding, "founding"));
  run();
  commit(0, {item(0, cluster_name_register(cluster), "americas")});
  for (int i = 1; i < machines; ++i) {
    commit(0, admission_items({member_id(i), at(i).host, identity_of(i), {at(i).host, 22, 0}, main_group}));
  }
  run();
  pass(2'000);
  for (int i = 1; i < machines; ++i) {
    at(i).stored = at(0).stored;
    at(i).values = at(0).values;
    restart(i);
  }
  if (connected) {
    connect_all();
  } else {
    pass(2'100);  // the start wait
  }
}

void World::restart(int machine) {
  ++drawn_;
  at(machine).nonce = 1000 + drawn_;
  at(machine).incarnation = 2000 + drawn_;
  start(machine);
}

World::Snapshot World::snapshot(int machine) {
  const Machine& m = at(machine);
  return {m.stored, m.values, m.nonce, m.incarnation};
}

void World::set_back(int machine, const Snapshot& to) {
  Machine& m = at(machine);
  m.stored = to.stored;
  m.values = to.values;
  m.nonce = to.nonce;
  m.incarnation = to.incarnation;
  start(machine);
}

ValueOf value_of(const Machine& machine) {
  return [&machine](const base::Hash& hash) {
    const auto found = machine.values.find(hash);
    return found == machine.values.end() ? std::nullopt : std::optional(found->second);
  };
}

void World::start(int machine) {
  Machine& m = at(machine);
  for (auto [link, ends] : std::map(links_)) {
    if (ends.first == machine || ends.second == machine) cut(ends.first, ends.second);
  }
  m.unflushed.clear();
  flushes_.erase(std::remove_if(flushes_.begin(), flushes_.end(), [machine](auto& f) { return f.first == machine; }),
                 flushes_.end());
  auto made = Peer::restore(m.self, tuning, m.stored, m.nonce, m.incarnation, clock_of(m), value_of(m));
  ASSERT_TRUE(made) << made.error().text;
  m.peer = std::move(*made);
  for (const base::Hash& hash : m.peer->missing_values()) {
    const auto found = m.values.find(hash);
    if (found != m.values.end()) m.peer->supply_value(hash, found->second);
  }
  step(machine, Tick{});
}

void World::connect(int a, int b) {
  const LinkId link = ++last_link_;
  links_[link] = {a, b};
  step(a, LinkUp{link, member_id(b)});
  step(b, LinkUp{link, member_id(a)});
}

void World::connect_all() {
  for (int a = 0; a < static_cast<int>(machines_.size()); ++a) {
    for (int b = 0; b < a; ++b) connect(b, a);
  }
  run();
  pass(3'000);
}

void World::cut(int a, int b) {
  for (auto [link, ends] : std::map(links_)) {
    if (std::minmax(ends.first, ends.second) != std::minmax(a, b)) continue;
    links_.erase(link);
    wires_.erase(std::remove_if(wires_.begin(), wires_.end(), [id = link](const Wire& w) { return w.link == id; }), wires_.end());
    if (at(a).peer) step(a, LinkDown{link});
    if (at(b).peer) step(b, LinkDown{link});
  }
}

Register World::setting(const std::string& feature) const {
  return settings_register({base::Level::cluster, cluster.uuid}, feature);
}

LocalCommit::Item World::item(int machine, const Register& reg, const std::string& value, WriteKind kind) {
  return item_over(at(machine).peer->state(), reg, kind, value);
}

std::string World::set(int machine, const std::string& feature, const std::string& value) {
  return commit(machine, {item(machine, setting(feature), value)});
}

std::string World::commit(int machine, std::vector<LocalCommit::Item> items, const std::string& key) {
  LocalCommit what;
  what.request_key = key.empty() ? "key" + std::to_string(++drawn_) : key;
  what.author = admin;
  what.author_name = "admin";
  what.items = std::move(items);
  step(machine, what);
  return what.request_key;
}

std::string World::shown(int machine, const Register& reg) {
  const auto value = at(machine).peer->state().value(reg);
  return value == nullptr ? "(unset)" : *value;
}

void World::step(int machine, const Event& event) { perform(machine, at(machine).peer->step(event, clock_of(at(machine)))); }

void World::perform(int machine, Effects effects) {
  Machine& m = at(machine);
  m.wake_mono_ms = effects.wake_mono_ms;
  if (effects.persist) {
    m.unflushed.push_back(*effects.persist);
    if (!m.hold_flush) {
      while (!m.unflushed.empty()) {
        const Persist persist = m.unflushed.front();
        m.unflushed.pop_front();
        write(m, persist);
        if (persist.flush) flushes_.push_back({machine, {persist.token, Flushed::How::done, 0, ""}});
      }
    }
  }
  for (const Send& send : effects.sends) post(machine, send.link, send.message);
  for (const ShipCommits& round : effects.ships) ship(machine, round);
  for (const LinkId link : effects.close) {
    if (links_.count(link) == 0) continue;
    const int other = other_end(machine, link);
    links_.erase(link);
    step(other, LinkDown{link});
  }
  m.answers.insert(m.answers.end(), effects.answers.begin(), effects.answers.end());
  m.alerts.insert(m.alerts.end(), effects.alerts.begin(), effects.alerts.end());
  m.changed.insert(m.changed.end(), effects.changed.begin(), effects.changed.end());
  m.told.insert(m.told.end(), effects.told.begin(), effects.told.end());
  for (const Asked& asked : effects.asked) {
    at(machine).asked.push_back(asked);
    if (!hold_replies) reply(machine, asked);
  }
}

AskId World::ask(int machine, int other, const std::string& body) {
  const AskId id = ++drawn_;
  step(machine, Ask{id, member_id(other), body});
  return id;
}

void World::reply(int machine, const Asked& asked) { step(machine, Reply{asked.id, at(machine).host + " heard " + asked.body}); }

void World::say(int from, int to, const Message& message) {
  LinkId newest = 0;
  for (const auto& [link, ends] : links_) {
    if (std::minmax(ends.first, ends.second) == std::minmax(from, to)) newest = link;
  }
  ASSERT_NE(newest, 0U) << "there is no link";
  post(from, newest, message);
}

std::string World::told(int machine, AskId id) {
  std::string out;
  for (const Told& one : at(machine).told) {
    if (one.id != id) continue;
    EXPECT_TRUE(out.empty()) << "told twice";
    out = one.answer ? "done: " + *one.answer
                     : std::string(base::error_name(one.answer.error().code)) + ": " + one.answer.error().text;
  }
  return out;
}

void World::write(Machine& m, const Persist& persist) {
  for (const StoredCommit& commit : persist.commits) {
    const auto same = [&commit](const StoredCommit& other) { return other.envelope == commit.envelope; };
    if (std::none_of(m.stored.begin(), m.stored.end(), same)) m.stored.push_back(commit);
  }
  m.values.insert(persist.values.begin(), persist.values.end());
  for (StoredCommit& commit : m.stored) {
    if (std::count(persist.promote.begin(), persist.promote.end(), commit.envelope.id()) > 0) commit.staged = false;
  }
  for (const base::Hash& hash : persist.drop) {
    m.stored.erase(std::remove_if(m.stored.begin(), m.stored.end(),
                                  [&hash](const StoredCommit& commit) { return commit.envelope.id() == hash; }),
                   m.stored.end());
  }
}

int World::other_end(int machine, LinkId link) const {
  const auto& ends = links_.at(link);
  return ends.first == machine ? ends.second : ends.first;
}

void World::post(int from, LinkId link, const Message& message) {
  if (links_.count(link) == 0 || lose.count(message_name(message)) > 0) return;
  wires_.push_back({from, other_end(from, link), link, encode(message)});
}

void World::ship(int from, const ShipCommits& round) {
  Ship ship;
  for (const base::Hash& hash : round.commits) {
    for (const StoredCommit& commit : at(from).stored) {
      if (commit.envelope.id() != hash) continue;
      EXPECT_FALSE(commit.staged);
      Ship::Item item{commit.envelope, {}, false};
      const Header header = *decode_header(commit.envelope.header);
      for (const Write& write : header.writes) {
        if (!write.value.is_nil()) item.values.push_back(at(from).values.at(write.value));
      }
      ship.items.push_back(std::move(item));
    }
  }
  EXPECT_EQ(ship.items.size(), round.commits.size());
  post(from, round.link, ship);
}

void World::run() {
  for (int guard = 0; !wires_.empty() || !flushes_.empty(); ++guard) {
    ASSERT_LT(guard, 100'000) << "the machines talk for ever";
    if (!flushes_.empty()) {
      const auto [machine, flushed] = flushes_.front();
      flushes_.pop_front();
      step(machine, flushed);
      continue;
    }
    const Wire wire = wires_.front();
    wires_.pop_front();
    auto message = decode(wire.bytes);
    ASSERT_TRUE(message) << message.error().text;
    if (on_wire && !on_wire(wire.from, wire.to, *message)) continue;
    step(wire.to, Received{wire.link, *message, wire.bytes.size()});
  }
}

void World::pass(std::int64_t ms) {
  const std::int64_t end = now.mono_ms + ms;
  run();
  for (;;) {
    std::int64_t next = end;
    for (const auto& machine : machines_) {
      if (machine->peer && machine->wake_mono_ms != 0) next = std::min(next, machine->wake_mono_ms);
    }
    next = std::max(next, now.mono_ms + 1);
    if (next > end) break;
    now.wall_ms += next - now.mono_ms;
    now.mono_ms = next;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      Machine& m = *machines_[i];
      if (m.peer && m.wake_mono_ms != 0 && m.wake_mono_ms <= next) step(static_cast<int>(i), Tick{});
    }
    run();
  }
}

void World::flush(int machine, Flushed::How how) {
  Machine& m = at(machine);
  while (!m.unflushed.empty()) {
    const Persist persist = m.unflushed.front();
    m.unflushed.pop_front();
    if (how == Flushed::How::done || !persist.flush) write(m, persist);
    if (!persist.flush) continue;
    step(machine, Flushed{persist.token, how, how == Flushed::How::done ? 0 : 3000 + ++drawn_, "the disk is full"});
    return;
  }
}

const Answer* World::answer(int machine, const std::string& key) const {
  const Answer* last = nullptr;
  for (const Answer& answer : machines_[static_cast<std::size_t>(machine)]->answers) {
    if (answer.request_key == key) last = &answer;
  }
  return last;
}

bool World::alerted(int machine, const std::string& about) const {
  const auto& alerts = machines_[static_cast<std::size_t>(machine)]->alerts;
  return std::any_of(alerts.begin(), alerts.end(), [&about](const Alert& alert) { return alert.about == about; });
}

void World::expect_equal() {
  const Peer& first = *at(0).peer;
  Reference reference;
  for (const base::Hash& hash : first.newest_commits(1'000'000)) reference.add(first.commit(hash)->header, hash);
  EXPECT_EQ(reference.state().digest(), first.state().digest());
  for (const auto& machine : machines_) {
    EXPECT_EQ(machine->peer->vector(), first.vector()) << machine->host;
    EXPECT_EQ(machine->peer->state().digest(), first.state().digest()) << machine->host;
    EXPECT_TRUE(machine->peer->missing_values().empty()) << machine->host;
  }
}

}  // namespace postern::cluster
