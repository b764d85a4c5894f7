// Whatever a server says is read, or said to be damaged: nothing is believed that it does not say.
#include "transport/records.h"

#include <gtest/gtest.h>

#include "base/limits.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace postern::transport {
namespace {

using namespace std::string_literals;
using Outcome = base::DnsAnswer::Outcome;

enum : std::uint16_t { a = 1, cname = 5, soa = 6, mx = 15, txt = 16, aaaa = 28, spf = 99 };

std::string number(std::uint16_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 255)}; }

std::string name(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('.', at), text.size());
    out += static_cast<char>(end - at) + text.substr(at, end - at);
    at = end + 1;
  }
  return out + '\0';
}

/// An answer to a question for x.test.
struct Message {
  int code = 0;
  std::uint16_t count = 0;
  std::string records;

  Message& add(const std::string& owner, std::uint16_t type, const std::string& data, std::uint16_t of_class = 1) {
    ++count;
    records += owner + number(type) + number(of_class) + "\0\0\0\x3c"s + number(static_cast<std::uint16_t>(data.size())) + data;
    return *this;
  }
  Message& add(std::uint16_t type, const std::string& data) { return add(asked, type, data); }
  [[nodiscard]] std::string bytes() const {
    return "\0\7\x81"s + static_cast<char>(0x80 | code) + number(1) + number(count) + "\0\0\0\0"s + name("x.test") + number(a) +
           number(1) + records;
  }
  [[nodiscard]] base::DnsAnswer read(const std::string& type) const { return read_answer(bytes(), "x.test", type); }

  static inline const std::string asked = "\xc0\x0c"s;  ///< a pointer to the question's name
};

const std::string four = "\x7f\0\0\x01"s;

void expect_damaged(const base::DnsAnswer& answer, const char* what) {
  EXPECT_EQ(answer.outcome, Outcome::damaged) << what;
  EXPECT_TRUE(answer.records.empty()) << what;
  EXPECT_TRUE(answer.problem.ends_with(" of x.test is not known: the DNS server's answer cannot be read.")) << answer.problem;
}

std::vector<std::string> datas(const base::DnsAnswer& answer) {
  std::vector<std::string> out;
  for (const auto& one : answer.records) out.push_back(one.data);
  return out;
}

TEST(Records, AnAddressHasItsSize) {
  EXPECT_EQ(datas(Message().add(a, four).read("A")), std::vector<std::string>{"127.0.0.1"});
  for (const std::string& data : {four + "\x01"s, "\x7f\0\0"s, ""s}) expect_damaged(Message().add(a, data).read("A"), "A");
  expect_damaged(Message().add(aaaa, std::string(17, '\x20')).read("AAAA"), "AAAA");
}

TEST(Records, OneThatCannotBeReadDamagesTheAnswer) {
  expect_damaged(Message().add(a, four).add(a, "\x7f"s).read("A"), "the second");
  expect_damaged(Message().add(cname, "\xc0\xff"s).read("A"), "an alias");
  Message more = Message().add(a, four);
  more.count = 0xffff;
  expect_damaged(more.read("A"), "more are announced than there are");
  expect_damaged(read_answer(Message().add(a, four).bytes() + "x", "x.test", "A"), "more than is announced");
  expect_damaged(read_answer("\0\7\x81\x80\0\1\0\1\0\0\0\0"s, "x.test", "A"), "no question");
  const auto none = read_answer("\0\7\x81"s, "x.test", "A");
  EXPECT_NE(none.outcome, Outcome::none);
  EXPECT_NE(none.outcome, Outcome::found);
}

TEST(Records, NothingIsReadBeyondARecord) {
  // Of one byte: with what follows it, the root, it would say that the domain takes no mail.
  expect_damaged(Message().add(mx, "\0"s).add("\0"s, a, four).read("MX"), "MX of one byte");
  // Half of a pointer: with the next record's first byte it would be the question's name.
  expect_damaged(Message()
                     .add(mx, "\0\x0a\xc0"s)
                     .add("\x0c"s
                          "abcdefghijkl\0"s,
                          a, four)
                     .read("MX"),
                 "half a pointer");
  // A string that takes the next record's first byte.
  expect_damaged(Message().add(txt, "\3ab"s).add("\1y\0"s, a, four).read("TXT"), "TXT");
}

