#include "commands/shows.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

/// src/commands/NAME/golden/CASE.json is an answer, CASE.txt how it reads. POSTERN_REWRITE=1 writes the texts anew: read the
/// difference before you keep it.
namespace postern::commands {
namespace {

namespace fs = std::filesystem;

const fs::path root = fs::path(POSTERN_SOURCE_DIR) / "src" / "commands";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string shown(const std::string& command, const protocol::Json& answer) {
  std::string out;
  for (const auto& line : find_show(command)(answer)) out += line + "\n";
  return out;
}

std::vector<std::string> cases() {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.path().extension() == ".json") found.push_back(fs::relative(entry.path(), root));
  std::ranges::sort(found);
  return found;
}

class Show : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }
  fs::path path = root / GetParam();
  std::string command = *fs::path(GetParam()).begin();
};

TEST_P(Show, is_what_people_read) {
  const std::string text = shown(command, boost::json::parse(read(path)));
  path.replace_extension(".txt");
  if (std::getenv("POSTERN_REWRITE") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(read(path), text) << path;
}

/// Any value, at any place: an answer may be another machine's.
TEST_P(Show, takes_whatever_another_machine_says) {
  const auto good = boost::json::parse(read(path)).as_object();
  const boost::json::value bad[] = {nullptr, true, -1, 1.5, "a\x1b[2Jb\u202e", boost::json::array{boost::json::array{}, 7},
                                    boost::json::object{{"x", boost::json::object{}}}};
  for (const auto& value : bad) {
    EXPECT_EQ(shown(command, value).find('\x1b'), std::string::npos);
    for (const auto& one : good) {
      auto answer = good;
      answer[one.key()] = value;
      EXPECT_EQ(shown(command, answer).find('\x1b'), std::string::npos) << one.key();
      answer[one.key()] = boost::json::array{value};
      EXPECT_EQ(shown(command, answer).find('\x1b'), std::string::npos) << one.key();
    }
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Show, testing::ValuesIn(cases()), test_name);

}  // namespace
}  // namespace postern::commands
