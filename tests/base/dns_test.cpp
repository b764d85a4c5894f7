#include "base/dns.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace postern::base {
namespace {

TEST(DnsName, IsWhatDnsCanBeAskedFor) {
  for (const std::string name : {"example.com", "localhost", "_dmarc.example.com", "s1._domainkey.EXAMPLE.com",
                                 "xn--bcher-kva.example", "1.2.0.192.in-addr.arpa", "3com.example", "a--b.example"})
    EXPECT_TRUE(check_dns_name(name)) << name;
  EXPECT_TRUE(check_dns_name(std::string(63, 'a') + ".example"));
}

TEST(DnsName, IsNotAnythingElse) {
  for (const std::string name : {"",
                                 ".",
                                 "..",
                                 "real.x.",
                                 "real.x..",
                                 ".example.com",
                                 "a..b",
                                 "[1.2.3.4]",
                                 "[2001:db8::1]",
                                 "*",
                                 "*.example.com",
                                 "a/b",
                                 "a b",
                                 "a@b.example",
                                 "-a.example",
                                 "a-.example",
                                 "1.2.3.4",
                                 "1.2.3",
                                 "7",
                                 "example.123",
                                 "2001:db8::1",
                                 "a\x1b.example",
                                 "a\\.example"}) {
    const auto good = check_dns_name(name);
    ASSERT_FALSE(good) << name;
    EXPECT_EQ(good.error().code, ErrorCode::usage);
    EXPECT_EQ(good.error().text.find('\x1b'), std::string::npos);
  }
  EXPECT_FALSE(check_dns_name(std::string(64, 'a') + ".example"));
  std::string longest;
  for (const char c : {'a', 'b', 'c'}) longest += std::string(63, c) + ".";
  longest += std::string(61, 'd');
  ASSERT_EQ(longest.size(), limits::host_name_bytes);
  EXPECT_TRUE(check_dns_name(longest));
  EXPECT_FALSE(check_dns_name(longest + "d"));
}

TEST(DnsName, LettersOfOtherScriptsAreToBeEnteredAsDnsHasThem) {
  const auto error = check_dns_name("bücher.example").error();
  EXPECT_NE(error.text.find("bücher.example"), std::string::npos) << error.text;
  EXPECT_NE(error.text.find("xn--"), std::string::npos) << error.text;
}

TEST(DnsName, AddressesAreNone) {
  for (const char* address : {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::"}) EXPECT_TRUE(is_ip_address(address)) << address;
  EXPECT_FALSE(is_ip_address(std::string("192.0.2.1\0x", 11))) << "nothing around it";
  for (const char* other : {"", "*", ".", "1.2.3", "[192.0.2.1]", "192.0.2.1.", "fe80::1%eth0", "example.com"})
    EXPECT_FALSE(is_ip_address(other)) << other;
}

}  // namespace
}  // namespace postern::base
