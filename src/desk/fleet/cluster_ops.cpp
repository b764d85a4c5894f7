#include "base/limits.h"
#include "base/printable.h"
#include "cluster/founding.h"
#include "desk/settings/commit.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t joining_line_bytes = 320;  ///< a host name and how far it is
constexpr std::size_t joining_lines_most = 64;
constexpr std::size_t version_bytes = 64;

base::Error in_no_cluster() {
  return fail(ErrorCode::not_found, "This machine is in no cluster. clusterconfig creates or joins one.");
}

/// What has a meaning of its own where names are typed: in lists, URLs, lines, patterns.
constexpr std::string_view not_in_names = "/\\,;|\"'`#*?<>=:[]{}()";

/// Names of clusters and groups: 1 to 63 bytes, printable, no space at an end (spec: the case is
/// kept).
std::optional<base::Error> wrong_name(std::string_view what, const std::string& name) {
  if (name.empty()) return fail(ErrorCode::invalid, "name", fmt::format("A {} needs a name.", what));
  if (auto good = base::check_line(name, base::limits::name_bytes, fmt::format("The name of a {}", what), "name"); !good)
    return good.error();
  if (name.front() == ' ' || name.back() == ' ')
    return fail(ErrorCode::invalid, "name", fmt::format("The name of a {} must not begin or end with a space.", what));
  const std::size_t odd = name.find_first_of(not_in_names);
  if (odd != name.npos || name.front() == '-')
    return fail(ErrorCode::invalid, "name",
                fmt::format("The name of a {} must not {} \"{}\": use letters, digits, spaces, \"_\", \"-\" and \".\".", what,
                            odd != name.npos ? "hold" : "begin with", odd != name.npos ? name[odd] : '-'));
  if (lower(name) == "all-groups" || lower(name) == "cluster")
    return fail(ErrorCode::invalid, "name",
                fmt::format("\"{}\" names {} wherever a mode is typed: choose another name.", name,
                            lower(name) == "cluster" ? "the cluster" : "all groups"));
  return std::nullopt;
}

std::vector<std::string> like_the_cluster(const cluster::Fleet& fleet, const std::string& cluster_name) {
  for (const cluster::Group& group : fleet.groups)
    if (lower(group.name) == lower(cluster_name))
      return {
          fmt::format("The group {} is named like the cluster: take care which of them a mode "
                      "means.",
                      group.name)};
  return {};
}

/// Spec J2: what can live at cluster level goes there, in the same commit as the name.
std::vector<cluster::LocalCommit::Item> founding_items(const State& state, const std::string& name) {
  const base::ClusterId cluster = state.fleet().cluster;
  const base::Mode machine = state.own_mode();
  const base::Mode top{base::Level::cluster, cluster.uuid};
  std::vector<cluster::LocalCommit::Item> items;
  items.push_back(put_item(state, cluster::cluster_name_register(cluster), name));
  for (const schema::Feature& feature : state.schema.features()) {
    if (feature.scope == schema::Scope::machine) continue;
    const cluster::Register from = cluster::settings_register(machine, feature.name);
    const model::Text text = text_now(state, from);
    if (!text) continue;
    items.push_back(put_item(state, cluster::settings_register(top, feature.name), *text));
    items.push_back(clear_item(state, from));
  }
  return items;
}

void create(State& state, Session& session, const Call& call, Params& params) {
  const std::string name = params.text("name");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (!state.fleet().standalone())
    return call.refuse(fail(ErrorCode::exists, fmt::format("This machine is a member of the cluster {} "
                                                           "already.",
                                                           state.fleet().cluster_name)));
  if (auto wrong = wrong_name("cluster", name)) return call.refuse(*wrong);
  if (find_pending(state, session) != nullptr)
    return call.refuse(fail(ErrorCode::busy,
                            "You have changes that are not committed, and creating a "
                            "cluster moves the settings that they change: commit them or "
                            "drop them with clearchanges first."));
  const std::vector<std::string> warnings = like_the_cluster(state.fleet(), name);
  commit_now(state, session, call, "cluster " + name + " created", founding_items(state, name),
             [call, warnings](State& after, const cluster::Answer& answer) {
               if (Session* writer = call.session()) writer->mode = {base::Level::cluster, after.fleet().cluster.uuid};
               call.answer(json::object{{"time", answer.wall_ms}, {"warnings", lines_json(warnings)}});
             });
}

