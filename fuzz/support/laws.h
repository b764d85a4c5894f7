#pragma once

#include <cstddef>

/// What the targets hold the rooms to, in one place: make them stricter here as the rooms become
/// so.
namespace postern::fuzz::laws {

/// Memory that decoding may take at once, in sizes of the input (see memory_allowed).
constexpr std::size_t message_memory = 4;
constexpr std::size_t join_memory = 4;
constexpr std::size_t header_memory = 20;
constexpr std::size_t hands_memory = 16;
constexpr std::size_t desk_memory = 64;

/// The guard's reading of master.cf's columns is master(8)'s own, brace by brace.
constexpr bool guard_reads_as_master_does = true;
/// Values of settings are printable lines (base/printable.h), whatever their types let through.
constexpr bool settings_are_printable = true;
/// So are the lines of public keys.
constexpr bool key_lines_are_printable = true;

}  // namespace postern::fuzz::laws
