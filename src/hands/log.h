#pragma once

#include "base/result.h"
#include "hands/descriptor.h"
#include "hands/folder.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::hands {

/// One line per event, with the time in UTC, printable and of at most 2 KiB. The file is bounded:
/// see rotate().
class Log {
 public:
  /// NAME in `folder`, which must outlive this. Errors: Folder::open_log's.
  static base::Result<Log> open(const Folder& folder, std::string name, std::size_t bytes_most = 8U << 20);
  void line(std::string_view text) const;
  /// When the file has its most bytes, it becomes NAME.1, in the place of the one before, and a new
  /// one begins. A child that was forked before goes on writing to the old one.
  void rotate();

 private:
  Log(const Folder& folder, std::string name, std::size_t bytes_most, Descriptor file)
      : folder_(&folder), name_(std::move(name)), bytes_most_(bytes_most), file_(std::move(file)) {}

  const Folder* folder_;
  std::string name_;
  std::size_t bytes_most_;
  Descriptor file_;
};

}  // namespace postern::hands
