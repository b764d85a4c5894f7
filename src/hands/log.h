#pragma once

#include "hands/descriptor.h"

#include <string_view>

namespace postern::hands {

/// One line per event, with the time in UTC.
class Log {
 public:
  explicit Log(Descriptor file) : file_(std::move(file)) {}
  void line(std::string_view text) const;

 private:
  Descriptor file_;
};

}  // namespace postern::hands
