# posternd's outside, as far as it can be tested without a fleet.
postern_test(daemon LIBS postern_daemon)
# What both programs link beside their rooms, tried where it replaces the operators of this one.
if(TARGET test_daemon)
  target_sources(test_daemon PRIVATE src/programs/wipe_freed.cpp)
endif()
# clang 14 knows the sized forms of operator delete only when told to.
set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/daemon/wiped_test.cpp PROPERTIES COMPILE_OPTIONS
  "$<$<CXX_COMPILER_ID:Clang>:-fsized-deallocation>")
