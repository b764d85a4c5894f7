#include "cluster/founding.h"

namespace postern::cluster {
namespace {

LocalCommit::Item put(Register reg, std::string value) { return {std::move(reg), WriteKind::put, std::move(value), {}}; }

void append(std::vector<LocalCommit::Item>& to, std::vector<LocalCommit::Item> more) {
  for (LocalCommit::Item& item : more) to.push_back(std::move(item));
}

}  // namespace

LocalCommit founding_commit(const Founding& what, const std::string& request_key) {
  LocalCommit commit;
  commit.request_key = request_key;
  commit.author = what.admin;
  commit.author_name = first_user_name;
  commit.comment = "First start";
  commit.items.push_back(put(group_name_register(what.group), first_group_name));
  append(commit.items, admission_items({what.member, what.host_name, what.identity, what.addresses, what.group}));
  append(commit.items, user_items({what.admin, first_user_name, Role::administrator, what.passphrase}));
  append(commit.items, what.settings);
  return commit;
}

std::vector<LocalCommit::Item> admission_items(const Admission& what) {
  return {put(member_register(what.member, "identity"), encode(what.identity)),
          put(member_register(what.member, "name"), what.host_name),
          put(member_register(what.member, "addresses"), encode(what.addresses)),
          put(member_register(what.member, "group"), encode_group(what.group))};
}

std::vector<LocalCommit::Item> user_items(const NewUser& what) {
  std::vector<LocalCommit::Item> items = {put(user_register(what.id, "identity"), what.name),
                                          put(user_register(what.id, "role"), encode_role(what.role))};
  if (!what.passphrase.empty()) items.push_back(put(user_register(what.id, "passphrase"), what.passphrase));
  return items;
}

LocalCommit::Item item_over(const State& state, const Register& reg, WriteKind kind, std::string value) {
  const RegisterState* found = state.find(reg);
  return {reg, kind, std::move(value), found == nullptr ? std::vector<Dot>() : found->base()};
}

}  // namespace postern::cluster
