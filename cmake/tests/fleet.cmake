# Real fleets: daemons, Postfix and SSH on a free loopback network. Root only; skipped (77) otherwise.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB fleet_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fleet/*_test.py)
foreach(file ${fleet_tests})
  get_filename_component(name ${file} NAME_WE)
  string(REPLACE "_test" "" name ${name})
  add_test(NAME fleet_${name} COMMAND ${Python3_EXECUTABLE} -B ${file})
  set_tests_properties(fleet_${name} PROPERTIES LABELS fleet TIMEOUT 600 SKIP_RETURN_CODE 77
                       ENVIRONMENT "POSTERN_BIN=${PROJECT_BINARY_DIR}/bin")
endforeach()
