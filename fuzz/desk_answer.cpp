// protocol/client.h: what a CLI makes of the lines that a desk sends.
#include "protocol/client.h"
#include "fuzz/support/fuzz.h"

#include <boost/json/serialize.hpp>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  int ends[2];
  FUZZ_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  // All of it is said before the question comes, and fits into the socket.
  FUZZ_CHECK(::write(ends[1], data, size) == static_cast<ssize_t>(size));
  FUZZ_CHECK(::shutdown(ends[1], SHUT_WR) == 0);
  const auto client = protocol::socket_client(ends[0]);
  std::size_t notices = 0;
  client->on_notice = [&](std::string_view, const protocol::JsonObject&) { ++notices; };
  const auto reply = client->call("status", {});
  ::close(ends[1]);
  fuzz::tell(reply.has_value());
  FUZZ_CHECK(notices <= size);
  FUZZ_CHECK(reply || base::error_code(base::error_name(reply.error().error.code)) == reply.error().error.code);
  return 0;
}
