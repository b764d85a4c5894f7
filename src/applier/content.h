#pragma once

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

namespace postern::applier {

/// How long new files may take to show in a running Postfix.
constexpr std::chrono::milliseconds patience{20'000};

/// A file's bytes; empty when it cannot be read.
inline std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace postern::applier
