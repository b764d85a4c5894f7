#include <fmt/format.h>

#include <string>
#include <vector>

#include "sim/bugs.h"
#include "sim/run.h"
#include "sim/saboteur.h"

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
    for (const postern::sim::Bug& bug : postern::sim::bugs()) fmt::print("{}\n", bug.name);
    for (const postern::sim::SabotageName& one : postern::sim::sabotages()) fmt::print("{}\n", one.name);
    return 0;
  }
  return postern::sim::run(*options);
}
