#include <algorithm>
#include <cstring>

#include "support/memory_fleet.h"
#include "support/memory_setup.h"

namespace postern::support {

using base::ErrorCode;
using base::fail;
using base::Result;

MemoryWorld::MemoryWorld(MemoryFleet& fleet, std::string host_name, std::string address, std::string serial)
    : host_name_(std::move(host_name)), address_(std::move(address)), serial_(std::move(serial)), fleet_(fleet) {}

MemoryWorld::~MemoryWorld() = default;

/// splitmix64, so that a run can be repeated.
std::string MemoryWorld::random_bytes(std::size_t count) {
  std::string out;
  while (out.size() < count) {
    std::uint64_t z = fleet_.random_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    z ^= z >> 31;
    char bytes[8];
    std::memcpy(bytes, &z, 8);
    out.append(bytes, 8);
  }
  out.resize(count);
  return out;
}

void MemoryWorld::after(std::int64_t ms, std::function<void()> what) {
  fleet_.at(ms, [this, born = epoch, what = std::move(what)] {
    if (born == epoch) what();
  });
}

void MemoryWorld::log(std::string_view level, std::string_view text) {
  lines.push_back(std::string(level) + ": " + std::string(text));
}

void MemoryWorld::apply_batch(const store::Batch& batch) {
  for (const auto& commit : batch.persist.commits) contents.commits.push_back(commit);
  for (const auto& [hash, bytes] : batch.persist.values) blobs[hash] = bytes;
  for (const auto& hash : batch.persist.promote)
    for (auto& commit : contents.commits)
      if (commit.envelope.id() == hash) commit.staged = false;
  for (const auto& hash : batch.persist.drop)
    std::erase_if(contents.commits, [&](const auto& commit) { return commit.envelope.id() == hash; });
  if (!batch.persist.retire.empty()) contents.pending.erase(batch.persist.retire);
  const auto merge = [](auto& into, const auto& from) {
    for (const auto& [key, bytes] : from)
      if (bytes)
        into[key] = *bytes;
      else
        into.erase(key);
  };
  if (!batch.notes.empty()) notes_flushed = batch.persist.flush;
  merge(contents.notes, batch.notes);
  merge(contents.pending, batch.pending);
  merge(contents.in_use, batch.in_use);
}

void MemoryWorld::at_disk(std::function<void()> work) {
  after(1, [this, work = std::move(work)] {
    if (disk_stands_still)
      disk_waits.push_back(work);
    else
      work();
  });
}

void MemoryWorld::disk_goes_on() {
  disk_stands_still = false;
  for (const auto& work : std::exchange(disk_waits, {})) after(1, work);
}

void MemoryWorld::write(store::Batch batch, store::Writer::Done done) {
  at_disk([this, batch = std::move(batch), done = std::move(done)] {
    refused_write = disk_is_full ? "The disk is full." : "";
    if (disk_is_full) return done(base::fail(base::ErrorCode::io, refused_write), false);
    apply_batch(batch);
    done({}, false);
  });
}

void MemoryWorld::replace_all(store::Batch next, std::function<void(Result<void>)> done) {
  if (before_replacing) before_replacing();
  at_disk([this, next = std::move(next), done = std::move(done)] {
    contents.commits.clear();
    contents.damaged.clear();
    contents.pending.clear();
    contents.in_use.clear();  // notes stay, as in the store
    blobs.clear();
    apply_batch(next);
    done({});
  });
}

void MemoryWorld::read_commits(std::vector<base::Hash> hashes, std::size_t max_bytes, std::function<void(Result<Items>)> done) {
  Items out;
  std::size_t bytes = 0;
  for (const base::Hash& hash : hashes) {
    const auto found = std::find_if(contents.commits.begin(), contents.commits.end(),
                                    [&](const auto& commit) { return commit.envelope.id() == hash; });
    if (found == contents.commits.end() || found->staged || bytes >= max_bytes) break;
    cluster::Ship::Item item{found->envelope, {}, false};
    const cluster::Header header = *cluster::decode_header(item.envelope.header);
    for (const auto& write : header.writes)
      if (!write.value.is_nil()) item.values.push_back(blobs.at(write.value));
    bytes += item.envelope.header.size();
    for (const auto& one : item.values) bytes += one.size();
    if (!out.empty() && bytes > max_bytes) break;
    out.push_back(std::move(item));
  }
  at_disk([out = std::move(out), done = std::move(done)] { done(out); });
}

void MemoryWorld::values(std::vector<base::Hash> hashes, std::function<void(cluster::Values)> done) {
  at_disk([this, hashes = std::move(hashes), done = std::move(done)] {
    cluster::Values out;
    for (const auto& hash : hashes)
      if (const auto found = blobs.find(hash); found != blobs.end()) out.insert(*found);
    done(std::move(out));
  });
}

Result<std::string> MemoryWorld::value(const base::Hash& hash) {
  const auto found = blobs.find(hash);
  if (found == blobs.end()) return fail(ErrorCode::damaged, "A value is missing.");
  return found->second;
}

Result<void> MemoryWorld::set_up(const transport::Setup& next) {
  if (!set_up_fails.empty()) return fail(ErrorCode::io, set_up_fails);
  setup = next;
  after(1, [this] { fleet_.connect_targets(*this); });
  return {};
}

void MemoryWorld::join_dial(std::string host, std::uint16_t port,
                            std::function<void(Result<transport::Transport::Fetched>)> done) {
  after(1, [this, host = std::move(host), port, done = std::move(done)] {
    auto* other = fleet_.listening(host, port);
    if (other == nullptr)
      return done(fail(ErrorCode::unreachable, "Nothing answers at " + host + " port " + std::to_string(port) + "."));
    const auto connection = fleet_.next_connection_++;
    fleet_.wires_[connection] = {{this, other}, true, true, other->machine->identity().host_public, {}};
    bool ccs = true;
    for (const auto& open : other->setup.ports)
      if (open.port == port) ccs = !open.admin_logins;
    done(transport::Transport::Fetched{connection, other->machine->identity().host_public, ccs});
  });
}

void MemoryWorld::join_login(transport::ConnectionId connection, std::string user, std::string secret,
                             std::function<void(Result<void>)> done) {
  after(1, [this, connection, user = std::move(user), secret = std::move(secret), done = std::move(done)] {
    const auto found = fleet_.wires_.find(connection);
    if (found == fleet_.wires_.end()) return done(fail(ErrorCode::unreachable, "The connection has ended."));
    auto* other = found->second.ends[1];
    transport::LoginAsked login;
    login.connection = connection;
    login.user = user;
    login.password = secret;
    login.source = address_ + ":50000";
    other->machine->admit(login, [connection, user, done, other](const machine::Machine::Admission& admission) {
      if (admission.verdict != transport::Verdict::administrator)
        return done(fail(ErrorCode::denied, "The passphrase is not right for " + user + " in that cluster."));
      other->machine->join_open(connection, user);
      done({});
    });
  });
}

std::vector<transport::DialState> MemoryWorld::dial_states() {
  std::vector<transport::DialState> out;
  for (const auto& target : setup.targets) {
    transport::DialState state;
    state.name = target.name;
    for (const auto& [id, wire] : fleet_.wires_)
      state.connected |= wire.up && wire.ends[0] == this && wire.host_key == target.pinned_key;
    if (!state.connected) state.last_error = "no answer";
    out.push_back(state);
  }
  return out;
}

void MemoryWorld::resolve(std::string host, std::function<void(transport::Transport::Resolution)> done) {
  ++resolved;
  transport::Transport::Resolution out;
  out.host = host;
  const auto found = fleet_.worlds_.find(host);
  if (found == fleet_.worlds_.end()) {
    out.problem = host + " does not resolve";
  } else {
    out.addresses = {found->second->address_};
    out.reverse = host;
  }
  after(1, [out, done = std::move(done)] { done(out); });
}

/// The fleet's machines have addresses and are their own exchangers; nobody has anything else.
void MemoryWorld::look_up(base::DnsQuestion question, std::function<void(base::DnsAnswer)> done) {
  const auto& [name, type, asker] = question;
  (void)asker;
  base::DnsAnswer out;
  const auto found = fleet_.worlds_.find(name);
  if (found == fleet_.worlds_.end()) {
    out.outcome = base::DnsAnswer::Outcome::none;
    out.problem = "There is no " + name + ".";
  } else if (type == "MX") {
    out.outcome = base::DnsAnswer::Outcome::found;
    out.records = {{name, type, 3'600, 10, name}};
  } else if (type != "A") {
    out.outcome = base::DnsAnswer::Outcome::none;
    out.problem = name + " has no " + type + " record.";
  } else {
    out.outcome = base::DnsAnswer::Outcome::found;
    out.records = {{name, type, 3'600, 0, found->second->address_}};
  }
  after(1, [out, done = std::move(done)] { done(out); });
}

Result<transport::Fingerprints> MemoryWorld::fingerprints(std::string_view public_line) {
  const auto hash = to_text(base::hash_bytes(public_line));
  return transport::Fingerprints{"SHA256:" + hash.substr(0, 43), "MD5:" + hash.substr(0, 2) + ":" + hash.substr(2, 2)};
}

void MemoryWorld::apply(gateway::Plan next, applier::Applier::Done done) {
  after(apply_ms, [this, next = std::move(next), done = std::move(done)] {
    applier::Outcome outcome;
    ++applies;
    outcome.running = true;
    outcome.not_proved = not_proved;
    if (applies_fail) {
      outcome.generation = generation;
      outcome.result = fail(ErrorCode::invalid, "The mail engine refused the settings.");
      return done(std::move(outcome));
    }
    plan = next;
    outcome.generation = ++generation;
    done(std::move(outcome));
  });
}

void MemoryWorld::hash_passphrase(std::string secret, std::function<void(std::string)> done) {
  after(1, [secret = std::move(secret), done = std::move(done)] { done("plain:" + secret); });
}

void MemoryWorld::check_passphrase(std::string hash_text, std::string secret, std::function<void(bool)> done) {
  after(1, [hash_text = std::move(hash_text), secret = std::move(secret), done = std::move(done)] {
    done(hash_text == "plain:" + secret);
  });
}

void MemoryWorld::stats(std::function<void(Stats)> done) {
  at_disk([this, done = std::move(done)] { done({{"store.flushes", 0}, {"applier.applies", generation}}); });
}

}  // namespace postern::support
