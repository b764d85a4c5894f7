#include "desk/setup/setup_desk.h"

#include "house.h"

#include <set>

namespace postern::desk {
namespace {

class HouseToBe final : public SetupHouse {
 public:
  [[nodiscard]] std::string version() const override { return "0.1.0"; }
  [[nodiscard]] std::string proposed_host_name() const override { return name; }
  [[nodiscard]] std::vector<HostAddress> host_addresses() const override {
    return {{"eth0", "192.0.2.10/24"}, {"eth0", "2001:db8::10/64"}};
  }
  [[nodiscard]] std::vector<std::string> warnings() const override { return {"It was one before."}; }
  [[nodiscard]] bool has_address(const std::string& address) const override {
    return address == "192.0.2.10" || address == "2001:db8::10";
  }
  [[nodiscard]] bool port_taken(const std::string& address, std::uint16_t port) const override {
    return address == "192.0.2.10" && port == 22;
  }
  void set_up(const NewMachine& machine, const std::string& passphrase,
              std::function<void(base::Result<std::string>)> answer) override {
    made.push_back(machine);
    passphrases.push_back(passphrase);
    if (failing) return answer(*failing);
    answer(std::string("4F21A09C3B70-K3QM7ZT2XW5A"));
  }

  std::string name = "NewYork.Example.com";
  std::optional<base::Error> failing;
  std::vector<NewMachine> made;
  std::vector<std::string> passphrases;
};

class SetupTest : public testing::Test {
 protected:
  static Who console() { return {{}, "console", cluster::Role::administrator, "console", true}; }

  /// A whole setup.run with one parameter as given, or left out for an empty text.
  static std::string params(const std::string& name = {}, const std::string& value = {}) {
    json::object all{
        {"host_name", "newyork.example.com"}, {"address", "192.0.2.10/24"}, {"ssh_port", 2200}, {"passphrase", "open-the-gate"}};
    if (!name.empty() && value.empty()) all.erase(name);
    if (!value.empty()) all[name] = json::parse(value);
    return json::serialize(all);
  }
  std::string check(const std::string& name, const std::string& value) {
    const json::object wanted{{"name", name}, {"value", value}, {"address", "192.0.2.10/24"}};
    const json::object answer = sitter.raw("setup.check", json::serialize(wanted));
    if (answer.contains("result")) return std::string(answer.at("result").at("value").as_string());
    const auto& error = answer.at("error").as_object();
    return std::string(error.at("data").at("name").as_string()) + ": " + std::string(error.at("message").as_string());
  }

