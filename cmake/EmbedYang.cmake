# cmake -DOUT=FILE -DMODULES=FILE;FILE… -P EmbedYang.cmake: writes the modules as schema/modules.h declares
# them, sorted by name, because the settings version is a hash over them in that order.
set(names "")
foreach(file IN LISTS MODULES)
  get_filename_component(name ${file} NAME_WE)
  list(APPEND names ${name})
  set(file_${name} ${file})
endforeach()
list(SORT names)
set(body "")
foreach(name IN LISTS names)
  file(READ ${file_${name}} text)
  string(REGEX MATCH "module ([a-z0-9-]+) *{" unused "${text}")
  string(APPEND body "    {\"${CMAKE_MATCH_1}\", R\"yang(${text})yang\"},\n")
endforeach()
file(WRITE ${OUT} "#include \"schema/modules.h\"\n\nnamespace postern::schema {\n\n"
     "const Module modules[] = {\n${body}};\n"
     "const std::size_t module_count = sizeof modules / sizeof modules[0];\n\n"
     "}  // namespace postern::schema\n")
