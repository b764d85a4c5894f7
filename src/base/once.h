#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace postern::base {

/// A callback whose first call counts, whoever makes it: an answer or the deadline before it. Its copies are one; the
/// callback is let go with that call.
template <class... Args>
std::function<void(Args...)> once(std::function<void(Args...)> done) {
  return [held = std::make_shared<std::function<void(Args...)>>(std::move(done))](Args... args) {
    if (const auto then = std::exchange(*held, nullptr)) then(std::forward<Args>(args)...);
  };
}

}  // namespace postern::base
