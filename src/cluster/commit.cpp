#include "cluster/commit.h"

#include "base/assert.h"

#include <fmt/format.h>

namespace postern::cluster {

std::string to_text(const Dot& dot) {
  return fmt::format("{}/{:016x}/{}", base::to_text(dot.member), dot.incarnation, dot.seq);
}

base::Incarnation branch_incarnation(base::Incarnation incarnation, const base::Hash& first) {
  std::string bytes = "postern branch 1";
  bytes.push_back('\0');
  for (int shift = 0; shift < 64; shift += 8)
    bytes.push_back(static_cast<char>(incarnation >> shift & 0xff));
  bytes.append(first.bytes.begin(), first.bytes.end());
  const base::Hash drawn = base::hash_bytes(bytes);
  base::Incarnation name = 0;
  for (std::size_t i = 0; i < sizeof name; ++i) name = name << 8 | drawn.bytes[i];
  return name;
}

std::string to_text(const Register& reg) {
  static constexpr const char* names[] = {"cluster-settings",
                                          "group-settings",
                                          "machine-settings",
                                          "cluster",
                                          "group",
                                          "member",
                                          "user"};
  return fmt::format("{}:{}:{}", names[static_cast<std::size_t>(reg.space)], base::to_text(reg.id),
                     reg.name);
}

Register settings_register(const base::Mode& mode, std::string_view feature) {
  return {static_cast<Space>(mode.level), mode.id, std::string(feature)};
}

bool is_settings(const Register& reg) {
  return reg.space <= Space::machine_settings;
}

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
