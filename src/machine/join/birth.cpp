#include "machine/join/birth.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/founding.h"
#include "cluster/peer.h"
#include "model/edit.h"

namespace postern::machine {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;
using model::Edit;

/// Edits of one feature's empty settings, as canonical text.
Result<std::string> settings(const schema::Schema& schema, const std::string& feature,
                             const std::vector<std::pair<std::string, std::string>>& leaves) {
  auto tree = schema.parse(feature, schema.feature(feature)->factory);
  if (!tree) return tree.error();
  std::vector<Edit> edits;
  for (const auto& [path, value] : leaves) {
    auto parsed = model::parse_path(path);
    if (!parsed) return parsed.error();
    const bool list_value = path.ends_with("/sender") || path == "server";
    edits.push_back({list_value ? Edit::Op::insert : Edit::Op::set, std::move(*parsed), value, {}});
  }
  auto edited = model::apply(*tree, edits, schema.shapes(feature));
  if (!edited) return edited.error();
  auto canonical = schema.canonical(feature, *edited);
  if (!canonical) return canonical.error();
  return schema.print(feature, *canonical);
}

Result<std::string> interfaces(const Birth& birth, const schema::Schema& schema) {
  const auto at = fmt::format("interface['{}']", birth.interface_name);
  return settings(schema, "interfaces",
                  {{at + "/address", birth.address},
                   {at + "/host-name", birth.host_name},
                   {at + "/ssh/enabled", "true"},
                   {at + "/ssh/port", std::to_string(birth.ssh_port)},
                   {at + "/ccs/enabled", "false"},
                   {at + "/https/enabled", "true"},
                   {at + "/https/port", std::to_string(birth.https_port)}});
}

Result<std::string> listeners(const Birth& birth, const schema::Schema& schema) {
  std::vector<std::pair<std::string, std::string>> leaves;
  const auto listener = [&](const std::string& name, const std::string& type, std::uint16_t port) {
    const auto at = fmt::format("listener['{}']", name);
    leaves.emplace_back(at + "/type", type);
    leaves.emplace_back(at + "/interface", birth.interface_name);
    leaves.emplace_back(at + "/port", std::to_string(port));
    return at;
  };
  if (birth.public_port != 0) listener("IncomingMail", "public", birth.public_port);
  if (birth.private_port != 0) {
    const auto group = listener("OutgoingMail", "private", birth.private_port) + "/hat['RELAYLIST']";
    leaves.emplace_back(group + "/action", "relay");
    for (const auto& who : birth.relay) leaves.emplace_back(group + "/sender", who);
  }
  return settings(schema, "listeners", leaves);
}

Result<std::string> dns(const Birth& birth, const schema::Schema& schema) {
  std::vector<std::pair<std::string, std::string>> leaves{{"source", "servers"}};
  for (const auto& server : birth.dns_servers) leaves.emplace_back("server", server);
  return settings(schema, "dns", leaves);
}

using Items = std::vector<cluster::LocalCommit::Item>;

void put(Items& items, cluster::Register reg, std::string value) {
  items.push_back({std::move(reg), cluster::WriteKind::put, std::move(value), {}});
}

Result<void> add_settings(Items& items, const Birth& birth, const schema::Schema& schema, const base::MemberId& member) {
  const base::Mode own{base::Level::machine, member.uuid};
  std::vector<std::pair<std::string, Result<std::string>>> made;
  made.emplace_back("interfaces", interfaces(birth, schema));
  if (birth.public_port != 0 || birth.private_port != 0) made.emplace_back("listeners", listeners(birth, schema));
  if (!birth.dns_servers.empty()) made.emplace_back("dns", dns(birth, schema));
  for (auto& [feature, text] : made) {
    if (!text) return text.error();
    put(items, cluster::settings_register(own, feature), std::move(*text));
  }
  return {};
}

Identity draw_identity(const BirthKeys& keys, const std::function<std::string(std::size_t)>& random) {
  Identity out;
  out.cluster.uuid = make_uuid(random(16));
  out.serial = make_serial(random(16));
  const auto drawn = random(32);
  std::array<std::uint8_t, 32> seed{};
  std::copy(drawn.begin(), drawn.end(), seed.begin());
  out.signing = base::signing_key(seed);
  out.host_private = keys.host_private;
  out.host_public = keys.host_public;
  out.user_private = keys.user_private;
  out.user_public = keys.user_public;
  return out;
}

}  // namespace

Result<store::Batch> give_birth(const Birth& birth, const BirthKeys& keys, const schema::Schema& schema,
                                const std::function<std::string(std::size_t)>& random, base::Instant now) {
  Identity identity = draw_identity(keys, random);
  const auto record = identity.record(make_uuid(random(16)));
  identity.member = cluster::member_of(record);
  cluster::Founding founding;
  founding.cluster = identity.cluster;
  founding.member = identity.member;
  founding.group.uuid = make_uuid(random(16));
  founding.admin.uuid = make_uuid(random(16));
  founding.host_name = birth.host_name;
  founding.identity = record;
  founding.addresses = {birth.host_name, birth.ssh_port, 0};
  founding.passphrase = birth.passphrase_hash;
  auto added = add_settings(founding.settings, birth, schema, identity.member);
  if (!added) return added.error();

  cluster::Tuning tuning;
  tuning.start_wait_ms = 0;
  const cluster::Self self{identity.cluster, identity.member, identity.signing, schema.settings_version(), {}};
  auto peer = cluster::Peer::restore(self, tuning, {}, make_number(random(8)), make_number(random(8)), now);
  if (!peer) return peer.error();
  auto effects = (*peer)->step(cluster::founding_commit(founding, base::to_hex(random(16))), now);
  if (!effects.persist)
    return fail(ErrorCode::internal,
                "The founding commit was not made: " +
                    (effects.answers.empty() ? std::string("no reason was given.") : effects.answers.front().reason));
  store::Batch out;
  out.persist = std::move(*effects.persist);
  out.notes = to_notes(identity);
  if (!birth.bind_address.empty()) out.notes[std::string(note_bind_address)] = birth.bind_address;
  return out;
}

}  // namespace postern::machine
