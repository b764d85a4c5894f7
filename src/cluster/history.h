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

/// The set S of applied commits: causally closed, only ever growing.
namespace postern::cluster {

/// One incarnation of one member.
using ChainId = std::pair<base::MemberId, base::Incarnation>;
inline ChainId chain_of(const Dot& dot) {
  return {dot.member, dot.incarnation};
}
/// How far each chain is held by somebody.
using Known = std::map<ChainId, std::uint64_t>;
std::uint64_t known_seq(const Known& known, const ChainId& chain);
Known to_known(const Vector& vector);

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
  /// Number of commits held of a chain.
  [[nodiscard]] std::uint64_t length(const ChainId& chain) const;
  /// Had the author of `of` seen the commit `dot`?
  [[nodiscard]] bool saw(const Record& of, const Dot& dot) const;

  /// prev and parents that are not here; a header may be added only when there are none.
  [[nodiscard]] std::vector<base::Hash> lacking(const Header& header) const;
  const Record& add(Header header, const base::Hash& hash);

  [[nodiscard]] const std::vector<const Record*>& order() const { return order_; }
  [[nodiscard]] Vector vector() const;
  /// Of the vector with its tip hashes.
  [[nodiscard]] base::Hash digest() const;
  /// Commits that no other commit here has seen.
  [[nodiscard]] const std::map<base::Hash, Dot>& maximal() const { return maximal_; }
  /// Every chain's commits so far.
  [[nodiscard]] Known known() const;
  [[nodiscard]] std::vector<ChainId> chains_of(const base::MemberId& member) const;

  /// Greatest stamp that is at most `limit`, or 0.
  [[nodiscard]] base::Stamp greatest_stamp(base::Stamp limit) const;
  [[nodiscard]] const Record* by_request_key(const std::string& key) const;
  [[nodiscard]] std::vector<base::Hash> newest(std::size_t limit) const;
  [[nodiscard]] std::vector<base::Hash> by_prefix(std::string_view hex) const;

 private:
  struct Chain {
    ChainNumber number = 0;
    std::vector<const Record*> records;
  };
  std::map<base::Hash, Record> records_;
  std::map<ChainId, Chain> chains_;
  std::vector<const Record*> order_;
  std::map<base::Hash, Dot> maximal_;
  std::set<std::pair<base::Stamp, Dot>> stamps_;
  std::map<std::string, const Record*> request_keys_;
  Contexts contexts_;
  mutable std::optional<base::Hash> digest_;
};

/// The digest of any vector, as pings carry it.
base::Hash vector_digest(const Vector& vector);

}  // namespace postern::cluster
