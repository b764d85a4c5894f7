#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "protocol/client.h"
#include "machine/join/birth.h"
#include "machine/machine.h"

/// A fleet in one process: real peers, desks and machines, with disk, wire and data plane in memory and a clock
/// that moves only when everybody waits. For transcripts: fast, and the same output every time.
namespace postern::support {

class MemoryWorld;
class MemorySetup;

class MemoryFleet {
 public:
  explicit MemoryFleet(const schema::Schema& schema);
  ~MemoryFleet();

  /// A machine set up standalone, as `posternd init` does it: interface Management at that address, the two
  /// listeners, administrator "admin" with passphrase "ironport".
  machine::Machine& add(const std::string& host_name, const std::string& address);
  /// A machine that is not set up, under a name that it may also be given: its console is client(). It proposes
  /// that name and address.
  void add_unset(const std::string& host_name, const std::string& address);
  [[nodiscard]] machine::Machine& machine(const std::string& host_name);
  /// Where its clients sit now.
  [[nodiscard]] desk::AnyDesk& desk(const std::string& host_name);
  MemoryWorld& world(const std::string& host_name);

  /// Lets time pass until `reached`, at most `limit_ms`; false when it was not.
  bool run_until(const std::function<bool()>& reached, std::int64_t limit_ms = 60'000);
  void run_for(std::int64_t ms);

  /// Stops and restarts a machine's daemon: what was written stays.
  void kill(const std::string& host_name);
  void restart(const std::string& host_name);
  /// Cuts or mends every connection between two machines.
  void cut(const std::string& a, const std::string& b, bool is_cut);
  /// From now on a connection between two machines takes so many bytes a millisecond, each way; 0: any number.
  void slow(const std::string& a, const std::string& b, std::uint64_t bytes_per_ms);
  /// More than this waiting for one slow connection closes it, as the transport does.
  std::size_t queue_bytes = transport::Limits{}.queue_bytes;
  std::size_t most_queued = 0;   ///< the most that ever waited for one connection
  std::uint64_t bytes_sent = 0;  ///< over all connections
  std::uint64_t messages_sent = 0;
  std::uint64_t closed_as_slow = 0;
  /// May alter, or empty and so lose, what that machine says in a join.
  std::function<void(const std::string& from, std::string& message)> tamper;
  /// The same of what it says over a link.
  std::function<void(const std::string& from, std::string& message)> tamper_links;
  /// The link between two machines; 0: there is none.
  [[nodiscard]] transport::ConnectionId link(const std::string& a, const std::string& b) const;

  /// A client at that machine's desk, as its administrator over SSH; at its console while it is not set up.
  std::unique_ptr<protocol::Client> client(const std::string& host_name);

  [[nodiscard]] const schema::Schema& schema() const { return schema_; }
  base::Instant now() const { return now_; }
  void at(std::int64_t delay_ms, std::function<void()> what);

 private:
  friend class MemoryWorld;
  friend class MemorySetup;
  struct Due {
    std::int64_t mono_ms;
    std::uint64_t order;
    std::function<void()> what;
    bool operator>(const Due& other) const { return std::pair(mono_ms, order) > std::pair(other.mono_ms, other.order); }
  };
  /// One direction of a wire.
  struct Way {
    struct Wait {
      std::size_t bytes = 0;
      std::function<void()> then;
    };
    std::size_t queued = 0;
    std::int64_t free_at_ms = 0;  ///< all that is queued has gone out then
    std::vector<Wait> waits;
  };
  struct Wire {
    MemoryWorld* ends[2] = {nullptr, nullptr};
    bool join = false;
    bool up = false;
    std::string host_key;  ///< of the end that was dialed
    Way ways[2];           ///< from that end to the other
  };

  machine::Machine& bear(MemoryWorld& world, const machine::Birth& birth);
  bool step_once(std::int64_t limit_mono_ms);
  void connect_targets(MemoryWorld& from);
  std::int64_t arrival_ms(const Wire& wire, Way& way, std::size_t bytes);
  void carry(MemoryWorld& from, transport::ConnectionId connection, std::string message);
  void arrived(MemoryWorld& from, transport::ConnectionId connection, const std::string& message);
  static void tell_drained(Way& way);
  void close_wire(transport::ConnectionId connection, const std::string& reason);
  MemoryWorld* listening(const std::string& host, std::uint16_t port);

  const schema::Schema& schema_;
  base::Instant now_{1'750'000'000'000, 1'000'000};
  std::uint64_t order_ = 0;
  std::uint64_t random_ = 1;
  transport::ConnectionId next_connection_ = 1;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::map<transport::ConnectionId, Wire> wires_;
  std::set<std::pair<std::string, std::string>> cuts_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> rates_;
  std::map<std::string, std::unique_ptr<MemoryWorld>> worlds_;
};

/// One machine's world in a MemoryFleet.
class MemoryWorld final : public machine::World {
 public:
  MemoryWorld(MemoryFleet& fleet, std::string host_name, std::string address, std::string serial);
  ~MemoryWorld() override;

