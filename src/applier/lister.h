#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "applier/listing.h"
#include "hands/descriptor.h"

namespace postern::applier {

/// Reads listings of the queue on a thread of its own, one after another: a long queue keeps no apply waiting.
class Lister {
 public:
  Lister() : thread_([this] { run(); }) {}
  /// Ends the one under way; those that wait are dropped, unanswered.
  ~Lister();
  Lister(const Lister&) = delete;
  Lister& operator=(const Lister&) = delete;

  /// On the lister's thread. After 2 s of reading it tells what it has, not whole.
  using Done = std::function<void(base::Result<base::QueuedMail>)>;
  /// `showq` is a connection to that service, not blocking. Error busy, at once: eight wait already.
  void read(hands::Descriptor showq, std::string domain, Done done);

 private:
  struct Job {
    hands::Descriptor showq;
    std::string domain;
    Done done;
  };
  void run();
  base::Result<base::QueuedMail> list(const Job& job);
  [[nodiscard]] bool stopped();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace postern::applier
