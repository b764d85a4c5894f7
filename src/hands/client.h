#pragma once

#include "base/result.h"
#include "hands/descriptor.h"
#include "hands/protocol.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace postern::hands {

/// A login's interpreter that runs. All descriptors are close-on-exec.
struct Started {
  Descriptor in;     ///< its input: the terminal's master (read and write), or a pipe to write to
  Descriptor out;    ///< its output, a pipe; none with a terminal
  Descriptor err;    ///< its errors, a pipe; none with a terminal
  Descriptor pidfd;  ///< readable when it has ended
  /// Four bytes (int, exit code; 128 + signal) come when it has ended; end of file without them:
  /// postern-hands died meanwhile. Closing it hangs up: the interpreter gets SIGHUP, after 2 s
  /// SIGKILL.
  Descriptor status;
};
/// Blocks until the end of the interpreter; 255 when its code is lost.
int exit_code(const Descriptor& status);

/// How many messages lie in Postfix's queue: being taken in, being delivered, waiting for another
/// try, held; and whether its master runs.
struct Queue {
  std::uint64_t incoming = 0, active = 0, deferred = 0, hold = 0;
  bool master = false;
};

/// One connection to postern-hands: a request, its answer. Any thread; one at a time. Calls connect
/// again when the connection was lost. Errors: what postern-hands says, or unreachable.
class Client {
 public:
  explicit Client(std::string socket_path);

  base::Result<void> stage(const Stage& stage);
  base::Result<void> check(std::uint64_t generation);
  /// Error restricted: that postern-hands has not checked it as it is now.
  base::Result<void> switch_to(std::uint64_t generation);
  base::Result<void> start();
  base::Result<void> reload();
  base::Result<void> stop();
  base::Result<bool> running();
  base::Result<void> resolver(const std::vector<std::string>& addresses);
  /// Removes the generations before `oldest`, never the one in force.
  base::Result<void> prune(std::uint64_t oldest);
  base::Result<void> table(const TableChange& change);
  /// Removes the tables that are not in `keep`.
  base::Result<void> sweep(const std::vector<std::string>& keep);
  /// A connection to the service "door" of Postfix, not blocking. Error io: it does not answer.
  base::Result<Descriptor> door();
  /// The same to its service "showq".
  base::Result<Descriptor> listing();
  base::Result<Queue> queue();
  /// `desk` stays the caller's; the interpreter gets a copy as descriptor 3.
  base::Result<Started> login(const Login& login, int desk);

 private:
  struct Reply {
    std::vector<std::string> fields;
    std::vector<Descriptor> descriptors;
  };
  base::Result<Descriptor> service(Verb verb);
  base::Result<Reply> ask(Verb verb, const std::vector<std::string>& fields, const std::vector<int>& descriptors = {});
  base::Result<void> tell(Verb verb, const std::vector<std::string>& fields);
  base::Result<void> connect();
  base::Result<Reply> receive();

  std::string path_;
  std::mutex mutex_;
  Descriptor socket_;  // guarded by mutex_
};

}  // namespace postern::hands
