// applier/probe.h: what a mail engine says to the one that asks whether it works. The input is its
// answers.
#include "applier/probe.h"
#include "base/printable.h"
#include "fuzz/support/fuzz.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace {

using namespace postern;

/// Listens on a port of its own for the program's whole life.
class Engine {
 public:
  Engine() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof here;
    FUZZ_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&here), length) == 0);
    FUZZ_CHECK(::listen(listener_, 8) == 0);
    FUZZ_CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &length) == 0);
    port_ = ntohs(here.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// One connection, to the end.
  void serve(std::string_view words) const {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    FUZZ_CHECK(client >= 0);
    (void)::send(client, words.data(), words.size(), MSG_NOSIGNAL);
    // Gone only when the other has read: a reset would take the words back.
    ::shutdown(client, SHUT_WR);
    char ignored[4096];
    while (::recv(client, ignored, sizeof ignored, 0) > 0) {
    }
    ::close(client);
  }

 private:
  int listener_;
  std::uint16_t port_ = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Engine engine;
  const std::string_view words = fuzz::view(data, size);
  std::thread server([&] { engine.serve(words); });
  const gateway::Probe probe{"A", "127.0.0.1", engine.port(), "a@example.com"};
  const applier::Probed answer = applier::probe(probe, {17, "name"}, std::chrono::milliseconds(0));
  server.join();
  const bool proved = answer.proof == applier::Proof::proved;
  fuzz::tell(proved);
  FUZZ_CHECK(proved ? answer.why.empty() : answer.why.starts_with("The listener A at "));
  FUZZ_CHECK(base::is_printable_line(answer.why, answer.why.size()));
  // A refusal may have lines before its last.
  FUZZ_CHECK(!proved || words.starts_with('5') || words.find("\n5") != std::string_view::npos ||
             words.find("generation 17.") != std::string_view::npos);
  return 0;
}
