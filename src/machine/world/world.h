#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "applier/applier.h"
#include "base/dns.h"
#include "base/result.h"
#include "base/time.h"
#include "store/store.h"
#include "transport/transport.h"

/// Everything outside one machine's truth: disk, wire, data plane, clock, chance. posternd has the real one
/// (real_world.h); the transcript tests have one in memory. Every call is made on the thread that owns the
/// truth, and every callback comes back on it.
namespace postern::machine {

/// One machine's outside. Lives longer than the machine.
class World {
 public:
  virtual ~World() = default;

  /// Wall clock and CLOCK_BOOTTIME, in ms.
  virtual base::Instant now() = 0;
  /// From the system's generator.
  virtual std::string random_bytes(std::size_t count) = 0;
  /// Runs `what` after that time. Never cancelled: `what` must know whether it still matters.
  virtual void after(std::int64_t ms, std::function<void()> what) = 0;
  virtual void log(std::string_view level, std::string_view text) = 0;

  // Store. Writes are done in the order given.
  virtual void write(store::Batch batch, store::Writer::Done done) = 0;
  virtual void replace_all(store::Batch next, std::function<void(base::Result<void>)> done) = 0;
  using Items = std::vector<cluster::Ship::Item>;
  /// As Store::commits.
  virtual void read_commits(std::vector<base::Hash> hashes, std::size_t max_bytes,
                            std::function<void(base::Result<Items>)> done) = 0;
  /// Waits for the disk: only for a start and a join, when there is nothing else to do.
  virtual base::Result<std::string> value(const base::Hash& hash) = 0;
  /// Those of them that are kept and sound.
  virtual void values(std::vector<base::Hash> hashes, std::function<void(cluster::Values)> done) = 0;

  // Transport.
  virtual void send(transport::ConnectionId connection, std::string message) = 0;
  /// Calls `then` once, when at most `bytes` wait to go out on that connection; never when it ends first.
  virtual void when_drained(transport::ConnectionId connection, std::size_t bytes, std::function<void()> then) = 0;
  virtual void close(transport::ConnectionId connection, std::string reason) = 0;
  virtual base::Result<void> set_up(const transport::Setup& setup) = 0;
  virtual void join_dial(std::string host, std::uint16_t port,
                         std::function<void(base::Result<transport::Transport::Fetched>)> done) = 0;
  virtual void join_login(transport::ConnectionId connection, std::string user, std::string passphrase,
                          std::function<void(base::Result<void>)> done) = 0;
  virtual std::vector<transport::DialState> dial_states() = 0;
  virtual void resolve(std::string host, std::function<void(transport::Transport::Resolution)> done) = 0;
  /// As Transport::look_up.
  virtual void look_up(base::DnsQuestion question, std::function<void(base::DnsAnswer)> done) = 0;
  virtual base::Result<transport::Fingerprints> fingerprints(std::string_view public_line) = 0;

  // Data plane.
  virtual void apply(gateway::Plan plan, applier::Applier::Done done) = 0;
  /// As Applier::watch.
  virtual void watch_data_plane(applier::Applier::Done told) = 0;
  /// As Applier::measure.
  virtual void measure(std::function<void(applier::Measured)> done) = 0;
  /// As Applier::list.
  virtual void list_queue(std::string domain, std::function<void(base::Result<base::QueuedMail>)> done) = 0;
  /// Why the store refused the last write; empty: it did not.
  [[nodiscard]] virtual std::string store_problem() const = 0;
  virtual std::vector<std::string> host_addresses() = 0;
  /// Whether a socket can be bound to that address here.
  virtual bool can_bind(const std::string& address) = 0;

  // Slow hashing, elsewhere.
  virtual void hash_passphrase(std::string passphrase, std::function<void(std::string)> done) = 0;
  virtual void check_passphrase(std::string hash_text, std::string passphrase, std::function<void(bool)> done) = 0;

  /// Counters of the rooms behind this seam, dotted names.
  using Stats = std::vector<std::pair<std::string, std::uint64_t>>;
  virtual void stats(std::function<void(Stats)> done) = 0;
};

}  // namespace postern::machine
