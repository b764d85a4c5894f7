// hands/wire.h: frames as they come off the socket, in pieces. The first byte says how large they
// are.
#include "fuzz/support/fuzz.h"
#include "hands/wire.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace {

using namespace postern;

/// The frames that stand whole in `stream`, as their bodies.
std::vector<std::string> bodies_of(std::string_view stream) {
  std::vector<std::string> out;
  while (stream.size() >= hands::head_bytes) {
    const std::size_t length = hands::decode_head(stream).length;
    if (stream.size() - hands::head_bytes < length) break;
    out.emplace_back(stream.substr(hands::head_bytes, length));
    stream.remove_prefix(hands::head_bytes + length);
  }
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream = fuzz::view(data + 1, size - 1);
  const std::size_t piece = 1 + data[0] * 16U;
  int ends[2];
  FUZZ_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  hands::Inbox inbox;
  std::vector<std::string> bodies;
  std::vector<hands::Descriptor> descriptors;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const std::string_view part = stream.substr(at, piece);
    FUZZ_CHECK(::write(ends[0], part.data(), part.size()) == static_cast<ssize_t>(part.size()));
    while (inbox.receive(ends[1]) == hands::Inbox::Got::bytes) {
    }
    while (inbox.has_frame()) bodies.push_back(inbox.take(descriptors));
  }
  ::close(ends[0]);
  FUZZ_CHECK(inbox.receive(ends[1]) == hands::Inbox::Got::end);
  ::close(ends[1]);
  FUZZ_CHECK(descriptors.empty());
  FUZZ_CHECK(bodies == bodies_of(stream));
  fuzz::tell(!bodies.empty());
  return 0;
}
