#include "transport/keys.h"

#include "transport/frames.h"
#include "transport/station.h"

#include <gtest/gtest.h>

namespace postern::transport::test {
namespace {

TEST(Keys, PairIsReadByOpenSsh) {
  const auto pair = make_key_pair();
  ASSERT_TRUE(pair);
  const Folder folder;
  const auto file = folder.write("key", pair->private_pem);
  EXPECT_EQ(run({"ssh-keygen", "-y", "-f", file}).out.substr(0, pair->public_line.size()), pair->public_line);
  EXPECT_NE(make_key_pair()->public_line, pair->public_line);
}

TEST(Keys, FingerprintsAsSshKeygenPrintsThem) {
  const Folder folder;
  for (const auto* type : {"ed25519", "rsa", "ecdsa"}) {
    const auto file = folder.path(type);
    ASSERT_EQ(run({"ssh-keygen", "-q", "-t", type, "-N", "", "-C", "", "-f", file}).code, 0);
    const auto prints = fingerprints(run({"cat", file + ".pub"}).out);
    ASSERT_TRUE(prints);
    EXPECT_NE(run({"ssh-keygen", "-l", "-f", file}).out.find(" " + prints->sha256 + " "), std::string::npos);
    EXPECT_NE(run({"ssh-keygen", "-l", "-E", "md5", "-f", file}).out.find(" " + prints->md5 + " "), std::string::npos);
  }
}

TEST(Keys, BadLinesAreRefused) {
  for (const auto* line : {"", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 AAAA", "nonsense AAAA", "ssh-rsa %%%"}) {
    EXPECT_FALSE(fingerprints(line)) << line;
  }
  EXPECT_FALSE(Transport::start({"not a key", key("a").private_pem}, {}, {}));
  EXPECT_FALSE(Transport::start({key("a").private_pem, ""}, {}, {}));
}

TEST(Keys, CommentsDoNotMakeAnotherKey) {
  EXPECT_TRUE(same_key("ssh-ed25519 AAAA root@mail1", " ssh-ed25519  AAAA\n"));
  EXPECT_FALSE(same_key("ssh-ed25519 AAAA", "ssh-ed25519 AAAB"));
  EXPECT_FALSE(same_key("", ""));
  EXPECT_FALSE(same_key("ssh-ed25519", "ssh-ed25519"));
}

TEST(Frames, CutAnywhereTheyComeWhole) {
  FrameQueue queue;
  const std::vector<std::string> sent{"one", "", std::string(70'000, '2'), "three"};
  for (const auto& text : sent) queue.push(text);
  std::string wire;
  while (!queue.front().empty()) {
    const auto part = queue.front().substr(0, 1000);
    wire += part;
    queue.pop(part.size());
  }
  for (const std::size_t step : {1U, 3U, 7U, 4096U, 1'000'000U}) {
    FrameReader reader;
    std::vector<std::string> got;
    for (std::size_t at = 0; at < wire.size(); at += step) {
      std::string_view rest = std::string_view(wire).substr(at, step);
      while (!rest.empty()) {
        if (reader.feed(rest)) got.push_back(reader.take());
      }
    }
    EXPECT_EQ(got, sent) << step;
  }
}

TEST(Frames, OverlongIsNotRead) {
  FrameReader reader;
  std::string_view rest("\xff\xff\xff\xff....", 8);
  EXPECT_FALSE(reader.feed(rest));
  EXPECT_FALSE(rest.empty());
  EXPECT_EQ(reader.announced(), 0xffffffffU);
}

}  // namespace
}  // namespace postern::transport::test
