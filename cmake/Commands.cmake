# Each folder of src/commands is one command: command.h has its row (commands/command.h), talk.cpp what the CLI says and
# asks (cli::run_NAME). The tables of both are written here, so that a new command changes no list.
function(postern_commands)
  postern_folders(rows commands command.h)
  postern_lines(included "#include \"commands/@NAME@/command.h\"\n" ${rows})
  postern_lines(listed " &@NAME@::row," ${rows})
  postern_table(commands/rows.cpp "#include \"commands/table.h\"\n${included}" postern::commands
                "std::vector<const Row*> folder_rows() { return {${listed} }; }\n")
  postern_room(commands USES base schema WITHOUT "/src/commands/[^/]+/" "/src/commands/shows\\.cpp$"
               SOURCES ${PROJECT_BINARY_DIR}/generated/commands/rows.cpp)
endfunction()

# Two libraries more: what commands do where they run (run.cpp: run_NAME, commands/site.h) is linked into the machine, how
# answers read (show.cpp: show_NAME, commands/shows.h) into whatever shows them.
function(postern_commands_part part type returns header parameters)
  postern_folders(names commands ${part}.cpp)
  postern_lines(declared "${returns} ${part}_@NAME@(${parameters});\n" ${names})
  postern_lines(listed "      {\"@NAME@\", ${part}_@NAME@},\n" ${names})
  postern_lookup(commands/${part}s.cpp ${header} postern::commands find_${part} ${type} "${declared}" "${listed}")
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/commands/*/${part}.cpp
       ${PROJECT_SOURCE_DIR}/src/commands/${part}s.cpp)
  add_library(postern_${part}s STATIC ${sources} ${PROJECT_BINARY_DIR}/generated/commands/${part}s.cpp)
  target_link_libraries(postern_${part}s PRIVATE postern_warnings PUBLIC postern_base postern_protocol)
endfunction()
function(postern_commands_parts)
  postern_commands_part(run Run void commands/site.h "const Site&, const Caller&, protocol::Params&, const Answer&")
  postern_commands_part(show Show std::vector<std::string> commands/shows.h "const protocol::Json&")
endfunction()

# The CLI with what the commands' folders say on a terminal.
function(postern_cli)
  file(GLOB parts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/commands/*/*.cpp)
  list(FILTER parts EXCLUDE REGEX "/(run|show)\\.cpp$")
  postern_folders(talks commands talk.cpp)
  postern_lines(declared "int run_@NAME@(Session&, Arguments&);\n" ${talks})
  postern_lines(listed "      {\"@NAME@\", run_@NAME@},\n" ${talks})
  postern_lookup(commands/talks.cpp cli/shell/commands.h postern::cli talk_of Run "${declared}" "${listed}")
  postern_room(cli USES base model schema line lines commands protocol shows LIBS PkgConfig::EDIT
               SOURCES ${parts} ${PROJECT_BINARY_DIR}/generated/commands/talks.cpp)
endfunction()
