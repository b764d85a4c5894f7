#pragma once

#include "cluster/founding.h"
#include "cluster/peer.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// A few machines in one process: links that keep order, disks that flush when told, a clock that
/// is set. All messages go through the codec.
namespace postern::cluster {

struct Machine {
  Self self;
  std::string host;
  std::unique_ptr<Peer> peer;
  // The disk.
  std::vector<StoredCommit> stored;
  Values values;
  std::deque<Persist> unflushed;
  bool hold_flush = false;
  // Drawn at its start.
  std::uint64_t nonce = 0;
  base::Incarnation incarnation = 0;
  // What it said.
  std::vector<Answer> answers;
  std::vector<Alert> alerts;
  std::vector<Register> changed;
  std::vector<Told> told;
  std::vector<Asked> asked;
  std::int64_t wake_mono_ms = 0;
  std::int64_t clock_off_ms = 0;
};

class World {
 public:
  World();
  /// Machine 0 founds the cluster; each further one is admitted by machine 0 and starts from its
  /// disk.
  void found(int machines, bool connected = true);
  void restart(int machine);
  /// A running machine's memory and disk. Set back to it, the machine goes on in the incarnation that it was
  /// in then and remembers nothing since; its links are gone.
  struct Snapshot {
    std::vector<StoredCommit> stored;
    Values values;
    std::uint64_t nonce = 0;
    base::Incarnation incarnation = 0;
  };
  Snapshot snapshot(int machine);
  void set_back(int machine, const Snapshot& to);
  void connect(int a, int b);
  void cut(int a, int b);
  void connect_all();

  /// A commit of one text setting in cluster mode over what `machine` shows, or of any items.
  std::string set(int machine, const std::string& feature, const std::string& value);
  std::string commit(int machine, std::vector<LocalCommit::Item> items, const std::string& key = "");
  LocalCommit::Item item(int machine, const Register& reg, const std::string& value, WriteKind kind = WriteKind::put);
  Register setting(const std::string& feature) const;
  std::string shown(int machine, const Register& reg);

  /// Everything that is under way comes to its end; time stands still.
  void run();
  base::Instant clock_of(const Machine& machine) const;
  /// Time goes on, from wake to wake.
  void pass(std::int64_t ms);
  /// Ends the oldest held flush of a machine.
  void flush(int machine, Flushed::How how = Flushed::How::done);
  void step(int machine, const Event& event);
  void write_to_disk(int machine, const Persist& persist) { write(at(machine), persist); }
  /// Asks another machine; what came of it is told under that id.
  AskId ask(int machine, int other, const std::string& body);
  /// "done: BODY", the error's "NAME: TEXT", or "" while nothing was told. Twice told fails the test.
  std::string told(int machine, AskId id);
  bool hold_replies = false;  ///< who is asked does not answer; otherwise "HOST heard BODY"
  void reply(int machine, const Asked& asked);
  /// On their newest link, as if that machine had sent it.
  void say(int from, int to, const Message& message);
  /// May alter a message on its way, or lose it by false.
  std::function<bool(int from, int to, Message& message)> on_wire;
  /// The last answer for a key, or null.
  const Answer* answer(int machine, const std::string& key) const;
  bool alerted(int machine, const std::string& about) const;
  /// All machines: equal vectors and states, and the state that the reference finds.
  void expect_equal();

  Machine& at(int machine) { return *machines_.at(static_cast<std::size_t>(machine)); }
  base::ClusterId cluster;
  base::GroupId main_group;
  base::UserId admin;
  base::Instant now{1'700'000'000'000, 1'000'000};
  Tuning tuning;
  /// Messages of these kinds are lost.
  std::set<std::string> lose;

 private:
  struct Wire {
    int from = 0;
    int to = 0;
    LinkId link = 0;
    std::string bytes;
  };
  void start(int machine);
  void perform(int machine, Effects effects);
  void write(Machine& machine, const Persist& persist);
  void post(int from, LinkId link, const Message& message);
  void ship(int from, const ShipCommits& round);
  int other_end(int machine, LinkId link) const;

  std::vector<std::unique_ptr<Machine>> machines_;
  std::map<LinkId, std::pair<int, int>> links_;
  std::deque<Wire> wires_;
  std::deque<std::pair<int, Flushed>> flushes_;
  LinkId last_link_ = 0;
  std::uint64_t drawn_ = 0;
};

/// Of any number, also of machines that are not there.
base::SigningKey signing_key(int machine);
MemberIdentity identity_of(int machine);
base::MemberId member_id(int machine);
/// Its disk's values, while it lives.
ValueOf value_of(const Machine& machine);
base::Uuid uuid(int number);

}  // namespace postern::cluster
