#include <gtest/gtest.h>

#include "play.h"

/// Recorded screens: what is typed stands behind the prompts.
namespace postern::cli::test {
namespace {

const std::string own = "machine newyork.example.com";

constexpr const char* operations_menu = R"(Choose the operation you want to perform:
- ADDGROUP - Add a cluster group.
- SETGROUP - Set the group that machines are a member of.
- RENAMEGROUP - Rename a cluster group.
- DELETEGROUP - Remove a cluster group.
- REMOVEMACHINE - Remove a machine from the cluster.
- SETNAME - Set the cluster name.
- LIST - List the machines in the cluster.
- LISTDETAIL - List the machines in the cluster with detail.
- DISCONNECT - Temporarily detach machines from the cluster.
- RECONNECT - Restore connections with machines that were previously detached.
- PREPJOIN - Prepare the addition of a new machine over CCS.
- CONNSTATUS - Show the links between machines, and how their names resolve.
- COMMUNICATION - Change how machines are reached: SSH or CCS, and on which port.
[]>
)";

protocol::Json listing() {
  const auto machine = [](const char* host) {
    return protocol::JsonObject{{"host", host}, {"serial", "4F21A09C3B7E-K3QM7ZT2XW5A"}, {"state", "linked"}, {"detail", ""}};
  };
  return protocol::JsonObject{
      {"name", "americas"},
      {"groups",
       boost::json::array{
           protocol::JsonObject{{"name", "Main_Group"}, {"machines", boost::json::array{machine("newyork.example.com")}}},
           protocol::JsonObject{{"name", "usa"}, {"machines", boost::json::array{machine("paris.example.com")}}}}},
      {"joining", boost::json::array{}}};
}

TEST(Dialogue, creates_a_cluster_in_the_sources_words) {
  FakeDesk desk(the_schema());
  desk.answers["cluster.create"] = [&](const protocol::JsonObject& params) -> protocol::Reply<protocol::Json> {
    desk.cluster = std::string(params.at("name").as_string());
    return protocol::Json(protocol::JsonObject{{"time", "Wed Jun 22 10:02:04 2005 PDT"}});
  };
  EXPECT_EQ(play(desk, R"(newyork.example.com> clusterconfig
Do you want to join or create a cluster?
1. No, configure as standalone.
2. Create a new cluster.
3. Join an existing cluster over SSH.
4. Join an existing cluster over CCS.
[1]> 2

Enter the name of the new cluster.
[]> americas

New cluster committed: Wed Jun 22 10:02:04 2005 PDT
Creating a cluster takes effect immediately, there is no need to commit.

Cluster americas

)" + std::string(operations_menu) +
                           R"((Cluster americas)> exit
)"),
            0);
}

constexpr const char* join_questions = R"(newyork.example.com> clusterconfig
Do you want to join or create a cluster?
1. No, configure as standalone.
2. Create a new cluster.
3. Join an existing cluster over SSH.
4. Join an existing cluster over CCS.
[1]> 3

You will be shown the SSH host key of the machine that you join through. To compare it, get
the fingerprint on a machine of the cluster: logconfig -> hostkeyconfig -> fingerprint.

WARNING: This machine's settings will be lost, but for its network settings. It takes those of
its group and of the cluster: make sure that they fit this network (dnsconfig, for instance).

Do you want to enable the Cluster Communication Service on
newyork.example.com? [N]> n
Enter the IP address of a machine in the cluster.
[]> 127.0.1.2
Enter the remote port to connect to. The port must be the normal admin ssh
port, not the CCS port.
[22]> 99999
A port is a number from 1 to 65535.
Enter the remote port to connect to. The port must be the normal admin ssh
port, not the CCS port.
[22]> 2200
Would you like to join this appliance to a cluster using pre-shared keys? [N]>

Enter the admin passphrase for the cluster.
[]> secret

Please verify the SSH host key for 127.0.1.2:
Public host key fingerprint: SHA256:abc
As MD5, for comparison: aa:bb

Is this a valid key for this host? []>
Answer y or n.
)";

