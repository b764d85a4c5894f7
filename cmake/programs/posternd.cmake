# One machine: the rooms wired together (machine), and the real world around it (daemon).
postern_room(machine USES base model schema cluster features gateway desk store transport applier)
postern_room(daemon USES machine hands LIBS spdlog::spdlog Threads::Threads)
postern_program(posternd LIBS postern_daemon)
foreach(program postern posternd)
  if(TARGET ${program})
    target_sources(${program} PRIVATE src/programs/wipe_freed.cpp)
  endif()
endforeach()
