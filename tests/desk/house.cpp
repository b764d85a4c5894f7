#include "house.h"

namespace postern::desk {

void FakeHouse::found(const Plan& plan) {
  base::crypto_start();
  cluster::Self self;
  self.cluster = cluster_id;
  self.member = member_id(1);
  self.key = signing_key(1);
  self.settings_version = loaded_schema().settings_version();
  self.package_version = "0.1.0";
  cluster::Tuning tuning;
  tuning.start_wait_ms = 0;
  tuning.answer_wait_ms = 0;
  auto peer = cluster::Peer::restore(self, tuning, {}, 11, 22, clock);
  ASSERT_TRUE(peer.has_value()) << base::to_text(peer.error());
  peer_ = std::move(*peer);
  std::vector<cluster::LocalCommit::Item> items;
  const auto put = [&](const cluster::Register& reg, std::string value) {
    items.push_back({reg, cluster::WriteKind::put, std::move(value), {}});
  };
  if (!plan.cluster.empty()) put(cluster::cluster_name_register(cluster_id), plan.cluster);
  for (std::size_t i = 0; i < plan.groups.size(); ++i)
    put(cluster::group_name_register(group_id(static_cast<unsigned char>(i + 1))), plan.groups[i]);
  for (std::size_t i = 0; i < plan.hosts.size(); ++i) {
    const auto number = static_cast<unsigned char>(i + 1);
    put(cluster::member_register(member_id(number), "identity"), cluster::encode(identity_of(number)));
    put(cluster::member_register(member_id(number), "name"), plan.hosts[i].first);
    put(cluster::member_register(member_id(number), "addresses"),
        cluster::encode(cluster::MemberAddresses{plan.hosts[i].first, 22, 0}));
    put(cluster::member_register(member_id(number), "group"),
        cluster::encode_group(group_id(static_cast<unsigned char>(plan.hosts[i].second + 1))));
  }
  const std::pair<const char*, cluster::Role> users[] = {
      {"admin", cluster::Role::administrator}, {"bob", cluster::Role::operator_}, {"gina", cluster::Role::guest}};
  unsigned char number = 0;
  for (const auto& [name, role] : users) {
    const base::UserId id = user_id(++number);
    put(cluster::user_register(id, "identity"), name);
    put(cluster::user_register(id, "role"), cluster::encode_role(role));
    put(cluster::user_register(id, "passphrase"), std::string("hash of ") + name + "-secret");
  }
  elsewhere(std::move(items), "founder");
}

std::vector<std::string> texts(const json::value& array) {
  std::vector<std::string> out;
  if (!array.is_array()) {
    ADD_FAILURE() << "not an array: " << json::serialize(array);
    return out;
  }
  for (const json::value& item : array.get_array()) out.emplace_back(item.as_string());
  return out;
}

std::string with(const json::value& array, std::string_view part) {
  for (const std::string& text : texts(array))
    if (text.find(part) != std::string::npos) return text;
  return {};
}

}  // namespace postern::desk
