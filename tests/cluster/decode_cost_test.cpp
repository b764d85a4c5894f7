// What decoding costs: memory at most four times the message and time in proportion, whatever it holds.
#include "base/limits.h"
#include "cluster/join.h"
#include "cluster/world.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {

/// Bytes in use through operator new, and the most there ever were since `begin`. One thread.
struct Meter {
  std::size_t now = 0;
  std::size_t most = 0;
  std::size_t start = 0;
  void begin() { start = most = now; }
  [[nodiscard]] std::size_t cost() const { return most - start; }
};
Meter meter;

void* taken(std::size_t size) {
  void* made = std::malloc(size == 0 ? 1 : size);
  if (made == nullptr) throw std::bad_alloc();
  meter.now += malloc_usable_size(made);
  meter.most = std::max(meter.most, meter.now);
  return made;
}
void given(void* made) noexcept {
  if (made == nullptr) return;
  const std::size_t size = malloc_usable_size(made);
  meter.now -= std::min(meter.now, size);
  std::free(made);
}

}  // namespace

void* operator new(std::size_t size) { return taken(size); }
void* operator new[](std::size_t size) { return taken(size); }
void operator delete(void* made) noexcept { given(made); }
void operator delete[](void* made) noexcept { given(made); }
void operator delete(void* made, std::size_t) noexcept { given(made); }
void operator delete[](void* made, std::size_t) noexcept { given(made); }

