#pragma once

#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mail_queue.h"
#include "base/result.h"
#include "gateway/plan.h"

/// Makes a Plan real, all or nothing (contract P11): write beside, preflight, switch, reload, probe, or put
/// back. Put back is only what is broken: what merely cannot be proved now (a full disk, no descriptors, no time)
/// stands, and a Postfix that runs is left alone. Everything that needs root, rows of tables too, goes to
/// postern-hands over its socket (hands/protocol.h).
namespace postern::applier {

struct Options {
  std::string hands_socket;  ///< postern-hands' unix socket
  std::string instance_dir;  ///< as gateway::Facts::instance_dir
  /// How often what is in force is looked at: tables, files, the listeners' ports.
  std::chrono::milliseconds look_every{60'000};
  /// Pauses before what is broken or not proved is tried again: doubling from the first to the last.
  std::chrono::milliseconds retry_first{5'000};
  std::chrono::milliseconds retry_most{60'000};
  /// What is broken is told to people as broken since a time of this clock.
  std::function<std::time_t()> clock = [] { return std::time(nullptr); };
};

struct Outcome {
  /// What failed. Of an apply: then the plan before is in force again, as far as the text does not say otherwise.
  /// Of a look: what is broken, and since when.
  base::Result<void> result;
  std::uint64_t generation = 0;  ///< in force now
  bool reloaded = false;
  std::uint64_t rows_written = 0;
  /// Why the plan, though in force, could not be proved through the running Postfix; empty: it was. It stands, and
  /// is asked again until it is proved: see Applier::watch.
  std::string not_proved;
  bool running = false;  ///< Postfix answered, or its master was seen to run, when this was last measured
};

/// The running Postfix as it was seen just now.
struct Measured {
  bool running = false;  ///< its master runs, and each listener of the plan in force has its port open
  using Queue = base::QueueCounts;
  std::optional<Queue> queue;  ///< none: it could not be counted
};

struct Counters {
  std::uint64_t applies = 0, generations = 0, reloads = 0, put_back = 0, rows = 0, execs = 0, looks = 0;
  std::uint64_t last_us = 0;  ///< duration of the last apply
};

class Privileged;  ///< what needs root (applier/privileged.h)

/// One thread of its own; applies run one after another; plans that wait are superseded by newer ones, whose
/// Outcome then stands for them too: every Done is called, oldest first. The destructor waits for the apply
/// that runs and drops, unanswered, those that wait. Mail goes on without an Applier.
class Applier {
 public:
  explicit Applier(const Options& options);
  /// With another way to root than postern-hands.
  Applier(const Options& options, std::unique_ptr<Privileged> privileged);
  ~Applier();

  /// Runs on the applier's thread when the plan is in force and read back, or was put back.
  using Done = std::function<void(Outcome)>;
  void apply(gateway::Plan plan, Done done);
  /// `told` hears, on the applier's thread, of every change that no apply told: what is in force was found broken,
  /// was mended, was proved. Replaces who heard before; null: nobody.
  void watch(Done told);
  /// Looks at the running Postfix, without a process or a line in mail.log; `done` hears on the applier's
  /// thread, after the apply that runs. Whatever waits, an apply or a look, comes between two of them. One that is found down
  /// brings the next look forward, once in `retry_first`.
  void measure(std::function<void(Measured)> done);
  /// What lies in the queue for a domain; `done` hears on a thread of the applier's, in 2.5 s from when the apply that runs has
  /// ended. Errors: io, busy.
  void list(std::string domain, std::function<void(base::Result<base::QueuedMail>)> done);
  /// Forget what is in force and render everything again at the next apply (start-up, restored host).
  void forget();
  [[nodiscard]] Counters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::applier
