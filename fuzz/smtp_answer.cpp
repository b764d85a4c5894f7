// applier/probe.h: what a mail engine says to the one that asks whether it works. The input is the
// first connection's answers; whoever asks again is refused service, which ends the probe.
#include "applier/probe.h"
#include "fuzz/support/fuzz.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
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

  /// Answers until `over` can be read.
  void serve(std::string_view first, int over) const {
    std::string_view words = first;
    for (;;) {
      pollfd wait[2] = {{listener_, POLLIN, 0}, {over, POLLIN, 0}};
      ::poll(wait, 2, -1);
      if (wait[1].revents != 0) return;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      (void)::send(client, words.data(), words.size(), MSG_NOSIGNAL);
      // Gone only when the other has read: a reset would take the words back.
      ::shutdown(client, SHUT_WR);
      char ignored[4096];
      while (::recv(client, ignored, sizeof ignored, 0) > 0) {
      }
      ::close(client);
      words = "521 no service here\r\n";
    }
  }

 private:
  int listener_;
  std::uint16_t port_ = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Engine engine;
  int over[2];
  FUZZ_CHECK(::pipe2(over, O_CLOEXEC) == 0);
  std::thread server([&] { engine.serve(fuzz::view(data, size), over[0]); });
  const gateway::Probe probe{"A", "127.0.0.1", engine.port(), "a@example.com"};
  const auto answer = applier::probe(probe, 17);
  ::close(over[1]);
  server.join();
  ::close(over[0]);
  fuzz::tell(answer.has_value());
  FUZZ_CHECK(answer ||
             (answer.error().where == "A" && answer.error().text.starts_with("The listener at ")));
  return 0;
}