TEST(Dialogue, joins_over_ssh_and_sends_the_passphrase_only_after_y) {
  FakeDesk desk(the_schema());
  desk.answers["cluster.join_dial"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{{"join", 7}, {"sha256", "SHA256:abc"}, {"md5", "aa:bb"}});
  };
  desk.answers["cluster.join_go"] = [&](const auto&) -> protocol::Reply<protocol::Json> {
    desk.on_notice("session.progress", {{"text", "Fetching settings."}});
    desk.cluster = "americas";
    return protocol::Json(protocol::JsonObject{{"cluster", "americas"}, {"group", "Main_Group"}});
  };
  play(desk, std::string(join_questions) + R"(Is this a valid key for this host? []> n
Nothing was changed, and the passphrase was not sent.
newyork.example.com> exit
)");
  EXPECT_TRUE(desk.calls_of("cluster.join_go").empty());
  ASSERT_EQ(desk.calls_of("cluster.join_cancel").size(), 1U);
  play(desk, std::string(join_questions) + R"(Is this a valid key for this host? []> y
Fetching settings.

Joining cluster group Main_Group.

Joining a cluster takes effect immediately, there is no need to commit.

Cluster americas

)" + operations_menu +
                 R"((Cluster americas)> exit
)");
  ASSERT_FALSE(desk.calls_of("cluster.join_go").empty());
  EXPECT_EQ(desk.calls_of("cluster.join_go").back(), R"({"join":7,"passphrase":"secret","ccs":false,"ccs_port":2222})");
}

TEST(Dialogue, joins_in_one_line_with_a_known_fingerprint) {
  FakeDesk desk(the_schema());
  desk.answers["cluster.join_dial"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{{"join", 7}, {"sha256", "SHA256:abc"}, {"md5", "aa:bb"}});
  };
  desk.answers["cluster.join_go"] = [&](const auto&) -> protocol::Reply<protocol::Json> {
    desk.cluster = "americas";
    return protocol::Json(protocol::JsonObject{{"cluster", "americas"}, {"group", "Main_Group"}});
  };
  EXPECT_EQ(run(desk, "clusterconfig join 127.0.1.2 --port=2200 --fingerprint=SHA256:other", "pw\n").code, 1);
  EXPECT_TRUE(desk.calls_of("cluster.join_go").empty());
  const Ran joined = run(desk, "clusterconfig join 127.0.1.2 --port=2200 --fingerprint=SHA256:abc", "pw\n");
  EXPECT_EQ(joined.code, 0);
  EXPECT_EQ(joined.out,
            "\nJoining cluster group Main_Group.\n\nJoining a cluster takes effect "
            "immediately, there is no need to commit.\n\nCluster americas\n");
  EXPECT_NE(desk.calls_of("cluster.join_go").back().find(R"("passphrase":"pw")"), std::string::npos);
}

TEST(Dialogue, a_join_with_ccs_ends_with_the_two_questions_of_each_interface) {
  FakeDesk desk(the_schema());
  ASSERT_EQ(run(desk, "interfaceconfig new Data 192.0.2.7/24 --hostname=mx.example.com").code, 0);
  desk.answers["cluster.join_dial"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{{"join", 7}, {"sha256", "SHA256:abc"}, {"md5", "aa:bb"}});
  };
  desk.answers["cluster.join_go"] = [&](const auto&) -> protocol::Reply<protocol::Json> {
    desk.cluster = "americas";
    return protocol::Json(protocol::JsonObject{{"cluster", "americas"}, {"group", "Main_Group"}});
  };
  std::istringstream typed("clusterconfig\n3\ny\n127.0.1.2\n2200\nn\nsecret\ny\ny\n2223\n\n");
  std::ostringstream screen;
  PlainConsole console(typed, screen, screen);
  EXPECT_EQ(run_shell(desk, the_schema(), console), 0);
  EXPECT_NE(screen.str().find("Do you want to enable Cluster Communication Service on this interface? [Y]> "
                              "Which port do you want to use for Cluster Communication Service?\n[2222]> "),
            std::string::npos);
  EXPECT_EQ(run(desk, "clustermode machine newyork.example.com; interfaceconfig print").out,
            "1. Data (192.0.2.7/24: mx.example.com) SSH 22, CCS 2223, HTTPS 443\n");
}

