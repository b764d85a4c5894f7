#pragma once

#include "cluster/state.h"

#include <vector>

namespace postern::cluster {

/// F(S) in the plainest words of contract 2.2, 2.4 and 2.11, slow and without memory of how S came: what
/// the incremental StateBuilder is compared with. It shares with it only revived_groups (graves.h).
class Reference {
 public:
  /// Commits in any order, each once, with every commit that they had seen.
  void add(const Header& header, const base::Hash& hash) { commits_[hash] = header; }
  /// Without values: compare its all() and digest().
  [[nodiscard]] State state() const;

 private:
  using Seen = std::map<base::Hash, std::vector<base::Hash>>;
  [[nodiscard]] Seen contexts() const;
  Dot known_dot(const base::Hash& hash, std::map<base::Hash, Dot>& known) const;
  void bury(State& state, const Seen& seen, const std::vector<base::Uuid>& revived) const;

  std::map<base::Hash, Header> commits_;
};

}  // namespace postern::cluster
