#include "script_console.h"

namespace postern::cli {

ScriptConsole::ScriptConsole(std::string_view recording) {
  while (!recording.empty()) {
    const auto end = recording.find('\n');
    lines_.emplace_back(recording.substr(0, end));
    if (end == recording.npos) break;
    recording.remove_prefix(end + 1);
  }
}

std::optional<std::string> ScriptConsole::ask_line(std::string_view prompt, const Completer&) {
  screen_ += prompt;
  const auto cut = screen_.rfind('\n');
  const std::string shown = cut == std::string::npos ? screen_ : screen_.substr(cut + 1);
  // Editors and people leave out the space behind a prompt that has no answer.
  const std::string bare = shown.ends_with(' ') ? shown.substr(0, shown.size() - 1) : shown;
  for (std::size_t at = next_; at < lines_.size() && !ended_; ++at) {
    const bool empty_answer = lines_[at] == bare;
    if (!empty_answer && !lines_[at].starts_with(shown)) continue;
    next_ = at + 1;
    if (lines_[at].ends_with("^C")) {
      screen_ += "^C\n";
      return std::nullopt;
    }
    std::string answer = empty_answer ? std::string() : lines_[at].substr(shown.size());
    if (answer.empty()) screen_.resize(screen_.size() - (shown.size() - bare.size()));
    screen_ += answer + "\n";
    return answer;
  }
  if (!ended_) unexpected_ = shown;
  ended_ = true;
  screen_ += "\n";
  return std::nullopt;
}

std::optional<std::string> ScriptConsole::read_block(Ends ends) {
  // What was printed last stands somewhere from here on; the block begins behind it.
  const auto cut = screen_.size() < 2 ? std::string::npos : screen_.rfind('\n', screen_.size() - 2);
  const std::string above =
      screen_.substr(cut == std::string::npos ? 0 : cut + 1, screen_.size() - 1 - (cut == std::string::npos ? 0 : cut + 1));
  while (next_ < lines_.size() && lines_[next_] != above) ++next_;
  if (next_ < lines_.size()) ++next_;
  std::string block;
  while (next_ < lines_.size()) {
    const std::string& line = lines_[next_++];
    screen_ += line + "\n";
    if (line == "." || (line.empty() && ends == Ends::at_blank_line)) return block;
    block += line + "\n";
  }
  ended_ = true;
  return std::nullopt;
}

}  // namespace postern::cli
