// What a start or a join reads. Nothing of it is believed before a signature proves it: one for each run of an
// incarnation, under the key of its admission, which is proved in turn, up to the founding commit.
#include "cluster/core.h"
#include "cluster/graves.h"
#include "cluster/planted.h"
#include "cluster/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::cluster {

struct Loaded {
  Header header;
  base::Hash hash;
  const StoredCommit* stored = nullptr;
  bool staged = false;
  bool done = false;
  std::string wrong;  ///< why it is not believed
  Dot dot;            ///< stays when the header has gone into the history
  base::Hash prev;
  bool proved = false;   ///< by a signature of its own or of one after it in its run
  bool checked = false;  ///< its own signature
  bool right = false;
};

using LoadedAt = std::map<base::Hash, std::size_t>;

/// Runs of commits, each signed over the hash of the one before: the last right signature of a run proves all of it
/// up to there.
class Runs {
 public:
  using Verify = std::function<bool(const Envelope&)>;

  Runs(std::vector<Loaded>& loaded, const LoadedAt& index) : loaded_(loaded), index_(index) {
    for (std::size_t i = 0; i < loaded.size(); ++i) {
      if (before(i)) after_.emplace(*before(i), i);
    }
  }

  [[nodiscard]] const Header& header(std::size_t at) const { return loaded_[at].header; }

  /// False: neither its own signature nor one after it in its run is right.
  bool prove(std::size_t at, const Verify& verify) {
    if (loaded_[at].proved) return true;
    std::vector<std::size_t> run = {at};
    for (std::size_t next = 0; next < run.size(); ++next) {
      const auto [first, last] = after_.equal_range(run[next]);
      for (auto one = first; one != last; ++one) run.push_back(one->second);
    }
    const auto tip = std::find_if(run.rbegin(), run.rend(), [&](std::size_t i) { return is_right(loaded_[i], verify); });
    if (tip == run.rend()) return false;
    for (std::size_t i = *tip; i != at; i = *before(i)) loaded_[i].proved = true;
    return loaded_[at].proved = true;
  }

 private:
  static bool is_right(Loaded& one, const Verify& verify) {
    if (!std::exchange(one.checked, true)) one.right = verify(one.stored->envelope);
    return one.right;
  }

  /// The one before it in its run, if that is here.
  [[nodiscard]] std::optional<std::size_t> before(std::size_t at) const {
    const Loaded& one = loaded_[at];
    const auto found = one.dot.seq == 1 ? index_.end() : index_.find(one.prev);
    if (found == index_.end() || loaded_[found->second].dot != before_dot(one.dot)) return std::nullopt;
    return found->second;
  }

  std::vector<Loaded>& loaded_;
  const LoadedAt& index_;
  std::multimap<std::size_t, std::size_t> after_;
};

namespace {

Alert gap_alert(std::size_t commits) {
  return {Alert::Grade::warning, "gap",
          fmt::format("{} stored commits build on others that are not on this machine's disk. They "
                      "are not in effect here until the other machines have sent what is missing.",
                      commits)};
}

/// What a visible commit had seen was visible, though a power cut took the note of it.
void show_what_was_seen(std::vector<Loaded>& loaded, const LoadedAt& index) {
  std::vector<const Header*> visible;
  for (const Loaded& one : loaded) {
    if (!one.staged) visible.push_back(&one.header);
  }
  const auto show = [&](const base::Hash& seen) {
    const auto found = index.find(seen);
    if (found != index.end() && std::exchange(loaded[found->second].staged, false))
      visible.push_back(&loaded[found->second].header);
  };
  for (std::size_t next = 0; next < visible.size(); ++next) {
    const Header& header = *visible[next];
    show(header.prev);
    for (const ParentRef& parent : header.parents) show(parent.hash);
  }
}

/// Those that may exist (validate.h); the others are told in `refused`.
base::Result<std::vector<Loaded>> read_all(const base::ClusterId& cluster, const std::vector<StoredCommit>& past,
                                           std::vector<Peer::Unproved>& refused, LoadedAt& index) {
  std::vector<Loaded> loaded;
  loaded.reserve(past.size());
  for (const StoredCommit& stored : past) {
    auto header = decode_header(stored.envelope.header);
    const base::Hash hash = stored.envelope.id();
    if (!header)
      return base::fail(base::ErrorCode::damaged,
                        fmt::format("The stored commit {:.12} cannot be read: {} Restore the store from a backup, or set "
                                    "this machine up anew and let it join again.",
                                    base::to_text(hash), header.error().text));
    if (const auto good = validate(cluster, *header); !good) {
      refused.push_back({header->dot, hash, {}, good.error().text});
      continue;
    }
    if (!index.emplace(hash, loaded.size()).second) continue;
    Loaded& one = loaded.emplace_back();
    one.dot = header->dot;
    one.prev = header->prev;
    one.header = std::move(*header);
    one.hash = hash;
    one.stored = &stored;
    one.staged = stored.staged;
  }
  show_what_was_seen(loaded, index);
  return loaded;
}

/// Identities that it writes, as far as they are at hand: keys must be known before what they sign.
Values identities_of(const Header& header, const ValueOf& value_of) {
  Values found;
  for (const Write& write : header.writes) {
    if (!is_identity(write.reg) || write.value.is_nil()) continue;
    const auto value = value_of ? value_of(write.value) : std::nullopt;
    if (value && base::hash_bytes(*value) == write.value) found.emplace(write.value, *value);
  }
  return found;
}

}  // namespace

