#include "applier/lister.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace postern::applier {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds reading_time{2};
constexpr int poll_ms = 100;
constexpr std::size_t jobs_most = 8;

base::Error broken(const char* what) {
  return base::fail(base::ErrorCode::io, std::string("Postfix's showq ") + what + ".");
}

}  // namespace

Lister::~Lister() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Lister::read(hands::Descriptor showq, std::string domain, Done done) {
  bool full = false;
  {
    const std::scoped_lock lock(mutex_);
    full = jobs_.size() >= jobs_most;
    if (!full) jobs_.push_back({std::move(showq), std::move(domain), done});
  }
  changed_.notify_all();
  if (full) done(base::fail(base::ErrorCode::busy, "The queue is being listed for others. Try again in a moment."));
}

void Lister::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
    if (stop_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.done(list(job));
    lock.lock();
  }
}

base::Result<base::QueuedMail> Lister::list(const Job& job) {
  ListingReader reader(job.domain);
  const auto until = Clock::now() + reading_time;
  std::array<char, 64U << 10> buffer;
  while (Clock::now() < until && !stopped()) {
    pollfd watch{job.showq.get(), POLLIN, 0};
    if (::poll(&watch, 1, poll_ms) <= 0) continue;
    const ssize_t got = ::recv(job.showq.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return broken(std::strerror(errno));
    if (got == 0) return broken("ended before the queue did");
    const auto done = reader.take({buffer.data(), static_cast<std::size_t>(got)});
    if (!done) return done.error();
    if (*done) return reader.listed();
  }
  base::QueuedMail some = reader.listed();
  some.whole = false;
  return some;
}

bool Lister::stopped() {
  const std::scoped_lock lock(mutex_);
  return stop_;
}

}  // namespace postern::applier
