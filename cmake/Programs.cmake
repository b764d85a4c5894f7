# The programs; each is main() and the wiring of rooms.
postern_program(postern LIBS postern_cli)
file(GLOB more CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/programs/*.cmake)
foreach(file ${more})
  include(${file})
endforeach()
