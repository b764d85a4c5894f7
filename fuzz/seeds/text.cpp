#include "base/crypto.h"
#include "fuzz/seeds/seeds.h"

namespace postern::fuzz {
namespace {

using Inputs = std::vector<std::string>;

Inputs lines() {
  return {
      "clustermode cluster; smtproutes new example.com 192.0.2.1 --start=empty; commit \"The first "
      "route\"",
      "smtproutes print | grep -i -v \"a b\" | count; status",
      "listenerconfig rat IncomingMail new spam@example.com reject --text=\"Go away\"",
      "sshconfig userkey new 'ssh-ed25519 AAAA me@here' ; ;",
      "a\\ b \"c\\\"d\\\\\" '' -- --x=1",
      "help \"",
      "| count",
      "status | less"};
}

Inputs paths() {
  return {"route['.example.com']/destination['127.0.0.9','25']/preference",
          "listener[\"it's\"]/hat['A']",
          "server",
          "a[\"\"\"x'\"]",
          "",
          "a/",
          "a['b'",
          "set",
          "insert"};
}

Inputs printable() {
  return {
      "gr\xc3\xbc\xc3\x9f"
      "e",
      "\xe6\x97\xa5\xe6\x9c\xac",
      "\xf0\x9f\x98\x80",
      "a\nb\tc",
      "\x1b[2Jx",
      "\xe2\x80\xae"
      "abc",
      "\xc2\x85",
      "\xed\xa0\x80",
      "\xff\xfe",
      "\xef\xbb\xbfx",
      std::string(200, 'x'),
      std::string("a\0b", 3),
      ""};
}

Inputs keys() {
  return {
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVAbBwOQYetuT1HVVywrxQYi+FWp6Bc1ns4QmJZDQEa "
      "anna@laptop one",
      "ecdsa-sha2-nistp256 "
      "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBExYmKk35zUEbPS2yPguJql2kWMAnGPKFWFZW"
      "Eldcz1E0Z7Fh8xXMsIMDoCIJIv7uDCLIXv15CPPQpZk+NNRocg= e256",
      "ssh-rsa " + base::to_base64(std::string("\0\0\0\7ssh-rsa\0\0\0\3\1\0\1\0\0\1\1\0\x87", 24) + std::string(255, 'k')),
      "no-pty ssh-ed25519 AAAA",
      "ssh-rsa AAAA",
      ""};
}

Inputs addresses() {
  return {"127.0.0.1",  "::1",   "2001:db8::1/48",   "10.1.2.3/8",
          "*",          "",      "::ffff:192.0.2.1", "mail.example.com",
          "1.2.3.4/33", "[::1]", "Outgoing Mail",    std::string("1.2.3.4\0x", 9)};
}

Inputs ids() {
  return {"01234567-89ab-cdef-0123-456789abcdef",
          std::string(64, 'A'),
          "00ff",
          "aGVsbG8=",
          "aGVsbG9=",
          "machine",
          "cluster",
          "0",
          "zz",
          ""};
}

}  // namespace

std::vector<Seeds> text_seeds() {
  return {{"cli_line", lines()},  {"path", paths()},        {"printable", printable()},
          {"public_key", keys()}, {"address", addresses()}, {"ids", ids()}};
}

}  // namespace postern::fuzz
