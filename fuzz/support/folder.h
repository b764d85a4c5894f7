#pragma once

#include "fuzz/support/fuzz.h"

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace postern::fuzz {

/// A folder in memory, which goes with the program unless that crashes.
class Folder {
 public:
  Folder() { FUZZ_CHECK(::mkdtemp(path_) != nullptr); }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return std::string(path_) + "/" + name; }

 private:
  char path_[32] = "/dev/shm/postern-fuzz-XXXXXX";
};

}  // namespace postern::fuzz
