#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/join.h"
#include "cluster/peer.h"
#include "desk/desk.h"
#include "desk/door/ports.h"
#include "machine/doors/checks.h"
#include "machine/world/identity.h"
#include "machine/world/terms.h"
#include "machine/world/truth.h"
#include "machine/world/world.h"
#include "model/settings.h"
#include "schema/verdicts.h"

/// One machine: the peer, the desk and the rooms around them, wired. Owns the truth; one thread.
namespace postern::machine {

class JoinerSide;
class Links;
class OwnNames;
class OwnSettings;
class Plane;
class SponsorSide;

/// The rooms of one machine, wired: what comes from transport, store and data plane goes through it to the peer and the
/// desk, and what they want goes out through its World. Every call is on the thread that owns the truth.
class Machine final : public desk::House, private Truth {
 public:
  /// Restores the truth from what the store held. Errors: damaged, when it does not prove that this machine is a member.
  static base::Result<std::unique_ptr<Machine>> start(World& world, const schema::Schema& schema, Terms terms,
                                                      store::Contents contents);
  ~Machine() override;

  // From the transport.
  void link_up(transport::ConnectionId connection, const std::string& peer_key, bool we_dialed);
  void link_message(transport::ConnectionId connection, const std::string& bytes);
  void link_down(transport::ConnectionId connection);
  void join_open(transport::ConnectionId connection, const std::string& user);
  void join_message(transport::ConnectionId connection, const std::string& bytes);
  void join_closed(transport::ConnectionId connection, const std::string& reason);

  /// Whether that login may come in, and as whom (machines have no Who).
  struct Admission {
    transport::Verdict verdict = transport::Verdict::refuse;
    desk::Who who;
    std::vector<cluster::Dot> credential_dots;  ///< of role and passphrase, as they were then (contract 2.12)
    std::string key;                            ///< the key that was used; empty: the passphrase
    std::string refusal;                        ///< why nothing was even checked, for the person; mostly empty
  };
  /// Whether what let somebody in still would: asked again for each session on a connection that stays.
  [[nodiscard]] bool still_admitted(const Admission& admission) const;
  void admit(const transport::LoginAsked& login, std::function<void(Admission)> done);

  desk::Desk& desk() { return *desk_; }
  [[nodiscard]] const Identity& identity() const override { return identity_; }
  [[nodiscard]] const cluster::Peer& peer() const override { return *peer_; }

  // desk::House
  base::Instant now() override;
  std::string random_bytes(std::size_t count) override;
  [[nodiscard]] std::string version() const override { return terms_.version; }
  void commit(cluster::LocalCommit what, std::function<void(const cluster::Answer&)> done) override;
  void save_pending(const std::string& key, std::optional<std::string> bytes,
                    std::function<void(base::Result<void>)> done) override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> pending() const override;
  void hash_passphrase(std::string passphrase, std::function<void(std::string)> done) override;
  void check_passphrase(std::string hash_text, std::string passphrase, std::function<void(base::Result<bool>)> done) override;
  void ask(base::MemberId member, std::string body, std::function<void(base::Result<std::string>)> done) override;
  void log(const std::string& line) override { world_.log("info", line); }
  void join_dial(std::string address, std::uint16_t port, std::function<void(base::Result<desk::JoinOffer>)> done) override;
  void join_go(desk::JoinRequest request, std::function<void(std::string)> progress,
               std::function<void(base::Result<void>)> done) override;
  void join_cancel(std::uint64_t join) override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> prejoin() const override;
  void after(std::int64_t ms, std::function<void()> then) override { world_.after(ms, std::move(then)); }
  void stored_values(std::vector<base::Hash> hashes, std::function<void(cluster::Values)> done) override;
  [[nodiscard]] desk::HostFingerprints host_fingerprints() const override;
  [[nodiscard]] std::string host_key() const override { return identity_.host_public; }
  commands::MailEngine& mail_engine() override;
  commands::Names& names() override;
  void link_status(std::function<void(std::vector<desk::LinkStatus>)> done) override;
  void stats(std::function<void(Stats)> done) override;
  [[nodiscard]] std::string store_problem() const override { return world_.store_problem(); }
  [[nodiscard]] std::vector<std::string> host_addresses() const override;
  [[nodiscard]] bool has_address(const std::string& address) const override { return world_.can_bind(address); }

 private:
  Machine(World& world, const schema::Schema& schema, Terms terms, Identity identity);

  // machine.cpp: events in, effects out
  void step(cluster::Event event);
  void run_queue();
  void settle_soon();
  void perform(cluster::Effects effects);
  void persist(cluster::Persist persist);
  void answer(const cluster::Answer& answer);
  void told(cluster::Told what);
  void asked(const cluster::Asked& what);
  void wake_at(std::int64_t mono_ms);
  base::Result<std::unique_ptr<cluster::Peer>> restore_peer(const std::vector<cluster::StoredCommit>& past);
  /// A join: from now on this machine is that member.
  void become(Identity identity, std::unique_ptr<cluster::Peer> peer, desk::SessionId joined_from);

  // admit.cpp
  [[nodiscard]] Admission admit_key(const transport::LoginAsked& login);
  void admit_passphrase(const transport::LoginAsked& login, std::function<void(Admission)> done);

  // Truth
  void tell(cluster::Event event) override { step(std::move(event)); }
  void settle() override;
  [[nodiscard]] std::uint64_t epoch() const override { return epoch_; }

  World& world_;
  Checks checks_{world_};
  const schema::Schema& schema_;
  Terms terms_;
  Identity identity_;
  schema::Verdicts verdicts_;
  std::unique_ptr<cluster::Peer> peer_;
  std::unique_ptr<desk::Desk> desk_;
  std::uint64_t epoch_ = 1;

  std::deque<cluster::Event> queue_;
  bool stepping_ = false;
  bool unsettled_ = false;    ///< the data plane may be behind the settings
  bool settle_soon_ = false;  ///< a timer will settle
  bool settle_late_ = false;  ///< a timer will settle, should no answer come before
  bool links_unsettled_ = false;
  bool mending_ = true;  ///< commits that were in effect may still be missing
  std::int64_t wake_mono_ms_ = 0;
  /// By request key and content: one key may be used for several requests.
  std::map<std::pair<std::string, base::Hash>, std::vector<std::function<void(const cluster::Answer&)>>> waiting_;
  std::map<cluster::AskId, std::function<void(base::Result<std::string>)>> asks_;  ///< own ones under way
  cluster::AskId last_ask_ = 0;

  std::map<std::string, std::string> notes_;  ///< the store's
  std::map<std::string, std::string> pending_;

  const std::unique_ptr<OwnSettings> settings_;
  const std::unique_ptr<Plane> plane_;
  const std::unique_ptr<Links> links_;
  const std::unique_ptr<OwnNames> names_;
  const std::unique_ptr<JoinerSide> joiner_;
  const std::unique_ptr<SponsorSide> sponsor_;
};

}  // namespace postern::machine
