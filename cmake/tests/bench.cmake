# No other test compiles them: a header that no step of tools/setup installs would be found by whoever measures.
add_test(NAME bench_compiles COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -w
         ${PROJECT_SOURCE_DIR}/bench/floor_fanout.cpp ${PROJECT_SOURCE_DIR}/bench/logins.cpp)