void add_group(State& state, Session& session, const Call& call, Params& params) {
  const std::string name = params.text("name");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  const cluster::Fleet& fleet = state.fleet();
  if (fleet.standalone()) return call.refuse(in_no_cluster());
  if (auto wrong = wrong_name("group", name)) return call.refuse(*wrong);
  if (const cluster::Group* other = fleet.group_by_name(name))
    return call.refuse(fail(ErrorCode::exists, fmt::format("There is a group {} already; capital and small "
                                                           "letters do not make a difference.",
                                                           other->name)));
  std::vector<std::string> warnings;
  if (lower(name) == lower(fleet.cluster_name))
    warnings.push_back(
        fmt::format("The group {} is named like the cluster: take care which of them a "
                    "mode means.",
                    name));
  const base::GroupId id{fresh_uuid(state)};
  commit_now(state, session, call, "group " + name + " added", {put_item(state, cluster::group_name_register(id), name)},
             [call, warnings](State&, const cluster::Answer&) {
               call.answer(json::object{{"warnings", lines_json(warnings)}});
             });
}

void set_group(State& state, Session& session, const Call& call, Params& params) {
  const std::vector<std::string> hosts = params.texts("machines");
  const std::string name = params.text("group");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  const cluster::Fleet& fleet = state.fleet();
  if (fleet.standalone()) return call.refuse(in_no_cluster());
  if (hosts.empty()) return call.refuse(fail(ErrorCode::usage, "machines", "Name at least one machine to move."));
  auto group = find_group(fleet, name);
  if (!group) return call.refuse(group.error());
  std::vector<cluster::LocalCommit::Item> items;
  for (const std::string& host : hosts) {
    auto member = find_machine(fleet, host);
    if (!member) return call.refuse(member.error());
    const cluster::Register reg = cluster::member_register((*member)->id, "group");
    const bool twice = std::any_of(items.begin(), items.end(), [&](const auto& item) { return item.reg == reg; });
    if (!twice && (*member)->group != (*group)->id) items.push_back(put_item(state, reg, cluster::encode_group((*group)->id)));
  }
  if (items.empty()) return call.answer(json::object{});  // they are there already
  if (items.size() > base::limits::writes_per_commit)
    return call.refuse(fail(ErrorCode::invalid, "machines",
                            fmt::format("At most {} machines can be moved at once.", base::limits::writes_per_commit)));
  commit_now(state, session, call, "machines moved to group " + (*group)->name, std::move(items),
             [call](State&, const cluster::Answer&) { call.answer(json::object{}); });
}

/// Wall-clock time of an instant of the boot clock.
std::int64_t wall_of(const base::Instant& now, std::int64_t mono_ms) { return now.wall_ms - (now.mono_ms - mono_ms); }

struct MachineState {
  std::string state;
  std::string detail;
};

MachineState machine_state(const State& state, const base::Instant& now, const cluster::Member& member) {
  if (member.id == state.peer().self().member) return {"this machine", "version " + state.house.version()};
  for (const cluster::Peer::LinkInfo& link : state.peer().links()) {
    if (link.member != member.id) continue;
    MachineState out{link.state, {}};
    if (link.live && link.round_trip_ms >= 0) out.detail = fmt::format("round trip {} ms", link.round_trip_ms);
    if (!link.package_version.empty())
      out.detail += (out.detail.empty() ? "version " : ", version ") + base::printable_line(link.package_version, version_bytes);
    if (!link.live && link.last_heard_mono_ms > 0)
      out.state = fmt::format("{} since {}", link.state, time_text(wall_of(now, link.last_heard_mono_ms)));
    return out;
  }
  return {"no link", {}};
}

/// What other machines say of joins, as far as it is shown; they are members, but they may run anything.
std::vector<std::string> joining_lines(const State& state) {
  std::vector<std::string> out;
  for (const cluster::Peer::LinkInfo& link : state.peer().links())
    for (const std::string& said : link.joining) {
      std::string line = base::printable_line(said, joining_line_bytes);
      if (out.size() < joining_lines_most && std::ranges::find(out, line) == out.end()) out.push_back(std::move(line));
    }
  return out;
}

