#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "cli/shell/commands.h"
#include "fake_desk.h"
#include "script_console.h"

namespace postern::cli {
namespace {

std::string mode_of(commands::Where where) {
  switch (where) {
    case commands::Where::any: return "any mode";
    case commands::Where::cluster: return "cluster mode";
    case commands::Where::machine: return "machine mode";
    case commands::Where::login_host: return "machine mode of the login host";
  }
  return {};
}

/// docs/COMMANDS.md, from the rows.
std::string document() {
  test::FakeDesk desk(test::the_schema());
  ScriptConsole console("");
  Session session(desk, test::the_schema(), console);
  std::string text =
      "# Commands\n\nWhat can be typed at a machine's prompt or behind `ssh MACHINE`. This page is made from the rows of "
      "`src/commands`\nand the schemas of `src/features`; the test `cli` (CommandsDoc) compares it.\n"
      "`POSTERN_REWRITE=1 build/dev/test_cli` writes it.\n";
  std::vector<std::string> planned;
  for (const auto& command : session.commands.all()) {
    if (!command.built) {
      planned.push_back(command.name);
      continue;
    }
    text += fmt::format("\n## {}\n\n{} In {}, for {}s.\n\n", command.name, command.summary, mode_of(command.where),
                        base::role_name(command.least));
    for (const auto& form : forms_of(session, command)) text += "    " + form + "\n";
  }
  return text + fmt::format("\n## Not in this version\n\n{}.\n", join(planned, ", "));
}

TEST(CommandsDoc, is_what_the_rows_say) {
  const std::string path = std::string(POSTERN_SOURCE_DIR) + "/docs/COMMANDS.md";
  const std::string text = document();
  if (std::getenv("POSTERN_REWRITE") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text)
      << "run this test once with POSTERN_REWRITE=1 and read the difference";
}

}  // namespace
}  // namespace postern::cli
