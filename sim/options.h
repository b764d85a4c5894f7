#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace postern::sim {

/// What the world may do to the machines. Each can be switched off, which is how --shrink works.
enum class Fault : unsigned {
  cut,            ///< all paths between two sets of machines
  one_way,        ///< one direction of one path
  reset,          ///< a link loses what is in flight and goes down
  replay,         ///< an earlier message of the link comes again
  garble,         ///< a message arrives truncated
  forge,          ///< a commit arrives with a bit flipped in header or signature
  twin,           ///< both sides dial: two links at once
  wan,            ///< some paths take 20-80 ms
  far,            ///< some paths take 5 s
  kill,           ///< SIGKILL and restart
  power,          ///< power cut and restart
  pause,          ///< SIGSTOP and SIGCONT
  slow_disk,      ///< syncs take up to 3 s
  flush_failed,   ///< a flush fails: nothing of it is stored
  flush_unknown,  ///< a flush ends in an unknown state
  offset,         ///< wall clocks off by up to 5 minutes, and drifting
  jump,           ///< wall clocks jump: minutes, +1 year, -30 days
  aim,            ///< faults aimed into the write-to-sync window of a commit
  elsewhere,      ///< administrators retry an unanswered commit on another machine
  set_back,       ///< a machine's memory and disk go back to a moment before, and it goes on from there: forks
  old_image,      ///< a disk gets an older image of itself, and the machine starts anew
  hostile,        ///< somebody has a machine's key and sends what it likes
  burst,          ///< administrators commit the same registers at once on several machines
  count_
};
constexpr unsigned fault_count = static_cast<unsigned>(Fault::count_);
const char* fault_name(Fault fault);

struct Options {
  std::uint64_t first_seed = 1;
  std::uint64_t last_seed = 1;
  std::string file;  ///< of seeds that once failed; each line: arguments, # comment
  std::string bug;   ///< a planted bug's name, or empty
  std::uint32_t faults = (1U << fault_count) - 1;
  unsigned machines = 0;  ///< 0: the seed decides, 2..5
  bool trace = false;
  bool shrink = false;
  bool hashes = false;   ///< print each seed's trace hash (golden_trace.txt's form)
  bool mutants = false;  ///< every planted bug in turn: does its law object?
  bool list_bugs = false;
  bool marks = false;  ///< print what was reached how often

  [[nodiscard]] bool may(Fault fault) const { return (faults >> static_cast<unsigned>(fault) & 1U) != 0; }
  [[nodiscard]] Options without(Fault fault) const;
  [[nodiscard]] Options only(std::uint64_t seed) const;
};

/// "sim --seed=7 --bug=… --without=cut,reset": runs exactly this seed again.
std::string replay_command(const Options& options, std::uint64_t seed);
/// Errors: usage, naming the argument.
base::Result<Options> parse_options(const std::vector<std::string>& arguments);
/// What the program accepts, for --help.
std::string usage_text();

}  // namespace postern::sim
