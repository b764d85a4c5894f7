#pragma once

#include "hands/descriptor.h"
#include "hands/instance.h"
#include "hands/protocol.h"
#include "hands/requests.h"

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern::hands {

/// The child that writes small changes of rows. They come with every commit, and making a process
/// costs more than writing the rows: so this one stays. It is made when the first change comes and
/// again when it has ended, holds nothing open but its socket, Postfix's folder and the tables that
/// it wrote last, and dies with its parent. Large requests have a child of their own, whose memory
/// goes with it.
class RowWriter {
 public:
  /// A request of this size lies in the socket whole, so that handing it over never waits.
  static constexpr std::size_t bytes_most = 64U << 10;

  explicit RowWriter(Instance& instance) : instance_(instance) {}

  static bool takes(const Rule& rule, std::string_view body) {
    return rule.verb == Verb::table && !body.empty() && body.size() <= bytes_most;
  }
  /// Hands over what it takes(), while it does nothing else. Its process; none when there cannot be
  /// one.
  std::optional<pid_t> begin(std::string_view body);
  /// Readable when there is an answer(); -1 while there is no process.
  [[nodiscard]] int watched() const { return socket_.get(); }
  /// None while nothing has come.
  std::optional<Outcome> answer();
  /// To be told of every process that ended.
  void ended(pid_t pid);

 private:
  bool make();
  [[noreturn]] void work(int socket);

  Instance& instance_;
  Descriptor socket_;
  std::string answer_;  // room for one
  pid_t pid_ = 0;
};

}  // namespace postern::hands
