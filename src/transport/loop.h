#pragma once

#include <cstdint>
#include <functional>
#include <memory>

/// Waiting: a few threads, strands on them, descriptors and timers. Boost.Asio does the work in
/// loop.cpp and is seen nowhere else. A callback given here runs at most once, on the strand, and
/// never after close().
namespace postern::transport {

/// Of the steady clock.
std::int64_t now_ms();

/// An order of calls: what is posted to one strand never runs at the same time. Copies are the same
/// strand. Must not outlive its Loop.
class Strand {
 public:
  struct Impl;
  Strand() = default;
  explicit Strand(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  void post(std::function<void()> work) const;
  [[nodiscard]] Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

class Loop {
 public:
  explicit Loop(int threads);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Strand strand();
  /// Lets running callbacks end and joins the threads. What is still queued is dropped, not run.
  /// Not to be called from a callback.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Owns one descriptor, makes it non-blocking and waits on it. Used on its strand only.
class Watch {
 public:
  Watch(const Strand& strand, int fd);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Armed once; a second call while armed changes nothing.
  void on_readable(std::function<void()> ready);
  void on_writable(std::function<void()> ready);
  void close();
  [[nodiscard]] int fd() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

/// One deadline; setting it again replaces it. Used on its strand only.
class Timer {
 public:
  explicit Timer(const Strand& strand);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void after(int delay_ms, std::function<void()> fire);
  void cancel();

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace postern::transport
