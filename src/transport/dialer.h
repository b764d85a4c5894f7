#pragma once

#include "transport/hub.h"

#include <memory>
#include <mutex>
#include <random>
#include <string>

namespace postern::transport {

/// Keeps one link to one target: dials, and dials again when it ends, for ever.
class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  Dialer(Hub& hub, Target target);

  // Any thread.
  void start();
  void stop();
  [[nodiscard]] const Target& target() const { return target_; }
  [[nodiscard]] DialState state() const;

 private:
  void dial();
  void up();
  void ended(const std::string& reason);

  Hub& hub_;
  const Target target_;
  const Strand strand_;
  Timer timer_;
  std::minstd_rand random_;
  int delay_ms_;
  std::int64_t up_since_ms_ = 0;
  bool stopped_ = false;
  std::weak_ptr<Connection> connection_;

  mutable std::mutex mutex_;
  DialState state_;
};

}  // namespace postern::transport