  HouseToBe house;
  SetupDesk desk{house, loaded_schema()};
  Sitter sitter{desk, console()};
};

TEST_F(SetupTest, HelloSaysThatThereIsNoMachineYet) {
  const json::value hello = sitter.ok("session.hello", R"({"version":1})");
  EXPECT_EQ(hello.at("unset"), true);
  EXPECT_EQ(hello.at("user"), "console");
  EXPECT_EQ(hello.at("host"), "");
  EXPECT_EQ(hello.at("version"), "0.1.0");
  sitter.refused("unsupported", "session.hello", R"({"version":2})");
}

TEST_F(SetupTest, EverythingElseIsRefusedAndNamesTheWayOut) {
  for (const char* method :
       {"status", "session.mode", "session.command", "feature.edit", "commit", "cluster.create", "no.such.method"}) {
    const json::object error = sitter.refused("restricted", method, R"({"command":"status"})");
    EXPECT_NE(std::string(error.at("message").as_string()).find("systemsetup"), std::string::npos);
    EXPECT_EQ(error.at("data").at("needs"), "setup");
  }
  desk.receive(sitter.id, "{");
  EXPECT_EQ(sitter.last["error"].at("code"), -32700);
}

TEST_F(SetupTest, ProposesWhatTheHostHas) {
  const json::value proposals = sitter.ok("setup.describe");
  EXPECT_EQ(proposals.at("host_name"), "newyork.example.com");
  EXPECT_EQ(proposals.at("interface"), "Management");
  EXPECT_EQ(proposals.at("addresses").at(0).at("address"), "192.0.2.10/24");
  EXPECT_EQ(proposals.at("addresses").at(1).at("link"), "eth0");
  EXPECT_EQ(proposals.at("warnings").at(0), "It was one before.");
  EXPECT_EQ(proposals.at("ssh_port"), 22);
  EXPECT_EQ(proposals.at("public_port"), 25);
  house.name = "not a name!";
  EXPECT_EQ(sitter.ok("setup.describe").at("host_name"), "");
}

TEST_F(SetupTest, ChecksOneAnswerAtATime) {
  EXPECT_EQ(check("host_name", "Paris.Example.com"), "paris.example.com");
  EXPECT_TRUE(check("host_name", "a b").starts_with("invalid: ")) << check("host_name", "a b");
  EXPECT_EQ(check("address", "192.0.2.10/24"), "192.0.2.10/24");
  EXPECT_TRUE(check("address", "192.0.2.10").starts_with("invalid: "));
  EXPECT_TRUE(check("address", "192.0.2.10/33").starts_with("invalid: "));
  EXPECT_NE(check("address", "192.0.2.11/24").find("does not have the address 192.0.2.11"), std::string::npos);
  EXPECT_EQ(check("bind_address", "2001:DB8::10"), "2001:db8::10");
  EXPECT_TRUE(check("bind_address", "192.0.2.10/24").starts_with("invalid: "));
  EXPECT_NE(check("ssh_port", "22").find("Another program listens on port 22"), std::string::npos);
  EXPECT_EQ(check("ssh_port", "2200"), "2200");
  EXPECT_TRUE(check("ssh_port", "0").starts_with("invalid: "));
  EXPECT_TRUE(check("ssh_port", "65536").starts_with("invalid: "));
  EXPECT_EQ(check("public_port", "0"), "0");
  EXPECT_EQ(check("relay", "10.0.0.0/8"), "10.0.0.0/8");
  for (const char* open : {"ALL", "all", "0.0.0.0/0", "::/0"})
    EXPECT_NE(check("relay", open).find("every host"), std::string::npos) << open;
  EXPECT_EQ(check("dns", "192.0.2.53:5353"), "192.0.2.53:5353");
  EXPECT_TRUE(check("dns", "nowhere").starts_with("invalid: "));
  EXPECT_EQ(check("passphrase", "open-the-gate"), "open-the-gate");
  EXPECT_TRUE(check("passphrase", "short").starts_with("invalid: "));
  EXPECT_TRUE(check("colour", "red").starts_with("usage: "));
  EXPECT_TRUE(house.made.empty());
}

TEST_F(SetupTest, RunChecksAllOfItAgain) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"host_name", R"("a b")"},      {"address", R"("192.0.2.11/24")"}, {"ssh_port", "22"},
      {"https_port", "2200"},         {"public_port", "2200"},           {"private_port", "587"},
      {"relay", R"(["10.0.0.0/8"])"}, {"dns", R"(["nowhere"])"},         {"bind_address", R"("192.0.2.11")"},
      {"passphrase", R"("short")"},   {"passphrase", R"("ADMIN")"},      {"interface", R"("two words")"},
  };
  for (const auto& [name, value] : wrong) sitter.refused("invalid", "setup.run", params(name, value));
  for (const char* name : {"host_name", "address", "passphrase"}) sitter.refused("usage", "setup.run", params(name));
  sitter.refused("usage", "setup.run", params("ssh_port", "70000"));
  sitter.refused("usage", "setup.run", params("colour", R"("red")"));
  EXPECT_TRUE(house.made.empty());
}

TEST_F(SetupTest, RunMakesTheMachineInCanonicalForm) {
  const std::string all = R"({"host_name":"Paris.Example.COM","interface":"Net","address":"2001:DB8:0::10/64","ssh_port":2200,)"
                          R"("https_port":8443,"public_port":0,"private_port":2526,"relay":["10.0.0.0/8"],)"
                          R"("dns":["192.0.2.53"],"bind_address":"192.0.2.10","passphrase":"open-the-gate"})";
  const json::value answer = sitter.ok("setup.run", all);
  EXPECT_EQ(answer.at("host"), "paris.example.com");
  EXPECT_EQ(answer.at("serial"), "4F21A09C3B70-K3QM7ZT2XW5A");
  ASSERT_EQ(house.made.size(), 1U);
  const NewMachine& made = house.made.front();
  EXPECT_EQ(made.address, "2001:db8::10/64");
  EXPECT_EQ(made.interface_name, "Net");
  EXPECT_EQ(made.https_port, 8443);
  EXPECT_EQ(made.public_port, 0);
  EXPECT_EQ(made.relay, std::vector<std::string>{"10.0.0.0/8"});
  EXPECT_EQ(made.bind_address, "192.0.2.10");
  EXPECT_EQ(house.passphrases.front(), "open-the-gate");
}

TEST_F(SetupTest, AFailureIsTold) {
  house.failing = base::fail(base::ErrorCode::io, "The disk is full.");
  EXPECT_EQ(sitter.refused("io", "setup.run", params()).at("message"), "The disk is full.");
}

TEST_F(DeskTest, AMachineIsSetUpOnce) {
  Sitter sitter(*desk, console());
  for (const char* method : {"setup.describe", "setup.check", "setup.run"}) {
    const json::object error = sitter.refused("exists", method, R"({"host_name":"other.example"})");
    EXPECT_NE(std::string(error.at("message").as_string()).find("as newyork.example.com"), std::string::npos);
  }
}

}  // namespace
}  // namespace postern::desk
