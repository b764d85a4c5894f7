#include <histedit.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>

#include "base/assert.h"
#include "base/printable.h"
#include "base/secret.h"
#include "cli/console/console.h"
#include "cli/line/words.h"

namespace postern::cli {
namespace {

constexpr int history_lines = 500;

struct CloseEdit {
  void operator()(EditLine* edit) const { el_end(edit); }
};
struct CloseHistory {
  void operator()(History* history) const { history_end(history); }
};

/// Puts the terminal into a state of ours for one read, and back.
class TerminalMode {
 public:
  TerminalMode(int descriptor, tcflag_t local_flags_off) : descriptor_(descriptor) {
    if (tcgetattr(descriptor_, &before_) != 0) return;
    termios now = before_;
    now.c_lflag &= ~local_flags_off;
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    changed_ = tcsetattr(descriptor_, TCSADRAIN, &now) == 0;
  }
  ~TerminalMode() {
    if (changed_) tcsetattr(descriptor_, TCSADRAIN, &before_);
  }
  TerminalMode(const TerminalMode&) = delete;
  TerminalMode& operator=(const TerminalMode&) = delete;

 private:
  int descriptor_;
  bool changed_ = false;
  termios before_{};
};

class TtyConsole : public Console {
 public:
  TtyConsole();
  ~TtyConsole() override { std::signal(SIGINT, before_interrupt_); }
  void expect_block() override { block_mode_ = std::make_unique<TerminalMode>(STDIN_FILENO, ICANON | ISIG | ECHO); }
  std::optional<std::string> read_block(Ends ends) override;
  [[nodiscard]] bool ended() const override { return ended_; }
  [[nodiscard]] bool is_person() const override { return true; }
  bool resume() override {
    ended_ = false;
    return true;
  }

 protected:
  std::optional<std::string> ask_line(std::string_view prompt, const Completer& complete) override;
  std::optional<std::string> ask_hidden(std::string_view prompt) override;
  void show(std::string_view text) override;
  void show_beside(std::string_view text) override { show(text); }

 private:
  static TtyConsole& of(EditLine* edit);
  static char* prompt_of(EditLine* edit) { return of(edit).prompt_.data(); }
  static unsigned char interrupt(EditLine* edit, int key);
  static unsigned char complete(EditLine* edit, int key);
  void remember(const std::string& line);

  std::unique_ptr<History, CloseHistory> history_;
  std::unique_ptr<EditLine, CloseEdit> edit_;
  std::string prompt_;
  std::unique_ptr<TerminalMode> block_mode_;  ///< from expect_block until the block is read
  const Completer* completer_ = nullptr;
  bool interrupted_ = false;
  bool ended_ = false;
  void (*before_interrupt_)(int) = SIG_DFL;
};

TtyConsole::TtyConsole() : history_(history_init()), edit_(el_init("postern", stdin, stdout, stderr)) {
  POSTERN_ASSERT(history_ && edit_);
  HistEvent event;
  history(history_.get(), &event, H_SETSIZE, history_lines);
  history(history_.get(), &event, H_SETUNIQUE, 1);
  el_set(edit_.get(), EL_CLIENTDATA, this);
  el_set(edit_.get(), EL_PROMPT, &TtyConsole::prompt_of);
  el_set(edit_.get(), EL_EDITOR, "emacs");
  el_set(edit_.get(), EL_HIST, history, history_.get());
  el_set(edit_.get(), EL_ADDFN, "postern-complete", "Complete a word", &TtyConsole::complete);
  el_set(edit_.get(), EL_ADDFN, "postern-leave", "Leave the question", &TtyConsole::interrupt);
  el_set(edit_.get(), EL_BIND, "^I", "postern-complete", nullptr);
  // libedit reads on after a signal, so Ctrl-C comes as a key instead (no ISIG while editing).
  el_set(edit_.get(), EL_SETTY, "-d", "-isig", nullptr);
  el_set(edit_.get(), EL_BIND, "^C", "postern-leave", nullptr);
  before_interrupt_ = std::signal(SIGINT, SIG_IGN);
}

TtyConsole& TtyConsole::of(EditLine* edit) {
  void* self = nullptr;
  el_get(edit, EL_CLIENTDATA, &self);
  return *static_cast<TtyConsole*>(self);
}

unsigned char TtyConsole::interrupt(EditLine* edit, int) {
  of(edit).interrupted_ = true;
  return CC_EOF;
}

unsigned char TtyConsole::complete(EditLine* edit, int) {
  const TtyConsole& self = of(edit);
  if (self.completer_ == nullptr || !*self.completer_) return CC_ERROR;
  const LineInfo* line = el_line(edit);
  const std::string_view before(line->buffer, static_cast<std::size_t>(line->cursor - line->buffer));
  const auto start = before.find_last_of(" ;|,");
  const std::string_view word = start == before.npos ? before : before.substr(start + 1);
  auto matches = with_prefix((*self.completer_)(before), word);
  // What is not printable cannot be typed, and must not be drawn.
  std::erase_if(matches, [](const std::string& match) { return !base::is_printable_line(match, match.size()); });
  if (matches.empty()) return CC_ERROR;
  std::string more = common_prefix(matches).substr(word.size());
  if (matches.size() == 1) more += ' ';
  if (!more.empty()) {
    el_insertstr(edit, more.c_str());
    return CC_REFRESH;
  }
  std::fputc('\n', stdout);
  for (const auto& match : matches) std::fprintf(stdout, "%s  ", match.c_str());
  std::fputc('\n', stdout);
  return CC_REDISPLAY;
}

void TtyConsole::remember(const std::string& line) {
  HistEvent event;
  if (!line.empty()) history(history_.get(), &event, H_ENTER, line.c_str());
}

std::optional<std::string> TtyConsole::ask_line(std::string_view prompt, const Completer& complete) {
  // libedit redraws its prompt: only the last line may be that, the rest is printed once.
  const auto cut = prompt.rfind('\n');
  if (cut != prompt.npos) show(prompt.substr(0, cut + 1));
  prompt_ = cut == prompt.npos ? prompt : prompt.substr(cut + 1);
  completer_ = &complete;
  interrupted_ = false;
  int count = 0;
  // el_gets itself shows the prompt first and prepares the terminal then: a script that types at once
  // would still meet the terminal's own Ctrl-C and Ctrl-D.
  el_set(edit_.get(), EL_PREP_TERM, 1);
  const char* text = el_gets(edit_.get(), &count);
  completer_ = nullptr;
  if (interrupted_ || text == nullptr || count <= 0) {
    show("\n");
    if (!interrupted_) ended_ = true;
    return std::nullopt;
  }
  std::string line(text, static_cast<std::size_t>(count));
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  if (complete) remember(line);
  return line;
}

std::optional<std::string> TtyConsole::ask_hidden(std::string_view prompt) {
  auto line = read_hidden_line(STDIN_FILENO, STDOUT_FILENO, prompt);
  show("\n");
  return line;
}

/// Shows each character of a line when its bytes are complete, as it may be shown.
class Echo {
 public:
  explicit Echo(const std::function<void(std::string_view)>& show) : show_(show) {}

