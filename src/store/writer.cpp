#include "store/store.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

namespace postern::store {
namespace {

constexpr std::uint64_t log_most_bytes = 3U << 20;    // well inside what is prepared (store/file.h)
constexpr std::uint64_t idle_log_bytes = 256U << 10;  // less is not worth a checkpoint's flushes
constexpr auto idle_after = std::chrono::milliseconds(200);
constexpr std::size_t joined_most = 512;  // batches in one transaction

}  // namespace

struct Writer::State {
  struct Write {
    Batch batch;
    Done done;
  };
  using Work = std::function<void(Store&)>;

  std::unique_ptr<Store> store;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::variant<Write, Work>> queue;  // guarded by mutex
  bool stop = false;                            // guarded by mutex
  std::thread thread;

  void loop();
  bool wait(std::unique_lock<std::mutex>& lock);
  void write(std::vector<Write> group);
  void write_one_by_one(std::vector<Write>& group);
};

/// False when there is nothing left to do, ever.
bool Writer::State::wait(std::unique_lock<std::mutex>& lock) {
  const auto ready = [this] { return stop || !queue.empty(); };
  if (!changed.wait_for(lock, idle_after, ready)) {
    lock.unlock();
    if (store->log_bytes() >= idle_log_bytes) (void)store->checkpoint();  // tried again later
    lock.lock();
    changed.wait(lock, ready);
  }
  return !queue.empty();
}

void Writer::State::loop() {
  std::unique_lock lock(mutex);
  while (wait(lock)) {
    if (auto* work = std::get_if<Work>(&queue.front())) {
      const Work mine = std::move(*work);
      queue.pop_front();
      lock.unlock();
      mine(*store);
    } else {
      std::vector<Write> group;
      while (!queue.empty() && group.size() < joined_most && std::holds_alternative<Write>(queue.front())) {
        group.push_back(std::move(std::get<Write>(queue.front())));
        queue.pop_front();
      }
      lock.unlock();
      write(std::move(group));
      if (store->log_bytes() > log_most_bytes) (void)store->checkpoint();
    }
    lock.lock();
  }
}

void Writer::State::write(std::vector<Write> group) {
  std::vector<Batch> batches;
  for (auto& one : group) batches.push_back(std::move(one.batch));
  bool unknown = false;
  const auto result = store->write(batches, &unknown);
  if (!result && !unknown && group.size() > 1) {
    for (std::size_t i = 0; i < group.size(); ++i) group[i].batch = std::move(batches[i]);
    return write_one_by_one(group);
  }
  for (const Write& one : group)
    if (one.done) one.done(result, unknown);
}

void Writer::State::write_one_by_one(std::vector<Write>& group) {
  std::size_t at = 0;
  bool going = true;
  for (; going && at < group.size(); ++at) {
    bool unknown = false;
    const auto result = store->write({std::move(group[at].batch)}, &unknown);
    going = result.has_value();
    if (group[at].done) group[at].done(result, unknown);
  }
  // What follows a refused batch may build on it: it is refused too.
  const base::Error error =
      base::fail(base::ErrorCode::io, "Nothing was stored, because what came before it could not be stored.");
  for (; at < group.size(); ++at)
    if (group[at].done) group[at].done(error, false);
}

Writer::Writer(std::unique_ptr<Store> store) : state_(std::make_unique<State>()) {
  state_->store = std::move(store);
  state_->thread = std::thread([state = state_.get()] { state->loop(); });
}

Writer::~Writer() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_one();
  state_->thread.join();
}

void Writer::write(Batch batch, Done done) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue.emplace_back(State::Write{std::move(batch), std::move(done)});
  }
  state_->changed.notify_one();
}

void Writer::run(std::function<void(Store&)> work) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue.emplace_back(std::move(work));
  }
  state_->changed.notify_one();
}

}  // namespace postern::store
