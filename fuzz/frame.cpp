// transport/frames.h: messages on a byte stream, cut into pieces of any size.
#include "fuzz/support/fuzz.h"
#include "transport/frames.h"

#include <vector>

namespace {

using namespace postern;
using Messages = std::vector<std::string>;

/// What comes out when the stream comes in pieces of `piece` bytes. False: it is of no use any
/// more.
bool read_all(std::string_view stream, std::size_t piece, Messages& out) {
  transport::FrameReader reader;
  while (!stream.empty()) {
    std::string_view part = stream.substr(0, piece);
    stream.remove_prefix(part.size());
    while (!part.empty()) {
      if (reader.feed(part))
        out.push_back(reader.take());
      else if (!part.empty())
        return false;
    }
  }
  return true;
}

std::string written(const Messages& messages) {
  transport::FrameQueue queue;
  for (const std::string& message : messages) queue.push(message);
  std::string out;
  while (!queue.front().empty()) {
    const std::string_view next = queue.front().substr(0, 1000);
    out += next;
    queue.pop(next.size());
  }
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream = fuzz::view(data + 1, size - 1);
  Messages whole;
  const fuzz::Peak peak;
  const bool good = read_all(stream, size, whole);
  // A length is believed up to 1 MiB before its bytes have come.
  FUZZ_CHECK(peak.bytes() <= fuzz::memory_allowed(size, 32) + (std::size_t{2} << 20U));
  fuzz::tell(good && !whole.empty());
  Messages pieces;
  FUZZ_CHECK(read_all(stream, 1 + data[0] % 9U, pieces) == good);
  FUZZ_CHECK(pieces == whole);
  FUZZ_CHECK(stream.starts_with(written(whole)));
  return 0;
}
