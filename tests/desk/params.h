#pragma once

#include "house.h"

/// Parameters of calls about the settings of two features, and what came of them.
namespace postern::desk {

inline std::string put_dns(std::string_view mode, std::string_view source) {
  return "{\"feature\":\"dns\",\"mode\":\"" + std::string(mode) + "\",\"data\":{\"source\":\"" + std::string(source) + "\"}}";
}

/// SMTP routes that drop mail for these domains.
inline std::string routes(const std::vector<std::string>& domains) {
  std::string out = R"({"feature":"smtp-routes","mode":"cluster","data":{"route":[)";
  for (std::size_t i = 0; i < domains.size(); ++i)
    out += (i ? "," : "") + std::string(R"({"domain":")") + domains[i] + R"(","action":"drop"})";
  return out + "]}}";
}

/// The domains of the routes in effect for the cluster.
inline std::vector<std::string> domains(Sitter& sitter) {
  std::vector<std::string> out;
  const json::value got = sitter.ok("feature.get", R"({"feature":"smtp-routes","mode":"cluster"})");
  if (!got.at("effective").as_object().contains("route")) return out;
  for (const json::value& route : got.at("effective").at("route").as_array()) out.emplace_back(route.at("domain").as_string());
  return out;
}

}  // namespace postern::desk
