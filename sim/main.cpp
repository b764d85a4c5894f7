#include <fmt/format.h>

#include <string>
#include <vector>

#include "sim/bugs.h"
#include "sim/run.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments.front() == "--help") {
    fmt::print("{}", postern::sim::usage_text());
    return arguments.empty() ? 2 : 0;
  }
  const auto options = postern::sim::parse_options(arguments);
  if (!options) {
    fmt::print(stderr, "{}\n", postern::base::to_text(options.error()));
    return 2;
  }
  if (options->list_bugs) {
    for (const postern::sim::Bug& bug : postern::sim::bugs()) fmt::print("{} {}\n", bug.name, bug.law);
    return 0;
  }
  if (!options->file.empty()) return postern::sim::run_file(*options);
  return options->mutants ? postern::sim::run_mutants(*options) : postern::sim::run(*options);
}
