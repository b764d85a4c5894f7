# A member that has turned (tests/fleet/hostile_test.py runs it against a real fleet).
file(GLOB hostile_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/hostile/*.cpp)
add_executable(hostile ${hostile_sources})
target_link_libraries(hostile PRIVATE postern_warnings postern_store postern_cluster)
target_include_directories(hostile PRIVATE ${PROJECT_SOURCE_DIR}/tests)
set_target_properties(hostile PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
