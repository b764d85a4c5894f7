#include "hands/guard.h"
#include "hands/master_file.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postern::hands {
namespace {

const Places places{"/m/mta", "/usr/lib/postfix/sbin", "postfix"};

const std::string must_lines =
    "queue_directory = /m/mta/queue\ndata_directory = /m/mta/data\ndaemon_directory = "
    "/usr/lib/postfix/sbin\ngeneration_directory = $config_directory\nmail_owner = "
    "postfix\nmaillog_file = /m/mta/log/mail.log\nmaillog_file_prefixes = /m/mta/log\n";

std::string main_file(const std::string& more = "") {
  return "# generated\n" + must_lines + "myhostname = a.example.com\n" + more;
}
std::string master_file(const std::string& more = "") {
  return "# generated\n# service type\n127.0.0.1:2525 inet n - y - - smtpd\n"
         "  -o { message_size_limit = 1000 }\n"
         "  -o { smtpd_client_restrictions = check_client_access "
         "cidr:$generation_directory/hat_x.cidr }\n"
         "qmgr unix n - n 300 1 qmgr\n" +
         more;
}
base::Result<void> judge(const std::string& main, const std::string& master) {
  return check_generation({1,
                           {{"main.cf", main, 0644},
                            {"master.cf", master, 0644},
                            {"hat_x.cidr", "192.0.2.0/24 OK\n::/0 REJECT Go away\n", 0644},
                            {"x.regexp", "/^/ REJECT\n", 0644}}},
                          places);
}
std::string text_of(const base::Result<void>& result) { return result ? "" : base::to_text(result.error()); }
std::string listener(const std::string& options) { return "[::1]:25 inet n - y - - smtpd\n" + options; }
std::string option(const std::string& text) { return listener("  -o { " + text + " }\n"); }

/// How hosts of one preference share.
std::string in_turn(const std::string& table) {
  return "unionmap:{lmdb:/m/mta/tables/" + table +
         ", randmap:{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, "
         "30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, "
         "59}}, lmdb:/m/mta/tables/transport_turns";
}

TEST(Guard, LetsAGatewayThrough) {
  EXPECT_EQ(text_of(judge(main_file(), master_file())), "");
  EXPECT_EQ(text_of(judge(main_file("mydestination =\nproxy_interfaces = 192.0.2.1, 2001:db8::1\n"
                                    "smtpd_delay_reject = ${{$service_name} == {smtpd} ? {yes} : "
                                    "{no}}\ndc900m50_destination_concurrency_limit = 900\n"
                                    "relay_domains =\n"
                                    "virtual_alias_maps = lmdb:/m/mta/tables/virtual_alias\n"
                                    "transport_maps = pipemap:{" +
                                    in_turn("transport_shared") +
                                    "}, lmdb:/m/mta/tables/transport\n"
                                    "sender_dependent_default_transport_maps = pipemap:{static:shared, " +
                                    in_turn("transport_rest") + "}, pipemap:{static:all, lmdb:/m/mta/tables/transport_rest}\n"),
                          master_file("door unix - - y - - smtpd\n"
                                      "  -o { smtpd_relay_restrictions = check_recipient_access "
                                      "regexp:$generation_directory/door.regexp, reject }\n"
                                      "dc900m50 unix - - y - 900 smtp\n"
                                      "  -o { smtp_connection_reuse_count_limit = 49 }\n"))),
            "");
  for (const char* list : {"reject", "check_recipient_access regexp:$generation_directory/x.regexp, reject",
                           "check_recipient_access lmdb:/m/mta/tables/rat_x, check_client_access "
                           "cidr:$generation_directory/hat_x.cidr, reject_unauth_destination"})
    EXPECT_EQ(text_of(judge(main_file(), option(std::string("smtpd_relay_restrictions = ") + list))), "") << list;
}

TEST(Guard, NeedsBothFilesAndTheFixedParameters) {
  const std::string master = "qmgr unix n - n 300 1 qmgr\n";
  EXPECT_FALSE(check_generation({1, {{"main.cf", main_file(), 0644}}}, places));
  EXPECT_FALSE(check_generation({1, {{"master.cf", master_file(), 0644}}}, places));
  for (std::size_t at = 0; at < must_lines.size(); at = must_lines.find('\n', at) + 1) {
    std::string text = must_lines;
    const std::string name = text.substr(at, text.find(' ', at) - at);
    text.erase(at, text.find('\n', at) + 1 - at);
    EXPECT_EQ(text_of(judge(text, master_file())), "main.cf: " + name + " is missing.");
  }
  for (const char* twice : {"main.cf", "master.cf", "a.cidr"}) {
    Stage stage{1, {{"main.cf", main_file(), 0644}, {"master.cf", master, 0644}, {"a.cidr", "", 0644}}};
    EXPECT_EQ(text_of(check_generation(stage, places)), "");
    const auto first = std::find_if(stage.files.begin(), stage.files.end(), [&](const File& file) { return file.name == twice; });
    stage.files.push_back(*first);
    EXPECT_NE(text_of(check_generation(stage, places)), "") << twice << " comes twice";
  }
}

// Each of these is read in another way by some reader of main.cf, or sets what no gateway sets, or
// sets it to what no gateway has.
const std::vector<std::string> hostile_main{
    "daemon_directory = /tmp/evil\n",
    "daemon_directory = /usr/lib/postfix/sbin\n",
    "command_directory = /tmp\n",
    "shlib_directory = /tmp\n",
    "meta_directory = /tmp\n",
    "config_directory = /tmp\n",
    "alternate_config_directories = /tmp\n",
    "multi_instance_wrapper = /tmp/x\n",
    "multi_instance_enable = yes\n",
    "multi_instance_directories = /tmp\n",
    "import_environment = LD_PRELOAD=/tmp/x\n",
    "export_environment = LD_PRELOAD=/tmp/x\n",
    "setgid_group = root\n",
    "default_privs = root\n",
    "mailbox_command = /bin/sh\n",
    "sendmail_path = /tmp/x\n",
    "maillog_file_compressor = /tmp/x\n",
    "maillog_file = /etc/cron.d/x\n",
    "tls_config_file = /tmp/x\n",
    "smtpd_milters = unix:/tmp/x\n",
    "smtpd_policy_service_request_limit = 1\n",
    "authorized_submit_users = static:all\n",
    "virtual_alias_maps = pipemap:{inline:{a=b},cidr:/etc/shadow}\n",
    "virtual_alias_maps = unionmap:{static:a}\n",
    "virtual_alias_maps = regexp:/etc/shadow\n",
    "virtual_alias_maps = pcre:/etc/shadow\n",
    "virtual_alias_maps = texthash:/etc/shadow\n",
    "virtual_alias_maps = environ:\n",
    "virtual_alias_maps = proxy:unix:passwd.byname\n",
    "virtual_alias_maps = tcp:192.0.2.1:25\n",
    "virtual_alias_maps = socketmap:unix:/tmp/x:y\n",
    "virtual_alias_maps = ldap:/etc/shadow\n",
    "virtual_alias_maps = randmap:{a,b}\n",
    "virtual_alias_maps = fail:x\n",
    "virtual_alias_maps = lmdb:/m/mta/tables/transport\n",
    "virtual_alias_maps = lmdb:/m/mta/tables/virtual_alias, regexp:/etc/shadow\n",
    "virtual_alias_domains = example.com\n",
    "virtual_mailbox_maps = nis:x\n",
    "mydestination = /etc/shadow\n",
    "mynetworks = cidr:/etc/shadow\n",
    "mynetworks = 0.0.0.0/0\n",
    "relay_domains = /etc/shadow\n",
    "relay_domains = lmdb:/m/mta/tables/../../etc/x\n",
    "relay_domains = lmdb:/m/mta/tables/relay_domains\n",
    "relay_domains = static:all\n",
    "transport_maps = lmdb:/etc/x\n",
    "transport_maps = lmdb:/m/mta/tables/transport\n",
    "transport_maps = pipemap:{unionmap:{lmdb:/m/mta/tables/transport_shared, randmap:{0}}, lmdb:/m/mta/tables/transport_turns}, "
    "lmdb:/m/mta/tables/transport\n",
    "transport_maps = randmap:{pipe:x}\n",
    "transport_maps = lmdb:/m/mta/tables/transport, regexp:/etc/shadow\n",
    "transport_maps = pipemap:{static:all, lmdb:/m/mta/tables/transport_rest}\n",
    "sender_dependent_default_transport_maps = lmdb:/m/mta/tables/transport_rest\n",
    "sender_dependent_default_transport_maps = pipemap:{static:all, lmdb:/m/mta/tables/x}\n",
    "sender_dependent_default_transport_maps = pipemap:{static:x, "
    "lmdb:/m/mta/tables/transport_rest}\n",
    "sender_dependent_default_transport_maps = pipemap:{static:all, texthash:/etc/shadow}\n",
    "sender_dependent_default_transport_maps = pipemap:{static:all, "
    "lmdb:/m/mta/tables/transport_rest, static:pipe}\n",
    "sender_dependent_default_transport_maps = static:all\n",
    "smtpd_reject_unlisted_recipient = yes\n",
    "smtpd_command_filter = regexp:/etc/shadow\n",
    "smtpd_command_filter = regexp:$generation_directory/x.regexp\n",
    "proxy_interfaces = /etc/shadow\n",
    "proxy_interfaces = 192.0.2.1,192.0.2.2\n",
    "local_transport = local\n",
    "relay_transport = pipe:sh\n",
    "smtpd_banner = $(cat /etc/shadow)\n",
    "smtpd_banner = ${import_environment}\n",
    "smtpd_relay_restrictions = permit\n",
    "smtpd_recipient_restrictions = check_policy_service unix:/tmp/x\n",
    "smtpd_recipient_restrictions = check_recipient_access cidr:/etc/shadow\n",
    "generation_directory = /etc\n",
    "parent_domain_matches_subdomains = /etc/shadow\n",
    "default_database_type = cidr\n",
    "master_service_disable = inet\n",
    "compatibility_level = 3.6 \n",
    "biff = no\nbiff = no\n",
    "biff  = no\n",
    "biff =  no\n",
    "biff=no\n",
    "biff = no \n",
    "biff = \n",
    "Biff = no\n",
    " biff = no\n",
    "\tbiff = no\n",
    "biff = no\n maillog_file_compressor = /tmp/x\n",
    "biff =\n no\n",
    "biff\n = no\n",
    "# late comment\n",
    "\n",
    "biff\t= no\n",
    "biff = no\r\n",
    "biff = no\x7f\n",
    "biff = n\x0bo\n",
    "myhostname2 = x\n",
    "smtp_bind_address = ::1\n",
    "smtp_bind_address = 1.2.3.4 \n",
    "smtp_bind_address6 = 1.2.3.4\n",
    "message_size_limit = 0\n",
    "message_size_limit = 0x10\n",
    "message_size_limit = 99999999999\n",
    "message_size_limit = -1\n",
    "message_size_limit = $x\n",
    "dc_destination_concurrency_limit = 1\n",
    "dc2m1_destination_concurrency_limit = $x\n",
    "dc2mx_destination_concurrency_limit = 1\n",
    "dc2m1_destination_rate_delay = 1\n",
    "dc02m1_destination_concurrency_limit = 1\n",
    "biff",
    "biff = no",
    "{ biff = no }\n",
    "biff = n\xc3\xb6\n",
    "b\xc2\xa0iff = no\n",
    std::string("biff = no\0\n", 11),
    "= no\n",
    "a_parameter_of_tomorrow = 1\n"};

TEST(Guard, RefusesHostileLinesOfMain) {
  EXPECT_GE(hostile_main.size(), 40U);
  for (const auto& line : hostile_main) {
    const auto result = judge(main_file(line), master_file());
    EXPECT_FALSE(result) << line;
    EXPECT_FALSE(text_of(result).empty());
  }
  for (const char* name : {"", "-a.b", ".a", "a..b", "a b", "$x", "a/b", "{a}"})
    EXPECT_FALSE(judge(must_lines + "myhostname = " + name + "\n", master_file())) << name;
}

// master(8) reads braces in the arguments only, our reader once read them everywhere; and what runs
// as root or opens files as root must not be a generation's to say.
const std::vector<std::string> hostile_master{
    "evil unix - - n 1{ - ../../../../../../tmp/evil } - proxymap\n",
    "proxymap unix - - n - {- ../tmp/evil -} proxymap\n",
    "{proxymap} unix - - n - - proxymap\n",
    "proxymap unix - - n - - {proxymap}\n",
    "proxymap {unix} - - n - - proxymap\n",
    "x unix - - y - - pipe user=root argv=/bin/sh\n",
    "x unix - - y - - spawn user=root argv=/bin/sh\n",
    "local unix - - y - - local\n",
    "virtual unix - - y - - virtual\n",
    "lmtp unix - - y - - lmtp\n",
    "x unix - - y - - ../../../tmp/evil\n",
    "smtp unix - - y - - /bin/sh\n",
    "x fifo - - y - - smtp\n",
    "smtp unix - n y - - smtp\n",
    "smtp unix - y y - - smtp\n",
    "smtp unix n - y - - smtp\n",
    "smtp unix - - n - - smtp\n",
    "smtp unix - - - - - smtp\n",
    "[::1]:25 inet n - n - - smtpd\n",
    "[::1]:25 inet n n y - - smtpd\n",
    "[::1]:25 inet n - y - - smtp\n",
    "[::1]:25 inet n - y - - proxymap\n",
    "[::1]:25 pass n - y - - smtpd\n",
    "[::1]:0 inet n - y - - smtpd\n",
    "[::1]:65536 inet n - y - - smtpd\n",
    "[::1]:025 inet n - y - - smtpd\n",
    "::1:25 inet n - y - - smtpd\n",
    "[127.0.0.1]:25 inet n - y - - smtpd\n",
    "localhost:25 inet n - y - - smtpd\n",
    "25 inet n - y - - smtpd\n",
    "door inet n - y - - smtpd\n",
    "door unix n - y - - smtpd\n",
    "door unix - - n - - smtpd\n",
    "door unix - - y - 1 smtpd\n",
    "door unix - - y - - smtp\n",
    "door pass - - y - - smtpd\n",
    "door2 unix - - y - - smtpd\n",
    "door unix - - y - - smtpd\n  -o { smtpd_relay_restrictions = permit }\n",
    "door unix - - y - - smtpd\n  -o { smtpd_relay_restrictions = check_recipient_access "
    "regexp:$generation_directory/x.regexp, reject }\n",
    "door unix - - y - - smtpd\n  -o { smtpd_relay_restrictions = check_recipient_access "
    "regexp:$generation_directory/door.regexp }\n",
    "door unix - - y - - smtpd\n  -o { message_size_limit = 1000 }\n",
    "smtp inet n - y - - smtpd\n",
    "127.0.0.1:25 inet n - y 1 - smtpd\n",
    "127.0.0.1:25 inet n - y - 1000 smtpd\n",
    "smtp unix - - y 60 - smtp\n",
    "smtp unix - - y - 1x smtp\n",
    "smtp unix - - y - 0 smtp\n",
    "smtp unix - - y - -1 smtp\n",
    "showq unix n - y - - smtp\n",
    "public/x unix n - y - - showq\n",
    "../../gen/x unix - - y - - smtp\n",
    "pickup unix n - y 60? 1 pickup\n",
    "pickup unix n - y 60 1 qmgr\n",
    "$x unix - - y - - smtp\n",
    "smtp unix - - y - - smtp -o biff=no\n",
    "smtp unix - - y - - smtp -v\n",
    "smtp unix - - y - - smtp -D\n",
    "smtp unix - - y - - smtp -o user=root\n",
    "smtp unix - - y - -\n",
    "smtp unix - - y - - smtp \n",
    "smtp  unix - - y - - smtp\n",
    "smtp\tunix - - y - - smtp\n",
    "smtp unix - - y - - smtp\r\n",
    "smtp unix - - y - - smtp\nsmtp unix - - y - - smtp\n",
    " smtp unix - - y - - smtp\n",
    "smtp unix - - y - - smtp\n  -v\n",
    "smtp unix - - y - - smtp\n  -o biff=no\n",
    "smtp unix - - y - - smtp\n  -obiff=no\n",
    "smtp unix - - y - - smtp\n  -o { biff = no }\n",
    "smtp unix - - y - - smtp\n  -o { daemon_directory = /tmp }\n",
    "smtp unix - - y - - smtp\n  -o { config_directory = /tmp }\n",
    "smtp unix - - y - - smtp\n  -o { message_size_limit = 1000 }\n",
    "smtp unix - - y - - smtp\n  -o { smtp_connection_cache_on_demand = no } -v\n",
    "smtp unix - - y - - smtp\n  -o { smtp_connection_cache_on_demand = yes }\n",
    "smtp unix - - y - - smtp\n  -o {smtp_connection_cache_on_demand=no}\n",
    "smtp unix - - y - - smtp\n  -o { smtp_connection_cache_on_demand = no }\n"
    "  -o { smtp_connection_cache_on_demand = no }\n",
    "smtp unix - - y - - smtp\n\t-o { smtp_connection_cache_on_demand = no }\n",
    "smtp unix - - y - - smtp\n# inside\n  -o { smtp_connection_cache_on_demand = no }\n",
    "smtp unix - - y - - smtp\n\n  -o { smtp_connection_cache_on_demand = no }\n",
    "smtp unix - - y - - smtp\n  -o { smtp_connection_cache_on_demand = }\n",
    "smtp unix - - y - - smtp\n  -o {  }\n",
    "smtp unix - - y - - smtp\n  -o { }\n",
    "smtp unix - - y - - smtp\n  -o\n",
    "verify unix - - y - 1 verify\n  -o { message_size_limit = 1000 }\n",
    "qmgr unix n - n 300 1 qmgr\n",
    "smtp unix - - y - - smtp",
    "smtp unix - - y - - sm\xc3\xb6tp\n",
    std::string("smtp unix - - y - - smtp\0\n", 26),
    option("user = root"),
    option("smtpd_client_restrictions = permit"),
    option("smtpd_client_restrictions = reject"),
    option("smtpd_relay_restrictions = permit"),
    option("smtpd_relay_restrictions = reject,reject"),
    option("smtpd_relay_restrictions = reject, "),
    option("smtpd_relay_restrictions = $smtpd_recipient_restrictions"),
    option("smtpd_relay_restrictions = check_policy_service unix:/tmp/x"),
    option("smtpd_relay_restrictions = check_recipient_access cidr:/etc/shadow"),
    option("smtpd_relay_restrictions = check_recipient_access regexp:/etc/shadow"),
    option("smtpd_relay_restrictions = check_recipient_access inline:{a=b}"),
    option("smtpd_relay_restrictions = check_recipient_access lmdb:/etc/x"),
    option("smtpd_relay_restrictions = check_recipient_access lmdb:/m/mta/tables/../x"),
    option("smtpd_relay_restrictions = check_recipient_access lmdb:/m/mta/tables/.x"),
    option("smtpd_relay_restrictions = check_recipient_access lmdb:/m/mta/tables/"),
    option("smtpd_relay_restrictions = check_recipient_access proxy:lmdb:/m/mta/tables/x"),
    option("smtpd_relay_restrictions = check_client_access lmdb:/m/mta/tables/x"),
    option("smtpd_relay_restrictions = check_client_access cidr:$config_directory/hat_x.cidr"),
    option("smtpd_relay_restrictions = check_client_access "
           "cidr:$generation_directory/../../secret.cidr"),
    option("smtpd_relay_restrictions = check_client_access "
           "cidr:$generation_directory/missing.cidr"),
    option("smtpd_relay_restrictions = check_client_access "
           "cidr:$generation_directory/x.regexp"),
    option("smtpd_relay_restrictions = check_recipient_access "
           "regexp:$generation_directory/main.cf")};

TEST(Guard, RefusesHostileLinesOfMaster) {
  EXPECT_GE(hostile_master.size(), 40U);
  for (const auto& line : hostile_master) EXPECT_FALSE(judge(main_file(), master_file(line))) << line;
  EXPECT_FALSE(judge(main_file(), "  -o { message_size_limit = 1 }\n")) << "no service before it";
}

TEST(Guard, ATableIsOneOfThisInstanceAndANumberOneThatPostfixHas) {
  for (const char* name : {"a/../../../../etc/evil", "../evil", "/etc/evil", "a/b", ".a", ""})
    EXPECT_FALSE(
        judge(main_file(), option("smtpd_relay_restrictions = check_recipient_access lmdb:/m/mta/tables/" + std::string(name))))
        << name;
  for (const char* number : {"2147483648", "9999999999", "10000000000", "0", "01", "-1", "+1", "1k"})
    EXPECT_FALSE(judge(main_file(), option("message_size_limit = " + std::string(number)))) << number;
  EXPECT_TRUE(judge(main_file(), option("message_size_limit = 2147483647")));
}

/// By the form alone, before anybody asks what may be said.
TEST(Guard, AnOptionHasNoBraceInIt) {
  for (const char* text : {"a = b{c", "a = b}c", "a = {b}", "a{ = b"}) EXPECT_FALSE(read_master_file(option(text))) << text;
  EXPECT_TRUE(read_master_file(option("a = b c")));
}

bool take(const std::string& name, const std::string& bytes) {
  return bool(check_generation(
      {1, {{"main.cf", main_file(), 0644}, {"master.cf", "qmgr unix n - n 300 1 qmgr\n", 0644}, {name, bytes, 0644}}}, places));
}

TEST(Guard, RefusesHostileLookupFiles) {
  for (const char* good :
       {"", "192.0.2.1 OK\n", "::/0 DUNNO\n10.0.0.0/8 REJECT\n", "10.0.0.0/8 REJECT 5.7.1 It costs $5 {really}\n"})
    EXPECT_TRUE(take("a.cidr", good)) << good;
  for (const char* bad : {"192.0.2.1\n",
                          "192.0.2.1 OK",
                          "192.0.2.1  OK\n",
                          " 192.0.2.1 OK\n",
                          "!192.0.2.1 OK\n",
                          "if 192.0.2.1\n",
                          "192.0.2.1 FILTER smtp:x\n",
                          "192.0.2.1 REDIRECT a@b\n",
                          "192.0.2.1 PREPEND X: y\n",
                          "192.0.2.1 BCC a@b\n",
                          "192.0.2.1 HOLD\n",
                          "192.0.2.1 check_policy_service unix:/tmp/x\n",
                          "192.0.2.1 OK, reject\n",
                          "192.0.2.1 check_client_access cidr:/etc/shadow\n",
                          "192.0.2.1 ok\n",
                          "192.0.2.1 REJECTED\n",
                          "192.0.2.1 OK\r\n",
                          "192.0.2.1 OK\n\n",
                          "# 1\n",
                          "192.0.2.1/ OK\n",
                          "192.0.2.1/1x OK\n",
                          "a.example OK\n",
                          "192.0.2.1 REJECT n\xc3\xb6\n",
                          "192.0.2.1 REJECT x\n more\n"})
    EXPECT_FALSE(take("a.cidr", bad)) << bad;
  for (const char* good : {"/^/ REJECT\n", "/^/ REJECT It costs $$5\n",
                           "/^0123456789abcdef0123456789abcdef@postern-probe\\.invalid$/ REJECT generation 17.\n"})
    EXPECT_TRUE(take("a.regexp", good)) << good;
  for (const char* bad : {"/^/ OK\n", "/./ REJECT\n", "/(a*)*/ REJECT\n", "/^/ REJECT $1\n", "/^/ REJECT $$$1\n",
                          "/^/ REJECT x$\n", "if /x/\n", "/^/i REJECT\n", "/^/ FILTER smtp:x\n",
                          "/^0123456789abcdef0123456789abcdef@postern-probe\\.invalid$/ REJECT generation x.\n",
                          "/^generation@postern-probe\\.invalid$/ REJECT generation 1.\n",
                          "/^.*0123456789abcdef0123456789abcd@postern-probe\\.invalid$/ REJECT generation 1.\n",
                          "/^0123456789abcdef0123456789abcdef@postern-probe\\.invalid$/ REJECT generation 1.\n  x\n"})
    EXPECT_FALSE(take("a.regexp", bad)) << bad;
  // 1,024 bytes a line, whatever file it is in; a sum is shorter.
  EXPECT_TRUE(take("a.cidr", "192.0.2.1 REJECT " + std::string(1024 - 17, 'x') + "\n"));
  EXPECT_FALSE(take("a.cidr", "192.0.2.1 REJECT " + std::string(1025 - 17, 'x') + "\n"));
  EXPECT_TRUE(take("a.regexp", "/^/ REJECT " + std::string(1024 - 11, 'x') + "\n"));
  EXPECT_FALSE(take("a.regexp", "/^/ REJECT " + std::string(1025 - 11, 'x') + "\n"));
  EXPECT_TRUE(take("plan.sum", std::string(200, 'x') + "\n"));
  EXPECT_FALSE(take("plan.sum", std::string(201, 'x') + "\n"));
  EXPECT_FALSE(take("plan.sum", "two words\n"));
  EXPECT_TRUE(take("plan.sum", "0123abcd\n"));
  for (const char* name : {"a.pcre", "a.map", "dynamicmaps.cf", "postfix-script", "x.cf", "../a.cidr"})
    EXPECT_FALSE(take(name, "")) << name;
}

TEST(Guard, TheDoorsFileHasOneLineAndNoOtherFileHasIt) {
  const std::string door = "/^[0-9a-f]+@postern-probe\\.invalid$/ OK\n";
  EXPECT_TRUE(take("door.regexp", door));
  for (const char* other : {"a.regexp", "a.cidr"}) EXPECT_FALSE(take(other, door)) << other;
  for (const char* bad : {"/^/ REJECT\n", "/./ OK\n", "/^[0-9a-f]+@postern-probe\\.invalid$/ smtp:x\n"})
    EXPECT_FALSE(take("door.regexp", bad)) << bad;
}

TEST(Guard, CommandsAreFilteredInOneWayOnly) {
  const std::string before =
      "/^[[:space:]]*RCPT[[:space:]]+TO[[:space:]]*:[[:space:]]*<?[[:space:]]*(@[^:>]*:)?\"?postmaster\"?"
      "[[:space:]]*>?([[:space:]].*)?$/ RCPT TO:<postmaster@";
  EXPECT_TRUE(take("commands.regexp", before + "a-1.example.com>$2\n"));
  EXPECT_FALSE(take("x.regexp", before + "a.example.com>$2\n"));
  const auto bounce = [](const std::string& host, const std::string& to) {
    return "/^[[:space:]]*RCPT[[:space:]]+TO[[:space:]]*:[[:space:]]*<?[[:space:]]*(@[^:>]*:)?\"?double-bounce\"?(@" + host +
           ")?[[:space:]]*>?([[:space:]].*)?$/ RCPT TO:<" + to + ">$3\n";
  };
  EXPECT_TRUE(take("commands.regexp", bounce(R"(a-1\.example\.com)", "double-bounce@postern-probe.invalid")));
  for (const char* host : {"", ".*", "a)|(b", R"(a\b)", "a@b", "[^x]"})
    EXPECT_FALSE(take("commands.regexp", bounce(host, "double-bounce@postern-probe.invalid"))) << host;
  EXPECT_FALSE(take("commands.regexp", bounce("a", "victim@example.com")));
  for (const char* name : {"", "a b", "$1", "a>", "a\"b", "a@b"})
    EXPECT_FALSE(take("commands.regexp", before + name + ">$2\n")) << name;
  for (const char* bad : {"/^RCPT/ QUIT\n", "/./ RCPT TO:<a@b>\n", "/^/ REJECT\n"})
    EXPECT_FALSE(take("commands.regexp", bad)) << bad;
}

TEST(Guard, ErrorsShowWhatIsWrongAndNothingThatMovesATerminal) {
  const auto result = judge(main_file("biff = \x1b[2J\n"), master_file());
  ASSERT_FALSE(result);
  EXPECT_EQ(text_of(result).find('\x1b'), std::string::npos);
  EXPECT_EQ(text_of(judge(main_file("biff = yes\n"), master_file())), "main.cf: biff must be no, not 'yes'.");
  EXPECT_EQ(text_of(judge(main_file("biffo = yes\n"), master_file())), "main.cf: biffo is not a gateway's to set.");
}

}  // namespace
}  // namespace postern::hands
