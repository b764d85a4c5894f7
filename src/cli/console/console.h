#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Words on a terminal. Dialogues are plain blocking functions over this (docs/decisions/0002).
namespace postern::cli {

/// What could stand where the cursor is: every candidate for the word that `before_cursor` ends with.
using Completer = std::function<std::vector<std::string>(std::string_view before_cursor)>;

/// The person, or the script, on the other side. Every question may be left (Ctrl-C, end of input):
/// then the answer is nullopt and the caller returns without having changed anything.
/// Whatever is said here may hold texts of other people and machines: it goes out through base/printable.h,
/// whichever console it is. A console's own control sequences do not come this way.
class Console {
 public:
  virtual ~Console() = default;
  /// Prints `prompt` and reads one line, without its newline.
  std::optional<std::string> ask(std::string_view prompt, const Completer& complete = {});
  /// As ask, but neither echoed nor remembered.
  std::optional<std::string> ask_secret(std::string_view prompt);
  /// What ends a block beside a lone "." and the end of input.
  enum class Ends { at_blank_line, at_dot };
  /// After the end of input: true when a person is still there, who typed Ctrl-D, and can be asked on.
  virtual bool resume() { return false; }
  /// Before a block is asked for: what is typed from now on is read_block's, and shown by it alone.
  virtual void expect_block() {}
  /// Several lines (a key, a file); safe for pasted text. nullopt: left.
  virtual std::optional<std::string> read_block(Ends ends) = 0;
  /// Results; `text` carries its own newlines.
  void print(std::string_view text);
  /// Errors, warnings and notices: beside the results (stderr) where the two can be told apart.
  void complain(std::string_view text);
  /// True once no answer can come any more: end of input, or the terminal hung up.
  [[nodiscard]] virtual bool ended() const = 0;
  /// A person sits here, who can be asked; else what comes was written before.
  [[nodiscard]] virtual bool is_person() const { return false; }
  /// Lines read so far, answers and a script's tables among them, so that a script's errors name its own lines.
  [[nodiscard]] std::size_t lines_read() const { return lines_read_; }

 protected:
  // The same, with text that is printable already.
  virtual std::optional<std::string> ask_line(std::string_view prompt, const Completer& complete) = 0;
  virtual std::optional<std::string> ask_hidden(std::string_view prompt) = 0;
  virtual void show(std::string_view text) = 0;
  virtual void show_beside(std::string_view text) = 0;

 private:
  std::optional<std::string> counted(std::optional<std::string> line);

  std::size_t lines_read_ = 0;
};

/// A terminal, through libedit: line editing, history and completion; secrets are in no history.
/// While one lives, Ctrl-C leaves the question at hand and never ends the program.
std::unique_ptr<Console> tty_console();

/// Standard input is no terminal: lines in, text out.
class PlainConsole : public Console {
 public:
  /// The streams must outlive the console.
  PlainConsole(std::istream& in, std::ostream& out, std::ostream& err);
  std::optional<std::string> read_block(Ends ends) override;
  [[nodiscard]] bool ended() const override;
  [[nodiscard]] bool is_person() const override;

 protected:
  std::optional<std::string> ask_line(std::string_view prompt, const Completer& complete) override;
  std::optional<std::string> ask_hidden(std::string_view prompt) override;
  void show(std::string_view text) override;
  void show_beside(std::string_view text) override;

 private:
  std::istream& in_;
  std::ostream& out_;
  std::ostream& err_;
};

/// One line from the terminal on `descriptor` without echo; nullopt on Ctrl-C, Ctrl-D or hang-up. The prompt
/// goes to `screen` once the echo is off, so that even a fast typist is not shown.
std::optional<std::string> read_hidden_line(int descriptor, int screen, std::string_view prompt);

}  // namespace postern::cli
