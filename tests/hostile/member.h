#pragma once

#include "cluster/peer.h"
#include "hostile/line.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace postern::hostile {

/// A member that has turned: everything that the store of a stopped machine holds, its keys first.
class Member {
 public:
  /// `store`: posternd.db. Exits with a sentence when it cannot be read.
  Member(const std::string& store, const std::string& key_file);

  [[nodiscard]] const cluster::Peer& peer() const { return *peer_; }
  [[nodiscard]] base::MemberId id() const { return self_.member; }
  [[nodiscard]] base::ClusterId cluster() const { return self_.cluster; }
  [[nodiscard]] const base::SigningKey& key() const { return self_.key; }
  /// Any member but this one.
  [[nodiscard]] base::MemberId another() const;
  /// The commit that admitted that member, or nil.
  [[nodiscard]] base::Hash admission(const base::MemberId& member) const;
  /// All that it held, as it would ship it.
  [[nodiscard]] std::vector<cluster::Ship::Item> past() const;

  /// An honest greeting; to be bent.
  [[nodiscard]] cluster::Hello hello() const;
  /// A header after `prev` (first of `incarnation` when nil) that writes one text; to be bent, then signed.
  [[nodiscard]] cluster::Header header(base::Incarnation incarnation, std::uint64_t seq, const base::Hash& prev,
                                       const cluster::Register& reg, const std::string& value) const;
  [[nodiscard]] cluster::Ship::Item sign(const cluster::Header& header, std::vector<std::string> values) const;
  /// The cluster's setting of that name. It is none that a gateway knows, so no mail depends on it.
  [[nodiscard]] cluster::Register setting(const std::string& name) const;

 private:
  cluster::Self self_;
  std::vector<cluster::StoredCommit> commits_;
  cluster::Values values_;
  std::unique_ptr<cluster::Peer> peer_;
};

/// Where to strike, and as whom.
struct Target {
  Login link;  ///< as this member
  Login join;  ///< as an administrator
};
struct Attack {
  const char* name;
  const char* what;
  std::function<void(const Member&, const Target&, std::uint64_t size)> run;
  std::uint64_t size;  ///< in a short test; a long one multiplies it
};
const std::vector<Attack>& commit_attacks();
const std::vector<Attack>& wire_attacks();
const std::vector<Attack>& join_attacks();
const std::vector<Attack>& record_attacks();

/// A line on which both have said Hello.
Line greeted(const Member& member, const Target& target);
std::uint64_t draw();

}  // namespace postern::hostile
