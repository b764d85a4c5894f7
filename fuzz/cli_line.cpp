// cli/line/words.h: a command line, as it was typed.
#include "cli/line/words.h"
#include "fuzz/support/fuzz.h"

namespace {

using namespace postern;

/// The commands, written so that there is no doubt where a word ends.
std::string written(const std::vector<cli::Words>& commands) {
  std::string out;
  for (const auto& command : commands) {
    for (const auto& word : command.words) out += cli::quoted(word) + " ";
    for (const auto& filter : command.filters) {
      out += filter.kind == cli::Filter::Kind::count ? "|count" : "|grep ";
      if (filter.kind == cli::Filter::Kind::count) continue;
      out += (filter.ignore_case ? "-i " : "") + std::string(filter.invert ? "-v " : "") + "-- " + cli::quoted(filter.text);
    }
    out += ";";
  }
  return out;
}

void read_arguments(const std::vector<std::string>& words) {
  cli::Arguments arguments(words);
  FUZZ_CHECK(arguments.size() <= words.size());
  while (!arguments.empty()) {
    const std::string next(arguments.peek());
    FUZZ_CHECK(arguments.take() == next);
  }
  FUZZ_CHECK(arguments.has_options() != arguments.finished().has_value());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto commands = cli::parse_line(fuzz::view(data, size));
  fuzz::tell(commands.has_value());
  if (!commands) return 0;
  const std::string line = written(*commands);
  const auto again = cli::parse_line(line);
  FUZZ_CHECK(again && again->size() == commands->size());
  FUZZ_CHECK(written(*again) == line);
  for (const auto& command : *commands) {
    FUZZ_CHECK(!command.words.empty());
    read_arguments(command.words);
    const auto found = cli::by_prefix(command.words, command.words.back(), "a word");
    FUZZ_CHECK(found && cli::lower(*found) == cli::lower(command.words.back()));
    FUZZ_CHECK(command.words.front().starts_with(cli::common_prefix(command.words)));
  }
  return 0;
}