/// By host name, serial number or id. One that bears another's name or serial number, so as not to be removed or to
/// have the other removed, is told apart by its id.
base::Result<const cluster::Member*> member_meant(const State& state, const std::string& word) {
  const cluster::Fleet& fleet = state.fleet();
  std::vector<const cluster::Member*> meant;
  for (const cluster::Member& member : fleet.members)
    if (lower(member.host_name) == lower(word) || member.identity.serial == word || base::to_text(member.id) == word)
      meant.push_back(&member);
  if (meant.empty()) return find_machine(fleet, word);
  if (meant.size() == 1) return meant.front();
  std::vector<std::string> each;
  for (const cluster::Member* member : meant)
    each.push_back(fmt::format("{} (serial number {}, {})", base::to_text(member->id),
                               base::printable_line(member->identity.serial, 64),
                               machine_state(state, state.house.now(), *member).state));
  return fail(ErrorCode::invalid, "machines",
              fmt::format("\"{}\" names several machines: {}. Say the id of the one that is meant.",
                          base::printable_line(word, 255), join_words(each)));
}

/// The members to remove, each once. Errors: whoever cannot be.
base::Result<std::vector<const cluster::Member*>> members_to_remove(const State& state, const std::vector<std::string>& words) {
  const cluster::Fleet& fleet = state.fleet();
  if (words.empty()) return fail(ErrorCode::usage, "machines", "Name at least one machine to remove.");
  std::vector<const cluster::Member*> out;
  for (const std::string& word : words) {
    auto member = member_meant(state, word);
    if (!member) return member.error();
    if (fleet.members.size() == 1)
      return fail(ErrorCode::unsupported, "machines",
                  fmt::format("{} is the last machine of the cluster {}. Removing the last machine, which ends the "
                              "cluster, is not in this version.",
                              (*member)->host_name, fleet.cluster_name));
    if ((*member)->id == state.peer().self().member)
      return fail(
          ErrorCode::invalid, "machines",
          fmt::format("{} is this machine. Log in on another machine of the cluster to remove it.", (*member)->host_name));
    if (std::find(out.begin(), out.end(), *member) == out.end()) out.push_back(*member);
  }
  if (out.size() > base::limits::writes_per_commit)
    return fail(ErrorCode::invalid, "machines",
                fmt::format("At most {} machines can be removed at once.", base::limits::writes_per_commit));
  return out;
}

/// Spec J11 without the flattening: what a removed machine does now is part of the answer.
void remove_machine(State& state, Session& session, const Call& call, Params& params) {
  const std::vector<std::string> words = params.texts("machines");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (state.fleet().standalone()) return call.refuse(in_no_cluster());
  auto members = members_to_remove(state, words);
  if (!members) return call.refuse(members.error());
  std::vector<cluster::LocalCommit::Item> items;
  std::vector<std::string> hosts;
  for (const cluster::Member* member : *members) {
    items.push_back(
        cluster::item_over(state.peer().state(), cluster::member_register(member->id, "life"), cluster::WriteKind::remove, {}));
    hosts.push_back(base::printable_line(member->host_name, base::limits::host_name_bytes));
  }
  std::string comment = "machines removed: " + join_words(hosts);
  if (comment.size() > base::limits::comment_bytes) comment = fmt::format("{} machines removed", hosts.size());
  commit_now(state, session, call, std::move(comment), std::move(items), [call, hosts](State&, const cluster::Answer&) {
    const std::string now =
        "A machine that was removed goes on with the mail settings that it has, outside of the cluster: "
        "nothing more reaches it, and nothing can be changed on it. To use it otherwise, set it up anew. "
        "Secrets that it knew are still known to it: change them.";
    call.answer(json::object{{"removed", lines_json(hosts)}, {"warnings", lines_json({now})}});
  });
}

