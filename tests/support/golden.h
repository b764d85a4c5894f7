#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

/// Golden files beside what they are about: CASE.json goes in, CASE.txt is what comes out.
namespace postern::support {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path << " is not there: run this test once with POSTERN_REWRITE=1";
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Every .json below the folder, relative to it, sorted.
inline std::vector<std::string> golden_cases(const std::filesystem::path& root) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.path().extension() == ".json") found.push_back(std::filesystem::relative(entry.path(), root));
  std::ranges::sort(found);
  return found;
}

/// Compares with the .txt beside `path`. With POSTERN_REWRITE=1 it is written anew first: read the difference before you keep it.
inline void expect_golden(std::filesystem::path path, const std::string& text) {
  path.replace_extension(".txt");
  if (std::getenv("POSTERN_REWRITE") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(read_file(path), text) << path;
}

/// A path as a test's name.
inline std::string golden_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

}  // namespace postern::support
