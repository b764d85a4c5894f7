#include "protocol/wire.h"

#include "base/limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace postern::protocol {
namespace {

std::string repeated(const std::string& what, std::size_t bytes) {
  std::string out;
  out.reserve(bytes + what.size());
  while (out.size() < bytes) out += what;
  return out;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their shadow is no line's

/// Reads the line in a process that may take `more` bytes than it has now: 0 a request, 1 refused,
/// 2 it died.
int read_with(const std::string& line, std::size_t more) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t most = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + more;
    const rlimit limit{most, most};
    ::setrlimit(RLIMIT_AS, &limit);
    ::_exit(std::holds_alternative<Request>(parse_request(line)) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

TEST(Wire, ALineOfManySmallValuesIsRefusedBeforeTheyAreMade) {
  constexpr std::size_t bytes = 30U << 20;
  for (const char* item : {"[],", "{},", "0,", "[[0]],", "\"\","}) {
    const std::string line = R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[)" + repeated(item, bytes) + "0]}}";
    EXPECT_EQ(read_with(line, line.size()), 1) << item;
  }
}

TEST(Wire, WhatIsTakenCostsAtMostFourTimesTheLongestLine) {
  std::string most = R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[)";
  for (std::size_t i = 0; i < base::limits::settings_nodes - 1; ++i) most += R"({"":0},)";
  EXPECT_EQ(read_with(most + "0]}}", 4 * base::limits::message_bytes), 0);
  const std::string text = R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":")" + repeated("[],", 38U << 20) + "\"}}";
  EXPECT_EQ(read_with(text, 4 * base::limits::message_bytes), 0) << "a text's brackets are no values";
}

#endif

TEST(Wire, ABracketInATextIsNoValue) {
  const std::string text = repeated(R"(\"[,\\)", 3'000'000);
  const auto parsed = parse_request(R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":")" + text + "\"}}");
  ASSERT_TRUE(std::holds_alternative<Request>(parsed));
}

TEST(Wire, SaysHowManyValuesALineMayHave) {
  const std::string line = R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[)" + repeated("0,", 2'000'000) + "0]}}";
  const auto parsed = parse_request(line);
  const auto* error = std::get_if<WireError>(&parsed);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, RpcCode::invalid_request);
  EXPECT_NE(error->text.find("values at most"), std::string::npos) << error->text;
}

}  // namespace
}  // namespace postern::protocol
