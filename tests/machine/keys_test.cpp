#include "machine/fleets.h"

#include "cluster/founding.h"

/// Whoever admits a machine writes down its keys, and may write down somebody else's.
namespace postern::machine::test {
namespace {

class WrittenKeys : public Fleets {
 protected:
  /// A machine admits a thing that nobody runs, under keys that others have, first in every listing.
  void admit(const std::string& by, const std::string& host_key, const std::string& user_key) {
    cluster::Admission made;
    made.host_name = "a.example.com";
    made.identity.serial = "SERIAL-A";
    made.identity.signing_key = base::verify_key(base::signing_key({9, 9}));
    made.identity.host_key = host_key;
    made.identity.user_key = user_key;
    made.member = cluster::member_of(made.identity);
    made.addresses = {"a.example.com", 22, 0};
    made.group = fleet.machine(by).peer().fleet().groups.front().id;
    cluster::LocalCommit what;
    what.request_key = "admit";
    what.items = cluster::admission_items(made);
    const auto before = fleet.machine(by).peer().fleet().members.size();
    fleet.machine(by).commit(what, [](const cluster::Answer&) {});
    ASSERT_TRUE(fleet.run_until([&] { return fleet.machine(by).peer().fleet().members.size() == before + 1; }));
  }
};

TEST_F(WrittenKeys, do_not_cut_off_the_machine_that_has_them) {
  three();
  const auto keys = fleet.machine(a).peer().fleet().member_by_host(c)->identity;
  admit(a, keys.host_key, keys.user_key);
  ASSERT_TRUE(fleet.run_until([&] { return equal(); }));
  for (const auto& host : {c, b, a}) {
    fleet.kill(host);
    fleet.restart(host);
    EXPECT_TRUE(fleet.run_until([&] { return linked(a) == 2 && linked(b) == 2 && linked(c) == 2; }, 180'000))
        << host << " started again: " << linked(a) << linked(b) << linked(c);
  }
  const auto committed = route(*fleet.client(c), "cluster", "example.com", "127.0.1.9");
  EXPECT_EQ(committed.at("missing").as_array().size(), 1U) << "only the one that nobody runs";
}

TEST_F(WrittenKeys, do_not_lock_out_the_user_who_has_them) {
  three();
  const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMadeForTheTestMadeForTheTestMadeForThe";
  const auto& peer = fleet.machine(a).peer();
  cluster::LocalCommit what;
  what.request_key = "key";
  what.items = {cluster::item_over(peer.state(), cluster::user_register(peer.fleet().user_by_name("admin")->id, "keys"),
                                   cluster::WriteKind::put, key + "\n")};
  fleet.machine(a).commit(what, [](const cluster::Answer&) {});
  ASSERT_TRUE(fleet.run_until([&] { return !peer.fleet().user_by_name("admin")->keys.empty(); }));
  admit(a, "ssh-ed25519 AAAAnobody", key);
  for (const std::string user : {"admin", "postern-machine"}) {
    transport::LoginAsked login;
    login.method = transport::LoginAsked::Method::public_key;
    login.user = user;
    login.public_line = key;
    transport::Verdict verdict = transport::Verdict::refuse;
    fleet.machine(a).admit(login, [&](const Machine::Admission& answer) { verdict = answer.verdict; });
    EXPECT_EQ(verdict, user == "admin" ? transport::Verdict::administrator : transport::Verdict::machine);
  }
}

/// Said by a member of others; nobody dials there.
TEST_F(WrittenKeys, addresses_of_others_are_not_its_to_write) {
  three();
  const auto& peer = fleet.machine(a).peer();
  cluster::LocalCommit what;
  what.request_key = "addresses";
  for (const auto& host : {b, c})
    what.items.push_back(
        cluster::item_over(peer.state(), cluster::member_register(peer.fleet().member_by_host(host)->id, "addresses"),
                           cluster::WriteKind::put, cluster::encode(cluster::MemberAddresses{"127.0.9.9", 22, 0})));
  std::optional<cluster::Answer> answer;
  fleet.machine(a).commit(what, [&](const cluster::Answer& got) { answer = got; });
  fleet.run_for(10'000);
  for (const auto& host : {c, b, a}) {
    fleet.kill(host);
    fleet.restart(host);
  }
  EXPECT_TRUE(fleet.run_until([&] { return linked(a) == 2 && linked(b) == 2 && linked(c) == 2; }, 180'000))
      << linked(a) << linked(b) << linked(c);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->what, cluster::Answer::What::refused);
}

/// Who may log in is asked of the records as they are when the answer is given.
class Logins : public Fleets {
 protected:
  void SetUp() override { fleet.add(a, "127.0.1.1"); }
  const cluster::User& admin() { return *fleet.machine(a).peer().fleet().user_by_name("admin"); }
  void write(const std::string& what, const std::string& value) {
    cluster::LocalCommit commit;
    commit.request_key = "of the " + what;
    commit.items = {cluster::item_over(fleet.machine(a).peer().state(), cluster::user_register(admin().id, what),
                                       cluster::WriteKind::put, value)};
    commit.wait = false;
    fleet.machine(a).commit(commit, [](const cluster::Answer&) {});
  }
  std::optional<transport::Verdict> verdict;
  void log_in(const transport::LoginAsked& login) {
    verdict.reset();
    fleet.machine(a).admit(login, [this](const Machine::Admission& answer) { verdict = answer.verdict; });
  }
  static transport::LoginAsked by_passphrase() {
    transport::LoginAsked login;
    login.user = "admin";
    login.password = support::passphrase;
    return login;
  }
  static transport::LoginAsked by_key(const std::string& line) {
    transport::LoginAsked login;
    login.method = transport::LoginAsked::Method::public_key;
    login.user = "admin";
    login.public_line = line;
    return login;
  }
};

TEST_F(Logins, whose_passphrase_was_changed_while_it_was_checked_is_not_let_in) {
  write("passphrase", "plain:another");
  ASSERT_EQ(admin().passphrase, "plain:" + std::string(support::passphrase)) << "on its way to the disk";
  log_in(by_passphrase());
  ASSERT_TRUE(fleet.run_until([&] { return verdict.has_value(); }, 5'000));
  EXPECT_EQ(admin().passphrase, "plain:another");
  EXPECT_EQ(*verdict, transport::Verdict::refuse);
}

TEST_F(Logins, who_was_locked_while_his_passphrase_was_checked_is_not_let_in) {
  write("role", cluster::encode_role(cluster::Role::none));
  ASSERT_EQ(admin().role, cluster::Role::administrator) << "on its way to the disk";
  log_in(by_passphrase());
  ASSERT_TRUE(fleet.run_until([&] { return verdict.has_value(); }, 5'000));
  EXPECT_EQ(admin().role, cluster::Role::none);
  EXPECT_EQ(*verdict, transport::Verdict::refuse);
}

TEST_F(Logins, a_key_is_the_whole_of_one_that_is_written_down) {
  const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMadeForTheTestMadeForTheTestMadeForThe";
  write("keys", key + " of his notebook\n" + key + "Other\n");
  ASSERT_TRUE(fleet.run_until([&] { return admin().keys.size() == 2; }, 5'000));
  for (const auto& [line, is_one] : {std::pair(key, true),
                                     {key + "Other", true},
                                     {key + "O", false},
                                     {key + "Others", false},
                                     {key.substr(0, key.size() - 1), false}}) {
    log_in(by_key(line));
    ASSERT_TRUE(verdict.has_value());
    EXPECT_EQ(*verdict, is_one ? transport::Verdict::administrator : transport::Verdict::refuse) << line;
  }
}

}  // namespace
}  // namespace postern::machine::test
