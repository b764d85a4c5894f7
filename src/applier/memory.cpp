#include "applier/memory.h"

#include "applier/conversation.h"
#include "base/ids.h"
#include "base/printable.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

namespace postern::applier {
namespace {

using Clock = std::chrono::steady_clock;

// Postfix counts whole seconds: 30 of them, and the one that had begun.
constexpr std::chrono::seconds remembered{31};
constexpr std::chrono::seconds talk_time{3};
constexpr std::chrono::seconds removed_time{3};
constexpr std::chrono::milliseconds log_pause{2};
constexpr std::size_t reply_shown = 200;

/// No recipient that was asked for before: it must not be the one that is remembered.
std::string new_recipient() {
  std::string bytes(16, '\0');
  (void)getrandom(bytes.data(), bytes.size(), 0);
  return fmt::format("{}@{}", base::to_hex(bytes), gateway::probe_domain);
}

class Door : public Conversation {
 public:
  explicit Door(hands::Descriptor socket) : Conversation("Postfix", "The door of Postfix", talk_time) {
    socket_ = std::move(socket);
  }
};

}  // namespace

void Memory::changed() { until_ = Clock::now() + remembered; }

/// The queue's name for the message that was handed in.
base::Result<std::string> Memory::hand_in() {
  auto socket = privileged_.door();
  if (!socket) return socket.error();
  Door door(std::move(*socket));
  const std::string to = new_recipient();
  const std::array lines{std::string(),
                         std::string("EHLO postern-probe.invalid"),
                         std::string("MAIL FROM:<>"),
                         fmt::format("RCPT TO:<{}>", to),
                         std::string("DATA"),
                         fmt::format("To: {}\r\nSubject: rows have changed\r\n\r\n.", to)};
  std::string last;
  for (const std::string& line : lines) {
    auto reply = door.say(line);
    if (!reply) return reply.error();
    last = std::move(*reply);
    if (last[0] != '2' && last[0] != '3')
      return door.failed(fmt::format("answers with \"{}\"", base::printable_line(last, reply_shown)));
  }
  (void)door.say("QUIT");  // or mail.log has one more line, for a lost connection
  constexpr std::string_view before = "queued as ";
  const std::size_t at = last.find(before);
  if (at == std::string::npos) return door.failed("does not say how it calls the message");
  return last.substr(at + before.size());
}

/// qmgr(8) logs this when it has resolved, delivered and forgotten the message.
base::Result<void> Memory::wait_until_removed(int log, const std::string& queue_id) const {
  const std::string wanted = fmt::format(": {}: removed\n", queue_id);
  const auto deadline = Clock::now() + removed_time;
  std::string unread;
  while (true) {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::read(log, buffer.data(), buffer.size());
    if (got > 0) {
      unread.append(buffer.data(), static_cast<std::size_t>(got));
      if (unread.find(wanted) != std::string::npos) return {};
      unread.erase(0, unread.size() - std::min(unread.size(), wanted.size()));
      continue;
    }
    if (Clock::now() > deadline) break;
    struct stat file {};
    // The log began anew (hands/rotation.h).
    if (::fstat(log, &file) == 0 && file.st_size < ::lseek(log, 0, SEEK_CUR)) (void)::lseek(log, 0, SEEK_SET);
    std::this_thread::sleep_for(log_pause);
  }
  return base::fail(base::ErrorCode::io, log_,
                    fmt::format("The message {} was not delivered within {} s.", queue_id, removed_time.count()));
}

base::Result<void> Memory::displace() {
  if (!until_) return {};
  if (Clock::now() >= *until_) {
    until_.reset();
    return {};
  }
  const hands::Descriptor log(::open(log_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!log.good()) return base::fail(base::ErrorCode::io, log_, "It cannot be read.");
  (void)::lseek(log.get(), 0, SEEK_END);
  const auto queue_id = hand_in();
  if (!queue_id) return queue_id.error();
  auto done = wait_until_removed(log.get(), *queue_id);
  if (done) until_.reset();
  return done;
}

}  // namespace postern::applier
