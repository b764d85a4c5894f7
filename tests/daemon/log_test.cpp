#include "daemon/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "base/printable.h"
#include "hostile.h"

namespace postern::daemon {
namespace {

/// What goes to standard error while it lives.
class Captured {
 public:
  Captured() : file_(::memfd_create("log", MFD_CLOEXEC)), before_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    ::dup2(file_, STDERR_FILENO);
  }
  ~Captured() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    ::close(file_);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  [[nodiscard]] std::vector<std::string> lines() const {
    std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(file_, 0, SEEK_END), 0)), '\0');
    EXPECT_EQ(::pread(file_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }

 private:
  int file_;
  int before_;
};

TEST(Log, WhateverIsSaidIsOnePrintableBoundedLine) {
  std::vector<std::string> texts = test::hostile_characters();
  for (const std::string& bytes : test::hostile_bytes()) texts.push_back(bytes);
  texts.emplace_back("two\n2026-11-27T00:00:00.000+0000 info admin logged in from 127.0.0.1");
  texts.emplace_back(1U << 20U, 'x');
  for (const bool of_a_stranger : {false, true}) {
    const Captured captured;
    open_log();
    std::size_t number = 0;
    for (const std::string& text : texts) {
      if (++number > 40 && of_a_stranger) break;  // so many of strangers are written at once
      if (of_a_stranger)
        log_stranger("10.1.1." + std::to_string(number), "warning", "said " + text + " here");
      else
        log_line("info", "said " + text + " here");
    }
    const auto lines = captured.lines();
    EXPECT_EQ(lines.size(), of_a_stranger ? std::min<std::size_t>(texts.size(), 40) : texts.size());
    for (const std::string& line : lines) {
      EXPECT_TRUE(base::is_printable_line(line, 2'100)) << line;
      EXPECT_NE(line.find(of_a_stranger ? " warning said " : " info said "), std::string::npos) << line;
    }
  }
}

TEST(Log, AFloodIsCutAndSaid) {
  const Captured captured;
  open_log();
  for (int i = 0; i < 5'000; ++i) log_line("info", "one of many");
  const auto lines = captured.lines();
  EXPECT_GE(lines.size(), 1'000U);
  EXPECT_LT(lines.size(), 4'000U);
}

}  // namespace
}  // namespace postern::daemon
