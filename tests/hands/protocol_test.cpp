#include "hands/protocol.h"

#include <gtest/gtest.h>

namespace postern::hands {
namespace {

TEST(Protocol, EveryVerbHasOneRule) {
  for (unsigned verb = 0; verb < 256; ++verb) {
    const Rule* rule = rule_of(static_cast<std::uint8_t>(verb));
    ASSERT_EQ(rule != nullptr, verb >= 1 && verb <= 15) << verb;
    EXPECT_EQ(rule == nullptr ? verb : static_cast<unsigned>(rule->verb), verb);
  }
}

TEST(Protocol, FieldsComeBack) {
  const std::vector<std::string> fields{"", "a", std::string("b\0c", 3), std::string(100'000, 'd')};
  const std::string frame = encode_frame(3, fields);
  const Head head = decode_head(frame);
  EXPECT_EQ(head.kind, 3);
  ASSERT_EQ(head.length, frame.size() - head_bytes);
  const std::string body = frame.substr(head_bytes);
  EXPECT_EQ(decode_fields(body, 4, 4).value(), fields);
  EXPECT_FALSE(decode_fields(body, 5, 9)) << "too few";
  EXPECT_FALSE(decode_fields(body, 0, 3)) << "too many";
  EXPECT_TRUE(decode_fields("", 0, 3)->empty());
  for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::size_t{6}, body.size() - 1})
    EXPECT_FALSE(decode_fields(body.substr(0, size), 0, 9)) << size;
  EXPECT_FALSE(decode_fields(std::string("\xff\xff\xff\xff"
                                         "a",
                                         5),
                             0, 9));
}

TEST(Protocol, ErrorsComeBack) {
  const base::Error error = base::fail(base::ErrorCode::denied, "main.cf", "No.");
  const std::string frame = encode_error(error);
  EXPECT_EQ(decode_error(decode_head(frame).kind, frame.substr(head_bytes)), error);
  EXPECT_EQ(decode_error(200, frame.substr(head_bytes)).code, base::ErrorCode::internal);
  EXPECT_EQ(decode_error(3, "x").code, base::ErrorCode::internal);
}

TEST(Protocol, FileNamesArePlain) {
  for (const char* good : {"main.cf", "master.cf", "hat_127.0.1.1_2525.cidr", "rat_x_all.regexp", "plan.sum"})
    EXPECT_TRUE(is_file_name(good)) << good;
  for (const char* bad :
       {"", ".", "..", "../main.cf", "x/main.cf", "/etc/passwd", ".hidden.map", "-rf.map", "main.cf ", "dynamicmaps.cf",
        "evil.so", "a b.map", "a\n.map", ".map", "postfix-script", "x.cidr/", "a.pcre", "b.map", "x.sum"})
    EXPECT_FALSE(is_file_name(bad)) << bad;
  EXPECT_FALSE(is_file_name(std::string(130, 'a') + ".map"));
  EXPECT_FALSE(is_file_name(std::string("main.cf\0", 8)));
}

TEST(Protocol, AStageIsCheckedFieldByField) {
  const Stage stage{17, {{"main.cf", "a = b\n", 0644}, {"x.cidr", std::string("\0\1", 2), 0600}}};
  auto same = decode_stage(encode_stage(stage));
  ASSERT_TRUE(same);
  EXPECT_EQ(same->generation, 17U);
  EXPECT_EQ(same->files, stage.files);
  const auto refused = [](const std::vector<std::string>& fields) { return !decode_stage(fields); };
  EXPECT_TRUE(refused({"17", "main.cf", "644"})) << "no bytes";
  EXPECT_TRUE(refused({"17", "../main.cf", "644", ""}));
  EXPECT_TRUE(refused({"17", "main.cf", "4755", ""}));
  EXPECT_TRUE(refused({"17", "main.cf", "666", ""}));
  EXPECT_TRUE(refused({"17", "main.cf", "620", ""})) << "between those that there are";
  EXPECT_TRUE(refused({"17", "main.cf", "", ""}));
  EXPECT_TRUE(refused({"17", "main.cf", "644", "", "main.cf", "644", ""})) << "twice";
  EXPECT_TRUE(refused({"17", "main.cf", "644", std::string(file_bytes + 1, 'x')}));
  EXPECT_FALSE(refused({"17", "main.cf", "644", std::string(file_bytes, 'x')}));
}

TEST(Protocol, GenerationsAreNumbers) {
  EXPECT_EQ(decode_generation("1").value(), 1U);
  EXPECT_EQ(decode_generation("9223372036854775807").value(), 9223372036854775807U);
  for (const char* bad : {"", "0", "-1", "+1", "01", "1 ", " 1", "1/..", "9223372036854775808", "1e3", "x"})
    EXPECT_FALSE(decode_generation(bad)) << bad;
}

TEST(Protocol, NameServersAreAddresses) {
  for (const char* good : {"127.0.1.53", "2001:db8::1", "::1"}) EXPECT_TRUE(check_address(good)) << good;
  for (const char* bad : {"", "dns.example.com", "127.0.1.53:53", "1.2.3", "1.2.3.4\nsearch x", "[::1]", "fe80::1%eth0"})
    EXPECT_FALSE(check_address(bad)) << bad;
  EXPECT_FALSE(check_address(std::string("1.2.3.4\0options x", 17)));
}

TEST(Protocol, ChangesOfTablesComeBackAndAreChecked) {
  const TableChange change{"rat_x", true, {{"a", "1"}, {"b", ""}}, {"c", ""}};
  const auto body = [](const std::vector<std::string>& fields) { return encode_frame(11, fields).substr(head_bytes); };
  EXPECT_EQ(decode_table(body(encode_table(change))).value(), change);
  const auto refused = [&](const std::vector<std::string>& fields) { return !decode_table(body(fields)); };
  EXPECT_FALSE(refused({"t", "change", "0"}));
  EXPECT_TRUE(refused({"../t", "change", "0"}));
  EXPECT_TRUE(refused({".boot", "change", "0"}));
  EXPECT_TRUE(refused({"", "change", "0"}));
  EXPECT_TRUE(refused({"t", "all", "0"}));
  EXPECT_TRUE(refused({"t", "whole", "-1"}));
  EXPECT_TRUE(refused({"t", "whole", "1", "key"})) << "without its value";
  EXPECT_TRUE(refused({"t", "whole", "999999999999"}));
  EXPECT_FALSE(decode_table(body(encode_table(change)).substr(0, 40))) << "cut off";
  EXPECT_FALSE(decode_table(""));
}

TEST(Protocol, LoginsComeBackAndAreChecked) {
  Login login{true, "xterm-256color", 40, 120, "status; rm -rf / 'x'"};
  EXPECT_EQ(decode_login(encode_login(login)).value(), login);
  login.line.reset();
  login.terminal = false;
  EXPECT_EQ(decode_login(encode_login(login)).value(), login);
  const auto refused = [](std::vector<std::string> fields) { return !decode_login(fields); };
  EXPECT_TRUE(refused({"tty", "xterm", "24", "80"}));
  EXPECT_TRUE(refused({"terminal", "", "24", "80"}));
  EXPECT_TRUE(refused({"terminal", "xterm\nLD_PRELOAD=x", "24", "80"}));
  EXPECT_TRUE(refused({"terminal", "../x", "24", "80"}));
  EXPECT_TRUE(refused({"terminal", "xterm", "0", "80"}));
  EXPECT_TRUE(refused({"terminal", "xterm", "24", "99999"}));
  EXPECT_TRUE(refused({"pipes", "xterm", "24", "80", std::string("a\0b", 3)}));
}

}  // namespace
}  // namespace postern::hands
