# The wire format: src/cluster/postern.proto compiled into the cluster room.
if(EXISTS ${PROJECT_SOURCE_DIR}/src/cluster/postern.proto)
  set(wire_dir ${PROJECT_BINARY_DIR}/generated/cluster)
  file(MAKE_DIRECTORY ${wire_dir})
  add_custom_command(
    OUTPUT ${wire_dir}/postern.pb.cc ${wire_dir}/postern.pb.h
    COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR}/src/cluster --cpp_out=lite:${wire_dir}
            ${PROJECT_SOURCE_DIR}/src/cluster/postern.proto
    DEPENDS ${PROJECT_SOURCE_DIR}/src/cluster/postern.proto)
  add_library(postern_wire STATIC ${wire_dir}/postern.pb.cc)
  target_include_directories(postern_wire SYSTEM PUBLIC ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(postern_wire PUBLIC protobuf::libprotobuf-lite)
endif()
