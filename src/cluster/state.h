#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/commit.h"

/// F(S): what a set of commits means (contract 2.4, 2.11). Pure: equal sets give equal states.
namespace postern::cluster {

/// A write that no other effective write of its register had seen.
struct Head {
  Dot dot;
  base::Hash commit;
  base::Stamp stamp;
  WriteKind kind = WriteKind::put;
  base::Hash value;
  bool buried = false;  ///< a delete of its UUID that it had not seen (2.11)
  friend bool operator==(const Head&, const Head&) = default;
};

/// Which of two concurrent writes of one register wins: by (stamp, member, incarnation, seq, hash).
bool greater(const Head& a, const Head& b);

struct RegisterState {
  std::vector<Head> heads;  ///< greatest first by (stamp, member, incarnation, seq, hash)
  /// The greatest head that is not buried, or null.
  [[nodiscard]] const Head* shown() const;
  /// The heads' dots, sorted: an edit's base (2.8).
  [[nodiscard]] std::vector<Dot> base() const;
};

/// The first write of a group's "name" or of a member's or user's "identity": when it came to be.
struct Birth {
  base::Stamp stamp;
  Dot dot;
  friend auto operator<=>(const Birth&, const Birth&) = default;
};

class State {
 public:
  [[nodiscard]] const RegisterState* find(const Register& reg) const;
  [[nodiscard]] const std::map<Register, RegisterState>& all() const { return registers_; }
  /// Least (stamp, dot) of all writes of a birth register, or null.
  [[nodiscard]] const Birth* born(const Register& reg) const;
  /// Value shown for a register: null when it is unset, buried or never written. A shown delete's value is
  /// the successor that it names.
  [[nodiscard]] std::shared_ptr<const std::string> value(const Register& reg) const;
  /// Is the value that it shows lost on this disk? Then nothing can be said of it: it is neither set nor unset.
  [[nodiscard]] bool is_lost(const Register& reg) const;
  /// A head's value by hash, or null.
  [[nodiscard]] std::shared_ptr<const std::string> blob(const base::Hash& hash) const;
  /// Digest of every register's heads: equal states, equal digests (status --json "digest").
  [[nodiscard]] base::Hash digest() const;

 private:
  friend class StateBuilder;
  friend class Reference;
  std::map<Register, RegisterState> registers_;
  std::map<Register, Birth> births_;
  mutable std::optional<base::Hash> digest_;
  std::map<base::Hash, std::shared_ptr<const std::string>> blobs_;
};

}  // namespace postern::cluster
