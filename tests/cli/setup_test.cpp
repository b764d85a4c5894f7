#include <gtest/gtest.h>

#include "play.h"

/// systemsetup's corners; the whole dialogue is in tests/transcripts/systemsetup.txt.
namespace postern::cli::test {
namespace {

using base::ErrorCode;

/// A desk of a machine that is not set up, until `host` has a name.
struct UnsetDesk : FakeDesk {
  UnsetDesk() : FakeDesk(the_schema()) {
    answers["session.hello"] = [this](const protocol::JsonObject&) -> protocol::Reply<protocol::Json> {
      return protocol::Json(protocol::JsonObject{{"user", "console"}, {"host", host}, {"unset", host.empty()}});
    };
    answers["setup.describe"] = [](const protocol::JsonObject&) -> protocol::Reply<protocol::Json> {
      return protocol::Json(protocol::JsonObject{{"host_name", "paris.example.com"}, {"interface", "Management"}});
    };
    answers["setup.check"] = [this](const protocol::JsonObject& params) -> protocol::Reply<protocol::Json> {
      if (!host.empty()) return refusal(ErrorCode::exists, "This machine is set up already, as " + host + ".");
      return protocol::Json(protocol::JsonObject{{"value", params.at("value")}});
    };
    answers["setup.run"] = [this](const protocol::JsonObject& params) -> protocol::Reply<protocol::Json> {
      host = std::string(params.at("host_name").as_string());
      return protocol::Json(protocol::JsonObject{{"host", host}, {"serial", "4F21A09C3B7E-K3QM7ZT2XW5A"}});
    };
  }
  std::string host;
};

TEST(Setup, another_console_was_faster) {
  UnsetDesk desk;
  desk.answers["setup.check"] = [&](const protocol::JsonObject&) -> protocol::Reply<protocol::Json> {
    desk.host = "rome.example.com";
    return refusal(ErrorCode::exists, "This machine is set up already, as rome.example.com.");
  };
  EXPECT_EQ(play(desk, R"(This machine is not set up yet: systemsetup asks what it needs to know.
What stands in brackets is taken for an empty line, ? explains a question, and Ctrl-C leaves
without a change.

Enter the host name of this machine.
[paris.example.com]> paris.example.com
This machine is set up already, as rome.example.com.
rome.example.com> exit
)"),
            0);
}

TEST(Setup, one_line_with_the_passphrase_on_the_next) {
  UnsetDesk desk;
  const Ran ran = run(desk,
                      "systemsetup --json --host-name=rome.example.com --address=192.0.2.10/24 --ssh-port=2200 "
                      "--relay=10.0.0.0/8,192.0.2.7 --private-port=587",
                      "open-the-gate\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "{\"host\":\"rome.example.com\",\"serial\":\"4F21A09C3B7E-K3QM7ZT2XW5A\"}\n");
  EXPECT_EQ(desk.calls_of("setup.run"),
            std::vector<std::string>{
                "{\"host_name\":\"rome.example.com\",\"address\":\"192.0.2.10/24\",\"ssh_port\":2200,"
                "\"private_port\":587,\"relay\":[\"10.0.0.0/8\",\"192.0.2.7\"],\"passphrase\":\"open-the-gate\"}"});
}

TEST(Setup, what_is_missing_or_unknown_is_usage) {
  UnsetDesk desk;
  for (const char* line : {"systemsetup --address=192.0.2.10/24", "systemsetup --host-name=rome.example.com", "systemsetup now",
                           "systemsetup --host-name=r --address=a/8 --colour=red", "systemsetup --host-name=r --address=a/8"})
    EXPECT_EQ(run(desk, line).code, 2) << line;
  EXPECT_TRUE(desk.calls_of("setup.run").empty());
}

}  // namespace
}  // namespace postern::cli::test