namespace postern::cluster {
namespace {

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}
std::string field(unsigned number, const std::string& bytes) {
  std::string out;
  put_varint(out, number << 3 | 2);
  put_varint(out, bytes.size());
  return out + bytes;
}
/// As many of one thing as a message of that size holds.
std::string many(const std::string& one, std::size_t size) {
  std::string out;
  out.reserve(size + one.size());
  while (out.size() < size) out += one;
  return out;
}
std::string message_of(unsigned kind, const std::string& one, std::size_t size) { return field(kind, many(one, size)); }

struct Hostile {
  std::string name;
  std::string bytes;
};

std::string tip(int number) {
  std::string out = field(1, std::string(12, 'm') + std::string(4, 'a'));
  std::string hash(32, 'h');
  for (int i = 0; i < 4; ++i) hash[static_cast<std::size_t>(i)] = static_cast<char>(number >> (8 * (3 - i)));
  return out + field(4, hash);
}
std::string tips(unsigned number, std::size_t size) {
  std::string out;
  for (int i = 0; out.size() < size; ++i) out += field(number, tip(i + 1));
  return out;
}

std::vector<Hostile> messages(std::size_t size) {
  const std::string empty_value = field(3, "");
  const std::string small_item = field(1, std::string(32, 'h')) + field(2, std::string(64, 's'));
  const std::string full_item =
      field(1, std::string(400, 'h')) + field(2, std::string(64, 's')) + many(empty_value, 10 * empty_value.size());
  const std::string swollen_item = field(1, std::string(64, 'h')) + field(2, std::string(64, 's')) + many(empty_value, 8000);
  return {
      {"hello of empty tips", message_of(1, field(8, ""), size)},
      {"hello of tips", field(1, tips(8, size / 3) + tips(9, size / 3) + tips(10, size / 3))},
      {"ship of empty items", message_of(2, field(1, ""), size)},
      {"ship of the smallest items", message_of(2, field(1, small_item), size)},
      {"ship of items with values", message_of(2, field(1, full_item), size)},
      {"ship of items with too many values", message_of(2, field(1, swollen_item), size)},
      {"ship of one long value", field(2, field(1, small_item + field(3, std::string(size, 'v'))))},
      {"durable of unknown fields", message_of(3, field(30, ""), size)},
      {"dropped of unknown fields", message_of(4, field(30, ""), size)},
      {"ack of empty tips", message_of(5, field(1, ""), size)},
      {"ack of tips", field(5, tips(1, size))},
      {"pull of tips", field(6, tips(1, size))},
      {"summary of tips of unknown fields", message_of(7, field(1, field(20, "")), size)},
      {"summary of tips", field(7, tips(1, size))},
      {"ping of long digests", message_of(8, field(4, std::string(1000, 'd')), size)},
      {"link state of empty members", message_of(9, field(4, ""), size)},
      {"link state of members", message_of(9, field(4, std::string(16, 'm')), size)},
      {"link state of joins", message_of(9, field(5, ""), size)},
      {"applied of tips", field(10, tips(2, size))},
      {"applied of one long problem", field(10, field(3, std::string(size, 'p')))},
      {"relay of one long body", field(11, field(5, std::string(size, 'b')))},
      {"relay of many bodies", field(11, many(field(5, std::string(60U << 10, 'b')), size))},
      {"relay of many hashes", field(11, many(field(9, std::string(32, 'h')), size))},
      {"an unknown kind", field(30, std::string(size, 'x'))},
      {"many messages in one", many(field(8, ""), size)},
      {"many empty groups", std::string(size, '\x0b')},
  };
}

std::vector<Hostile> frames(std::size_t size) {
  const std::string small_item = field(1, std::string(32, 'h')) + field(2, std::string(64, 's'));
  return {
      {"part of empty items", field(4, many(field(1, ""), size))},
      {"part of the smallest items", field(4, many(field(1, small_item), size))},
      {"part of one long value", field(4, field(1, small_item + field(3, std::string(size, 'v'))))},
      {"part in pieces", many(field(4, field(1, "")), size)},
      {"request of unknown fields", field(1, many(field(30, ""), size))},
      {"offer of names", field(3, field(2, std::string(size, 'n')))},
      {"refusal of one long text", field(2, field(1, std::string(size, 'n')))},
      {"ready of unknown fields", field(5, many(field(30, ""), size))},
  };
}

/// Longer than any header; the counts are what costs.
std::vector<Hostile> headers() {
  const std::size_t size = base::limits::header_bytes - 64;
  return {
      {"empty parents", many(field(5, ""), size)},
      {"empty writes", many(field(12, ""), size)},
      {"one write of empty bases", field(12, many(field(5, ""), size))},
      {"writes of empty bases", many(field(12, many(field(5, ""), 128)), size)},
      {"writes of registers", many(field(12, field(1, field(3, "a")) + std::string("\x10\x01", 2)), size)},
      {"unknown fields", many(field(40, ""), size)},
      {"a long comment", field(9, std::string(size, 'c'))},
  };
}

/// Allocators round up; a decoder's own small things.
constexpr std::size_t slack = 64U << 10;
/// Below, beside and above each bound on how many there may be of a thing.
constexpr std::size_t sizes[] = {1U << 16, 1U << 18, 1U << 20, 2U << 20, 4U << 20};

TEST(DecodeCost, AMessageCostsAtMostFourTimesItsBytes) {
  for (const std::size_t size : sizes) {
    for (const Hostile& one : messages(size)) {
      meter.begin();
      { const auto decoded = decode(one.bytes); }
      EXPECT_LE(meter.cost(), 4 * one.bytes.size() + slack) << one.name << " of " << size;
    }
  }
}

TEST(DecodeCost, AFrameOfAJoinCostsAtMostFourTimesItsBytes) {
  for (const std::size_t size : sizes) {
    for (const Hostile& one : frames(size)) {
      meter.begin();
      { const auto decoded = decode_join(one.bytes); }
      EXPECT_LE(meter.cost(), 4 * one.bytes.size() + slack) << one.name << " of " << size;
    }
  }
}

/// One at a time, so this comes once on top, however many a message holds.
TEST(DecodeCost, AHeaderCostsAFewMegabytesAtMost) {
  for (const Hostile& one : headers()) {
    meter.begin();
    { const auto decoded = decode_header(one.bytes); }
    EXPECT_LE(meter.cost(), 4U << 20) << one.name;
  }
}

/// A small one costs little: room is made for what can be in so many bytes.
TEST(DecodeCost, AHeaderCostsTwentyTimesItsBytes) {
  const std::string one_byte_write = field(12, "\x0a");
  for (const std::size_t size : {500U, 5'000U, 50'000U}) {
    for (const std::string& one : {one_byte_write, field(12, ""), field(5, ""), field(12, field(5, ""))}) {
      const std::string bytes = many(one, size);
      meter.begin();
      { const auto decoded = decode_header(bytes); }
      EXPECT_LE(meter.cost(), 20 * bytes.size() + slack) << size;
    }
  }
}

TEST(DecodeCost, TipsThatAreTakenAreTheOnesThatWereSent) {
  const auto decoded = decode(field(5, tips(1, 1000)));
  ASSERT_TRUE(decoded) << decoded.error().text;
  EXPECT_EQ(std::get<Ack>(*decoded).stored.size(), 19U);
}

}  // namespace
}  // namespace postern::cluster
