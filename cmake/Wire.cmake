# The wire formats: src/cluster/*.proto compiled into postern_wire, which only the cluster room's codecs include.
set(wire_dir ${PROJECT_BINARY_DIR}/generated/cluster)
file(MAKE_DIRECTORY ${wire_dir})
set(wire_sources "")
file(GLOB wire_protos CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cluster/*.proto)
foreach(proto ${wire_protos})
  get_filename_component(stem ${proto} NAME_WE)
  add_custom_command(
    OUTPUT ${wire_dir}/${stem}.pb.cc ${wire_dir}/${stem}.pb.h
    COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR}/src/cluster --cpp_out=lite:${wire_dir} ${proto}
    DEPENDS ${proto})
  list(APPEND wire_sources ${wire_dir}/${stem}.pb.cc)
endforeach()
if(wire_sources)
  add_library(postern_wire STATIC ${wire_sources})
  target_include_directories(postern_wire SYSTEM PUBLIC ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(postern_wire PUBLIC protobuf::libprotobuf-lite)
endif()
