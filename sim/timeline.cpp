#include "sim/timeline.h"

#include <algorithm>
#include <utility>

namespace postern::sim {

bool Timeline::later(const Planned& a, const Planned& b) {
  if (a.when != b.when) return a.when > b.when;
  return a.sequence > b.sequence;
}

void Timeline::at(Micros when, Act act) {
  heap_.push_back({std::max(when, now_), sequence_++, std::move(act)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

bool Timeline::step(Micros until) {
  if (heap_.empty() || heap_.front().when > until) {
    now_ = std::max(now_, until);
    return false;
  }
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Planned next = std::move(heap_.back());
  heap_.pop_back();
  now_ = next.when;
  ++done_;
  next.act();
  return true;
}

}  // namespace postern::sim