void list(State& state, Session&, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  const cluster::Fleet& fleet = state.fleet();
  if (fleet.standalone()) return call.refuse(in_no_cluster());
  const base::Instant now = state.house.now();
  json::array groups;
  for (const cluster::Group& group : fleet.groups) {
    json::array machines;
    for (const cluster::Member& member : fleet.members) {
      if (member.group != group.id) continue;
      MachineState shown = machine_state(state, now, member);
      machines.push_back(json::object{{"host", member.host_name},
                                      {"serial", member.identity.serial},
                                      {"state", std::move(shown.state)},
                                      {"detail", std::move(shown.detail)}});
    }
    groups.push_back(json::object{{"name", group.name}, {"machines", std::move(machines)}});
  }
  json::object out;
  out["name"] = fleet.cluster_name;
  out["groups"] = std::move(groups);
  out["joining"] = lines_json(joining_lines(state));
  call.answer(std::move(out));
}

json::array hosts_json(const State& state, const std::vector<base::MemberId>& members) {
  json::array out;
  for (const base::MemberId& member : members) out.emplace_back(host_of(state, member));
  return out;
}

bool is_address(std::string_view dial) {
  return dial.find_first_not_of("0123456789.") == std::string_view::npos || dial.find(':') != std::string_view::npos;
}

json::object connection_json(const State& state, const base::Instant& now, const cluster::Member& member,
                             const LinkStatus* looked, const cluster::Peer::LinkInfo* link) {
  const bool self = member.id == state.peer().self().member;
  std::vector<base::MemberId> own_live;
  if (self)
    for (const cluster::Peer::LinkInfo& other : state.peer().links())
      if (other.live) own_live.push_back(other.member);
  json::object out;
  out["host"] = member.host_name;
  out["serial"] = member.identity.serial;
  out["self"] = self;
  out["dial"] = looked != nullptr && !looked->dial.empty()
                    ? looked->dial
                    : fmt::format("{}:{}", member.addresses.dial_host, member.addresses.ssh_port);
  out["state"] = machine_state(state, now, member).state;
  out["last_error"] = looked == nullptr ? std::string() : base::printable_line(looked->last_error);
  out["addresses"] = lines_json(looked == nullptr ? std::vector<std::string>() : looked->addresses);
  out["reverse"] = looked == nullptr ? std::string() : base::printable_line(looked->reverse);
  out["resolve_problem"] = looked == nullptr ? std::string() : base::printable_line(looked->resolve_problem);
  out["uses"] = is_address(member.addresses.dial_host) ? "address" : "name";
  out["round_trip_ms"] = link != nullptr && link->round_trip_ms >= 0 ? json::value(link->round_trip_ms) : json::value(nullptr);
  out["version"] = self              ? state.house.version()
                   : link != nullptr ? base::printable_line(link->package_version, version_bytes)
                                     : std::string();
  out["links"] =
      self ? hosts_json(state, own_live) : hosts_json(state, link != nullptr ? link->its_live : std::vector<base::MemberId>());
  out["links_told_by"] = link != nullptr && link->told_by ? host_of(state, *link->told_by) : "";
  return out;
}

void connstatus(State& state, Session&, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (state.fleet().standalone()) return call.refuse(in_no_cluster());
  state.house.link_status([call](const std::vector<LinkStatus>& looked) {
    const State* alive = call.state();
    if (alive == nullptr) return;
    const base::Instant now = alive->house.now();
    const std::vector<cluster::Peer::LinkInfo> links = alive->peer().links();
    json::array out;
    for (const cluster::Member& member : alive->fleet().members) {
      const auto of_member = [&](const auto& entry) { return entry.member == member.id; };
      const auto seen = std::find_if(looked.begin(), looked.end(), of_member);
      const auto link = std::find_if(links.begin(), links.end(), of_member);
      out.push_back(
          connection_json(*alive, now, member, seen == looked.end() ? nullptr : &*seen, link == links.end() ? nullptr : &*link));
    }
    call.answer(json::object{{"machines", std::move(out)}});
  });
}

}  // namespace

const std::vector<Method>& cluster_methods() {
  static const std::vector<Method> methods = {
      {"cluster.create", create},       {"cluster.add_group", add_group},
      {"cluster.set_group", set_group}, {"cluster.remove_machine", remove_machine},
      {"cluster.list", list},           {"cluster.connstatus", connstatus},
  };
  return methods;
}

}  // namespace postern::desk
