#pragma once

#include <string>
#include <vector>

#include "cli/console/console.h"

namespace postern::cli {

/// A console that a recorded screen answers for: the text as it would stand on the terminal, prompts with
/// their answers behind them. At each question the answer is what the recording has behind the next line
/// that begins with the same prompt. What really happens is written to a screen of its own, to be compared
/// with the recording afterwards.
class ScriptConsole : public Console {
 public:
  explicit ScriptConsole(std::string_view recording);
  std::optional<std::string> read_block(Ends ends) override;
  /// The recording has no answer to a question that was asked; there will be none any more.
  [[nodiscard]] bool ended() const override { return ended_; }

  [[nodiscard]] const std::string& screen() const { return screen_; }
  /// The first prompt that the recording did not have; empty when all were foreseen.
  [[nodiscard]] const std::string& unexpected() const { return unexpected_; }

 protected:
  std::optional<std::string> ask_line(std::string_view prompt, const Completer& complete) override;
  std::optional<std::string> ask_hidden(std::string_view prompt) override { return ask_line(prompt, {}); }
  void show(std::string_view text) override { screen_ += text; }
  void show_beside(std::string_view text) override { screen_ += text; }

 private:
  std::vector<std::string> lines_;
  std::size_t next_ = 0;
  std::string screen_;
  std::string unexpected_;
  bool ended_ = false;
};

}  // namespace postern::cli
