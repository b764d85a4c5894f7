#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "applier/listing.h"
#include "hands/descriptor.h"

namespace postern::applier {

/// Reads listings of the queue on a thread of its own: a long queue keeps no apply waiting. One listing at a time, and one that
/// waits for its turn: it is for all who ask before it begins, each with a domain.
class Lister {
 public:
  using Clock = std::chrono::steady_clock;
  /// `patience` is an asker's, from when it asked: then it is told what is listed so far, not whole.
  struct Timing {
    std::chrono::milliseconds reading{2'000};   ///< of one listing
    std::chrono::milliseconds patience{2'300};  ///< less than hoststatus has
  };
  /// On the lister's thread, once.
  using Done = std::function<void(base::Result<base::QueuedMail>)>;
  struct Asker {
    std::string domain;  ///< in lower case
    Clock::time_point asked;
    Done done;
  };
  /// A new connection to showq, not blocking.
  using Open = std::function<base::Result<hands::Descriptor>()>;

  Lister() : Lister(Timing{}) {}
  explicit Lister(Timing timing) : timing_(timing), thread_([this] { run(); }) {}
  /// Ends the one under way; its askers and those who wait are dropped, unanswered.
  ~Lister();
  Lister(const Lister&) = delete;
  Lister& operator=(const Lister&) = delete;

  /// Not on several threads at once. `open` is called when no listing waits that can be shared; its error is the answer. Error
  /// busy: 64 wait already, or its time was over before a listing could begin.
  void read(const Open& open, Asker asker);

 private:
  struct Job {
    hands::Descriptor showq;
    std::vector<Asker> askers;
  };
  /// True when it was told that it cannot, or waits now.
  bool join(Asker& asker);
  void run();
  void list(Job job);
  std::optional<base::Error> read_until_end(Job& job, ListingReader& reader);
  static base::Result<bool> read_some(const hands::Descriptor& showq, ListingReader& reader);
  void drop_late(std::vector<Asker>& askers) const;
  [[nodiscard]] bool is_late(const Asker& asker) const { return Clock::now() >= asker.asked + timing_.patience; }
  [[nodiscard]] bool stopped();

  const Timing timing_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Job> waiting_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace postern::applier