/// What the header says of its predecessors must be what they are; all are applied. Empty, or what is wrong.
std::string Peer::Core::check_restored(const Header& header) const {
  for (const ParentRef& parent : header.parents) {
    const Record* seen = history.find(parent.hash);
    if (seen == nullptr ? !planted(Planted::apply_without_context) : seen->info.header.dot != parent.dot)
      return "it names its parents wrongly";
  }
  if (std::string wrong = why_impossible(header); !wrong.empty()) return wrong;
  if (header.prev.is_nil()) {
    const bool founds = header.dot.seq == 1 && header.parents.empty() && history.size() == 0;
    return founds ? "" : "it founds a cluster that exists";
  }
  if (header.dot.seq == 1) return {};
  const bool continues = history.find(header.prev)->info.header.dot == before_dot(header.dot);
  return continues ? "" : "it does not continue its author's chain";
}

/// Under which a commit must be signed whose context is applied: that of its admission, or the founder's own.
std::optional<base::VerifyKey> Peer::Core::key_for(const Header& header, const Values& identities) const {
  if (header.prev.is_nil()) return founder_key(header, identities);
  const Record* before = history.find(header.prev);
  const base::Hash admission = header.dot.seq == 1 ? header.prev : before->admission;
  const base::VerifyKey* key = key_of(admission, header.dot.member);
  return key == nullptr ? std::nullopt : std::optional(*key);
}

/// Empty, or why it is not believed. Its context is applied.
std::string Peer::Core::prove_restored(Runs& runs, std::size_t at, const Values& identities) const {
  const Header& header = runs.header(at);
  if (std::string wrong = check_restored(header); !wrong.empty()) return wrong;
  const auto key = key_for(header, identities);
  if (!key) return "its author was not admitted by the commit that it names";
  const bool sound = runs.prove(
      at, [&](const Envelope& one) { return base::verify(*key, signed_bytes(self.cluster, one.header), one.signature); });
  return sound ? "" : "its signature is wrong";
}

/// Stored order is not always a causal one: staged commits are stored before their context, and a
/// write that failed may have left a gap. What has a gap is held back, as if it had just come from
/// elsewhere, and so is what no signature proves.
base::Result<void> Peer::Core::load(const std::vector<StoredCommit>& past, const ValueOf& value_of) {
  LoadedAt index;
  auto loaded = read_all(self.cluster, past, not_proved, index);
  if (!loaded) return loaded.error();
  Runs runs(*loaded, index);
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t at = 0; at < loaded->size(); ++at) {
      Loaded& commit = (*loaded)[at];
      const bool waits = !commit.done && !commit.staged && commit.wrong.empty();
      if (!waits || !history.lacking(commit.header).empty()) continue;
      const Values identities = identities_of(commit.header, value_of);
      commit.wrong = prove_restored(runs, at, identities);
      if (!commit.wrong.empty()) continue;
      apply(std::move(commit.header), commit.hash, identities);
      commit.done = progress = true;
    }
  }
  std::size_t gaps = 0;
  for (Loaded& commit : *loaded) {
    if (commit.done) continue;
    const Dot& dot = commit.header.dot;
    if (!commit.wrong.empty())
      not_proved.push_back({dot, commit.hash, {}, commit.wrong});
    else if (!commit.staged)
      ++gaps;
    hold_back(std::move(commit.header), commit.hash, commit.stored->envelope, !commit.staged);
  }
  if (gaps > 0) alerts_later.push_back(gap_alert(gaps));
  return {};
}

/// From the first step on it waits for what it lacks; without a right signature it is dropped then.
void Peer::Core::hold_back(Header header, const base::Hash& hash, const Envelope& envelope, bool visible) {
  Held kept;
  kept.header = std::move(header);
  kept.hash = hash;
  kept.envelope = envelope;
  kept.where = Held::Where::staged;
  kept.visible = kept.durable = visible;
  if (kept.durable) to_advance.push_back(kept.hash);
  hold(std::move(kept));
}

base::Result<std::unique_ptr<Peer>> Peer::restore(Self self, Tuning tuning, const std::vector<StoredCommit>& past,
                                                  std::uint64_t boot_nonce, base::Incarnation fresh, base::Instant now,
                                                  const ValueOf& value_of) {
  auto core = std::make_unique<Core>(std::move(self), tuning, boot_nonce, fresh, now);
  const auto loaded = core->load(past, value_of);
  if (!loaded) return loaded.error();
  // One that has commits already is that of a running machine's snapshot, and no news.
  core->authored = core->history.length({core->self.member, fresh}) > 0;
  core->changed.clear();
  core->arrived.clear();
  core->deaths = false;
  core->houses.clear();
  core->roots.clear();
  core->check_at = 0;
  return std::unique_ptr<Peer>(new Peer(std::move(core)));
}

std::vector<Peer::Unproved> Peer::unproved() const {
  std::vector<Unproved> out = core_->not_proved;
  for (Unproved& one : out) one.host = core_->host_of(one.dot.member);
  return out;
}

/// A head's value, or one of a commit that is held back.
void Peer::supply_value(const base::Hash& hash, std::string bytes) {
  Core& core = *core_;
  if (base::hash_bytes(bytes) != hash) {
    core.alerts_later.push_back(
        {Alert::Grade::critical, "damaged", fmt::format("A stored value ({:.12}) is damaged.", base::to_text(hash))});
    return;
  }
  for (auto& [id, one] : core.held) {
    for (const Write& write : one.header.writes) {
      if (write.value == hash) one.values[hash] = bytes;
    }
  }
  core.fleet_stale = true;
  core.builder.supply(hash, std::move(bytes));
}

}  // namespace postern::cluster
