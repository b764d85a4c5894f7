#include "commands/clusterconfig/operations.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"

namespace postern::cli {
namespace {

using base::ErrorCode;

const std::vector<Operation>& operations() {
  static const std::vector<Operation> menu{
      {"ADDGROUP", "Add a cluster group."},
      {"SETGROUP", "Set the group that machines are a member of."},
      {"RENAMEGROUP", "Rename a cluster group."},
      {"DELETEGROUP", "Remove a cluster group."},
      {"REMOVEMACHINE", "Remove a machine from the cluster."},
      {"SETNAME", "Set the cluster name."},
      {"LIST", "List the machines in the cluster."},
      {"LISTDETAIL", "List the machines in the cluster with detail."},
      {"DISCONNECT", "Temporarily detach machines from the cluster."},
      {"RECONNECT", "Restore connections with machines that were previously detached."},
      {"PREPJOIN", "Prepare the addition of a new machine over CCS."},
      {"CONNSTATUS", "Show the links between machines, and how their names resolve."},
      {"COMMUNICATION", "Change how machines are reached: SSH or CCS, and on which port."},
  };
  return menu;
}

int add_group(Session& session, Arguments& arguments) {
  std::string name = arguments.take_rest();
  if (name.empty() && !session.interactive) {
    return session.fail(ErrorCode::usage, "Say the name of the new group: clusterconfig addgroup NAME.");
  }
  if (name.empty()) {
    const auto answer = ask_text(session, {"Enter the name of the new group.", {}, {}, true, {}, {}});
    if (!answer || answer->empty()) return exit_ok;
    name = *answer;
  }
  JsonObject params;
  params["name"] = name;
  const auto answer = session.call("cluster.add_group", std::move(params));
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  session.line(fmt::format("Group {} is created.", name));
  session.warnings(*answer);
  return exit_ok;
}

int move_machines(Session& session, const std::vector<std::string>& hosts, const std::string& group) {
  JsonObject params;
  params["machines"] = boost::json::array(hosts.begin(), hosts.end());
  params["group"] = group;
  const auto answer = session.call("cluster.set_group", std::move(params));
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  for (const auto& host : hosts) session.line(fmt::format("{} is now in group {}.", host, group));
  return exit_ok;
}

/// Asks for hosts by number or name, several separated by commas.
std::optional<std::vector<std::string>> ask_machines(Session& session, std::string_view to_do,
                                                     const std::vector<std::string>& hosts) {
  Question question;
  question.text = fmt::format("Enter the names or numbers of the machines to {}, separated by commas.", to_do);
  question.completions = hosts;
  question.check = [&](std::string_view typed) -> base::Result<std::string> {
    std::vector<std::string> chosen;
    for (const auto& part : split(typed, ", ")) {
      const auto number = whole_number(part);
      const bool counts = number && *number >= 1 && static_cast<std::size_t>(*number) <= hosts.size();
      auto host = counts ? base::Result<std::string>(hosts[static_cast<std::size_t>(*number) - 1])
                         : by_prefix(hosts, part, "a machine of this cluster");
      if (!host) return host.error();
      chosen.push_back(std::move(*host));
    }
    return join(chosen, ",");
  };
  const auto answer = ask_text(session, question);
  if (!answer || answer->empty()) return std::nullopt;
  return split(*answer, ",");
}

int ask_set_group(Session& session) {
  const auto list = session.call("cluster.list", {});
  if (!list) return session.last_exit;
  std::vector<std::string> hosts;
  std::vector<std::string> groups;
  std::size_t number = 0;
  for (const auto& group : items_of(*list, "groups")) {
    groups.push_back(text_of(group, "name"));
    for (const auto& machine : items_of(group, "machines")) {
      hosts.push_back(text_of(machine, "host"));
      session.line(fmt::format("{}. {} (group {})", ++number, hosts.back(), groups.back()));
    }
  }
  const auto chosen = ask_machines(session, "move", hosts);
  if (!chosen) return exit_ok;
  session.line(fmt::format("Choose the group that {} should be a member of.", join(*chosen, ", ")));
  const auto group = ask_number(session, groups, 0);
  return group ? move_machines(session, *chosen, groups[*group]) : exit_ok;
}

int set_group(Session& session, Arguments& arguments) {
  if (arguments.empty() && session.interactive) return ask_set_group(session);
  const auto hosts = split(arguments.take().value_or(""), ",");
  const std::string group = arguments.take_rest();
  if (hosts.empty() || group.empty()) {
    return session.fail(ErrorCode::usage, "Say who goes where: clusterconfig setgroup HOST[,HOST] GROUP.");
  }
  return move_machines(session, hosts, group);
}

int remove_machines(Session& session, const std::vector<std::string>& machines) {
  JsonObject params;
  params["machines"] = boost::json::array(machines.begin(), machines.end());
  const auto answer = session.call("cluster.remove_machine", std::move(params));
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  for (const auto& host : items_of(*answer, "removed"))
    session.line(fmt::format("{} is removed from the cluster.", std::string(host.as_string())));
  session.warnings(*answer);
  session.line("Removing a machine takes effect immediately, there is no need to commit.");
  return exit_ok;
}

int ask_remove_machine(Session& session) {
  const auto list = session.call("cluster.list", {});
  if (!list) return session.last_exit;
  std::vector<std::string> hosts;
  std::size_t number = 0;
  for (const auto& group : items_of(*list, "groups")) {
    for (const auto& machine : items_of(group, "machines")) {
      hosts.push_back(text_of(machine, "host"));
      session.line(fmt::format("{}. {} (group {})", ++number, hosts.back(), text_of(group, "name")));
    }
  }
  const auto chosen = ask_machines(session, "remove", hosts);
  if (!chosen) return exit_ok;
  const auto sure =
      ask_yes_no(session, fmt::format("Are you sure that you want to remove {} from the cluster?", join(*chosen, ", ")), false);
  return sure && *sure ? remove_machines(session, *chosen) : exit_ok;
}

int remove_machine(Session& session, Arguments& arguments) {
  if (arguments.empty() && session.interactive) return ask_remove_machine(session);
  const auto machines = split(arguments.take().value_or(""), ",");
  if (machines.empty() || !arguments.empty()) {
    return session.fail(ErrorCode::usage,
                        "Say which machine leaves, by host name, serial number or id: clusterconfig removemachine "
                        "HOST[,HOST].");
  }
  return remove_machines(session, machines);
}

int standalone_menu(Session& session) {
  session.line("Do you want to join or create a cluster?");
  const auto choice = ask_number(session,
                                 {"No, configure as standalone.", "Create a new cluster.", "Join an existing cluster over SSH.",
                                  "Join an existing cluster over CCS."},
                                 0);
  if (!choice || *choice == 0) return exit_ok;
  if (*choice == 2) return join_over_ssh(session);
  if (*choice == 3) return not_in_this_version(session, "Joining a cluster over CCS");
  session.line("");
  const auto name = ask_text(session, {"Enter the name of the new cluster.", {}, {}, true, {}, {}});
  if (!name || name->empty()) return exit_ok;
  return create_cluster(session, *name);
}

}  // namespace

std::vector<std::string> cluster_operations() {
  std::vector<std::string> names;
  for (const auto& operation : operations()) names.push_back(operation.name);
  return names;
}

int create_cluster(Session& session, const std::string& name) {
  JsonObject params;
  params["name"] = name;
  const auto answer = session.call("cluster.create", std::move(params));
  if (!answer) return session.last_exit;
  if (!session.json) {
    session.line("");
    session.line("New cluster committed: " + time_of(*answer, "time"));
    session.warnings(*answer);
  }
  if (session.printed_json(*answer)) return session.switch_mode("cluster");
  return arrive_in_cluster(session, "Creating a cluster");
}

int arrive_in_cluster(Session& session, std::string_view done) {
  if (const int code = session.refresh(); code != exit_ok) return code;
  if (const int code = session.switch_mode("cluster"); code != exit_ok) return code;
  session.line(fmt::format("{} takes effect immediately, there is no need to commit.", done));
  session.line("");
  if (session.interactive) return cluster_menu(session);
  session.line("Cluster " + session.cluster);
  return exit_ok;
}

int cluster_menu(Session& session) {
  while (!session.over() && !session.console().ended()) {
    session.line("Cluster " + session.cluster);
    session.line("");
    const auto operation = ask_operation(session, operations());
    if (!operation) break;
    Arguments none({});
    run_cluster_operation(session, *operation, none);
    session.line("");
  }
  return exit_ok;
}

int run_cluster_operation(Session& session, const std::string& operation, Arguments& arguments) {
  if (operation == "ADDGROUP") return add_group(session, arguments);
  if (operation == "SETGROUP") return set_group(session, arguments);
  if (operation == "REMOVEMACHINE") return remove_machine(session, arguments);
  if (operation == "LIST" || operation == "LISTDETAIL") {
    return list_cluster(session, operation == "LISTDETAIL");
  }
  if (operation == "CONNSTATUS") return print_connections(session);
  return not_in_this_version(session, "clusterconfig " + lower(operation));
}

int run_clusterconfig(Session& session, Arguments& arguments) {
  if (arguments.empty()) {
    if (!session.may_ask()) return exit_usage;
    const bool before = session.interactive;
    session.interactive = true;  // a menu asks, whoever answers
    const int code = session.in_cluster() ? cluster_menu(session) : standalone_menu(session);
    session.interactive = before;
    return code;
  }
  std::vector<std::string> names = cluster_operations();
  names.insert(names.end(), {"CREATE", "JOIN", "PREJOIN"});
  const auto operation = by_prefix(names, *arguments.take(), "an operation of clusterconfig");
  if (!operation) return misused(session, operation.error(), forms_of(session, *session.commands.find("clusterconfig")));
  // Only JOIN has options.
  if (*operation != "JOIN") {
    if (const auto options = arguments.finished_options(); !options) return session.fail(options.error());
  }
  if (*operation == "CREATE") {
    const std::string name = arguments.take_rest();
    if (name.empty()) {
      return session.fail(ErrorCode::usage, "Say the cluster's name: clusterconfig create NAME.");
    }
    return create_cluster(session, name);
  }
  if (*operation == "JOIN") return join_line(session, arguments);
  if (*operation == "PREJOIN") {
    const auto what = by_prefix({"print", "restore"}, arguments.take().value_or("print"), "print or restore");
    if (!what) return session.fail(what.error());
    return *what == "print" ? print_prejoin(session) : not_in_this_version(session, "clusterconfig prejoin restore");
  }
  return run_cluster_operation(session, *operation, arguments);
}

}  // namespace postern::cli
