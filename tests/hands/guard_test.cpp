#include "hands/guard.h"

#include "hands/allowed.h"
#include "hands/master_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace postern::hands {
namespace {

const Places places{"/m/mta", "/usr/lib/postfix/sbin", "postfix"};

std::string main_file(const std::string& more = "") {
  return "# generated\nqueue_directory = /m/mta/queue\ndata_directory = /m/mta/data\n"
         "daemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\nmaillog_file = "
         "/m/mta/log/mail.log\n"
         "maillog_file_prefixes = /m/mta/log\nmyhostname = a.example.com\n" +
         more;
}
std::string master_file(const std::string& more = "") {
  return "127.0.0.1:2525 inet n - y - - smtpd -o { smtpd_client_restrictions = check_client_access "
         "cidr:$config_directory/hat_x.cidr, reject }\n  -o message_size_limit=1000\nqmgr unix n - "
         "n 300 1 qmgr\n" +
         more;
}
base::Result<void> judge(const std::string& main, const std::string& master) {
  return check_generation({1, {{"main.cf", main, 0644}, {"master.cf", master, 0644}}}, places);
}

std::string text_of(const base::Result<void>& result) {
  return result ? "" : base::to_text(result.error());
}

TEST(Guard, LetsAGatewayThrough) {
  EXPECT_EQ(text_of(judge(main_file(), master_file())), "");
}

TEST(Guard, NeedsBothFiles) {
  EXPECT_FALSE(check_generation({1, {{"main.cf", main_file(), 0644}}}, places));
  EXPECT_FALSE(check_generation({1, {{"master.cf", master_file(), 0644}}}, places));
}

TEST(Guard, KeepsProgramsAndOwnersFixed) {
  for (const char* line : {"daemon_directory = /tmp/evil\n",
                           "daemon_directory = $x\n",
                           "mail_owner = root\n",
                           "command_directory = /tmp\n",
                           "shlib_directory=/tmp\n",
                           "meta_directory = /tmp\n",
                           "mailbox_command = /bin/sh\n",
                           "sendmail_path = /tmp/x\n",
                           "queue_directory = /etc\n",
                           "data_directory = /\n",
                           "maillog_file = /etc/cron.d/x\n",
                           "maillog_file_prefixes = /\n",
                           "maillog_file_compressor = /tmp/x\n",
                           "multi_instance_wrapper = /tmp/x\n",
                           "default_privs = root\n",
                           "import_environment = LD_PRELOAD=/tmp/x\n",
                           "daemon_directory\n = /tmp/evil\n",
                           "daemon_directory =\n /tmp/evil\n",
                           "daemon_directory =\n# comment\n /tmp/evil\n",
                           "config_directory = /tmp\n"}) {
    const auto result = judge(main_file(line), master_file());
    EXPECT_FALSE(result) << line;
    EXPECT_FALSE(text_of(result).empty());
  }
}

TEST(Guard, RefusesEveryParameterThatTheGatewayDoesNotSet) {
  for (const std::string& name : std::vector<std::string>{
           "tls_config_file", "tls_config_name", "smtpd_hard_error_limit", "Biff", "smtpd_milters",
           "a_parameter_of_tomorrow", "dc_destination_concurrency_limit",
           "dc2_destination_rate_delay", "dc2mx_destination_concurrency_limit",
           "dc2m1_destination_concurrency_limit2", "bi ff"}) {
    const auto in_main = judge(main_file(name + " = 1\n"), master_file());
    ASSERT_FALSE(in_main) << name;
    EXPECT_EQ(in_main.error().text, name + " is not a gateway's to set.");
    for (const auto& option :
         {std::string(" -o { ") + name + " = 1 }\n", std::string(" -o {") + name + "=1}\n"})
      EXPECT_NE(text_of(judge(main_file(), "smtp unix - - y - - smtp" + option))
                    .find(name + " is not a gateway's to set."),
                std::string::npos)
          << option;
  }
  EXPECT_FALSE(judge(main_file(), master_file("a unix - - y - - smtp -o biff=no\n")))
      << "main.cf's only";
}

std::string concat(const std::string& folder, const std::string& ending) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ending) continue;
    std::ifstream in(entry.path());
    all.append(std::istreambuf_iterator<char>(in), {});
  }
  return all;
}

// The gateway's sources themselves say what it sets; its names must not drift away from the
// guard's.
TEST(Guard, AllowsEveryParameterThatTheGatewaySets) {
  const std::string root = std::string(POSTERN_SOURCE_DIR) + "/src";
  const std::string code = concat(root + "/gateway", ".cpp") + concat(root + "/features", ".cpp");
  const auto names = [&](const std::string& pattern) {
    std::set<std::string> found;
    const std::regex wanted(pattern);
    const std::regex quoted("\"([a-z0-9_]+)\"");
    for (std::sregex_iterator i(code.begin(), code.end(), wanted), end; i != end; ++i) {
      const std::string match = i->str();
      for (std::sregex_iterator j(match.begin(), match.end(), quoted); j != end; ++j)
        if ((*j)[1].str().front() != '_') found.insert((*j)[1]);
    }
    return found;
  };
  const auto in_main = names("(set|parameters)\\[[^\\]]*\\]");
  const auto in_master = names("options\\.emplace_back\\(\\s*\"[a-z0-9_]+\"");
  EXPECT_EQ(in_main.size(), 47U) << "and no more are allowed than these";
  EXPECT_EQ(in_master.size(), 6U) << "and no more are allowed than these";
  for (const auto& name : in_main) EXPECT_TRUE(allowed_in_main(name)) << name;
  for (const auto& name : in_master) EXPECT_TRUE(allowed_in_master(name)) << name;
  EXPECT_TRUE(allowed_in_main("dc900m50_destination_concurrency_limit"));
}

