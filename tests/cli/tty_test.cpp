#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>

#include "cli/console/console.h"
#include "cli/shell/shell.h"
#include "fake_desk.h"

/// The terminal's console on a real pseudo terminal: a child asks, the test types.
namespace postern::cli {
namespace {

using Clock = std::chrono::steady_clock;

class Terminal {
 public:
  /// `child` runs on the terminal; what it returns is written to the screen behind "got ".
  explicit Terminal(const std::function<std::string(Console&)>& child) {
    child_ = forkpty(&master_, nullptr, nullptr, nullptr);
    if (child_ != 0) return;
    setenv("TERM", "dumb", 1);
    std::string result;
    {
      const auto console = tty_console();
      result = child(*console);
      console->print("got " + result + "\n");
    }
    _exit(0);
  }
  ~Terminal() {
    close(master_);
    int status = 0;
    waitpid(child_, &status, 0);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Reads the screen until `text` has come since the last wait; false after 10 s.
  bool sees(const std::string& text) {
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    while (screen_.find(text, seen_) == std::string::npos) {
      pollfd waiting{master_, POLLIN, 0};
      if (Clock::now() > deadline || poll(&waiting, 1, 1000) < 0) return false;
      char bytes[512];
      if ((waiting.revents & POLLIN) == 0) {
        if ((waiting.revents & POLLHUP) != 0) return false;
        continue;
      }
      const auto count = read(master_, bytes, sizeof bytes);
      if (count <= 0) return false;
      screen_.append(bytes, static_cast<std::size_t>(count));
    }
    seen_ = screen_.find(text, seen_) + text.size();
    return true;
  }
  void type(const std::string& keys) { ASSERT_EQ(write(master_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size())); }
  [[nodiscard]] const std::string& screen() const { return screen_; }

 private:
  int master_ = -1;
  pid_t child_ = -1;
  std::string screen_;
  std::size_t seen_ = 0;
};

std::string shown(const std::optional<std::string>& answer) { return answer ? "<" + *answer + ">" : "nothing"; }

TEST(Tty, ctrl_c_leaves_the_question_and_not_the_program) {
  Terminal terminal([](Console& console) {
    const auto first = console.ask("above\nfirst> ");
    const bool ended = console.ended();
    const auto second = console.ask("second> ");
    return shown(first) + shown(second) + (ended ? "ended" : "");
  });
  ASSERT_TRUE(terminal.sees("above\r\n"));
  ASSERT_TRUE(terminal.sees("first> "));
  terminal.type("half\x03");
  ASSERT_TRUE(terminal.sees("second> "));
  terminal.type("whole\r");
  EXPECT_TRUE(terminal.sees("got nothing<whole>\r"));
}

TEST(Tty, end_of_input_ends_it) {
  Terminal terminal([](Console& console) {
    const auto answer = console.ask("q> ");
    return shown(answer) + (console.ended() ? "ended" : "");
  });
  ASSERT_TRUE(terminal.sees("q> "));
  terminal.type("\x04");
  EXPECT_TRUE(terminal.sees("got nothingended"));
}

TEST(Tty, ctrl_d_leaves_pending_changes_only_when_that_is_said) {
  Terminal terminal([](Console& console) {
    test::FakeDesk desk(test::the_schema());
    desk.pending = true;
    return "code " + std::to_string(run_shell(desk, test::the_schema(), console));
  });
  ASSERT_TRUE(terminal.sees("newyork.example.com> "));
  terminal.type("\x04");
  ASSERT_TRUE(terminal.sees("Do you want to leave all the same? [N]> "));
  terminal.type("\r");
  ASSERT_TRUE(terminal.sees("newyork.example.com> ")) << "the shell goes on";
  terminal.type("\x04");
  ASSERT_TRUE(terminal.sees("Do you want to leave all the same? [N]> "));
  terminal.type("\x04");
  EXPECT_TRUE(terminal.sees("got code 0")) << "a second Ctrl-D means it";
}

TEST(Tty, ctrl_d_leaves_at_once_when_nothing_is_pending) {
  Terminal terminal([](Console& console) {
    test::FakeDesk desk(test::the_schema());
    return "code " + std::to_string(run_shell(desk, test::the_schema(), console));
  });
  ASSERT_TRUE(terminal.sees("newyork.example.com> "));
  terminal.type("\x04");
  EXPECT_TRUE(terminal.sees("got code 0"));
}

TEST(Tty, tab_completes_a_unique_word) {
  Terminal terminal([](Console& console) {
    return shown(console.ask("q> ", [](std::string_view) {
      return std::vector<std::string>{"clusterconfig", "clustermode", "commit"};
    }));
  });
  ASSERT_TRUE(terminal.sees("q> "));
  terminal.type("cl\t");
  ASSERT_TRUE(terminal.sees("uster"));
  terminal.type("m\t");
  ASSERT_TRUE(terminal.sees("ode"));
  terminal.type("x\r");
  EXPECT_TRUE(terminal.sees("got <clustermode x>"));
}

TEST(Tty, secrets_are_neither_shown_nor_remembered) {
  Terminal terminal([](Console& console) {
    const Completer none = [](std::string_view) { return std::vector<std::string>(); };
    console.ask("command> ", none);
    const auto secret = console.ask_secret("secret> ");
    const auto again = console.ask("again> ", none);
    return shown(again) + (secret == "ab?cd" ? " right" : " wrong");
  });
  ASSERT_TRUE(terminal.sees("command> "));
  terminal.type("list\r");
  ASSERT_TRUE(terminal.sees("secret> "));
  terminal.type(
      "ab?x\x7f"
      "cd\r");
  ASSERT_TRUE(terminal.sees("again> "));
  terminal.type("\x10\r");
  EXPECT_TRUE(terminal.sees("got <list> right"));
  EXPECT_EQ(terminal.screen().find("ab?"), std::string::npos);
}

TEST(Tty, a_pasted_block_keeps_its_tabs) {
  Terminal terminal([](Console& console) {
    console.print("paste> ");
    const auto block = console.read_block(Console::Ends::at_blank_line);
    return shown(block) + (block == "ssh-ed25519\tAAAA\nmore\n" ? " right" : " wrong");
  });
  ASSERT_TRUE(terminal.sees("paste> "));
  terminal.type("ssh-ed25519\tAAAA\rmore\r\r");
  EXPECT_TRUE(terminal.sees(" right"));
}

TEST(Tty, a_pasted_block_is_shown_line_by_line) {
  Terminal terminal([](Console& console) {
    console.expect_block();
    console.print("paste> ");
    const auto block = console.read_block(Console::Ends::at_dot);
    return block == "a.example:mx\nb\xC3\xBC.example:mx\nc\x1b[2J\n" ? "right" : shown(block);
  });
  ASSERT_TRUE(terminal.sees("paste> "));
  terminal.type("a.example:mx\rb\xC3\xBC.example:m\xC3\xBC\x7fx\nc\x1b[2J\r.\r");
  EXPECT_TRUE(terminal.sees("a.example:mx\r\nb\xC3\xBC.example:m\xC3\xBC\b \bx\r\nc\\x1b[2J\r\n.\r\n")) << terminal.screen();
  EXPECT_TRUE(terminal.sees("got right")) << terminal.screen();
  EXPECT_EQ(terminal.screen().find("^J"), std::string::npos) << terminal.screen();
}

}  // namespace
}  // namespace postern::cli
