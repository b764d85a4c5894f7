#pragma once

#include "hands/instance.h"
#include "hands/log.h"
#include "hands/protocol.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

/// Requests that touch Postfix. Each is answered in a child (small changes of rows in one that
/// stays), one at a time for the machine; which generations may be put in force is kept by the
/// parent, which outlives them.
namespace postern::hands {

/// How the child ended.
enum class Worked : unsigned char {
  done = 0,
  failed = 1,   ///< answered with an error
  refused = 2,  ///< answered with an error; it was not a request as the table has it, so its
                ///< connection ends
};

struct Outcome {
  Worked worked = Worked::done;
  std::string reply;  ///< the frame for the client
  std::string log;    ///< a line of at most 2 KiB; empty: nothing to say
};
/// In a child: does what is asked. `open`: tables that it goes on with, for one that stays.
Outcome work_out(Instance& instance, const Rule& rule, std::string_view body, std::optional<Tables>& open);
/// The same, and sends the answer to `socket`.
Worked work(Instance& instance, const Rule& rule, std::string_view body, int socket, const Log& log);

/// The generations that were checked here as they lie on the disk now. A restart forgets all but
/// the one in force, which only root could have put there.
class Checked {
 public:
  explicit Checked(std::uint64_t in_force);
  /// Before the child begins: error restricted when it may not. What is written anew is no longer
  /// checked.
  base::Result<void> begin(const Rule& rule, std::string_view body);
  /// After the child that begin() was called for.
  void end(bool done);

 private:
  std::set<std::uint64_t> generations_;
  std::optional<std::uint64_t> now_;  // is being checked
};

/// The one field of check, switch and prune, the first of stage; none for other verbs or what is no
/// number.
std::optional<std::uint64_t> generation_of(const Rule& rule, std::string_view body);

}  // namespace postern::hands