TEST(Dialogue, a_join_that_reaches_nobody_does_not_end_the_session) {
  FakeDesk desk(the_schema());
  desk.answers["cluster.join_dial"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return refusal(base::ErrorCode::unreachable, "127.0.1.9:2200 does not answer.", {{"name", "unreachable"}});
  };
  std::istringstream typed("clusterconfig\n3\ny\nn\n127.0.1.9\n2200\nn\nsmtproutes print\nexit\n");
  std::ostringstream screen;
  PlainConsole console(typed, screen, screen);
  EXPECT_EQ(run_shell(desk, the_schema(), console), 0);
  EXPECT_NE(screen.str().find("127.0.1.9:2200 does not answer."), std::string::npos) << screen.str();
  EXPECT_NE(screen.str().find("There are no"), std::string::npos) << "the next command runs: " << screen.str();
  desk.answers["cluster.list"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Refusal{base::fail(base::ErrorCode::unreachable, "The desk has closed the line."), nullptr};
  };
  desk.cluster = "americas";
  std::istringstream more("clustermode cluster\nclusterconfig list\nsmtproutes print\n");
  std::ostringstream rest;
  PlainConsole gone(more, rest, rest);
  EXPECT_EQ(run_shell(desk, the_schema(), gone), 5);
  EXPECT_EQ(rest.str().find("There are no"), std::string::npos) << "but a desk that is gone ends it";
}

TEST(Dialogue, help_shows_commands_and_forms) {
  FakeDesk desk(the_schema());
  EXPECT_NE(run(desk, "help").out.find("smtproutes       Configures where mail"), std::string::npos);
  EXPECT_EQ(run(desk, "?").out.find("alertconfig"), std::string::npos);
  EXPECT_NE(run(desk, "? --all").out.find("Not in this version: alertconfig, "), std::string::npos);
  EXPECT_EQ(run(desk, "help exit").code, 0);
  const Ran data = run(desk, "help smtproutes --json");
  EXPECT_NE(data.out.find(R"("name":"smtproutes")"), std::string::npos) << data.out;
  EXPECT_NE(data.out.find("clusterset copy|move"), std::string::npos) << data.out;
  EXPECT_EQ(run(desk, "help --json").out.front(), '[');
  EXPECT_NE(run(desk, "help smtpr").out.find("smtproutes delete DOMAIN"), std::string::npos);
  EXPECT_NE(run(desk, "help smtpr").out.find("clusterset copy|move"), std::string::npos);
  EXPECT_EQ(run(desk, "wait --help").out,
            "Waits until every machine that is linked has applied a commit.\n"
            "  wait COMMIT [--seconds=N]\n");
  for (const std::string command : {"wait", "smtproutes", "commit", "clusterconfig"})
    EXPECT_EQ(run(desk, command + " ?").out, run(desk, command + " --help").out);
}

TEST(Dialogue, lists_and_moves_machines) {
  FakeDesk desk(the_schema());
  desk.cluster = "americas";
  desk.mode = "cluster";
  desk.answers["cluster.list"] = [](const auto&) -> protocol::Reply<protocol::Json> { return listing(); };
  desk.answers["cluster.set_group"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{});
  };
  EXPECT_EQ(run(desk, "clusterconfig list").out,
            "cluster = americas\n"
            "Group Main_Group:\n    Machine newyork.example.com (Serial #: 4F21A09C3B7E-K3QM7ZT2XW5A)\n"
            "Group usa:\n    Machine paris.example.com (Serial #: 4F21A09C3B7E-K3QM7ZT2XW5A)\n");
  play(desk, R"((Cluster americas)> clusterconfig setgroup
1. newyork.example.com (group Main_Group)
2. paris.example.com (group usa)
Enter the names or numbers of the machines to move, separated by commas.
[]> tokyo
"tokyo" is not a machine of this cluster.
Enter the names or numbers of the machines to move, separated by commas.
[]> 2, NEW
Choose the group that paris.example.com, newyork.example.com should be a member of.
1. Main_Group
2. usa
[1]> us
paris.example.com is now in group usa.
newyork.example.com is now in group usa.
(Cluster americas)> exit
)");
  EXPECT_EQ(desk.calls_of("cluster.set_group").back(),
            R"({"machines":["paris.example.com","newyork.example.com"],"group":"usa"})");
}

TEST(Dialogue, restricted_commands_offer_to_switch) {
  FakeDesk desk(the_schema());
  desk.cluster = "americas";
  desk.restricted = {{"passwd", "cluster"}};
  EXPECT_EQ(play(desk, R"((Machine newyork.example.com)> passwd
This command is restricted to "cluster" mode. Would you like to switch to "cluster" mode? [Y]> n
(Machine newyork.example.com)> passwd
This command is restricted to "cluster" mode. Would you like to switch to "cluster" mode? [Y]>
Changing the passphrase of admin.
Old passphrase: a
New passphrase: b
The new one again: c
The two new passphrases differ: nothing was changed.
(Cluster americas)> clustermode group Main_Group
(Group Main_Group)> quit
)"),
            0);
}

}  // namespace
}  // namespace postern::cli::test
