# The applier asks postern-hands for what needs root: its client's half of the room.
target_link_libraries(postern_applier PUBLIC postern_hands)
