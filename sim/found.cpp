#include "sim/found.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "cluster/fleet.h"
#include "sim/tuning.h"

namespace postern::sim {
namespace {

using Items = std::vector<cluster::LocalCommit::Item>;

void put(Items& items, cluster::Register reg, std::string value) {
  items.push_back({std::move(reg), cluster::WriteKind::put, std::move(value), {}});
}

std::unique_ptr<Machine> new_machine(std::size_t index, const base::ClusterId& cluster, Random& random) {
  auto machine = std::make_unique<Machine>();
  machine->index = index;
  machine->name = fmt::format("m{}", index);
  std::array<std::uint8_t, 32> seed{};
  for (std::uint8_t& byte : seed) byte = static_cast<std::uint8_t>(random.below(256));
  machine->self = {cluster, base::MemberId{random.uuid()}, base::signing_key(seed),
                   base::hash_bytes("settings of the simulator"), "sim"};
  return machine;
}

void admit(Items& items, const Machine& machine, const base::GroupId& group) {
  const base::MemberId& id = machine.self.member;
  const std::string host = fmt::format("{}.postern.test", machine.name);
  cluster::MemberIdentity identity;
  identity.serial = fmt::format("{:012X}-SIMULATOR000", machine.index);
  identity.signing_key = base::verify_key(machine.self.key);
  identity.host_key = identity.user_key = "ssh-ed25519 AAAA" + machine.name;
  put(items, cluster::member_register(id, "identity"), cluster::encode(identity));
  put(items, cluster::member_register(id, "name"), host);
  put(items, cluster::member_register(id, "addresses"), cluster::encode(cluster::MemberAddresses{host, 22, 0}));
  put(items, cluster::member_register(id, "group"), cluster::encode_group(group));
}

Items founding_items(const std::vector<std::unique_ptr<Machine>>& machines, Random& random) {
  Items items;
  const base::ClusterId cluster = machines.front()->self.cluster;
  const base::GroupId group{random.uuid()};
  const base::UserId admin{random.uuid()};
  put(items, cluster::cluster_name_register(cluster), "Simulated");
  put(items, cluster::group_name_register(group), "Main_Group");
  put(items, cluster::user_register(admin, "identity"), "admin");
  put(items, cluster::user_register(admin, "role"), cluster::encode_role(cluster::Role::administrator));
  for (const auto& machine : machines) admit(items, *machine, group);
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.reg < b.reg; });
  return items;
}

}  // namespace

std::vector<std::unique_ptr<Machine>> found_cluster(std::size_t count, Random& random, Ledger& ledger) {
  const base::ClusterId cluster{random.uuid()};
  std::vector<std::unique_ptr<Machine>> machines;
  for (std::size_t i = 0; i < count; ++i) machines.push_back(new_machine(i, cluster, random));

  base::Instant now = machines.front()->clock.read(0);
  auto founder = cluster::Peer::restore(machines.front()->self, tuning(), {}, random.next(), random.next(), now);
  POSTERN_ASSERT(founder.has_value());
  cluster::LocalCommit commit;
  commit.request_key = "founding";
  commit.author_name = "setup";
  commit.items = founding_items(machines, random);
  cluster::Effects effects = (*founder)->step(commit, now);
  for (int i = 0; i < 10 && !effects.persist; ++i) {  // it may wait for peers that are not there
    now.mono_ms += tuning().start_wait_ms;
    effects = (*founder)->step(cluster::Tick{}, now);
  }
  POSTERN_ASSERT(effects.persist && effects.persist->commits.size() == 1);

  const cluster::Envelope& envelope = effects.persist->commits.front().envelope;
  const auto header = cluster::decode_header(envelope.header);
  POSTERN_ASSERT(header.has_value());
  POSTERN_ASSERT(ledger.enter(envelope, *header, 0, 0) != nullptr);
  for (const auto& machine : machines) machine->disk.install(*effects.persist);
  return machines;
}

}  // namespace postern::sim
