#include "cli/shell/filter.h"

namespace postern::cli {

FilterConsole::FilterConsole(Console& next, std::vector<Filter> filters)
    : next_(next), filters_(std::move(filters)), counts_(filters_.size(), 0) {}

std::optional<std::string> FilterConsole::ask_line(std::string_view prompt, const Completer& complete) {
  return next_.ask(prompt, complete);
}

std::optional<std::string> FilterConsole::ask_hidden(std::string_view prompt) { return next_.ask_secret(prompt); }

std::optional<std::string> FilterConsole::read_block(Ends ends) { return next_.read_block(ends); }

void FilterConsole::show(std::string_view text) {
  partial_ += text;
  std::size_t start = 0;
  for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n', start)) {
    pass(partial_.substr(start, end - start), 0);
    start = end + 1;
  }
  partial_.erase(0, start);
}

void FilterConsole::pass(const std::string& line, std::size_t from) {
  for (std::size_t i = from; i < filters_.size(); ++i) {
    const Filter& filter = filters_[i];
    if (filter.kind == Filter::Kind::count) {
      ++counts_[i];
      return;
    }
    const bool found = filter.ignore_case ? lower(line).find(lower(filter.text)) != std::string::npos
                                          : line.find(filter.text) != std::string::npos;
    if (found == filter.invert) return;
  }
  next_.print(line + "\n");
}

void FilterConsole::finish() {
  if (!partial_.empty()) pass(partial_, 0);
  partial_.clear();
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    if (filters_[i].kind == Filter::Kind::count) pass(std::to_string(counts_[i]), i + 1);
  }
}

}  // namespace postern::cli
