#pragma once

#include <map>
#include <memory>
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

struct RegisterState {
  std::vector<Head> heads;  ///< greatest first by (stamp, member, incarnation, seq, hash)
  /// The greatest head that is not buried, or null.
  [[nodiscard]] const Head* shown() const;
  /// The heads' dots, sorted: an edit's base (2.8).
  [[nodiscard]] std::vector<Dot> base() const;
};

class State {
 public:
  [[nodiscard]] const RegisterState* find(const Register& reg) const;
  [[nodiscard]] const std::map<Register, RegisterState>& all() const { return registers_; }
  /// Value shown for a register: null when it is unset, buried or never written.
  [[nodiscard]] std::shared_ptr<const std::string> value(const Register& reg) const;
  /// A head's value by hash, or null.
  [[nodiscard]] std::shared_ptr<const std::string> blob(const base::Hash& hash) const;
  /// Digest of every register's heads: equal states, equal digests (status --json "digest").
  [[nodiscard]] base::Hash digest() const;

 private:
  friend class StateBuilder;
  std::map<Register, RegisterState> registers_;
  std::map<base::Hash, std::shared_ptr<const std::string>> blobs_;
};

}  // namespace postern::cluster
