#include <gtest/gtest.h>

#include "play.h"

/// The dialogues made from the schema, as recorded screens.
namespace postern::cli::test {
namespace {

const std::string own = "machine newyork.example.com";

TEST(Settings, routes_are_made_changed_and_deleted) {
  FakeDesk desk(the_schema());
  play(desk, R"(newyork.example.com> smtpr
There are no routes.

Choose the operation you want to perform:
- NEW - Create a new route.
- PRINT - Display all settings.
[]> new
Enter the domain for this route.
[]> ?
A domain, .domain for all that is below it, or ALL for every other domain.
Enter the domain for this route.
[]> example.com
Enter the destination hosts for example.com, separated by commas.
[]> 127.0.0.9:2625, 127.0.0.8

1. example.com: 127.0.0.8:25, 127.0.0.9:2625

Choose the operation you want to perform:
- NEW - Create a new route.
- EDIT - Modify a route.
- DELETE - Remove a route.
- PRINT - Display all settings.
- CLEAR - Remove these settings from this mode.
[]> e
Enter the name or number of the route you want to edit.
[]> 7
"7" is not one of the routes.
Enter the name or number of the route you want to edit.
[]> 1
Enter the destination hosts for example.com, separated by commas.
[127.0.0.8:25, 127.0.0.9:2625]> usedns

1. example.com: USEDNS

Choose the operation you want to perform:
- NEW - Create a new route.
- EDIT - Modify a route.
- DELETE - Remove a route.
- PRINT - Display all settings.
- CLEAR - Remove these settings from this mode.
[]> delete
Enter the name or number of the route you want to delete.
[]> exam
Deleted: example.com.

There are no routes.

Choose the operation you want to perform:
- NEW - Create a new route.
- PRINT - Display all settings.
- CLEAR - Remove these settings from this mode.
[]>
newyork.example.com> exit
You have changes that are not committed. They stay pending until you commit or clear them.
Do you want to leave all the same? [N]> y
)");
}

TEST(Settings, a_question_that_is_left_changes_nothing) {
  FakeDesk desk(the_schema());
  play(desk, R"(newyork.example.com> destconfig
1. Default: 500 connections, 50 messages per connection

Choose the operation you want to perform:
- NEW - Create a new destination.
- EDIT - Modify a destination.
- DELETE - Remove a destination.
- PRINT - Display all settings.
[]> edit
Enter the name or number of the destination you want to edit.
[]> 1
Enter the maximum number of simultaneous connections.
[500]> 7
Enter the maximum number of messages per connection.
[50]> ^C

1. Default: 500 connections, 50 messages per connection

Choose the operation you want to perform:
- NEW - Create a new destination.
- EDIT - Modify a destination.
- DELETE - Remove a destination.
- PRINT - Display all settings.
[]> ^C
newyork.example.com> quit
)");
  EXPECT_TRUE(desk.calls_of("feature.edit").empty());
}

TEST(Settings, interfaces_ask_in_the_sources_order) {
  FakeDesk desk(the_schema());
  play(desk, R"(newyork.example.com> interfaceconfig
There are no interfaces.

Choose the operation you want to perform:
- NEW - Create a new interface.
- PRINT - Display all settings.
[]> new
Enter a name for this IP interface.
[]> Data
Enter the IP address and prefix length.
[]> 192.0.2.7/24
Enter the hostname for this interface.
[]> mx.example.com
Do you want to enable SSH on this interface? [Y]>
Which port do you want to use for SSH?
[22]>
Do you want to enable Cluster Communication Service on this interface? [N]> y
Which port do you want to use for Cluster Communication Service?
[2222]>
Do you want to enable HTTPS on this interface? [Y]> n

1. Data (192.0.2.7/24: mx.example.com) SSH 22, CCS 2222

Choose the operation you want to perform:
- NEW - Create a new interface.
- EDIT - Modify an interface.
- DELETE - Remove an interface.
- PRINT - Display all settings.
- CLEAR - Remove these settings from this mode.
[]>
newyork.example.com> exit
You have changes that are not committed. They stay pending until you commit or clear them.
Do you want to leave all the same? [N]> y
)");
}

TEST(Settings, listeners_have_their_tables_below_edit) {
  FakeDesk desk(the_schema());
  ASSERT_EQ(run(desk, "interfaceconfig new Data 192.0.2.7/24 --hostname=mx.example.com").code, 0);
  ASSERT_EQ(run(desk, "listenerconfig new In --type=public --interface=Data").code, 0);
  desk.pending = false;
  const std::string menu = R"(Choose the operation you want to perform:
- NEW - Create a new listener.
- EDIT - Modify a listener.
- DELETE - Remove a listener.
- PRINT - Display all settings.
- CLEAR - Remove these settings from this mode.
[]> )";
  const std::string shown = "1. In (public) on Data, port 25, messages to 20971520 bytes\n\n";
  const std::string inside = R"(In (public) on Data, port 25, messages to 20971520 bytes

Choose the operation you want to perform:
- SETUP - Change the settings of this listener.
- RCPTACCESS - Modify the Recipient Access Table.
- HOSTACCESS - Modify the Host Access Table.
)";
  play(desk, "newyork.example.com> listenerconfig\n" + shown + menu + R"(edit
Enter the name or number of the listener you want to edit.
[]> in
)" + inside + R"([]> hostaccess
There are no sender groups.

Choose the operation you want to perform:
- NEW - Create a new sender group.
[]> new
Enter a name for this sender group.
[]> RELAYLIST
Enter the hosts in this sender group. Several are separated by commas.
[]> 127.0.0.1, 10.0.0.0/8
Choose the behavior for this sender group:
1. accept
2. relay
3. reject
[1]> 2
1. RELAYLIST: sender 10.0.0.0/8 127.0.0.1, action relay

Choose the operation you want to perform:
- NEW - Create a new sender group.
- EDIT - Modify a sender group.
- DELETE - Remove a sender group.
[]>
)" + inside + "[]>\n\n" +
                 shown + menu.substr(0, menu.size() - 1) + R"(
newyork.example.com> exit
You have changes that are not committed. They stay pending until you commit or clear them.
Do you want to leave all the same? [N]> y
)");
}

