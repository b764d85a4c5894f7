#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/dns.h"
#include "base/ids.h"
#include "base/mail_queue.h"
#include "base/mode.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/wire.h"

/// What a command may ask of the machine that it runs on: a few ports, not a method for each command. All of it is used on
/// the thread that owns the machine's truth. Mail engine and names outlive a command; host and fleet are for its beginning,
/// since the desk may end before what it waits for. Callbacks come once, on that thread, or not at all when the machine ends.
namespace postern::commands {

/// For whom it runs. Role and mode are decided before.
struct Caller {
  base::UserId user;        ///< nil: a console
  std::string pending_key;  ///< the desk's: whose pending changes here are the caller's; empty: nobody's
  base::Mode mode;          ///< whose settings the answer is about
};

/// A word for whoever is behind the call, in shares of what all use.
inline std::string asker_of(const Caller& caller) { return caller.user.is_nil() ? "a console" : base::to_text(caller.user); }

class Host {
 public:
  virtual ~Host() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string serial() const = 0;
  [[nodiscard]] virtual std::string version() const = 0;
  [[nodiscard]] virtual base::Instant now() const = 0;
  /// Calls `then` once, that many milliseconds from now or a little later.
  virtual void after(std::int64_t ms, std::function<void()> then) = 0;
};

/// What one machine's mail engine does.
struct MailState {
  std::uint64_t generation = 0;
  std::string problem;             ///< empty: what is committed is in force, unless that is under way
  std::vector<std::string> notes;  ///< e.g. listeners that are off, and why
  bool running = false;            ///< as last measured
  using Queue = base::QueueCounts;
  std::optional<Queue> queue;                     ///< as last measured; none: it was never counted
  std::int64_t age_ms = 0;                        ///< since both were measured
  std::optional<std::int64_t> under_way_ms = {};  ///< the newest is being put in force, for so long
};

/// A listener of the settings in effect, or one that is suspended and no longer there.
struct MailListener {
  std::string name;
  std::string state;     ///< as it is to be: "open", "suspended", or "off": there is no address or port for it here
  std::string in_force;  ///< the same, as Postfix was last given it; empty: it was given none, or not that listener
  bool there = true;     ///< in the settings in effect
  bool kept = true;      ///< `state` is on the disk
  /// It is to be suspended, or not to be, and is so.
  [[nodiscard]] bool is(bool suspended) const {
    const bool wished = (state == "suspended") == suspended;
    return wished && (!there || (!in_force.empty() && (in_force == "suspended") == suspended));
  }
};

class MailEngine {
 public:
  virtual ~MailEngine() = default;
  /// As last measured.
  [[nodiscard]] virtual MailState state() const = 0;
  /// Measures; `done` once, when that is done or takes too long.
  virtual void measure(std::function<void()> done) = 0;
  /// In the settings' order; then those that are suspended and not in the settings.
  [[nodiscard]] virtual std::vector<MailListener> listeners() const = 0;
  /// Has those listeners take no connections, or take them again; kept over restarts. Sessions that are open on them end.
  /// One wish after another: what the store does not keep has no effect, then or later, and is logged.
  /// `done` when it is in force; error io, which says why, when it is kept but not known to be in force, or not even kept.
  virtual void suspend(std::vector<std::string> listeners, bool suspended, std::function<void(base::Result<void>)> done) = 0;
  /// Where smtproutes send the domain's mail, as in transport(5); empty: nowhere else than its MX records say. `domain` in
  /// lower case.
  [[nodiscard]] virtual std::string route_of(const std::string& domain) const = 0;
  /// The same `domain`. Errors: io, busy.
  virtual void queued_for(std::string domain, std::function<void(base::Result<base::QueuedMail>)> done) = 0;
};

class Names {
 public:
  virtual ~Names() = default;
  /// Asks this machine's own DNS servers for records of that type (base::dns_types). `done` within 2.5 s.
  virtual void look_up(base::DnsQuestion question, std::function<void(base::DnsAnswer)> done) = 0;
};

/// The cluster, as this machine sees it.
struct FleetState {
  std::optional<std::string> cluster;  ///< none: standalone
  std::optional<std::string> group;
  std::string mode_digest;  ///< of the settings in effect at the caller's mode
  std::string digest;       ///< of all that is committed
  std::size_t links_up = 0, links = 0;
  std::size_t sessions = 0;
  std::string store_problem;         ///< why this machine's store refused the last write; empty: it did not
  bool pending = false;              ///< the caller has uncommitted changes here
  boost::json::value newest_commit;  ///< who, when and where (docs/DESK.md, history); null: none
};

class Fleet {
 public:
  virtual ~Fleet() = default;
  [[nodiscard]] virtual FleetState state(const Caller& caller) const = 0;
};

struct Site {
  Host& host;
  MailEngine& mail;
  Names& names;
  const Fleet& fleet;
};

/// To be called once, at once or later: data for people and programs, or why there are none.
using Answer = std::function<void(base::Result<boost::json::object>)>;
/// What a command does where it runs: its folder's run.cpp. A parameter that is wrong is the answer. `site`'s ports outlive it.
using Run = void (*)(const Site& site, const Caller& caller, protocol::Params& parameters, const Answer& answer);
/// By the command's name, from the folders; null when it has no run.cpp.
Run find_run(std::string_view command);

}  // namespace postern::commands
