#pragma once

#include <cstdint>
#include <map>
#include <vector>

/// Who had seen what: the context of every commit, kept as what each commit saw anew.
///
///      chain A   1 ── 2 ───── 3 ── 4        A3 gains (B,2): B1 and B2 are news to A
///                            ╱               A4 gains nothing
///      chain B   1 ── 2 ────╯                seen(A4, B) = 2: the last gain of B at or before A4
///
/// A full vector a commit would cost 1,000 entries at 1,000 machines; the gains are 1 or 2, and a
/// look-up is one binary search in the list of A's gains of B.
namespace postern::cluster {

/// Number of a chain (one incarnation of one member) in one History.
using ChainNumber = std::uint32_t;

/// The seq-th commit (from 1) of a chain.
struct Place {
  ChainNumber chain = 0;
  std::uint64_t seq = 0;
};

class Contexts {
 public:
  ChainNumber add_chain();
  /// Appends the next commit of `chain`, which saw its predecessor in the chain and all that
  /// `seen_too` (commits already added) and their contexts hold.
  void add(ChainNumber chain, const std::vector<Place>& seen_too);
  /// The greatest seq of `other` in the context of `of`, or 0. Of its own chain: all before it.
  [[nodiscard]] std::uint64_t seen(Place of, ChainNumber other) const;
  /// Is `what` in the context of `of`? Not of itself.
  [[nodiscard]] bool contains(Place of, Place what) const { return seen(of, what.chain) >= what.seq; }

 private:
  struct Step {
    std::uint64_t own_seq = 0;  ///< from this commit on …
    std::uint64_t seen = 0;     ///< … the other chain is seen up to here
  };
  struct Chain {
    std::vector<std::vector<Place>> gains;            ///< by own seq - 1
    std::map<ChainNumber, std::vector<Step>> others;  ///< the same gains, by the chain that was seen
  };
  using Gain = std::map<ChainNumber, std::uint64_t>;
  void gather(Place source, Place self, Gain& gain) const;
  void raise(Place source, Place self, Gain& gain) const;

  std::vector<Chain> chains_;
};

}  // namespace postern::cluster
