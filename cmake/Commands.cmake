# Each folder of src/commands is one command: command.h has its row (commands/command.h), talk.cpp what the CLI says and
# asks (cli::run_NAME). The tables of both are written here, so that a new command changes no list.
function(postern_commands)
  postern_folders(rows commands command.h)
  postern_lines(included "#include \"commands/@NAME@/command.h\"\n" ${rows})
  postern_lines(listed " &@NAME@::row," ${rows})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/commands/rows.cpp @ONLY CONTENT
"#include \"commands/table.h\"

${included}
namespace postern::commands {

std::vector<const Row*> folder_rows() { return {${listed} }; }

}  // namespace postern::commands
")
  postern_room(commands USES base schema WITHOUT "/src/commands/[^/]+/"
               SOURCES ${PROJECT_BINARY_DIR}/generated/commands/rows.cpp)
endfunction()

# The CLI with what the commands' folders say on a terminal.
function(postern_cli)
  file(GLOB parts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/commands/*/*.cpp)
  postern_folders(talks commands talk.cpp)
  postern_lines(declared "int run_@NAME@(Session&, Arguments&);\n" ${talks})
  postern_lines(listed "      {\"@NAME@\", run_@NAME@},\n" ${talks})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/commands/talks.cpp @ONLY CONTENT
"#include \"cli/commands.h\"

#include <algorithm>

namespace postern::cli {
namespace {

struct Talk {
  std::string_view name;
  Run run;
};

}  // namespace

${declared}
Run talk_of(std::string_view command) {
  static constexpr Talk all[] = {
${listed}  };
  const auto* found = std::ranges::find(all, command, &Talk::name);
  return found == std::end(all) ? nullptr : found->run;
}

}  // namespace postern::cli
")
  postern_room(cli USES base model schema line lines commands protocol LIBS PkgConfig::EDIT
               SOURCES ${parts} ${PROJECT_BINARY_DIR}/generated/commands/talks.cpp)
endfunction()
