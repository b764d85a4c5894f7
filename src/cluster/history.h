#pragma once

#include "cluster/context.h"
#include "cluster/peer.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The set S of applied commits: causally closed, only ever growing. After a fork (contract 2.2) the commits of
/// one incarnation are a tree; each branch is a chain of its own here:
///
///      header  I/1 ── I/2 ── I/3 ── I/4       known  I/1 ── I/2 ── I/3 ── I/4     I/3 has the lesser hash
///                       ╲                                     ╲
///                        I/3'── I/4'                           J/3 ── J/4         J = I with the hash of I/3'
///
/// Names are a function of S alone: of several commits with one predecessor the least by hash keeps the name.
namespace postern::cluster {

/// One known incarnation of one member.
struct ChainId {
  base::MemberId member;
  base::Incarnation incarnation = 0;
  base::Hash branch = {};  ///< of the first commit, for a branch that does not keep the name
  friend auto operator<=>(const ChainId&, const ChainId&) = default;
};
inline ChainId chain_of(const Dot& dot) { return {dot.member, dot.incarnation, dot.branch}; }
inline ChainId chain_of(const Tip& tip) { return {tip.member, tip.incarnation, tip.branch}; }
/// How far each chain is held by somebody.
using Known = std::map<ChainId, std::uint64_t>;
std::uint64_t known_seq(const Known& known, const ChainId& chain);

struct Record {
  mutable Peer::CommitInfo info;  ///< `shown` is filled in when somebody looks
  Place place;
  std::size_t order = 0;  ///< position in the order of applying, which is a causal one
  base::Hash admission;   ///< the commit that admitted this membership
  std::size_t bytes = 0;  ///< header and values, as shipped
};

class History {
 public:
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] const Record* find(const base::Hash& hash) const;
  [[nodiscard]] const Record* at(const ChainId& chain, std::uint64_t seq) const;
  [[nodiscard]] const Record* at(const Dot& dot) const { return at(chain_of(dot), dot.seq); }
  /// Seq of the last commit held of a chain, or 0.
  [[nodiscard]] std::uint64_t length(const ChainId& chain) const;
  /// Seq of the commit before a chain's first: 0 but for a branch.
  [[nodiscard]] std::uint64_t before(const ChainId& chain) const;
  /// Had the author of `of` seen the commit `dot`?
  [[nodiscard]] bool saw(const Record& of, const Dot& dot) const;
  /// How far a chain is in the context of `of`, itself included, as Place counts; 0: not at all.
  [[nodiscard]] std::uint64_t seen(const Record& of, ChainNumber chain) const {
    return of.place.chain == chain ? of.place.seq : contexts_.seen(of.place, chain);
  }
  /// The commit that `dot` meant to the author of `by`, who knew fewer branches perhaps; or null.
  [[nodiscard]] const Record* meant(const Record& by, const Dot& dot) const;

  /// prev and parents that are not here; a header may be added only when there are none.
  [[nodiscard]] std::vector<base::Hash> lacking(const Header& header) const;
  const Record& add(Header header, const base::Hash& hash);
  /// The one here that continues the same predecessor and keeps the name: with `header` it is a fork. Or null.
  [[nodiscard]] const Record* rival(const Header& header) const;
  /// Must the rival's branch give up its name when this one is added?
  [[nodiscard]] bool renames(const Header& header, const base::Hash& hash) const;
  /// The same commits, with the names that they have beside `header`, which renames.
  [[nodiscard]] History renamed_for(const Header& header) const;

  [[nodiscard]] const std::vector<const Record*>& order() const { return order_; }
  [[nodiscard]] Vector vector() const;
  /// Of the vector with its tip hashes.
  [[nodiscard]] base::Hash digest() const;
  /// Commits that no other commit here has seen, with the dots of their headers.
  [[nodiscard]] const std::map<base::Hash, Dot>& maximal() const { return maximal_; }
  /// Every chain's commits so far.
  [[nodiscard]] Known known() const;
  /// What a vector from elsewhere says, in the names used here. A tip that is not here counts as far as it is
  /// beyond what is here: at most a branch that the sender will show.
  [[nodiscard]] Known understood(const Vector& vector) const;
  /// Whoever holds this commit holds so much of its chain, and of those that it branched from.
  void raise(Known& known, const Record& held) const;
  /// What was said in the names of `before`, which holds the same commits.
  [[nodiscard]] Known renamed(const Known& known, const History& before) const;
  /// Does a vector from elsewhere cover this commit?
  [[nodiscard]] bool covered(const Record& what, const Vector& vector) const;
  [[nodiscard]] std::vector<ChainId> chains_of(const base::MemberId& member) const;

  /// Greatest stamp that is at most `limit`, or 0.
  [[nodiscard]] base::Stamp greatest_stamp(base::Stamp limit) const;
  /// All commits with this request key, in the order applied.
  [[nodiscard]] std::vector<const Record*> by_request_key(const std::string& key) const;
  /// Does this header begin a chain, as the first of an incarnation or of a branch?
  [[nodiscard]] bool begins_chain(const Header& header) const { return header.dot.seq == 1 || rival(header) != nullptr; }
  [[nodiscard]] std::vector<base::Hash> newest(std::size_t limit) const;
  [[nodiscard]] std::vector<base::Hash> by_prefix(std::string_view hex) const;

 private:
  struct Chain {
    ChainNumber number = 0;
    std::uint64_t before = 0;  ///< seq of the commit from which it branched
    std::vector<const Record*> records;
  };
  [[nodiscard]] ChainId parent_chain(const Header& header) const;
  [[nodiscard]] ChainId chain_for(const Header& header, const base::Hash& hash) const;
  [[nodiscard]] base::Hash branch_to(const Record& by, const Record& what) const;
  [[nodiscard]] bool saw_lesser_twin(const Record& by, const Record& what) const;
  void note_seen(const Header& header, const base::Hash& hash);

  std::map<base::Hash, Record> records_;
  std::map<ChainId, Chain> chains_;
  std::vector<const Record*> order_;
  std::map<base::Hash, Dot> maximal_;   ///< dots as in the headers
  std::set<base::Hash> branch_firsts_;  ///< first commits of branches that do not keep their name
  std::set<std::pair<base::Stamp, Dot>> stamps_;
  std::multimap<std::string, const Record*> request_keys_;
  Contexts contexts_;
  mutable std::optional<base::Hash> digest_;
};

/// The digest of any vector, as pings carry it.
base::Hash vector_digest(const Vector& vector);

}  // namespace postern::cluster