TEST(Settings, an_undefined_mode_asks_how_to_start) {
  FakeDesk desk(the_schema());
  desk.cluster = "americas";
  desk.settings[{"cluster", "destination-controls"}] = the_schema().feature("destination-controls")->factory;
  play(desk, R"((Machine newyork.example.com)> destconfig new example.com
Destination controls are not defined at Machine newyork.example.com. In effect here: Cluster americas.

Configured at mode:
Cluster: Yes
Group Main_Group: No
Machine newyork.example.com: No

What do you want to do?
1. Switch to Cluster americas.
2. Start with the factory default here.
3. Start here as a copy of another mode.
[1]> ^C
(Machine newyork.example.com)> destconfig new example.com --max-connections=7
Destination controls are not defined at Machine newyork.example.com. In effect here: Cluster americas.

Configured at mode:
Cluster: Yes
Group Main_Group: No
Machine newyork.example.com: No

What do you want to do?
1. Switch to Cluster americas.
2. Start with the factory default here.
3. Start here as a copy of another mode.
[1]> 3
(Machine newyork.example.com)> destconfig print | grep example.com
2. example.com: 7 connections, 50 messages per connection
(Machine newyork.example.com)> exit
You have changes that are not committed. They stay pending until you commit or clear them.
Do you want to leave all the same? [N]> yes
)");
  EXPECT_NE(desk.calls_of("feature.edit").back().find(R"("start":"copy:cluster")"), std::string::npos);
}

TEST(Settings, a_conflict_shows_both_sides_and_what_can_be_done) {
  FakeDesk desk(the_schema());
  int commits = 0;
  desk.answers["commit"] = [&](const auto&) -> protocol::Reply<protocol::Json> {
    if (++commits == 2) {
      return protocol::Json(
          protocol::JsonObject{{"commit", std::string(64, 'b')}, {"time", "T"}, {"members", 1}, {"durable", 1}});
    }
    return refusal(base::ErrorCode::conflict, "Somebody was faster.",
                   {{"conflicts", boost::json::array{protocol::JsonObject{
                                      {"feature", "smtp-routes"},
                                      {"label", "Cluster americas"},
                                      {"mergeable", true},
                                      {"yours", boost::json::array{"+ route 'a'"}},
                                      {"merged", boost::json::array{"+ route 'a'", "+ route 'b'"}},
                                      {"theirs", boost::json::array{"+ route 'b'"}},
                                      {"shown", protocol::JsonObject{{"user", "eve"}, {"host", "paris"}, {"time", "noon"}}}}}}});
  };
  desk.answers["commit.resolve"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{});
  };
  play(desk, R"(newyork.example.com> commit
Please enter some comments describing your changes:
[]> routes
Somebody else has committed changes to the same settings since you began:

SMTP routes at Cluster americas:
  changed by eve on paris, noon:
    + route 'b'
  your change:
    + route 'a'
  both together:
    + route 'a'
    + route 'b'

What do you want to do?
1. Merge: both changes are kept, as shown under "both together".
2. Discard my changes to these settings.
3. Keep mine: they replace what is shown above.
4. Leave my changes pending.
[4]> 1
Changes committed: T
Commit bbbbbbbbbbbb, on 1 of 1 machines.
newyork.example.com> exit
)");
  EXPECT_EQ(desk.calls_of("commit.resolve").back(), R"({"how":"merge"})");
}

TEST(Settings, keys_are_pasted_over_several_lines) {
  FakeDesk desk(the_schema());
  desk.answers["user.keys"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{{"keys", boost::json::array{}}});
  };
  desk.answers["user.add_key"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{{"fingerprint", "SHA256:x"}});
  };
  play(desk, R"(newyork.example.com> sshconfig userkey
Keys of admin:
There are no keys for admin.

Choose the operation you want to perform:
- NEW - Add a key.
- PRINT - Display all keys.
[]> new
Paste the public SSH key for admin. Press enter on a blank line to finish.
ssh-ed25519
AAAAC3Nza
C1lZDI1 me@here

Key SHA256:x is added for admin; there is no need to commit.
Keys of admin:
There are no keys for admin.

Choose the operation you want to perform:
- NEW - Add a key.
- PRINT - Display all keys.
[]>
newyork.example.com> exit
)");
  EXPECT_EQ(desk.calls_of("user.add_key").back(), R"({"line":"ssh-ed25519 AAAAC3NzaC1lZDI1 me@here"})");
}

}  // namespace
}  // namespace postern::cli::test
