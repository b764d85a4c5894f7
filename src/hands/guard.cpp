#include "hands/guard.h"

#include "hands/lookup_file.h"
#include "hands/master_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace postern::hands {
namespace {

constexpr std::size_t services_most = 4096;

base::Result<void> check_main(const std::string& text, const Places& places) {
  auto parameters = read_main_file(text);
  if (!parameters) return parameters.error();
  for (const Parameter& parameter : *parameters) {
    auto good = check_parameter(parameter, places);
    if (!good) return good;
  }
  for (const auto& name : parameters_that_must_be_set())
    if (std::none_of(parameters->begin(), parameters->end(), [&](const Parameter& parameter) { return parameter.name == name; }))
      return base::fail(base::ErrorCode::denied, "main.cf", fmt::format("{} is missing.", name));
  return {};
}

base::Result<void> check_master(const std::string& text, const Places& places, const FileNames& files) {
  auto services = read_master_file(text);
  if (!services) return services.error();
  if (services->size() > services_most)
    return base::fail(base::ErrorCode::denied, "master.cf",
                      fmt::format("It has {} services; a gateway has at most {}.", services->size(), services_most));
  for (const Service& service : *services) {
    auto good = check_service(service, places, files);
    if (!good) return good;
  }
  return {};
}

}  // namespace

base::Result<void> check_generation(const Stage& stage, const Places& places) {
  FileNames names;
  for (const File& file : stage.files) names.insert(file.name);
  if (!names.contains("main.cf") || !names.contains("master.cf") || names.size() != stage.files.size())
    return base::fail(base::ErrorCode::invalid, "A generation needs main.cf and master.cf, and each file once.");
  for (const File& file : stage.files) {
    base::Result<void> good;
    if (!is_file_name(file.name)) return base::fail(base::ErrorCode::denied, "A generation has no file of such a name.");
    if (file.name == "main.cf")
      good = check_main(file.bytes, places);
    else if (file.name == "master.cf")
      good = check_master(file.bytes, places, names);
    else
      good = check_lookup_file(file.name, file.bytes);
    if (!good) return good;
  }
  return {};
}

}  // namespace postern::hands
