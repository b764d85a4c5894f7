#include "cluster/commit.h"

#include "base/assert.h"

#include <fmt/format.h>

namespace postern::cluster {

std::string to_text(const Dot& dot) {
  const std::string branch = dot.branch.is_nil() ? "" : "~" + base::to_text(dot.branch).substr(0, 12);
  return fmt::format("{}/{:016x}{}/{}", base::to_text(dot.member), dot.incarnation, branch, dot.seq);
}

std::string to_text(const Register& reg) {
  static constexpr const char* names[] = {
      "cluster-settings", "group-settings", "machine-settings", "cluster", "group", "member", "user"};
  return fmt::format("{}:{}:{}", names[static_cast<std::size_t>(reg.space)], base::to_text(reg.id), reg.name);
}

Register settings_register(const base::Mode& mode, std::string_view feature) {
  return {static_cast<Space>(mode.level), mode.id, std::string(feature)};
}

bool is_settings(const Register& reg) { return reg.space <= Space::machine_settings; }

base::Mode mode_of(const Register& reg) {
  POSTERN_ASSERT(is_settings(reg));
  return {static_cast<base::Level>(reg.space), reg.id};
}

std::string signed_bytes(const base::ClusterId& cluster, std::string_view header) {
  std::string out = "postern commit 1";
  out.push_back('\0');
  out.append(cluster.uuid.bytes.begin(), cluster.uuid.bytes.end());
  out.append(header);
  return out;
}

const Write* find_write(const Header& header, const Register& reg) {
  for (const Write& write : header.writes) {
    if (write.reg == reg) return &write;
  }
  return nullptr;
}

}  // namespace postern::cluster
