#include "daemon/real_world.h"

#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>

#include "base/assert.h"
#include "base/crypto.h"
#include "daemon/host.h"
#include "daemon/log.h"

namespace postern::daemon {

namespace asio = boost::asio;
using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

std::int64_t read_ms(clockid_t which) {
  timespec at{};
  POSTERN_ASSERT(clock_gettime(which, &at) == 0);
  return static_cast<std::int64_t>(at.tv_sec) * 1000 + at.tv_nsec / 1'000'000;
}

}  // namespace

base::Instant read_clocks() { return {read_ms(CLOCK_REALTIME), read_ms(CLOCK_BOOTTIME)}; }

std::string kernel_random(std::size_t count) {
  std::string out(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = getrandom(out.data() + have, count - have, 0);
    POSTERN_ASSERT(got > 0);
    have += static_cast<std::size_t>(got);
  }
  return out;
}

RealWorld::RealWorld(asio::io_context& truth, std::unique_ptr<store::Writer> writer,
                     std::unique_ptr<transport::Transport> transport, std::unique_ptr<applier::Applier> applier)
    : truth_(truth), writer_(std::move(writer)), transport_(std::move(transport)), applier_(std::move(applier)) {}

/// Wire and data plane first: what they still say finds the store alive; the store last, with what was queued.
RealWorld::~RealWorld() {
  transport_.reset();
  applier_.reset();
  hashing_.join();
  writer_.reset();
}

template <class... Args>
auto RealWorld::posted(std::function<void(Args...)> done) {
  return [&truth = truth_, done = std::move(done)](Args... args) {
    asio::post(truth, [done, ... args = std::move(args)]() mutable { done(std::move(args)...); });
  };
}

base::Instant RealWorld::now() { return read_clocks(); }

std::string RealWorld::random_bytes(std::size_t count) { return kernel_random(count); }

void RealWorld::after(std::int64_t ms, std::function<void()> what) {
  auto timer = std::make_shared<asio::steady_timer>(truth_, std::chrono::milliseconds(ms));
  timer->async_wait([timer, what = std::move(what)](const boost::system::error_code& error) {
    if (!error) what();
  });
}

void RealWorld::log(std::string_view level, std::string_view text) { log_line(level, text); }

void RealWorld::write(store::Batch batch, store::Writer::Done done) {
  std::function<void(Result<void>, bool)> judged = [this, done = std::move(done)](Result<void> result, bool unknown) {
    store_problem_ = result ? std::string() : to_text(result.error());
    done(std::move(result), unknown);
  };
  writer_->write(std::move(batch), posted(std::move(judged)));
}

void RealWorld::replace_all(store::Batch next, std::function<void(Result<void>)> done) {
  auto batch = std::make_shared<store::Batch>(std::move(next));
  writer_->run([batch, done = posted(std::move(done))](store::Store& store) { done(store.replace_all(*batch)); });
}

void RealWorld::read_commits(std::vector<base::Hash> hashes, std::size_t max_bytes, std::function<void(Result<Items>)> done) {
  writer_->run([hashes = std::move(hashes), max_bytes, done = posted(std::move(done))](store::Store& store) {
    done(store.commits(hashes, max_bytes));
  });
}

Result<std::string> RealWorld::value(const base::Hash& hash) {
  std::promise<Result<std::optional<std::string>>> promise;
  writer_->run([&](store::Store& store) { promise.set_value(store.value(hash)); });
  auto found = promise.get_future().get();
  if (!found) return found.error();
  if (!*found) return fail(ErrorCode::damaged, "The store lacks the value " + to_text(hash) + " of a commit that it holds.");
  return std::move(**found);
}

void RealWorld::values(std::vector<base::Hash> hashes, std::function<void(cluster::Values)> done) {
  writer_->run([hashes = std::move(hashes), done = posted(std::move(done))](store::Store& store) {
    cluster::Values out;
    for (const auto& hash : hashes) {
      auto found = store.value(hash);
      if (!found)
        spdlog::error("{}", to_text(found.error()));
      else if (*found)
        out.emplace(hash, std::move(**found));
    }
    done(std::move(out));
  });
}

void RealWorld::send(transport::ConnectionId connection, std::string message) {
  transport_->send(connection, std::move(message));
}