TEST(Records, AnAuthorityHasTwoNamesAndFiveNumbers) {
  const auto numbers = [](int count) {
    std::string out;
    for (int i = 1; i <= count; ++i) out += "\0\0\0"s + static_cast<char>(i);
    return out;
  };
  const std::string names = Message::asked + name("hostmaster.x.test");
  EXPECT_EQ(datas(Message().add(soa, names + numbers(5)).read("SOA")),
            std::vector<std::string>{"x.test hostmaster.x.test 1 2 3 4 5"});
  expect_damaged(Message().add(soa, names + numbers(6)).read("SOA"), "six numbers");
  expect_damaged(Message().add(soa, names + numbers(4)).read("SOA"), "four numbers");
  expect_damaged(Message().add(soa, "\xc0\xff"s + Message::asked + numbers(5)).read("SOA"), "no first name");
  expect_damaged(Message().add(soa, "\xc0\xff"s + numbers(5).substr(2)).read("SOA"), "no name");
  expect_damaged(Message().add(soa, Message::asked + "\xc0\xff"s + numbers(5).substr(2)).read("SOA"), "no second name");
}

TEST(Records, OtherClassesAndTypesAreLeftOut) {
  const auto chaos = Message().add(Message::asked, a, four, 3).read("A");
  EXPECT_EQ(chaos.outcome, Outcome::none);
  EXPECT_EQ(chaos.problem, "x.test has no A record.");
  const auto other = Message().add(spf, "\1v"s).add(mx, "\0\1"s + Message::asked).read("A");
  EXPECT_EQ(other.outcome, Outcome::none);
  EXPECT_EQ(other.problem, "x.test has no A record.");
}

TEST(Records, OtherNamesAreLeftOut) {
  const auto some = Message().add(name("victim.example"), a, "\6\6\6\6"s).add(a, four).read("A");
  EXPECT_EQ(datas(some), std::vector<std::string>{"127.0.0.1"});
  const auto none = Message().add(name("victim.example"), mx, "\0\1"s + name("evil.x")).read("MX");
  EXPECT_TRUE(none.records.empty());
  EXPECT_EQ(none.outcome, Outcome::damaged) << "that there is none was not said";
  EXPECT_EQ(none.problem, "MX of x.test is not known: the DNS server answers about other names.");
  const auto damaged = Message().add(name("victim.example"), a, "\6"s).add(a, four).read("A");
  EXPECT_EQ(damaged.outcome, Outcome::found) << "nor need they be read";
}

TEST(Records, AliasesAreFollowedInWhateverOrderAndCircle) {
  const auto chain = Message()
                         .add(name("Z.test"), a, four)
                         .add(name("y.test"), cname, name("z.TEST"))
                         .add(name("X.test"), cname, name("y.test"))
                         .add(name("w.test"), a, "\6\6\6\6"s)
                         .read("A");
  EXPECT_EQ(datas(chain), (std::vector<std::string>{"127.0.0.1", "z.TEST", "y.test"}));
  const auto circle = Message().add(cname, name("y.test")).add(name("y.test"), cname, Message::asked).read("A");
  EXPECT_EQ(datas(circle), (std::vector<std::string>{"y.test", "x.test"}));
}

TEST(Records, NamesArePrintableAndShort) {
  const std::string ugly = "\x3f"s + std::string(63, '\x1b') + "\x3f"s + std::string(63, '\x1b') + "\0"s;
  const auto answer = Message().add(cname, ugly).add(ugly, a, four).read("A");
  ASSERT_EQ(answer.records.size(), 2U);
  EXPECT_LE(answer.records[0].data.size(), base::limits::host_name_bytes);
  EXPECT_LE(answer.records[1].name.size(), base::limits::host_name_bytes);
  EXPECT_EQ(answer.records[1].name.find('\x1b'), std::string::npos);
}

TEST(Records, LongTextsAreCutAndSaidToBe) {
  const std::string string = "\xff"s + std::string(255, 'x');
  std::string all;
  for (int i = 0; i < 15; ++i) all += string;
  const auto whole = Message().add(txt, all).read("TXT");
  EXPECT_FALSE(whole.cut);
  for (int i = 0; i < 200; ++i) all += string;
  const auto cut = Message().add(txt, all).read("TXT");
  ASSERT_EQ(cut.records.size(), 1U);
  EXPECT_TRUE(cut.cut);
  EXPECT_GE(cut.records[0].data.size(), base::dns_text_bytes);
  EXPECT_LE(cut.records[0].data.size(), base::dns_text_bytes + 258);
}

