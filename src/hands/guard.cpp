#include "hands/guard.h"

#include "hands/allowed.h"
#include "hands/master_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace postern::hands {
namespace {

struct Planned {
  std::string_view program;
  std::string_view chroot;
};
/// What neither delivers to files or commands nor changes its user by what a table says; and
/// whether it runs in the jail, as the gateway plans it.
constexpr std::array<Planned, 17> programs{{{"anvil", "y"},
                                            {"bounce", "y"},
                                            {"cleanup", "y"},
                                            {"discard", "y"},
                                            {"error", "y"},
                                            {"flush", "y"},
                                            {"pickup", "y"},
                                            {"postlogd", "n"},
                                            {"proxymap", "n"},
                                            {"qmgr", "n"},
                                            {"scache", "y"},
                                            {"showq", "y"},
                                            {"smtp", "y"},
                                            {"smtpd", "y"},
                                            {"tlsmgr", "y"},
                                            {"trivial-rewrite", "y"},
                                            {"verify", "y"}}};

constexpr std::array<std::string_view, 4> types{"inet", "unix", "unix-dgram", "pass"};

template <class Names>
bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::map<std::string, std::string, std::less<>> fixed(const Places& places) {
  return {{"queue_directory", places.mta + "/queue"},
          {"data_directory", places.mta + "/data"},
          {"daemon_directory", places.daemons},
          {"mail_owner", places.mail_owner},
          {"maillog_file", places.mta + "/log/mail.log"},
          {"maillog_file_prefixes", places.mta + "/log"}};
}

base::Error denied(std::string where, std::string text) {
  return base::fail(base::ErrorCode::denied, std::move(where), std::move(text));
}

base::Result<void> check_main(const std::string& text, const Places& places) {
  auto parameters = read_main_file(text);
  if (!parameters) return parameters.error();
  const auto must = fixed(places);
  for (const auto& [name, value] : *parameters) {
    if (!allowed_in_main(name))
      return denied("main.cf", fmt::format("{} is not a gateway's to set.", name));
    const auto found = must.find(name);
    if (found != must.end() && found->second != value)
      return denied("main.cf", fmt::format("{} must be {}, not {}.", name, found->second, value));
  }
  for (const auto& each : must)
    if (std::none_of(parameters->begin(), parameters->end(),
                     [&](const Parameter& parameter) { return parameter.name == each.first; }))
      return denied("main.cf",
                    fmt::format("{} is missing; it must be {}.", each.first, each.second));
  return {};
}

std::string trim(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// What "-o NAME=VALUE" and "-o { NAME = VALUE }" set. Only -o and -v may be there at all: options
/// can be run together ("-voNAME=VALUE"), and what nobody needs, nobody has to see through.
base::Result<std::vector<std::string>> names_set(const Service& service, const std::string& where) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < service.arguments.size(); ++i) {
    std::string argument = service.arguments[i];
    if (argument == "-v") continue;
    if (argument == "-o" && i + 1 < service.arguments.size()) argument += service.arguments[++i];
    const auto equals = argument.find('=');
    if (!argument.starts_with("-o") || equals == std::string::npos)
      return denied(where, fmt::format("'{}' is not an option that a gateway needs.", argument));
    names.push_back(trim(argument.substr(2, equals - 2)));
  }
  return names;
}

base::Result<void> check_columns(const Service& service, const std::string& where) {
  if (!holds(types, service.type))
    return denied(where, "Such a type of service is not a gateway's.");
  // master(8) makes a socket of this name as root; that of an inet service is an address.
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (service.type != "inet" &&
      (service.name.empty() || service.name.find_first_not_of(plain) != std::string::npos))
    return denied(where, "A service's name may have letters, digits, '-' and '_' only.");
  const auto planned = std::find_if(programs.begin(), programs.end(), [&](const Planned& each) {
    return each.program == service.command;
  });
  if (planned == programs.end())
    return denied(where, fmt::format("{} is not a program that a gateway needs.", service.command));
  if (service.private_ != "-" && service.private_ != "y" && service.private_ != "n")
    return denied(where,
                  fmt::format("The column private must be -, y or n, not {}.", service.private_));
  if (service.unprivileged != "-" && service.unprivileged != "y")
    return denied(where, fmt::format("The column unprivileged must be - or y, not {}: no service "
                                     "of a gateway runs as root.",
                                     service.unprivileged));
  if (service.chroot != planned->chroot)
    return denied(where, fmt::format("The column chroot of {} must be {}, not {}.", service.command,
                                     planned->chroot, service.chroot));
  return {};
}

base::Result<void> check_options(const Service& service, const std::string& where,
                                 const Places& places) {
  auto names = names_set(service, where);
  if (!names) return names.error();
  const auto must = fixed(places);
  for (const auto& name : *names) {
    if (must.contains(name)) return denied(where, fmt::format("{} is set in main.cf only.", name));
    if (!allowed_in_master(name))
      return denied(where, fmt::format("{} is not a gateway's to set.", name));
  }
  return {};
}

base::Result<void> check_master(const std::string& text, const Places& places) {
  auto services = read_master_file(text);
  if (!services) return services.error();
  for (const auto& service : *services) {
    const std::string where = fmt::format("master.cf: {}/{}", service.name, service.type);
    auto good = check_columns(service, where);
    if (good) good = check_options(service, where, places);
    if (!good) return good;
  }
  return {};
}

}  // namespace

base::Result<void> check_generation(const Stage& stage, const Places& places) {
  const auto content = [&](std::string_view name) -> const std::string* {
    const auto found = std::find_if(stage.files.begin(), stage.files.end(),
                                    [&](const File& file) { return file.name == name; });
    return found == stage.files.end() ? nullptr : &found->bytes;
  };
  const std::string* main_file = content("main.cf");
  const std::string* master_file = content("master.cf");
  if (main_file == nullptr || master_file == nullptr)
    return base::fail(base::ErrorCode::invalid, "A generation needs main.cf and master.cf.");
  auto good = check_main(*main_file, places);
  return good ? check_master(*master_file, places) : good;
}

}  // namespace postern::hands