void RealWorld::when_drained(transport::ConnectionId connection, std::size_t bytes, std::function<void()> then) {
  transport_->when_drained(connection, bytes, posted(std::move(then)));
}

void RealWorld::close(transport::ConnectionId connection, std::string reason) {
  transport_->close(connection, std::move(reason));
}

Result<void> RealWorld::set_up(const transport::Setup& setup) { return transport_->set_up(setup); }

void RealWorld::join_dial(std::string host, std::uint16_t port, std::function<void(Result<transport::Transport::Fetched>)> done) {
  transport_->join_dial(std::move(host), port, posted(std::move(done)));
}

void RealWorld::join_login(transport::ConnectionId connection, std::string user, std::string passphrase,
                           std::function<void(Result<void>)> done) {
  transport_->join_login(connection, std::move(user), std::move(passphrase), posted(std::move(done)));
}

std::vector<transport::DialState> RealWorld::dial_states() { return transport_->dial_states(); }

void RealWorld::resolve(std::string host, std::function<void(transport::Transport::Resolution)> done) {
  transport_->resolve(std::move(host), posted(std::move(done)));
}

void RealWorld::look_up(base::DnsQuestion question, std::function<void(base::DnsAnswer)> done) {
  transport_->look_up(std::move(question), posted(std::move(done)));
}

Result<transport::Fingerprints> RealWorld::fingerprints(std::string_view public_line) {
  return transport::fingerprints(public_line);
}

void RealWorld::apply(gateway::Plan plan, applier::Applier::Done done) {
  applier_->apply(std::move(plan), posted(std::function<void(applier::Outcome)>(std::move(done))));
}

void RealWorld::watch_data_plane(applier::Applier::Done told) {
  applier_->watch(posted(std::function<void(applier::Outcome)>(std::move(told))));
}

void RealWorld::measure(std::function<void(applier::Measured)> done) { applier_->measure(posted(std::move(done))); }

void RealWorld::list_queue(std::string domain, std::function<void(Result<base::QueuedMail>)> done) {
  applier_->list(std::move(domain), posted(std::move(done)));
}

std::vector<std::string> RealWorld::host_addresses() {
  std::vector<std::string> out;
  for (const auto& at : link_addresses()) out.push_back(at.address);
  return out;
}

bool RealWorld::can_bind(const std::string& address) { return daemon::can_bind(address); }

void RealWorld::hash_passphrase(std::string passphrase, std::function<void(std::string)> done) {
  asio::post(hashing_, [passphrase = std::move(passphrase), done = posted(std::move(done))] {
    const auto random = kernel_random(16);
    std::array<std::uint8_t, 16> salt{};
    std::copy(random.begin(), random.end(), salt.begin());
    done(base::passphrase_hash(passphrase, salt));
  });
}

void RealWorld::check_passphrase(std::string hash_text, std::string passphrase, std::function<void(bool)> done) {
  asio::post(hashing_, [hash_text = std::move(hash_text), passphrase = std::move(passphrase), done = posted(std::move(done))] {
    done(base::passphrase_matches(hash_text, passphrase));
  });
}

void RealWorld::stats(std::function<void(Stats)> done) {
  const auto applies = applier_->counters();
  const auto wire = transport_->counters();
  Stats out{{"applier.applies", applies.applies},  {"applier.generations", applies.generations},
            {"applier.reloads", applies.reloads},  {"applier.put_back", applies.put_back},
            {"applier.rows", applies.rows},        {"applier.execs", applies.execs},
            {"applier.looks", applies.looks},      {"applier.last_us", applies.last_us},
            {"transport.links", wire.links},       {"transport.sessions", wire.sessions},
            {"transport.refused", wire.refused},   {"transport.waiting", wire.waiting},
            {"transport.bytes_in", wire.bytes_in}, {"transport.bytes_out", wire.bytes_out}};
  writer_->run([out = std::move(out), done = posted(std::move(done))](store::Store& store) mutable {
    out.emplace_back("store.flushes", store.flushes());
    out.emplace_back("store.bytes_written", store.bytes_written());
    done(std::move(out));
  });
}

}  // namespace postern::daemon
