#include "daemon/line_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::daemon {

bool StrangerLines::pass(const std::string& address, std::int64_t now_ms) {
  if (now_ms - all_.since_ms >= window_ms && all_.left_out == 0) {
    all_.since_ms = now_ms;
    written_ = 0;
  }
  const auto known = told_.find(address);
  if (known != told_.end() && now_ms - known->second.since_ms < window_ms) {
    ++known->second.left_out;
    return false;
  }
  if (written_ >= lines || (known == told_.end() && told_.size() >= addresses)) {
    ++all_.left_out;
    return false;
  }
  ++written_;
  auto& told = told_[address];
  told.since_ms = now_ms;  // what was left out before is still to be told by settle()
  return true;
}

std::vector<std::string> StrangerLines::settle(std::int64_t now_ms) {
  std::vector<std::string> out;
  const auto seconds = window_ms / 1'000;
  std::uint64_t more = 0;
  std::size_t sources = 0;
  std::erase_if(told_, [&](auto& entry) {
    auto& [address, told] = entry;
    if (now_ms - told.since_ms < window_ms) return false;
    if (told.left_out == 0) return true;
    if (out.size() < lines / 2) {
      out.push_back(fmt::format("{} more lines about {} were left out", told.left_out, address));
    } else {
      more += told.left_out;
      ++sources;
    }
    return true;
  });
  if (sources > 0) out.push_back(fmt::format("{} more lines about {} other addresses were left out", more, sources));
  if (now_ms - all_.since_ms >= window_ms) {
    if (all_.left_out > 0)
      out.push_back(fmt::format("{} lines about more strangers than {} in {} s were left out", all_.left_out, lines, seconds));
    all_ = {now_ms, 0};
    written_ = 0;
  }
  return out;
}

bool LineRate::pass(std::int64_t now_ms) {
  room_ = std::min(burst, room_ + static_cast<double>(now_ms - at_ms_) * a_second / 1'000);
  at_ms_ = now_ms;
  if (room_ < 1) {
    ++left_out_;
    return false;
  }
  room_ -= 1;
  return true;
}

std::uint64_t LineRate::take_left_out() { return std::exchange(left_out_, 0); }

}  // namespace postern::daemon
