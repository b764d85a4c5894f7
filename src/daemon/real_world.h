#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>

#include "machine/world/world.h"

namespace postern::daemon {

/// The real disk, wire, data plane, clocks and chance, behind machine::World. Their threads' callbacks are
/// posted to `truth`, the one io_context of posternd.
class RealWorld final : public machine::World {
 public:
  RealWorld(boost::asio::io_context& truth, std::unique_ptr<store::Writer> writer,
            std::unique_ptr<transport::Transport> transport, std::unique_ptr<applier::Applier> applier);
  ~RealWorld() override;

  base::Instant now() override;
  std::string random_bytes(std::size_t count) override;
  void after(std::int64_t ms, std::function<void()> what) override;
  void log(std::string_view level, std::string_view text) override;

  void write(store::Batch batch, store::Writer::Done done) override;
  void replace_all(store::Batch next, std::function<void(base::Result<void>)> done) override;
  void read_commits(std::vector<base::Hash> hashes, std::size_t max_bytes,
                    std::function<void(base::Result<Items>)> done) override;
  base::Result<std::string> value(const base::Hash& hash) override;
  void values(std::vector<base::Hash> hashes, std::function<void(cluster::Values)> done) override;

  void send(transport::ConnectionId connection, std::string message) override;
  void when_drained(transport::ConnectionId connection, std::size_t bytes, std::function<void()> then) override;
  void close(transport::ConnectionId connection, std::string reason) override;
  base::Result<void> set_up(const transport::Setup& setup) override;
  void join_dial(std::string host, std::uint16_t port,
                 std::function<void(base::Result<transport::Transport::Fetched>)> done) override;
  void join_login(transport::ConnectionId connection, std::string user, std::string passphrase,
                  std::function<void(base::Result<void>)> done) override;
  std::vector<transport::DialState> dial_states() override;
  void resolve(std::string host, std::function<void(transport::Transport::Resolution)> done) override;
  void look_up(base::DnsQuestion question, std::function<void(base::DnsAnswer)> done) override;
  base::Result<transport::Fingerprints> fingerprints(std::string_view public_line) override;

  void apply(gateway::Plan plan, applier::Applier::Done done) override;
  void watch_data_plane(applier::Applier::Done told) override;
  void measure(std::function<void(applier::Measured)> done) override;
  void list_queue(std::string domain, std::function<void(base::Result<base::QueuedMail>)> done) override;
  [[nodiscard]] std::string store_problem() const override { return store_problem_; }
  std::vector<std::string> host_addresses() override;
  bool can_bind(const std::string& address) override;

  void hash_passphrase(std::string passphrase, std::function<void(std::string)> done) override;
  void check_passphrase(std::string hash_text, std::string passphrase, std::function<void(bool)> done) override;

  void stats(std::function<void(Stats)> done) override;

  transport::Transport& transport() { return *transport_; }

 private:
  /// Makes a callback that runs `done` on the truth's thread with whatever it is called with.
  template <class... Args>
  auto posted(std::function<void(Args...)> done);

  boost::asio::io_context& truth_;
  std::string store_problem_;
  boost::asio::thread_pool hashing_{1};
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<transport::Transport> transport_;
  std::unique_ptr<applier::Applier> applier_;
};

/// Both clocks, now.
base::Instant read_clocks();
/// From the kernel (getrandom(2)).
std::string kernel_random(std::size_t count);

}  // namespace postern::daemon
