#pragma once

#include <string>
#include <utility>
#include <vector>

/// First inputs of each target: what the rooms' own encoders make, and what the unit tests read.
namespace postern::fuzz {

struct Seeds {
  std::string target;
  std::vector<std::string> inputs;
};

std::vector<Seeds> wire_seeds();      ///< messages, joins, headers, records, frames
std::vector<Seeds> settings_seeds();  ///< JSON, edits, values, plans
std::vector<std::string> plans();     ///< of which the target plan's inputs are made
std::vector<Seeds> text_seeds();      ///< lines that people and files bring
std::vector<Seeds> local_seeds();     ///< hands, desk, store, mail engine

}  // namespace postern::fuzz