  base::Instant now() override { return fleet_.now_; }
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
  void watch_data_plane(applier::Applier::Done told) override { data_plane_watcher = std::move(told); }
  [[nodiscard]] std::string store_problem() const override { return refused_write; }
  std::vector<std::string> host_addresses() override { return {address_}; }
  bool can_bind(const std::string& address) override { return address == address_ || address == also_binds; }
  void hash_passphrase(std::string passphrase, std::function<void(std::string)> done) override;
  void check_passphrase(std::string hash_text, std::string passphrase, std::function<void(bool)> done) override;
  void measure(std::function<void(applier::Measured)> done) override {
    if (!measures_nothing) done(measured);
  }
  bool measures_nothing = false;  ///< who asks gets no answer
  applier::Measured measured{true, applier::Measured::Queue{}};
  void list_queue(std::string domain, std::function<void(base::Result<base::QueuedMail>)> done) override {
    const auto at = queued.find(domain);
    done(at == queued.end() ? base::QueuedMail{} : at->second);
  }
  std::map<std::string, base::QueuedMail> queued;  ///< by domain
  void stats(std::function<void(Stats)> done) override;

  void apply_batch(const store::Batch& batch);

  // What the fleet and the tests look at.
  store::Contents contents;
  cluster::Values blobs;               ///< of the store, by hash
  std::unique_ptr<MemorySetup> unset;  ///< of a machine that began without being set up
  std::unique_ptr<machine::Machine> machine;
  transport::Setup setup;
  gateway::Plan plan;
  std::vector<std::string> lines;  ///< the log
  std::uint64_t generation = 0;
  std::string not_proved;     ///< why no apply can be proved; empty: all are
  std::uint64_t applies = 0;  ///< asked for
  std::int64_t apply_ms = 1;  ///< that each takes
  applier::Applier::Done data_plane_watcher;
  bool disk_stands_still = false;  ///< what is asked of the store is answered after disk_goes_on()
  void disk_goes_on();
  std::string refused_write;
  std::function<void()> before_replacing;  ///< called at the start of replace_all
  bool notes_flushed = false;              ///< when they were written last
  bool disk_is_full = false;               ///< writes are refused
  std::vector<std::function<void()>> disk_waits;
  std::string also_binds;                                 ///< an address that is not among the host's own, and can be bound
  std::string set_up_fails;                               ///< why the transport cannot be set up; empty: it can
  std::map<transport::ConnectionId, std::string> closed;  ///< by this machine, and why
  int resolved = 0;                                       ///< names that were looked up
  bool applies_fail = false;                              ///< the mail engine refuses every plan
  std::uint64_t epoch = 1;                                ///< grows with each kill: older callbacks are void
  std::string host_name_;
  std::string address_;
  std::string serial_;

 private:
  /// Does what the store's thread would do, in its order.
  void at_disk(std::function<void()> work);

  MemoryFleet& fleet_;
};

/// The passphrase of every machine added.
inline constexpr std::string_view passphrase = "ironport";

}  // namespace postern::support
