#include <map>

#include "machine/fleets.h"

/// A store that does not answer: whoever asked it waits, and nobody else.
namespace postern::machine::test {
namespace {

/// A client that asks and goes on.
class Caller {
 public:
  Caller(MemoryFleet& fleet, const std::string& host) : fleet_(fleet), desk_(fleet.desk(host)) {
    const auto* user = fleet.machine(host).peer().fleet().user_by_name("admin");
    session_ = desk_.open_session(
        {user->id, "admin", user->role, "ssh 127.0.0.1:50001", false}, [this](const std::string& line) { take(line); }, [] {});
  }
  ~Caller() { desk_.close_session(session_); }

  int ask(std::string_view method, protocol::JsonObject params = {}) {
    const int id = ++last_;
    desk_.receive(session_, boost::json::serialize(protocol::JsonObject{
                                {"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}}));
    return id;
  }
  [[nodiscard]] bool answered(int id) const { return answers_.contains(id); }
  protocol::JsonObject result(int id) {
    EXPECT_TRUE(fleet_.run_until([&] { return answered(id); }, 1'000));
    const auto found = answers_.find(id);
    if (found == answers_.end() || !found->second.contains("result")) return {};
    return found->second.at("result").as_object();
  }

 private:
  void take(const std::string& line) {
    auto message = boost::json::parse(line).as_object();
    if (message.contains("id")) answers_[message.at("id").to_number<int>()] = std::move(message);
  }

  MemoryFleet& fleet_;
  desk::AnyDesk& desk_;
  desk::SessionId session_ = 0;
  int last_ = 0;
  std::map<int, protocol::JsonObject> answers_;
};

TEST_F(Fleets, a_disk_that_stands_still_stops_only_those_who_ask_it) {
  three();
  route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
  const auto older = route(*fleet.client(a), "cluster", "example.com", "127.0.1.8").at("commit");
  route(*fleet.client(a), "cluster", "example.com", "127.0.1.7");
  fleet.run_for(1'000);
  auto& world = fleet.world(a);
  world.disk_stands_still = true;

  Caller caller(fleet, a);
  const int stats = caller.ask("stats");
  const int detail = caller.ask("commit.detail", {{"commit", older}});
  EXPECT_EQ(caller.result(caller.ask("status")).at("host").as_string(), a);
  EXPECT_EQ(caller.result(caller.ask("commit.list")).at("commits").at(1).at("commit"), older);
  transport::LoginAsked login;
  login.user = "admin";
  login.password = support::passphrase;
  std::optional<transport::Verdict> verdict;
  fleet.machine(a).admit(login, [&](const Machine::Admission& admission) { verdict = admission.verdict; });
  ASSERT_TRUE(fleet.run_until([&] { return verdict.has_value(); }, 1'000));
  EXPECT_EQ(*verdict, transport::Verdict::administrator);
  fleet.run_for(3 * 60'000);
  EXPECT_EQ(linked(b), 2U) << "its pings are answered";
  EXPECT_FALSE(caller.answered(stats));
  EXPECT_FALSE(caller.answered(detail));

  world.disk_goes_on();
  EXPECT_TRUE(caller.result(stats).at("counters").as_object().contains("store.flushes"));
  const auto lines = boost::json::serialize(caller.result(detail).at("writes").at(0).at("lines"));
  EXPECT_NE(lines.find("127.0.1.8"), std::string::npos) << lines;
  EXPECT_EQ(lines.find("127.0.1.9"), std::string::npos) << "the value before it was there as well: " << lines;
}

}  // namespace
}  // namespace postern::machine::test
