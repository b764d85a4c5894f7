#include "desk/door/modes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/words.h"

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;

std::vector<std::string> group_names(const cluster::Fleet& fleet) {
  std::vector<std::string> out;
  for (const cluster::Group& group : fleet.groups) out.push_back(group.name);
  return out;
}

std::vector<std::string> host_names(const cluster::Fleet& fleet) {
  std::vector<std::string> out;
  for (const cluster::Member& member : fleet.members) out.push_back(member.host_name);
  return out;
}

base::Result<base::Mode> standalone_mode(const State& state, const std::string& level, std::string_view typed) {
  if (level == "machine") {
    auto member = find_machine(state.fleet(), typed);
    if (!member) return member.error();
    return base::Mode{base::Level::machine, (*member)->id.uuid};
  }
  return fail(ErrorCode::not_found, fmt::format("There is no {} mode: this machine is in no cluster. clusterconfig creates "
                                                "or joins one.",
                                                level));
}

}  // namespace

std::string join_words(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " and " : ", ";
    out += words[i];
  }
  return out;
}

std::string mode_text(const cluster::Fleet& fleet, const base::Mode& mode) {
  if (mode.level == base::Level::cluster) return "cluster";
  if (mode.level == base::Level::group) {
    const cluster::Group* group = fleet.group({mode.id});
    return group == nullptr ? "group (deleted)" : "group " + group->name;
  }
  const cluster::Member* member = fleet.member({mode.id});
  return member == nullptr ? "machine (removed)" : "machine " + member->host_name;
}

std::string mode_label(const cluster::Fleet& fleet, const base::Mode& mode) {
  const cluster::Group* in = mode.level == base::Level::group ? fleet.group({mode.id}) : nullptr;
  const cluster::Member* at = mode.level == base::Level::machine ? fleet.member({mode.id}) : nullptr;
  return model::mode_name(mode.level, fleet.cluster_name, in != nullptr ? &in->name : at != nullptr ? &at->host_name : nullptr);
}

bool mode_exists(const cluster::Fleet& fleet, const base::Mode& mode) {
  switch (mode.level) {
    case base::Level::cluster: return !fleet.standalone() && mode.id == fleet.cluster.uuid;
    case base::Level::group: return !fleet.standalone() && fleet.group({mode.id}) != nullptr;
    case base::Level::machine: return fleet.member({mode.id}) != nullptr;
  }
  return false;
}

base::Result<const cluster::Member*> find_machine(const cluster::Fleet& fleet, std::string_view name) {
  if (const cluster::Member* exact = fleet.member_by_host(name)) return exact;
  std::vector<const cluster::Member*> matches;
  for (const cluster::Member& member : fleet.members) {
    const std::string host = lower(member.host_name);
    if (host.substr(0, host.find('.')) == lower(name)) matches.push_back(&member);
  }
  if (matches.size() == 1) return matches.front();
  if (matches.size() > 1) {
    std::vector<std::string> hosts;
    for (const cluster::Member* member : matches) hosts.push_back(member->host_name);
    return fail(ErrorCode::not_found,
                fmt::format("\"{}\" is the short name of several machines: {}. Use the full name.", name, join_words(hosts)));
  }
  if (const cluster::Member* by_serial = fleet.member_by_serial(name)) return by_serial;
  return fail(ErrorCode::not_found,
              fmt::format("There is no machine \"{}\". {}: {}.", name,
                          fleet.members.size() == 1 ? "The only machine is" : "The machines are", join_words(host_names(fleet))));
}

base::Result<const cluster::Group*> find_group(const cluster::Fleet& fleet, std::string_view name) {
  if (const cluster::Group* group = fleet.group_by_name(name)) return group;
  return fail(ErrorCode::not_found,
              fmt::format("There is no group \"{}\". {}: {}.", name,
                          fleet.groups.size() == 1 ? "The only group is" : "The groups are", join_words(group_names(fleet))));
}

base::Result<base::Mode> parse_mode(const State& state, std::string_view text) {
  const cluster::Fleet& fleet = state.fleet();
  text = base::stripped(text);
  const std::size_t space = text.find(' ');
  const std::string level = lower(text.substr(0, space));
  const std::string_view name = space == std::string_view::npos ? std::string_view() : base::stripped(text.substr(space));
  const bool named = level == "group" || level == "machine";
  if (!named && level != "cluster")
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a mode. A mode is cluster, group NAME or "
                                              "machine HOST.",
                                              text));
  if (named == name.empty())
    return fail(ErrorCode::usage, named ? fmt::format("Which {}? A mode is cluster, group NAME or machine HOST.", level)
                                        : std::string("The cluster's mode takes no name: there is one cluster."));
  if (fleet.standalone()) return standalone_mode(state, level, name);
  if (level == "cluster") return base::Mode{base::Level::cluster, fleet.cluster.uuid};
  if (level == "group") {
    auto group = find_group(fleet, name);
    if (!group) return group.error();
    return base::Mode{base::Level::group, (*group)->id.uuid};
  }
  auto member = find_machine(fleet, name);
  if (!member) return member.error();
  return base::Mode{base::Level::machine, (*member)->id.uuid};
}

base::Result<base::Mode> mode_of_call(const State& state, const Session& session, const std::optional<std::string>& typed) {
  if (typed) return parse_mode(state, *typed);
  if (mode_exists(state.fleet(), session.mode)) return session.mode;
  return fail(ErrorCode::not_found,
              "The mode that you were in does not exist any more: its group was deleted or its machine "
              "removed. Choose another with clustermode.");
}

std::string host_of(const State& state, const base::MemberId& member) {
  const cluster::Member* found = state.fleet().member(member);
  return found == nullptr ? "a removed machine" : found->host_name;
}

}  // namespace postern::desk
