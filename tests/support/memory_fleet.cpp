#include "support/memory_fleet.h"

#include <boost/json.hpp>

#include "base/assert.h"
#include "protocol/wire.h"
#include "support/memory_setup.h"

namespace postern::support {

using base::ErrorCode;
using base::fail;

namespace {

constexpr std::uint16_t ssh_port = 2200;

machine::Terms setup_of() {
  machine::Terms setup;
  setup.version = "0.1.0";
  setup.facts.instance_dir = "/var/lib/postern/mta";
  setup.dial_back_ms = 1'000;
  return setup;
}

/// A desk client that makes the fleet's time pass while it waits.
class MemoryClient final : public protocol::Client {
 public:
  MemoryClient(MemoryFleet& fleet, std::string host_name, desk::Who who)
      : fleet_(fleet), host_name_(std::move(host_name)), who_(std::move(who)) {
    open();
  }
  ~MemoryClient() override {
    if (open_) fleet_.desk(host_name_).close_session(session_);
  }

  protocol::Reply<protocol::Json> call(std::string_view method, protocol::JsonObject params) override {
    const auto id = next_++;
    const protocol::JsonObject request{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
    answer_.reset();
    if (!open_) return protocol::Refusal{fail(ErrorCode::unreachable, "The session has ended."), nullptr};
    if (at_ != &fleet_.desk(host_name_) && who_.user.is_nil()) open();  // the console moves on with its machine
    fleet_.desk(host_name_).receive(session_, boost::json::serialize(request));
    fleet_.run_until([&] { return answer_ && answer_->at("id") == id; }, 120'000);
    if (!answer_) return protocol::Refusal{fail(ErrorCode::unreachable, "The desk did not answer."), nullptr};
    if (const auto* error = answer_->if_contains("error")) return refusal(error->as_object());
    return answer_->at("result");
  }

 private:
  void open() {
    open_ = true;
    at_ = &fleet_.desk(host_name_);
    session_ = at_->open_session(
        who_, [this](const std::string& line) { take(line); }, [this] { open_ = false; });
  }

  void take(const std::string& line) {
    auto message = boost::json::parse(line).as_object();
    if (!message.contains("id")) {
      if (on_notice) on_notice(message["method"].as_string(), message["params"].as_object());
      return;
    }
    answer_ = std::move(message);
  }

  static protocol::Refusal refusal(const protocol::JsonObject& error) {
    protocol::Refusal out;
    out.data = error.contains("data") ? error.at("data") : nullptr;
    out.error.text = std::string(error.at("message").as_string());
    out.error.code = ErrorCode::internal;
    if (const auto* data = out.data.if_object()) {
      if (data->contains("name")) out.error.code = base::error_code(std::string(data->at("name").as_string()));
      if (data->contains("where")) out.error.where = std::string(data->at("where").as_string());
    }
    return out;
  }

  MemoryFleet& fleet_;
  std::string host_name_;
  desk::Who who_;
  desk::AnyDesk* at_ = nullptr;
  desk::SessionId session_ = 0;
  bool open_ = false;
  std::int64_t next_ = 1;
  std::optional<protocol::JsonObject> answer_;
};

}  // namespace

MemoryFleet::MemoryFleet(const schema::Schema& schema) : schema_(schema) {}

MemoryFleet::~MemoryFleet() {
  for (auto& [host, world] : worlds_) world->machine.reset();
}

machine::Machine& MemoryFleet::add(const std::string& host_name, const std::string& address) {
  auto world = std::make_unique<MemoryWorld>(*this, host_name, address, "");
  machine::Birth birth;
  birth.host_name = host_name;
  birth.address = address + "/8";
  birth.ssh_port = ssh_port;
  birth.https_port = 8443;
  birth.public_port = 2525;
  birth.private_port = 2526;
  birth.relay = {"127.0.0.0/8"};
  birth.passphrase_hash = "plain:" + std::string(passphrase);
  auto& born = *world;
  worlds_[host_name] = std::move(world);
  return bear(born, birth);
}

machine::Machine& MemoryFleet::bear(MemoryWorld& world, const machine::Birth& birth) {
  const machine::BirthKeys keys{"host-private", "ssh-ed25519 host-" + birth.host_name, "user-private",
                                "ssh-ed25519 user-" + birth.host_name};
  auto batch = machine::give_birth(
      birth, keys, schema_, [&](std::size_t count) { return world.random_bytes(count); }, now_);
  if (!batch) std::fprintf(stderr, "birth: %s\n", to_text(batch.error()).c_str());
  POSTERN_ASSERT(batch.has_value());
  world.apply_batch(*batch);
  restart(world.host_name_);
  return *world.machine;
}

void MemoryFleet::add_unset(const std::string& host_name, const std::string& address) {
  auto& world = worlds_[host_name];
  world = std::make_unique<MemoryWorld>(*this, host_name, address, "");
  world->unset = std::make_unique<MemorySetup>(*this, *world);
}

void MemorySetup::set_up(const desk::NewMachine& machine, const std::string& secret,
                         std::function<void(base::Result<std::string>)> answer) {
  const auto& born = fleet_.bear(world_, {machine, "plain:" + secret});
  answer(born.identity().serial);
}

desk::AnyDesk& MemoryFleet::desk(const std::string& host_name) {
  auto& world = *worlds_.at(host_name);
  if (world.machine != nullptr) return world.machine->desk();
  POSTERN_ASSERT(world.unset != nullptr);
  return world.unset->desk();
}

machine::Machine& MemoryFleet::machine(const std::string& host_name) {
  const auto& world = worlds_.at(host_name);
  POSTERN_ASSERT(world->machine != nullptr);
  return *world->machine;
}

MemoryWorld& MemoryFleet::world(const std::string& host_name) { return *worlds_.at(host_name); }

void MemoryFleet::kill(const std::string& host_name) {
  auto& world = *worlds_.at(host_name);
  ++world.epoch;
  std::vector<transport::ConnectionId> mine;
  for (const auto& [id, wire] : wires_)
    if (wire.ends[0] == &world || wire.ends[1] == &world) mine.push_back(id);
  world.machine.reset();
  world.disk_waits.clear();
  world.setup = {};
  for (const auto id : mine) close_wire(id, "the other end was killed");
}

void MemoryFleet::restart(const std::string& host_name) {
  auto& world = *worlds_.at(host_name);
  auto made = machine::Machine::start(world, schema_, setup_of(), world.contents);
  if (!made) std::fprintf(stderr, "start: %s\n", to_text(made.error()).c_str());
  POSTERN_ASSERT(made.has_value());
  world.machine = std::move(*made);
}

void MemoryFleet::cut(const std::string& a, const std::string& b, bool is_cut) {
  const auto pair = std::minmax(a, b);
  if (!is_cut) {
    cuts_.erase({pair.first, pair.second});
  } else {
    cuts_.insert({pair.first, pair.second});
    for (const auto& [id, wire] : std::map(wires_))
      if (std::minmax(wire.ends[0]->host_name_, wire.ends[1]->host_name_) == pair) close_wire(id, "cut");
  }
}

std::unique_ptr<protocol::Client> MemoryFleet::client(const std::string& host_name) {
  if (world(host_name).machine == nullptr)
    return std::make_unique<MemoryClient>(*this, host_name,
                                          desk::Who{{}, "console", cluster::Role::administrator, "console", true});
  const auto* user = machine(host_name).peer().fleet().user_by_name("admin");
  POSTERN_ASSERT(user != nullptr);
  return std::make_unique<MemoryClient>(*this, host_name, desk::Who{user->id, "admin", user->role, "ssh 127.0.0.1:50000", true});
}

void MemoryFleet::at(std::int64_t delay_ms, std::function<void()> what) {
  due_.push({now_.mono_ms + delay_ms, ++order_, std::move(what)});
}

bool MemoryFleet::step_once(std::int64_t limit_mono_ms) {
  if (due_.empty() || due_.top().mono_ms > limit_mono_ms) return false;
  const Due next = due_.top();
  due_.pop();
  const auto passed = std::max<std::int64_t>(0, next.mono_ms - now_.mono_ms);
  now_.mono_ms += passed;
  now_.wall_ms += passed;
  next.what();
  return true;
}

bool MemoryFleet::run_until(const std::function<bool()>& reached, std::int64_t limit_ms) {
  const auto limit = now_.mono_ms + limit_ms;
  while (!reached())
    if (!step_once(limit)) return reached();
  return true;
}

void MemoryFleet::run_for(std::int64_t ms) {
  const auto limit = now_.mono_ms + ms;
  while (step_once(limit)) {
  }
  now_.wall_ms += limit - now_.mono_ms;
  now_.mono_ms = limit;
}

MemoryWorld* MemoryFleet::listening(const std::string& host, std::uint16_t port) {
  for (const auto& [name, world] : worlds_) {
    if (world->machine == nullptr || (name != host && world->address_ != host)) continue;
    for (const auto& open : world->setup.ports)
      if (open.port == port) return world.get();
  }
  return nullptr;
}

void MemoryFleet::connect_targets(MemoryWorld& from) {
  if (from.machine == nullptr) return;
  bool retry = false;
  for (const auto& target : transport::Setup(from.setup).targets) {
    bool connected = false;
    for (const auto& [id, wire] : wires_)
      connected |= wire.up && !wire.join && wire.ends[0] == &from && wire.host_key == target.pinned_key;
    if (connected) continue;
    auto* other = listening(target.host, target.port);
    const auto pair = std::minmax(from.host_name_, target.host);
    if (other == nullptr || cuts_.contains({pair.first, pair.second}) ||
        other->machine->identity().host_public != target.pinned_key) {
      retry = true;
      continue;
    }
    const auto id = next_connection_++;
    wires_[id] = {{&from, other}, false, true, target.pinned_key, {}};
    const auto user_key = from.machine->identity().user_public;
    at(1, [this, id, user_key] {
      const auto found = wires_.find(id);
      if (found == wires_.end() || !found->second.up) return;
      const Wire wire = found->second;
      if (wire.ends[1]->machine != nullptr) wire.ends[1]->machine->link_up(id, user_key, false);
      if (wire.ends[0]->machine != nullptr) wire.ends[0]->machine->link_up(id, wire.host_key, true);
    });
  }
  if (retry) from.after(500, [this, &from] { connect_targets(from); });
}

void MemoryFleet::close_wire(transport::ConnectionId connection, const std::string& reason) {
  const auto found = wires_.find(connection);
  if (found == wires_.end()) return;
  const Wire wire = found->second;
  wires_.erase(found);
  for (auto* end : wire.ends) {
    if (end == nullptr || end->machine == nullptr) continue;
    if (wire.join)
      end->machine->join_closed(connection, reason);
    else
      end->machine->link_down(connection);
  }
  if (!wire.join) at(500, [this, from = wire.ends[0]] { connect_targets(*from); });
}

}  // namespace postern::support