TEST(Records, ManyAreCutAndSaidToBe) {
  Message many;
  for (int i = 0; i < 256; ++i) many.add(a, four);
  EXPECT_EQ(many.read("A").records.size(), 256U);
  EXPECT_FALSE(many.read("A").cut);
  for (int i = 0; i < 44; ++i) many.add(a, four);
  EXPECT_EQ(many.read("A").records.size(), 256U);
  EXPECT_TRUE(many.read("A").cut);
}

TEST(Records, ACodeIsSaidByItsName) {
  const std::pair<int, const char*> codes[] = {{1, "FORMERR"}, {2, "SERVFAIL"}, {4, "NOTIMP"},
                                               {5, "REFUSED"}, {9, "NOTAUTH"},  {12, "code 12"}};
  for (const auto& [code, text] : codes) {
    Message message;
    message.code = code;
    const auto answer = message.read("MX");
    EXPECT_EQ(answer.outcome, Outcome::no_answer) << text;
    EXPECT_EQ(answer.problem, "MX of x.test is not known: the DNS server answers "s + text + ".");
    EXPECT_TRUE(is_refusal(message.bytes()));
  }
  Message none;
  none.code = 3;
  EXPECT_EQ(none.read("A").outcome, Outcome::none);
  EXPECT_EQ(none.read("A").problem, "There is no x.test.");
  EXPECT_FALSE(is_refusal(none.bytes()));
  EXPECT_EQ(Message().read("A").outcome, Outcome::none);
  EXPECT_FALSE(is_refusal(Message().bytes()));
}

TEST(Records, AnAddressesNameIsItsDigitsBackwards) {
  EXPECT_EQ(reverse_name(*parse_address("192.0.2.1", 0)), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(*parse_address("2001:db8::567:89ab", 0)),
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

/// RFC 2308 §2.1: the name that does not exist is the last of the aliases.
TEST(Records, AnAliasOfNothingIsThereItself) {
  Message message;
  message.code = 3;
  message.add(cname, name("gone.test"));
  EXPECT_EQ(message.read("A").problem, "x.test is an alias, and there is no gone.test.");
  EXPECT_EQ(message.read("A").outcome, Outcome::none);
  Message circle;
  circle.code = 3;
  circle.add(cname, name("y.test")).add(name("y.test"), cname, Message::asked);
  EXPECT_FALSE(circle.read("A").problem.empty());
}

/// Without recursion nobody has looked where the alias leads.
TEST(Records, AnAliasThatIsNotFollowedIsNoAbsence) {
  std::string bytes = Message().add(cname, name("other.test")).bytes();
  EXPECT_EQ(read_answer(bytes, "x.test", "A").problem, "") << "the server has followed it: there is no address";
  bytes[3] = 0;
  const auto open = read_answer(bytes, "x.test", "A");
  EXPECT_EQ(open.outcome, Outcome::found);
  EXPECT_EQ(datas(open), std::vector<std::string>{"other.test"});
  EXPECT_EQ(open.problem, "A of x.test is not known: it is an alias of other.test, which the DNS server does not follow.");
  EXPECT_EQ(read_answer(bytes, "x.test", "CNAME").problem, "");
}

/// RFC 1034 §4.3.1: servers above the zone say who else may know.
TEST(Records, AReferralIsNoAbsence) {
  std::string bytes = Message().bytes();
  EXPECT_EQ(read_answer(bytes, "x.test", "A").outcome, Outcome::none);
  bytes[3] = 0;
  EXPECT_EQ(read_answer(bytes, "x.test", "A").outcome, Outcome::no_answer);
  EXPECT_TRUE(is_refusal(bytes));
  bytes[2] = static_cast<char>(0x85);  // with authority it is the zone's own word
  EXPECT_EQ(read_answer(bytes, "x.test", "A").outcome, Outcome::none);
  EXPECT_FALSE(is_refusal(bytes));
}

TEST(Records, OneThatIsCutMakesTheAnswerCut) {
  std::string much;
  for (int i = 0; i < 20; ++i) much += '\xff' + std::string(255, 'x');
  EXPECT_TRUE(Message().add(txt, much).add(txt, "\2ab"s).read("TXT").cut);
  EXPECT_TRUE(Message().add(txt, "\2ab"s).add(txt, much).read("TXT").cut);
  EXPECT_FALSE(Message().add(txt, "\2ab"s).add(txt, "\2ab"s).read("TXT").cut);
}

}  // namespace
}  // namespace postern::transport
