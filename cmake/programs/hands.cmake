# postern-hands, the one program that runs as root: base and nothing else, so that it can be read in one sitting.
postern_room(hands USES base LIBS lmdb)
postern_program(postern_hands LIBS postern_hands)
# The interpreter shuts itself in by the room's means.
if(TARGET postern)
  target_link_libraries(postern PRIVATE postern_hands)
endif()
postern_test(hands LIBS postern_hands)
if(TARGET test_hands)
  # Stand-ins for posternd and postern, which tests put into a bin folder of their own.
  add_executable(hands_stand_in tests/hands/stand_in/stand_in.cpp)
  target_link_libraries(hands_stand_in PRIVATE postern_warnings)
  add_dependencies(test_hands hands_stand_in)
  if(TARGET postern-hands)
    add_dependencies(test_hands postern-hands)
  endif()
  target_compile_definitions(test_hands PRIVATE POSTERN_STAND_IN="$<TARGET_FILE:hands_stand_in>"
                             POSTERN_BIN="${PROJECT_BINARY_DIR}/bin")
endif()
