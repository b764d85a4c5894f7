#pragma once

#include "cli/console/console.h"
#include "cli/line/words.h"

namespace postern::cli {

/// Passes what is printed through `| grep` and `| count`; questions and complaints go past the filters.
class FilterConsole : public Console {
 public:
  /// `next` must outlive it.
  FilterConsole(Console& next, std::vector<Filter> filters);
  void expect_block() override { next_.expect_block(); }
  std::optional<std::string> read_block(Ends ends) override;
  [[nodiscard]] bool ended() const override { return next_.ended(); }
  [[nodiscard]] bool is_person() const override { return next_.is_person(); }
  /// Lets out a last line without newline, and the counts.
  void finish();

 protected:
  std::optional<std::string> ask_line(std::string_view prompt, const Completer& complete) override;
  std::optional<std::string> ask_hidden(std::string_view prompt) override;
  void show(std::string_view text) override;
  void show_beside(std::string_view text) override { next_.complain(text); }

 private:
  /// One line from filter `from` on.
  void pass(const std::string& line, std::size_t from);

  Console& next_;
  std::vector<Filter> filters_;
  std::vector<std::size_t> counts_;
  std::string partial_;
};

}  // namespace postern::cli
