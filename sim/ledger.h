#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/commit.h"
#include "sim/timeline.h"

namespace postern::sim {

/// A set of commits, as indexes into the ledger.
class CommitSet {
 public:
  void add(std::size_t index);
  [[nodiscard]] bool has(std::size_t index) const;
  void unite(const CommitSet& other);
  [[nodiscard]] bool contains(const CommitSet& other) const;
  /// Members that `other` has not.
  [[nodiscard]] std::vector<std::size_t> without(const CommitSet& other) const;
  [[nodiscard]] std::vector<std::size_t> list() const { return without({}); }
  friend bool operator==(const CommitSet& a, const CommitSet& b) { return a.contains(b) && b.contains(a); }

 private:
  std::vector<std::uint64_t> words_;
};

/// One commit as its author signed it, with what the world knew at that moment. Never changed by what the
/// machines do with it later.
struct Entry {
  std::size_t index = 0;
  base::Hash id;
  cluster::Header header;
  cluster::Envelope envelope;
  std::size_t machine = 0;  ///< of the author
  Micros made = 0;
  CommitSet context;          ///< all that prev and parents reach
  CommitSet chain;            ///< its own incarnation up to itself
  bool acknowledged = false;  ///< some administrator was told "committed"
  bool denied = false;        ///< its administrator was told "refused": it must never be seen
  bool hostile = false;       ///< signed by who has a machine's key, not by that machine
  bool died = false;          ///< the last disk that showed it was set back to before it
};

/// Every commit ever signed in this world: the truth that the laws judge by. It reads the signed headers and
/// nothing else of the cluster room.
class Ledger {
 public:
  /// Enters a commit. Nothing when a commit that its header names is not known here: then it was forged.
  const Entry* enter(const cluster::Envelope& envelope, const cluster::Header& header, std::size_t machine, Micros made);
  [[nodiscard]] const Entry* find(const base::Hash& id) const;
  [[nodiscard]] const std::deque<Entry>& all() const { return entries_; }
  [[nodiscard]] const Entry& at(std::size_t index) const { return entries_[index]; }
  Entry& at(std::size_t index) { return entries_[index]; }

  /// The commits that a vector stands for. Nothing when a tip is not known here.
  [[nodiscard]] std::optional<CommitSet> covered(const cluster::Vector& vector) const;
  /// Writers of a register, by index, in the order entered.
  [[nodiscard]] const std::vector<std::size_t>& writers(const cluster::Register& reg) const;
  [[nodiscard]] const std::map<cluster::Register, std::vector<std::size_t>>& registers() const { return writers_; }
  /// Commits with this request key, by index.
  [[nodiscard]] const std::vector<std::size_t>& with_key(const std::string& key) const;
  [[nodiscard]] const std::map<std::string, std::vector<std::size_t>>& keys() const { return keys_; }
  /// Commits with this dot in their headers, by index: more than one after a fork.
  [[nodiscard]] const std::vector<std::size_t>& with_dot(const cluster::Dot& dot) const;
  /// The dot under which one who holds `set` knows this commit of it (contract 2.2).
  [[nodiscard]] cluster::Dot known_dot(const Entry& entry, const CommitSet& set) const;

 private:
  std::deque<Entry> entries_;  ///< a deque: pointers to entries stay good
  std::map<base::Hash, std::size_t> by_id_;
  std::map<cluster::Dot, std::vector<std::size_t>> by_dot_;
  std::set<std::pair<base::MemberId, base::Incarnation>> forked_;
  std::map<cluster::Register, std::vector<std::size_t>> writers_;
  std::map<std::string, std::vector<std::size_t>> keys_;
};

/// The write of `entry` to a register, or null.
const cluster::Write* write_of(const Entry& entry, const cluster::Register& reg);

}  // namespace postern::sim
