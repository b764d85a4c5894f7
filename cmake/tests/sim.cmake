# The simulator (docs/SIMULATOR.md): sim/ drives a copy of the cluster room that has planted bugs in it, all
# off unless asked for. Nothing else may link that copy.
file(GLOB sim_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/sim/*.cpp)
list(REMOVE_ITEM sim_sources ${PROJECT_SOURCE_DIR}/sim/main.cpp)
file(GLOB sim_cluster_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cluster/*.cpp)
if(NOT sim_sources OR NOT sim_cluster_sources)
  return()
endif()

add_library(postern_cluster_planted STATIC ${sim_cluster_sources})
target_compile_definitions(postern_cluster_planted PUBLIC POSTERN_PLANTED_BUGS)
target_include_directories(postern_cluster_planted PUBLIC ${PROJECT_SOURCE_DIR}/src)
target_include_directories(postern_cluster_planted SYSTEM PUBLIC ${PROJECT_BINARY_DIR}/generated)
target_link_libraries(postern_cluster_planted PRIVATE postern_warnings)
target_link_libraries(postern_cluster_planted PUBLIC postern_base $<TARGET_NAME_IF_EXISTS:postern_wire>
                      protobuf::libprotobuf-lite)

add_library(postern_sim STATIC ${sim_sources})
target_include_directories(postern_sim PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(postern_sim PRIVATE postern_warnings)
target_link_libraries(postern_sim PUBLIC postern_cluster_planted)

add_executable(sim ${PROJECT_SOURCE_DIR}/sim/main.cpp)
target_link_libraries(sim PRIVATE postern_warnings postern_sim)
set_target_properties(sim PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

postern_test(sim LIBS postern_sim)

# 200 seeds without a violation; every planted bug caught by its law; seeds that once failed; and the same
# traces on every compiler (rewrite with: sim --seeds=1..10 --hashes > sim/golden_trace.txt).
add_test(NAME sim_seeds COMMAND sim --seeds=1..200)
add_test(NAME sim_mutants COMMAND sim --mutants)
add_test(NAME sim_once_failed COMMAND sim --file=${PROJECT_SOURCE_DIR}/tests/seeds.txt)
add_test(NAME sim_golden_trace
         COMMAND sh -c "'$<TARGET_FILE:sim>' --seeds=1..10 --hashes | diff '${PROJECT_SOURCE_DIR}/sim/golden_trace.txt' -")
set_tests_properties(sim_seeds sim_mutants sim_once_failed sim_golden_trace PROPERTIES TIMEOUT 300 LABELS sim)
