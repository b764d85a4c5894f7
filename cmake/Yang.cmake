# The settings' schema: every YANG module of src/schema and src/features, as text in the library
# postern_yang, so that a running program needs no file beside it.
file(GLOB yang_modules CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/schema/*.yang
     ${PROJECT_SOURCE_DIR}/src/features/*/*.yang)
set(yang_dir ${PROJECT_BINARY_DIR}/generated/schema)
file(MAKE_DIRECTORY ${yang_dir})
add_custom_command(
  OUTPUT ${yang_dir}/modules.cpp
  COMMAND ${CMAKE_COMMAND} "-DOUT=${yang_dir}/modules.cpp" "-DMODULES=${yang_modules}" -P
          ${PROJECT_SOURCE_DIR}/cmake/EmbedYang.cmake
  DEPENDS ${yang_modules} ${PROJECT_SOURCE_DIR}/cmake/EmbedYang.cmake
  VERBATIM)
add_library(postern_yang STATIC ${yang_dir}/modules.cpp)
target_include_directories(postern_yang PRIVATE ${PROJECT_SOURCE_DIR}/src)
