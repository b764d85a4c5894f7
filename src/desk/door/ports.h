#pragma once

#include "base/result.h"
#include "base/time.h"
#include "cluster/peer.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern::commands {
class MailEngine;
class Names;
}  // namespace postern::commands

/// What the desk needs of the house around it. posternd gives it the real store, transport and
/// applier; the transcript tests a fleet in one process. All calls and callbacks are on the one
/// thread that owns the truth.
namespace postern::desk {

/// Result of dialing a member in order to join it.
struct JoinOffer {
  std::uint64_t join = 0;  ///< names this attempt in join_go and join_cancel
  std::string fingerprint_sha256;
  std::string fingerprint_md5;
};
struct JoinRequest {
  std::uint64_t join = 0;
  std::uint64_t session = 0;  ///< who asks, to be handed to Desk::replaced after the swap
  std::string passphrase;     ///< admin's; empty: pre-shared keys (not in this version)
  bool enable_ccs = false;    ///< J4's first answer
  std::uint16_t ccs_port = 2222;
};

struct LinkStatus {  ///< for CONNSTATUS, beside cluster::Peer::LinkInfo
  base::MemberId member;
  std::string dial;  ///< "paris.postern.test:2200"
  std::string last_error;
  std::vector<std::string> addresses;  ///< forward resolution
  std::string reverse;
  std::string resolve_problem;
};

struct HostFingerprints {
  std::string sha256;  ///< "SHA256:…", base64 without padding, as OpenSSH prints it
  std::string md5;     ///< "MD5:aa:bb:…"
};

class House {
 public:
  virtual ~House() = default;

  virtual base::Instant now() = 0;
  /// Newly drawn random bytes.
  virtual std::string random_bytes(std::size_t count) = 0;
  [[nodiscard]] virtual const cluster::Peer& peer() const = 0;
  /// This machine's version text, e.g. "0.1.0".
  [[nodiscard]] virtual std::string version() const = 0;

  /// Commits through the peer; `done` comes once, when it is answered.
  virtual void commit(cluster::LocalCommit what, std::function<void(const cluster::Answer&)> done) = 0;

  /// Pending sets, durable before `done` (true) comes. Key is the desk's own. Loaded at start by
  /// pending().
  virtual void save_pending(const std::string& key, std::optional<std::string> bytes,
                            std::function<void(base::Result<void>)> done) = 0;
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> pending() const = 0;

  /// Argon2id on another thread.
  virtual void hash_passphrase(std::string passphrase, std::function<void(std::string)> done) = 0;
  virtual void check_passphrase(std::string hash_text, std::string passphrase, std::function<void(base::Result<bool>)> done) = 0;

  /// Carries a question to another member's desk, over other machines where there is no link; `done` comes once, with what
  /// that desk answered, which is that machine's word. Errors: as cluster::Told.
  virtual void ask(base::MemberId member, std::string body, std::function<void(base::Result<std::string>)> done) = 0;
  /// One line of this machine's log, for its administrators.
  virtual void log(const std::string& line) = 0;

  /// Joining (spec J4): dial and show the fingerprint; then log in, fetch, swap. `progress` gets
  /// lines for people; after success this machine's peer is a new object, and so is every session's
  /// mode.
  virtual void join_dial(std::string address, std::uint16_t port, std::function<void(base::Result<JoinOffer>)> done) = 0;
  virtual void join_go(JoinRequest request, std::function<void(std::string)> progress,
                       std::function<void(base::Result<void>)> done) = 0;
  virtual void join_cancel(std::uint64_t join) = 0;
  /// Settings saved before the last join (spec J8): feature -> canonical text; empty when there are
  /// none.
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> prejoin() const = 0;

  /// Calls `then` once, on the thread that owns the truth, `ms` milliseconds from now or a little
  /// later.
  virtual void after(std::int64_t ms, std::function<void()> then) = 0;
  /// Stored values by their hashes, for the history's differences; those that are not kept here any
  /// more are left out. A disk may take its time to answer: nothing waits for it but this call.
  virtual void stored_values(std::vector<base::Hash> hashes, std::function<void(cluster::Values)> done) = 0;

  /// Fingerprints of the own SSH host key as people compare them (spec J4, J7).
  [[nodiscard]] virtual HostFingerprints host_fingerprints() const = 0;
  /// Own SSH host key, public line.
  [[nodiscard]] virtual std::string host_key() const = 0;
  /// For the commands that run here (commands/site.h).
  virtual commands::MailEngine& mail_engine() = 0;
  virtual commands::Names& names() = 0;
  virtual void link_status(std::function<void(std::vector<LinkStatus>)> done) = 0;
  /// `postern stats`: name -> value, dotted names such as "store.flushes". As stored_values.
  using Stats = std::vector<std::pair<std::string, std::uint64_t>>;
  virtual void stats(std::function<void(Stats)> done) = 0;
  /// Why the store refused the last write; empty: it did not.
  [[nodiscard]] virtual std::string store_problem() const = 0;
  /// Addresses that this host really has.
  [[nodiscard]] virtual std::vector<std::string> host_addresses() const = 0;
  /// Whether this host can use that address (interfaceconfig refuses others).
  [[nodiscard]] virtual bool has_address(const std::string& address) const = 0;
};

}  // namespace postern::desk
