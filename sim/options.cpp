#include "sim/options.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

namespace postern::sim {
namespace {

constexpr const char* fault_names[fault_count] = {"cut",       "one-way",      "reset",         "replay",  "garble", "forge",
                                                  "twin",      "wan",          "far",           "kill",    "power",  "pause",
                                                  "slow-disk", "flush-failed", "flush-unknown", "offset",  "jump",   "aim",
                                                  "elsewhere", "set-back",     "old-image",     "hostile", "burst"};

base::Result<std::uint64_t> number(std::string_view argument, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return base::fail(base::ErrorCode::usage, fmt::format("\"{}\" needs a number; \"{}\" is none.", argument, text));
  return value;
}

base::Result<void> set_seeds(Options& options, std::string_view text) {
  const std::size_t dots = text.find("..");
  auto first = number("--seeds", text.substr(0, dots));
  if (!first) return first.error();
  auto last = dots == std::string_view::npos ? first : number("--seeds", text.substr(dots + 2));
  if (!last) return last.error();
  if (*first > *last) return base::fail(base::ErrorCode::usage, "--seeds=A..B needs A to be B or less.");
  options.first_seed = *first;
  options.last_seed = *last;
  return {};
}

base::Result<std::uint32_t> fault_bits(std::string_view names) {
  std::uint32_t bits = 0;
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 1);
    bool known = false;
    for (unsigned i = 0; i < fault_count; ++i)
      if (name == fault_names[i]) {
        bits |= 1U << i;
        known = true;
      }
    if (!known) return base::fail(base::ErrorCode::usage, fmt::format("There is no fault kind \"{}\"; --help lists them.", name));
  }
  return bits;
}

base::Result<void> take_value(Options& options, std::string_view name, std::string_view value) {
  if (name == "--seed" || name == "--seeds") return set_seeds(options, value);
  if (name == "--bug") {
    options.bug = value;
    return {};
  }
  if (name == "--file") {
    options.file = value;
    return {};
  }
  if (name == "--machines") {
    auto count = number(name, value);
    if (!count) return count.error();
    if (*count < 1 || *count > 8) return base::fail(base::ErrorCode::usage, "--machines takes 1 to 8.");
    options.machines = static_cast<unsigned>(*count);
    return {};
  }
  if (name == "--without" || name == "--only") {
    auto bits = fault_bits(value);
    if (!bits) return bits.error();
    options.faults = name == "--only" ? *bits : options.faults & ~*bits;
    return {};
  }
  return base::fail(base::ErrorCode::usage, fmt::format("\"{}\" is not known; --help lists the arguments.", name));
}

base::Result<void> take_switch(Options& options, std::string_view name) {
  if (name == "--trace")
    options.trace = true;
  else if (name == "--shrink")
    options.shrink = true;
  else if (name == "--hashes")
    options.hashes = true;
  else if (name == "--mutants")
    options.mutants = true;
  else if (name == "--marks")
    options.marks = true;
  else if (name == "--list-bugs")
    options.list_bugs = true;
  else
    return base::fail(base::ErrorCode::usage, fmt::format("\"{}\" is not known; --help lists the arguments.", name));
  return {};
}

}  // namespace

const char* fault_name(Fault fault) { return fault_names[static_cast<unsigned>(fault)]; }

Options Options::without(Fault fault) const {
  Options out = *this;
  out.faults &= ~(1U << static_cast<unsigned>(fault));
  return out;
}

Options Options::only(std::uint64_t seed) const {
  Options out = *this;
  out.first_seed = out.last_seed = seed;
  return out;
}

std::string replay_command(const Options& options, std::uint64_t seed) {
  std::string out = fmt::format("sim --seed={}", seed);
  if (!options.bug.empty()) out += " --bug=" + options.bug;
  if (options.machines != 0) out += fmt::format(" --machines={}", options.machines);
  std::string off;
  for (unsigned i = 0; i < fault_count; ++i)
    if (!options.may(static_cast<Fault>(i))) off += (off.empty() ? "" : ",") + std::string(fault_names[i]);
  if (!off.empty()) out += " --without=" + off;
  return out + " --trace";
}

base::Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    base::Result<void> taken = equals == std::string::npos
                                   ? take_switch(options, argument)
                                   : take_value(options, argument.substr(0, equals), argument.substr(equals + 1));
    if (!taken) return taken.error();
  }
  return options;
}

std::string usage_text() {
  std::string out =
      "usage: sim [--seeds=A..B | --seed=N | --file=PATH] [--bug=NAME] [--machines=N]\n"
      "           [--without=FAULT,… | --only=FAULT,…] [--trace] [--shrink] [--hashes]\n"
      "           [--marks] [--mutants] [--list-bugs]\n"
      "faults:";
  for (const char* name : fault_names) out += fmt::format(" {}", name);
  return out + "\n";
}

}  // namespace postern::sim
