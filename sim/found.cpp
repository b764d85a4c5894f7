#include "sim/found.h"

#include <fmt/format.h>

#include <utility>

#include "base/assert.h"
#include "cluster/founding.h"
#include "sim/tuning.h"

namespace postern::sim {
namespace {

cluster::MemberIdentity identity_of(const Machine& machine, const base::Uuid& drawn) {
  cluster::MemberIdentity identity;
  identity.serial = fmt::format("{:012X}-SIMULATOR000", machine.index);
  identity.signing_key = base::verify_key(machine.self.key);
  identity.host_key = identity.user_key = "ssh-ed25519 AAAA" + machine.name;
  identity.drawn = drawn;
  return identity;
}

std::unique_ptr<Machine> new_machine(std::size_t index, const base::ClusterId& cluster, Random& random) {
  auto machine = std::make_unique<Machine>();
  machine->index = index;
  machine->name = fmt::format("m{}", index);
  std::array<std::uint8_t, 32> seed{};
  for (std::uint8_t& byte : seed) byte = static_cast<std::uint8_t>(random.below(256));
  machine->self = {cluster, {}, base::signing_key(seed), base::hash_bytes("settings of the simulator"), "sim"};
  machine->identity = identity_of(*machine, random.uuid());
  machine->self.member = cluster::member_of(machine->identity);
  return machine;
}

std::string host_of(const Machine& machine) { return machine.name + ".postern.test"; }

cluster::LocalCommit founding(const Machine& first, Random& random) {
  cluster::Founding founding;
  founding.cluster = first.self.cluster;
  founding.member = first.self.member;
  founding.group = base::GroupId{random.uuid()};
  founding.admin = base::UserId{random.uuid()};
  founding.host_name = host_of(first);
  founding.identity = first.identity;
  founding.addresses = {host_of(first), 22, 0};
  founding.settings = {{cluster::cluster_name_register(first.self.cluster), cluster::WriteKind::put, "Simulated", {}}};
  return cluster::founding_commit(founding, "founding");
}

cluster::LocalCommit admission(const Machine& joiner, const base::GroupId& group) {
  cluster::LocalCommit commit;
  commit.request_key = "join " + joiner.name;
  commit.author_name = "setup";
  commit.items =
      cluster::admission_items({joiner.self.member, host_of(joiner), joiner.identity, {host_of(joiner), 22, 0}, group});
  return commit;
}

/// Commits at once, with a disk that never fails.
cluster::Persist carry_out(cluster::Peer& founder, cluster::LocalCommit commit, base::Instant& now) {
  commit.wait = false;
  cluster::Effects effects = founder.step(commit, now);
  for (int i = 0; i < 10 && !effects.persist; ++i) {  // it may wait for peers that are not there
    now.mono_ms += tuning().start_wait_ms;
    effects = founder.step(cluster::Tick{}, now);
  }
  POSTERN_ASSERT(effects.persist && effects.persist->commits.size() == 1);
  cluster::Persist persist = std::move(*effects.persist);
  (void)founder.step(cluster::Flushed{persist.token, How::done, 0, ""}, now);
  return persist;
}

}  // namespace

std::vector<std::unique_ptr<Machine>> found_cluster(std::size_t count, Random& random, Ledger& ledger) {
  const base::ClusterId cluster{random.uuid()};
  std::vector<std::unique_ptr<Machine>> machines;
  for (std::size_t i = 0; i < count; ++i) machines.push_back(new_machine(i, cluster, random));

  Machine& first = *machines.front();
  base::Instant now = first.clock.read(0);
  const std::uint64_t nonce = random.next();
  auto founder = cluster::Peer::restore(first.self, tuning(), {}, nonce, random.next(), now);
  POSTERN_ASSERT(founder.has_value());
  for (std::size_t i = 0; i < count; ++i) {
    const cluster::Persist persist = carry_out(
        **founder, i == 0 ? founding(first, random) : admission(*machines[i], (*founder)->fleet().groups.front().id), now);
    const cluster::Envelope& envelope = persist.commits.front().envelope;
    const auto header = cluster::decode_header(envelope.header);
    POSTERN_ASSERT(header.has_value());
    POSTERN_ASSERT(ledger.enter(envelope, *header, 0, 0) != nullptr);
    for (const auto& machine : machines) machine->disk.install(persist);
  }
  return machines;
}

}  // namespace postern::sim
