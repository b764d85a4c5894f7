#pragma once

#include <string>
#include <vector>

namespace postern::test {

struct Ran {
  int code = -1;
  std::string output;  ///< standard output and error
};
/// Runs a program to its end, in `folder` unless empty, with `environment` ("NAME=VALUE") added; no
/// input.
Ran run(const std::vector<std::string>& command, const std::string& folder = {}, const std::string& environment = {});

}  // namespace postern::test
