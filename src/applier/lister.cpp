#include "applier/lister.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace postern::applier {
namespace {

constexpr int poll_ms = 50;
constexpr std::size_t askers_most = 64;

base::Error broken(const char* what) { return base::fail(base::ErrorCode::io, std::string("Postfix's showq ") + what + "."); }

base::Error busy() { return base::fail(base::ErrorCode::busy, "The queue is being listed for others. Try again in a moment."); }

base::QueuedMail part_of(base::QueuedMail listed) {
  listed.whole = false;
  return listed;
}

/// Takes out those that `is_one` says, and calls `tell` with each.
template <class Askers, class Is, class Tell>
void take_out(Askers& askers, const Is& is_one, const Tell& tell) {
  const auto end = std::stable_partition(askers.begin(), askers.end(), [&](const auto& one) { return !is_one(one); });
  Askers out(std::make_move_iterator(end), std::make_move_iterator(askers.end()));
  askers.erase(end, askers.end());
  for (const auto& one : out) tell(one);
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

void Lister::read(const Open& open, Asker asker) {
  if (join(asker)) return;
  auto showq = open();
  if (!showq) return asker.done(showq.error());
  {
    const std::scoped_lock lock(mutex_);
    waiting_.emplace(Job{std::move(*showq), {}});
    waiting_->askers.push_back(std::move(asker));
  }
  changed_.notify_all();
}

bool Lister::join(Asker& asker) {
  {
    const std::scoped_lock lock(mutex_);
    if (!waiting_) return false;
    if (waiting_->askers.size() < askers_most) {
      waiting_->askers.push_back(std::move(asker));
      return true;
    }
  }
  asker.done(busy());
  return true;
}

void Lister::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || waiting_; });
    if (stop_) return;
    Job job = std::move(*waiting_);
    waiting_.reset();
    lock.unlock();
    list(std::move(job));
    lock.lock();
  }
}

void Lister::list(Job job) {
  drop_late(job.askers);
  std::vector<std::string> domains;
  for (const Asker& each : job.askers) domains.push_back(each.domain);
  ListingReader reader(domains);
  const auto error = read_until_end(job, reader);
  if (stopped()) return;
  for (const Asker& each : job.askers) {
    if (error)
      each.done(*error);
    else
      each.done(reader.listed(each.domain));
  }
}

/// Leaves those who are to be told the whole, or the error.
std::optional<base::Error> Lister::read_until_end(Job& job, ListingReader& reader) {
  const auto until = Clock::now() + timing_.reading;
  while (!job.askers.empty() && !stopped()) {
    const bool over = Clock::now() >= until;
    take_out(
        job.askers, [&](const Asker& one) { return over || is_late(one); },
        [&](const Asker& one) { one.done(part_of(reader.listed(one.domain))); });
    if (job.askers.empty()) break;
    const auto done = read_some(job.showq, reader);
    if (!done) return done.error();
    if (*done) break;
  }
  return {};
}

base::Result<bool> Lister::read_some(const hands::Descriptor& showq, ListingReader& reader) {
  std::array<char, 64U << 10> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills what is read
  pollfd watch{showq.get(), POLLIN, 0};
  if (::poll(&watch, 1, poll_ms) <= 0) return false;
  const ssize_t got = ::recv(showq.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got < 0) return broken(std::strerror(errno));
  if (got == 0) return broken("ended before the queue did");
  return reader.take({buffer.data(), static_cast<std::size_t>(got)});
}

void Lister::drop_late(std::vector<Asker>& askers) const {
  take_out(
      askers, [&](const Asker& one) { return is_late(one); }, [](const Asker& one) { one.done(busy()); });
}

bool Lister::stopped() {
  const std::scoped_lock lock(mutex_);
  return stop_;
}

}  // namespace postern::applier
