// fuzz_seeds CORPUS: writes the first inputs of every target to CORPUS/TARGET/seed-N. What fuzzing
// found beside them stays.
#include "fuzz/seeds/seeds.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

int main(int count, char** words) {
  using namespace postern::fuzz;
  if (count != 2) return std::fprintf(stderr, "usage: fuzz_seeds CORPUS\n"), 2;
  for (const auto& make : {wire_seeds, settings_seeds, text_seeds, local_seeds})
    for (const Seeds& seeds : make()) {
      const std::filesystem::path folder = std::filesystem::path(words[1]) / seeds.target;
      std::filesystem::create_directories(folder);
      for (std::size_t i = 0; i < seeds.inputs.size(); ++i)
        std::ofstream(folder / ("seed-" + std::to_string(i + 1)), std::ios::binary) << seeds.inputs[i];
    }
  return 0;
}
