#pragma once

#include "commands/site.h"
#include "desk/door/state.h"

namespace postern::desk {

/// This machine and its cluster as commands see them (commands/site.h), from the desk's books and the peer.
class DeskSite final : public commands::Host, public commands::Fleet {
 public:
  /// `state` must outlive it.
  explicit DeskSite(State& state) : state_(state) {}

  [[nodiscard]] std::string name() const override;
  [[nodiscard]] std::string serial() const override;
  [[nodiscard]] std::string version() const override;
  [[nodiscard]] base::Instant now() const override;
  void after(std::int64_t ms, std::function<void()> then) override;
  [[nodiscard]] commands::FleetState state(const commands::Caller& caller) const override;

  [[nodiscard]] commands::Site site();

 private:
  State& state_;
};

}  // namespace postern::desk
