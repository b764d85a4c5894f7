#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "base/crypto.h"
#include "cli/console/console.h"
#include "cli/shell/shell.h"
#include "schema/schema.h"
#include "support/memory_fleet.h"

/// Dialogues as text. A file is blocks of a command, "----", and the whole output:
///
///   machine HOST ADDRESS      one more standalone machine
///   unset HOST ADDRESS        one that is not set up: its shell is at the console
///   shell HOST                the lines below are typed at that machine's prompt, answers echoed
///   line HOST                 each line below is one batch; its exit code is printed
///   kill HOST / restart HOST / cut A B / mend A B / wait MS
///
/// POSTERN_REWRITE=1 writes what came instead of comparing: read the difference before you keep it.
namespace postern {
namespace {

struct Block {
  std::string command;
  std::vector<std::string> input;
  std::string output;
};

/// Types the block's lines and writes down what a terminal would show.
class TranscriptConsole final : public cli::Console {
 public:
  explicit TranscriptConsole(std::vector<std::string> lines) : lines_(lines.begin(), lines.end()) {}

  std::optional<std::string> ask_line(std::string_view prompt, const cli::Completer&) override {
    shown += prompt;
    if (lines_.empty()) {
      ended_ = true;
      shown += "\n";
      return std::nullopt;
    }
    std::string line = lines_.front();
    lines_.pop_front();
    shown += line + "\n";
    return line;
  }
  std::optional<std::string> ask_hidden(std::string_view prompt) override {
    shown += prompt;
    if (lines_.empty()) {
      ended_ = true;
      return std::nullopt;
    }
    std::string line = lines_.front();
    lines_.pop_front();
    shown += "\n";
    return line;
  }
  std::optional<std::string> read_block(Ends ends) override {
    std::string out;
    while (!lines_.empty()) {
      const std::string line = lines_.front();
      lines_.pop_front();
      shown += line + "\n";
      if (line == "." || (line.empty() && ends == Ends::at_blank_line)) return out;
      out += line + "\n";
    }
    ended_ = true;
    return out;
  }
  void show(std::string_view text) override { shown += text; }
  void show_beside(std::string_view text) override { shown += text; }
  [[nodiscard]] bool ended() const override { return ended_; }

  [[nodiscard]] bool all_typed() const { return lines_.empty(); }
  std::string shown;

 private:
  std::deque<std::string> lines_;
  bool ended_ = false;
};

std::vector<Block> read_blocks(const std::string& path, std::string& head) {
  std::ifstream file(path);
  std::vector<Block> blocks;
  std::string line;
  enum { between, input, output } at = between;
  while (std::getline(file, line)) {
    if (at == between) {
      if (line.empty()) continue;
      if (line[0] == '#') {
        head += line + "\n";
        continue;
      }
      blocks.push_back({line, {}, {}});
      at = input;
    } else if (at == input) {
      if (line == "----")
        at = output;
      else
        blocks.back().input.push_back(line);
    } else if (line == "----") {
      at = between;
    } else {
      blocks.back().output += line + "\n";
    }
  }
  return blocks;
}

/// Hashes depend on the schema's version, serial numbers on how much chance was drawn before; everything else is
/// the same in every run.
std::string without_hashes(std::string text) {
  text = std::regex_replace(text, std::regex("[0-9A-F]{12}-[A-Z2-7]{12}"), "<serial>");
  text = std::regex_replace(text, std::regex("\\b[0-9a-f]{64}\\b"), "<hash>");
  return std::regex_replace(text, std::regex("\\b[0-9a-f]{12}\\b"), "<commit>");
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

class Play {
 public:
  explicit Play(const schema::Schema& schema) : schema_(schema), fleet_(schema) {}

  std::string run(const Block& block) {
    const auto command = words(block.command);
    if (command[0] == "machine") fleet_.add(command.at(1), command.at(2));
    if (command[0] == "unset") fleet_.add_unset(command.at(1), command.at(2));
    if (command[0] == "kill") fleet_.kill(command.at(1));
    if (command[0] == "restart") fleet_.restart(command.at(1));
    if (command[0] == "cut" || command[0] == "mend") fleet_.cut(command.at(1), command.at(2), command[0] == "cut");
    if (command[0] == "wait") fleet_.run_for(std::stol(command.at(1)));
    if (command[0] == "shell") return shell(command.at(1), block.input);
    if (command[0] == "line") return batch(command.at(1), block.input);
    return {};
  }

 private:
  std::string shell(const std::string& host, const std::vector<std::string>& lines) {
    auto client = fleet_.client(host);
    TranscriptConsole console(lines);
    const int code = cli::run_shell(*client, schema_, console);
    EXPECT_TRUE(console.all_typed()) << "the dialogue ended before its last lines were typed:\n" << console.shown;
    return console.shown + "(exit " + std::to_string(code) + ")\n";
  }

  std::string batch(const std::string& host, const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) {
      auto client = fleet_.client(host);
      TranscriptConsole console({});
      const int code = cli::run_line(*client, schema_, console, line);
      out += "$ " + line + "\n" + console.shown + "(exit " + std::to_string(code) + ")\n";
    }
    return out;
  }

  const schema::Schema& schema_;
  support::MemoryFleet fleet_;
};

/// tests/transcripts and the dialogues beside the features and commands that they are about, by a name for the test.
std::map<std::string, std::string> files() {
  std::map<std::string, std::string> out;
  const std::string root = POSTERN_SOURCE_DIR;
  for (const auto& entry : std::filesystem::directory_iterator(root + "/tests/transcripts"))
    if (entry.path().extension() == ".txt") out[entry.path().stem().string()] = entry.path();
  for (const char* rooms : {"/src/features", "/src/commands"}) {
    for (const auto& folder : std::filesystem::directory_iterator(root + rooms)) {
      const auto path = folder.path() / "golden" / "dialogue.txt";
      if (!std::filesystem::exists(path)) continue;
      std::string name = folder.path().filename();
      std::ranges::replace(name, '-', '_');
      out[name + "_dialogue"] = path;
    }
  }
  return out;
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& [name, path] : files()) out.push_back(name);
  return out;
}

const schema::Schema& the_schema() {
  static const auto schema = [] {
    base::crypto_start();
    setenv("TZ", "UTC", 1);
    auto loaded = schema::Schema::load();
    EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : to_text(loaded.error()));
    return std::move(*loaded);
  }();
  return *schema;
}

class Transcript : public testing::TestWithParam<std::string> {};

TEST_P(Transcript, goes_as_written) {
  const std::string path = files().at(GetParam());
  std::string written;
  const auto blocks = read_blocks(path, written);
  ASSERT_FALSE(blocks.empty()) << path;
  Play play(the_schema());
  const bool rewrite = std::getenv("POSTERN_REWRITE") != nullptr;
  for (const auto& block : blocks) {
    const std::string came = without_hashes(play.run(block));
    if (!rewrite) {
      EXPECT_EQ(came, block.output) << path << ": " << block.command;
    }
    written += "\n" + block.command + "\n";
    for (const auto& line : block.input) written += line + "\n";
    written += "----\n" + came + "----\n";
  }
  if (rewrite) std::ofstream(path) << written;
}

INSTANTIATE_TEST_SUITE_P(All, Transcript, testing::ValuesIn(names()), [](const auto& one) { return one.param; });

}  // namespace
}  // namespace postern