TEST(Guard, WantsTheFixedParametersNamed) {
  std::string text = main_file();
  text.erase(text.find("data_directory"),
             text.find("daemon_directory") - text.find("data_directory"));
  const auto result = judge(text, master_file());
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().text.find("data_directory is missing"), std::string::npos);
}

TEST(Guard, KeepsServicesToPrograms) {
  for (const char* line :
       {"x unix - - y - - pipe user=root argv=/bin/sh\n",
        "x unix - - y - - spawn user=root argv=/bin/sh\n", "local unix - - y - - local\n",
        "virtual unix - - y - - virtual\n", "x unix - - y - - ../../../tmp/evil\n",
        "x unix - - y - - /bin/sh\n", "x fifo - - y - - smtp\n",
        "x unix - - y - - smtp -o daemon_directory=/tmp\n",
        "x unix - - y - - smtp -odaemon_directory=/tmp\n",
        "x unix - - y - - smtp -o { queue_directory = /tmp }\n",
        "x unix - - y - - smtp -o command_directory=/tmp\n",
        "x unix - - y - - smtp -vodaemon_directory=/tmp\n", "x unix - - y - - smtp -c\n",
        "x unix - - y - - smtp -o\n", "x unix - - y - - smtp -o {{ config_directory = /tmp }}\n",
        "x unix - - y - -\n", "x unix - - y - - { smtp\n",
        "x unix - - y - - smtp -o { a = b } } c\n", "x unix - - y - - smtp\x01\n"})
    EXPECT_FALSE(judge(main_file(), master_file(line))) << line;
}

TEST(Guard, ReadsEveryColumn) {
  for (const char* line :
       {"smtp unix - - y - - smtp\n", "dc2m1 unix - y y - 100 smtp\n",
        "proxymap unix - - n - - proxymap\n", "a-b_C9 pass n - y - - smtpd\n",
        "postlog unix-dgram n - n - 1 postlogd\n", "[::1]:25 inet n - y - - smtpd\n"})
    EXPECT_EQ(text_of(judge(main_file(), master_file(line))), "") << line;
  const auto refused = [](const char* line, const char* why) {
    EXPECT_NE(text_of(judge(main_file(), master_file(line))).find(why), std::string::npos)
        << line << text_of(judge(main_file(), master_file(line)));
  };
  refused("x unix - n y - - smtp\n", "unprivileged must be - or y, not n");
  refused("[::1]:25 inet n n y - - smtpd\n", "unprivileged must be - or y, not n");
  refused("x unix - - n - - smtp\n", "chroot of smtp must be y, not n");
  refused("x unix - - - - - smtp\n", "chroot of smtp must be y, not -");
  refused("[::1]:25 inet n - n - - smtpd\n", "chroot of smtpd must be y, not n");
  refused("x unix - - y - - qmgr\n", "chroot of qmgr must be n, not y");
  refused("x unix 0 - y - - smtp\n", "private must be");
  for (const char* line :
       {"../../gen/x unix - - y - - smtp\n", "a/b unix-dgram - - y - - smtp\n",
        ".. pass - - y - - smtpd\n", "a.b unix - - y - - smtp\n", "{} unix - - y - - smtp\n",
        "{a b} unix - - y - - smtp\n", "$x unix - - y - - smtp\n"})
    refused(line, "name may have");
}

TEST(MasterFile, ReadsServicesAsMasterDoes) {
  auto services = read_master_file(
      master_file("# comment\n\nx unix - - y - - smtp\n  # inside\n\n  -o {a = b {c} d}\n"));
  ASSERT_TRUE(services);
  ASSERT_EQ(services->size(), 3U);
  const Service& first = (*services)[0];
  EXPECT_EQ(first.name, "127.0.0.1:2525");
  EXPECT_EQ(first.private_, "n");
  EXPECT_EQ(first.unprivileged, "-");
  EXPECT_EQ(first.chroot, "y");
  EXPECT_EQ(first.command, "smtpd");
  EXPECT_EQ((*services)[1].wakeup, "300");
  EXPECT_EQ((*services)[1].max_processes, "1");
  EXPECT_EQ(first.arguments,
            (std::vector<std::string>{"-o",
                                      "smtpd_client_restrictions = check_client_access "
                                      "cidr:$config_directory/hat_x.cidr, reject",
                                      "-o", "message_size_limit=1000"}));
  EXPECT_EQ((*services)[2].arguments, (std::vector<std::string>{"-o", "a = b {c} d"}));
}

}  // namespace
}  // namespace postern::hands
