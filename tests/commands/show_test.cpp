#include "commands/shows.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "tests/support/golden.h"

/// src/commands/NAME/golden/CASE.json is an answer, CASE.txt how it reads.
namespace postern::commands {
namespace {

namespace fs = std::filesystem;

const fs::path root = fs::path(POSTERN_SOURCE_DIR) / "src" / "commands";

std::string shown(const std::string& command, const protocol::Json& answer) {
  std::string out;
  for (const auto& line : find_show(command)(answer)) out += line + "\n";
  return out;
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

TEST_P(Show, is_what_people_read) { support::expect_golden(path, shown(command, boost::json::parse(support::read_file(path)))); }

/// Any value, at any place: an answer may be another machine's.
TEST_P(Show, takes_whatever_another_machine_says) {
  const auto good = boost::json::parse(support::read_file(path)).as_object();
  const boost::json::value bad[] = {nullptr,
                                    true,
                                    -1,
                                    1.5,
                                    "a\x1b[2Jb\u202e",
                                    boost::json::array{boost::json::array{}, 7},
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

INSTANTIATE_TEST_SUITE_P(All, Show, testing::ValuesIn(support::golden_cases(root)), support::golden_name);

}  // namespace
}  // namespace postern::commands
