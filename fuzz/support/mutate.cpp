#include "fuzz/support/mutate.h"

#include <array>
#include <string_view>

namespace postern::fuzz {
namespace {

using namespace std::string_view_literals;

/// What parsers trip over: ends of numbers, quotes, brackets, line ends, UTF-8 that is none.
constexpr std::array pieces{"\0"sv,
                            "\xff"sv,
                            "\x7f"sv,
                            "\x80"sv,
                            "\xff\xff\xff\xff"sv,
                            "\x7f\xff\xff\xff"sv,
                            "\0\0\0\0"sv,
                            "\0\0\0\1"sv,
                            "\n"sv,
                            "\r\n"sv,
                            " "sv,
                            "\t"sv,
                            "\""sv,
                            "'"sv,
                            "\\"sv,
                            "{"sv,
                            "}"sv,
                            "["sv,
                            "]"sv,
                            "{}"sv,
                            ","sv,
                            ":"sv,
                            "="sv,
                            "/"sv,
                            "$"sv,
                            "#"sv,
                            "-"sv,
                            ";"sv,
                            "|"sv,
                            "0"sv,
                            "-1"sv,
                            "65536"sv,
                            "4294967296"sv,
                            "18446744073709551615"sv,
                            "null"sv,
                            "\\u0000"sv,
                            "\xc2\x85"sv,
                            "\xe2\x80\xae"sv,
                            "\xed\xa0\x80"sv,
                            "\x1b[31m"sv};

}  // namespace

/// splitmix64.
std::uint64_t Mutator::random() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

std::size_t Mutator::below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit); }

void Mutator::change(std::string& bytes) {
  const std::size_t at = below(bytes.size() + 1);
  const std::size_t count = 1 + below(1 + bytes.size() / 4);
  switch (below(7)) {
    case 0:
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1U << below(8)));
      return;
    case 1:
      if (at < bytes.size()) bytes[at] = static_cast<char>(random());
      return;
    case 2: bytes.erase(at, count); return;
    case 3: bytes.insert(at, pieces[below(pieces.size())]); return;
    case 4: bytes.replace(at, 1, pieces[below(pieces.size())]); return;
    case 5: bytes.insert(at, bytes.substr(below(bytes.size() + 1), count)); return;
    default: {
      const std::string& other = corpus_[below(corpus_.size())];
      bytes.replace(at, count, other.substr(below(other.size() + 1), 1 + below(other.size())));
    }
  }
}

std::string Mutator::next() {
  std::string bytes = corpus_[below(corpus_.size())];
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(bytes);
  if (bytes.size() > most_) bytes.resize(most_);
  return bytes;
}

}  // namespace postern::fuzz