  void take(char byte) {
    bytes_ += byte;
    const bool ascii = static_cast<unsigned char>(byte) < 0x80;
    if (!ascii && bytes_.size() < 4 && base::utf8_length(bytes_) == 0) return;
    show_(base::printable_text(bytes_));
    bytes_.clear();
  }

 private:
  const std::function<void(std::string_view)>& show_;
  std::string bytes_;
};

/// Takes the last character off the line; false when there is none.
bool take_back(std::string& line) {
  if (line.empty()) return false;
  while (line.size() > 1 && (static_cast<unsigned char>(line.back()) & 0xC0U) == 0x80U) line.pop_back();
  line.pop_back();
  return true;
}

/// Reads the terminal plainly: libedit would treat a pasted TAB as a wish for completion. The terminal's own echo shows a
/// newline as ^J while single keys are read.
std::optional<std::string> TtyConsole::read_block(Ends ends) {
  if (!block_mode_) expect_block();
  const auto mode = std::move(block_mode_);
  const std::function<void(std::string_view)> shows = [this](std::string_view text) { show(text); };
  Echo echo(shows);
  std::string block;
  std::string line;
  char key = 0;
  while (read(STDIN_FILENO, &key, 1) == 1) {
    if (key == 3) return std::nullopt;
    if (key == 4) return block + line;
    if (key == 127 || key == 8) {
      if (take_back(line)) show("\b \b");
    } else if (key != '\n' && key != '\r') {
      line += key;
      echo.take(key);
    } else {
      show("\n");
      if (line == "." || (line.empty() && ends == Ends::at_blank_line)) return block;
      block += line + "\n";
      line.clear();
    }
  }
  ended_ = true;
  return std::nullopt;
}

void TtyConsole::show(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

std::optional<std::string> read_hidden_line(int descriptor, int screen, std::string_view prompt) {
  const TerminalMode mode(descriptor, ICANON | ISIG | ECHO);
  if (write(screen, prompt.data(), prompt.size()) < 0) return std::nullopt;
  std::string line;
  line.reserve(base::secret_bytes);
  char key = 0;
  while (read(descriptor, &key, 1) == 1) {
    if (key == '\n' || key == '\r') return line;
    if (key == 3 || key == 4) return std::nullopt;
    if (key == 21) {
      line.clear();
    } else if (key == 127 || key == 8) {
      if (!line.empty()) line.pop_back();
    } else {
      line += key;
    }
  }
  return std::nullopt;
}

#ifdef __SANITIZE_ADDRESS__
/// libedit copies names and helps of EL_ADDFN and never frees them: two strings a function, once a process.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:wcsdup\n"; }
extern "C" const char* __lsan_default_options();
extern "C" const char* __lsan_default_options() { return "print_suppressions=0"; }
#endif

std::unique_ptr<Console> tty_console() { return std::make_unique<TtyConsole>(); }

}  // namespace postern::cli
