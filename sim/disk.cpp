#include "sim/disk.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace postern::sim {

void Image::apply(const cluster::Persist& persist) {
  for (const base::Hash& id : persist.drop) {
    const auto found = place_.find(id);
    if (found == place_.end()) continue;
    const std::size_t gone = found->second;
    commits.erase(commits.begin() + static_cast<std::ptrdiff_t>(gone));
    place_.erase(found);
    for (auto& [other, place] : place_)
      if (place > gone) --place;
  }
  for (const cluster::StoredCommit& commit : persist.commits) {
    const auto [found, fresh] = place_.try_emplace(commit.envelope.id(), commits.size());
    if (fresh)
      commits.push_back(commit);
    else if (!commit.staged)
      commits[found->second].staged = false;
  }
  for (const auto& [hash, bytes] : persist.values) values.try_emplace(hash, bytes);
  for (const base::Hash& id : persist.promote) {
    const auto found = place_.find(id);
    if (found != place_.end()) commits[found->second].staged = false;
  }
}

const cluster::StoredCommit* Image::find(const base::Hash& id) const {
  const auto found = place_.find(id);
  return found == place_.end() ? nullptr : &commits[found->second];
}

bool Disk::Transaction::wants_flush() const {
  return std::any_of(persists.begin(), persists.end(), [](const auto& one) { return one.flush; });
}

void Disk::queue(cluster::Persist persist) { queued_.push_back(std::move(persist)); }

bool Disk::start() {
  if (under_way_ || queued_.empty()) return false;
  under_way_ = Transaction{std::exchange(queued_, {})};
  syncing_ = false;
  return true;
}

bool Disk::written() {
  POSTERN_ASSERT(under_way_ && !syncing_);
  os_.push_back(*under_way_);
  if (under_way_->wants_flush()) {
    syncing_ = true;
    return true;
  }
  under_way_.reset();
  return false;
}

std::vector<cluster::Token> Disk::synced(How how) {
  POSTERN_ASSERT(under_way_ && syncing_ && !os_.empty());
  std::vector<cluster::Token> tokens;
  for (const cluster::Persist& persist : under_way_->persists)
    if (persist.flush) tokens.push_back(persist.token);
  if (how == How::done) {
    for (const Transaction& one : os_)
      for (const cluster::Persist& persist : one.persists) durable_.apply(persist);
    os_.clear();
    doubt_.reset();
  } else {
    Transaction last = std::move(os_.back());
    os_.pop_back();
    if (how == How::unknown) {
      doubt_ = std::move(last);
      doubt_place_ = os_.size();
    }
  }
  under_way_.reset();
  syncing_ = false;
  return tokens;
}

void Disk::kill(Random& random) {
  if (under_way_ && !syncing_ && random.chance(500)) os_.push_back(std::move(*under_way_));
  under_way_.reset();
  syncing_ = false;
  queued_.clear();
  if (doubt_ && os_.size() == doubt_place_ && random.chance(500)) os_.push_back(std::move(*doubt_));
  doubt_.reset();
}

void Disk::power_loss(Random& random, bool forgetful) {
  if (under_way_ && !syncing_ && random.chance(500)) os_.push_back(std::move(*under_way_));
  os_.resize(static_cast<std::size_t>(random.below(os_.size() + 1)));
  under_way_.reset();
  kill(random);
  if (!forgetful || durable_.commits.empty()) return;
  cluster::Persist last;
  last.drop = {durable_.commits.back().envelope.id()};
  durable_.apply(last);
}

void Disk::open() {
  POSTERN_ASSERT(idle());
  for (const Transaction& one : os_)
    for (const cluster::Persist& persist : one.persists) durable_.apply(persist);
  os_.clear();
}

bool Disk::keeps(const base::Hash& id) const {
  if (durable_.find(id) == nullptr) return false;
  const auto drops = [&id](const cluster::Persist& persist) {
    return std::find(persist.drop.begin(), persist.drop.end(), id) != persist.drop.end();
  };
  const auto any = [&drops](const std::vector<cluster::Persist>& persists) {
    return std::any_of(persists.begin(), persists.end(), drops);
  };
  return !any(queued_) && !(under_way_ && any(under_way_->persists)) &&
         std::none_of(os_.begin(), os_.end(), [&any](const Transaction& one) { return any(one.persists); });
}

Image Disk::reading() const {
  Image image = durable_;
  const std::size_t seen = os_.size() - (syncing_ ? 1 : 0);
  for (std::size_t i = 0; i < seen; ++i)
    for (const cluster::Persist& persist : os_[i].persists) image.apply(persist);
  return image;
}

}  // namespace postern::sim
