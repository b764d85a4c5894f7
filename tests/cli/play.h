#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "cli/shell/shell.h"
#include "fake_desk.h"
#include "script_console.h"

namespace postern::cli::test {

/// Plays a recorded shell session against the desk and compares the whole screen.
inline int play(FakeDesk& desk, const std::string& recording) {
  ScriptConsole console(recording);
  const int code = run_shell(desk, the_schema(), console);
  EXPECT_EQ(console.unexpected(), "");
  EXPECT_EQ(console.screen(), recording);
  return code;
}

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};
/// A batch with `input` on its standard input.
inline Ran run(FakeDesk& desk, const std::string& line, const std::string& input = {}) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  PlainConsole console(in, out, err);
  const int code = run_line(desk, the_schema(), console, line);
  return {code, out.str(), err.str()};
}

/// A script as `ssh HOST < FILE` runs it.
inline Ran script(FakeDesk& desk, const std::string& lines, bool go_on = false) {
  std::istringstream in(lines);
  std::ostringstream out;
  std::ostringstream err;
  PlainConsole console(in, out, err);
  const int code = run_script(desk, the_schema(), console, {}, go_on);
  return {code, out.str(), err.str()};
}

}  // namespace postern::cli::test
