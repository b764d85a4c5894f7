#include "transport/loop.h"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace postern::transport {

namespace asio = boost::asio;
using boost::system::error_code;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Strand::Impl {
  asio::strand<asio::io_context::executor_type> executor;
};

void Strand::post(std::function<void()> work) const { asio::post(impl_->executor, std::move(work)); }

struct Loop::Impl {
  explicit Impl(int count) : context(count), guard(asio::make_work_guard(context)) {}
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> guard;
  std::vector<std::thread> threads;
};

Loop::Loop(int threads) : impl_(std::make_unique<Impl>(threads)) {
  for (int i = 0; i < threads; ++i) {
    impl_->threads.emplace_back([context = &impl_->context] {
      // A process that stops reading its pipe is an error code for us, not the end of the daemon.
      sigset_t broken_pipe;
      sigemptyset(&broken_pipe);
      sigaddset(&broken_pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
      context->run();
    });
  }
}

Loop::~Loop() { stop(); }

Strand Loop::strand() { return Strand(std::make_shared<Strand::Impl>(Strand::Impl{asio::make_strand(impl_->context)})); }

void Loop::stop() {
  impl_->context.stop();
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

struct Watch::Impl {
  Impl(const Strand& strand, int fd) : stream(strand.impl().executor) {
    error_code ignored;
    stream.assign(fd, ignored);
    number = fd;
  }
  asio::posix::stream_descriptor stream;
  int number = -1;
  bool closed = false;
  bool reading = false;
  bool writing = false;
};

Watch::Watch(const Strand& strand, int fd) : impl_(std::make_shared<Impl>(strand, fd)) {
  error_code ignored;
  impl_->stream.non_blocking(true, ignored);
}

Watch::~Watch() { close(); }

int Watch::fd() const { return impl_->closed ? -1 : impl_->number; }

void Watch::close() {
  if (impl_->closed) return;
  impl_->closed = true;
  error_code ignored;
  if (impl_->stream.is_open())
    impl_->stream.close(ignored);
  else  // assign was refused: the descriptor is still only ours
    ::close(impl_->number);
}

void Watch::on_readable(std::function<void()> ready) {
  if (impl_->closed || impl_->reading) return;
  impl_->reading = true;
  impl_->stream.async_wait(asio::posix::stream_descriptor::wait_read, [impl = impl_, ready = std::move(ready)](error_code error) {
    impl->reading = false;
    if (!impl->closed && error != asio::error::operation_aborted) ready();
  });
}

void Watch::on_writable(std::function<void()> ready) {
  if (impl_->closed || impl_->writing) return;
  impl_->writing = true;
  impl_->stream.async_wait(asio::posix::stream_descriptor::wait_write,
                           [impl = impl_, ready = std::move(ready)](error_code error) {
                             impl->writing = false;
                             if (!impl->closed && error != asio::error::operation_aborted) ready();
                           });
}

struct Timer::Impl {
  explicit Impl(const Strand& strand) : timer(strand.impl().executor) {}
  asio::steady_timer timer;
  std::uint64_t round = 0;  // a fired but replaced deadline must not run
};

Timer::Timer(const Strand& strand) : impl_(std::make_shared<Impl>(strand)) {}

Timer::~Timer() { cancel(); }

void Timer::cancel() {
  ++impl_->round;
  impl_->timer.cancel();
}

void Timer::after(int delay_ms, std::function<void()> fire) {
  const auto round = ++impl_->round;
  impl_->timer.expires_after(std::chrono::milliseconds(delay_ms));
  impl_->timer.async_wait([impl = impl_, round, fire = std::move(fire)](error_code error) {
    if (!error && impl->round == round) fire();
  });
}

}  // namespace postern::transport
