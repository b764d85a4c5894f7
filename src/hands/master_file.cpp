#include "hands/master_file.h"

#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

namespace postern::hands {
namespace {

constexpr std::size_t shown = 200;  // bytes of a line that an error repeats
constexpr std::string_view option_start = "  -o { ";
constexpr std::string_view option_end = " }";

base::Error refuse(std::string_view file, std::string_view line, std::string_view why) {
  return base::fail(base::ErrorCode::invalid, std::string(file), fmt::format("'{}' {}.", base::printable_line(line, shown), why));
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name(std::string_view text) {
  return !text.empty() && is_lower(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

/// A column of master.cf: letters, digits and what addresses and numbers need; no brace, no '$', no
/// '/'.
bool is_column(std::string_view text) {
  constexpr std::string_view others = "-_.:[]?";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c) || others.find(c) != std::string_view::npos;
  });
}

/// The lines that count: all but comments at the top. ASCII 32 to 126 only, each ended by one LF.
base::Result<std::vector<std::string_view>> lines_of(std::string_view text, std::string_view file) {
  std::vector<std::string_view> lines;
  if (!text.empty() && text.back() != '\n')
    return base::fail(base::ErrorCode::invalid, std::string(file), "Its last line has no end.");
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    if (std::any_of(line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }))
      return refuse(file, line, "holds what is not printable ASCII");
    if (lines.empty() && line.starts_with('#')) continue;
    lines.push_back(line);
  }
  return lines;
}

/// "NAME = VALUE", or "NAME =" where `empty` may be.
bool split(std::string_view text, bool empty, Parameter& into) {
  const std::size_t end = text.find(" =");
  if (end == std::string_view::npos || !is_name(text.substr(0, end))) return false;
  std::string_view value = text.substr(end + 2);
  if (value.empty() && empty) {
    into = {std::string(text.substr(0, end)), {}};
    return true;
  }
  if (value.size() < 2 || value[0] != ' ') return false;
  value.remove_prefix(1);
  if (value.front() == ' ' || value.back() == ' ') return false;
  into = {std::string(text.substr(0, end)), std::string(value)};
  return true;
}

base::Result<void> add_option(std::string_view line, std::vector<Service>& services) {
  constexpr std::string_view file = "master.cf";
  if (services.empty()) return refuse(file, line, "is an option without a service");
  Parameter option;
  if (line.size() < option_start.size() + option_end.size() || !line.starts_with(option_start) || !line.ends_with(option_end))
    return refuse(file, line, "is not '  -o { NAME = VALUE }'");
  line.remove_prefix(option_start.size());
  line.remove_suffix(option_end.size());
  if (line.find_first_of("{}") != std::string_view::npos || !split(line, false, option))
    return refuse(file, line, "is not 'NAME = VALUE' without braces in it");
  for (const Parameter& other : services.back().options)
    if (other.name == option.name) return refuse(file, line, "is set twice for this service");
  services.back().options.push_back(std::move(option));
  return {};
}

base::Result<Service> service_of(std::string_view line) {
  std::vector<std::string> words(1);
  for (const char c : line) {
    if (c == ' ')
      words.emplace_back();
    else
      words.back() += c;
  }
  if (words.size() != 8 || !std::all_of(words.begin(), words.end(), is_column))
    return refuse("master.cf", line, "is not eight plain words with one blank between them");
  return Service{words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7], {}};
}

}  // namespace

base::Result<std::vector<Parameter>> read_main_file(std::string_view text) {
  auto lines = lines_of(text, "main.cf");
  if (!lines) return lines.error();
  std::vector<Parameter> parameters;
  std::set<std::string, std::less<>> names;
  for (const std::string_view line : *lines) {
    Parameter parameter;
    if (!split(line, true, parameter)) return refuse("main.cf", line, "is not 'NAME = VALUE'");
    if (!names.insert(parameter.name).second) return refuse("main.cf", line, "is set twice");
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

base::Result<std::vector<Service>> read_master_file(std::string_view text) {
  auto lines = lines_of(text, "master.cf");
  if (!lines) return lines.error();
  std::vector<Service> services;
  std::set<std::pair<std::string, std::string>> keys;
  for (const std::string_view line : *lines) {
    if (line.starts_with(' ')) {
      auto added = add_option(line, services);
      if (!added) return added.error();
      continue;
    }
    auto service = service_of(line);
    if (!service) return service.error();
    if (!keys.emplace(service->name, service->type).second)
      return refuse("master.cf", line, "is a service that is there already");
    services.push_back(std::move(*service));
  }
  return services;
}

}  // namespace postern::hands
