# A room is a folder of src/: every .cpp in it makes the static library postern_<room>; every .cpp in
# tests/<room>/ makes the test program test_<room>. Files are found by name, so a new file needs no
# line here; a new room needs one.

add_library(postern_warnings INTERFACE)
target_compile_options(postern_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wnon-virtual-dtor -Woverloaded-virtual)

# postern_room(NAME USES room... LIBS lib... SOURCES file... WITHOUT regex...): SOURCES beside the folder's own, and
# those of the folder that another library takes.
function(postern_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LIBS;SOURCES;WITHOUT" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  foreach(pattern ${ROOM_WITHOUT})
    list(FILTER sources EXCLUDE REGEX "${pattern}")
  endforeach()
  list(APPEND sources ${ROOM_SOURCES})
  if(sources)
    add_library(postern_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(postern_${name} PRIVATE postern_warnings)
  else()
    add_library(postern_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(postern_${name} ${scope} ${PROJECT_SOURCE_DIR}/src)
  target_include_directories(postern_${name} SYSTEM ${scope} ${PROJECT_BINARY_DIR}/generated)
  foreach(used ${ROOM_USES})
    target_link_libraries(postern_${name} ${scope} postern_${used})
  endforeach()
  target_link_libraries(postern_${name} ${scope} ${ROOM_LIBS})
endfunction()

# postern_test(NAME LIBS lib...): tests/NAME/*.cpp -> test_NAME, one ctest entry per program.
function(postern_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE postern_warnings ${T_LIBS} GTest::gtest_main)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(test_${name} PRIVATE POSTERN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS unit)
endfunction()

# postern_program(NAME LIBS lib...): src/programs/NAME.cpp -> bin/NAME, if its source is there.
function(postern_program name)
  cmake_parse_arguments(P "" "" "LIBS" ${ARGN})
  if(NOT EXISTS ${PROJECT_SOURCE_DIR}/src/programs/${name}.cpp)
    return()
  endif()
  string(REPLACE "_" "-" binary ${name})
  add_executable(${binary} ${PROJECT_SOURCE_DIR}/src/programs/${name}.cpp)
  target_link_libraries(${binary} PRIVATE postern_warnings ${P_LIBS})
  set_target_properties(${binary} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# postern_folders(OUT ROOM FILE): the names of the folders in src/ROOM that have FILE.
function(postern_folders out room file)
  file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${room}/*/${file})
  set(names "")
  foreach(path ${found})
    cmake_path(GET path PARENT_PATH folder)
    cmake_path(GET folder FILENAME name)
    list(APPEND names ${name})
  endforeach()
  set(${out} ${names} PARENT_SCOPE)
endfunction()

# postern_lines(OUT PATTERN name...): the pattern once for each name, @NAME@ and @WORD@ (with _ for -) filled in.
function(postern_lines out pattern)
  set(text "")
  foreach(NAME ${ARGN})
    string(REPLACE "-" "_" WORD ${NAME})
    string(CONFIGURE "${pattern}" line @ONLY)
    string(APPEND text "${line}")
  endforeach()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# postern_table(FILE INCLUDES NAMESPACE BODY): a generated source that has the body in the namespace.
function(postern_table file includes namespace body)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/${file} @ONLY CONTENT
"${includes}
#include <algorithm>
#include <iterator>

namespace ${namespace} {

${body}
}  // namespace ${namespace}
")
endfunction()

# postern_lookup(FILE HEADER NAMESPACE FUNCTION TYPE DECLARED ROWS): a table whose FUNCTION gives what of that TYPE stands
# under a name, or null. ROWS are {"name", what},
function(postern_lookup file header namespace function type declared rows)
  postern_table(${file} "#include \"${header}\"\n" ${namespace} "${declared}
${type} ${function}(std::string_view name) {
  struct Row {
    std::string_view name;
    ${type} what;
  };
  static constexpr Row all[] = {
${rows}  };
  const auto* found = std::ranges::find(all, name, &Row::name);
  return found == std::end(all) ? nullptr : found->what;
}
")
endfunction()
