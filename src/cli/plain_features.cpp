#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/feature_command.h"

/// destconfig, interfaceconfig and dnsconfig: one list with options, or a choice.
namespace postern::cli {
namespace {

using base::ErrorCode;
using base::fail;
using Op = model::Edit::Op;
using Edits = std::vector<model::Edit>;

base::Result<Edits> destination_edits(Session& session, const schema::Feature& feature,
                                      std::string_view operation, Arguments& arguments) {
  static const std::vector<LeafOption> options{
      {"max-connections", {"maximum-connections"}},
      {"messages-per-connection", {"messages-per-connection"}},
  };
  return keyed_edits(session, feature, "destination", options, {}, operation, arguments);
}

base::Result<Edits> interface_edits(Session& session, const schema::Feature& feature,
                                    std::string_view operation, Arguments& arguments) {
  static const std::vector<LeafOption> options{
      {"address", {"address"}},        {"hostname", {"host-name"}},
      {"ssh", {"ssh", "enabled"}},     {"ssh-port", {"ssh", "port"}},
      {"ccs", {"ccs", "enabled"}},     {"ccs-port", {"ccs", "port"}},
      {"https", {"https", "enabled"}}, {"https-port", {"https", "port"}},
  };
  if (operation == "delete" || arguments.size() < 2) {
    std::vector<std::string> mandatory{"address", "hostname"};
    return keyed_edits(session, feature, "interface", options, mandatory, operation, arguments);
  }
  // `new NAME ADDRESS/LEN`: the address is a word of its own.
  auto name = take_leaf(session, feature, {"interface", "name"}, arguments, "The name");
  if (!name) return name.error();
  auto address = take_leaf(session, feature, {"interface", "address"}, arguments, "The address");
  if (!address) return address.error();
  if (operation == "edit") {
    if (const auto there = expect_entry(session, feature, "interface", *name, arguments); !there) {
      return there.error();
    }
  }
  const model::Path entry{{"interface", {*name}}};
  auto sets = option_edits(session, feature, entry, options, arguments);
  if (!sets) return sets.error();
  Edits edits;
  if (operation == "new") {
    const bool named = std::ranges::any_of(
        *sets, [](const model::Edit& edit) { return edit.path.back().name == "host-name"; });
    if (!named) return fail(ErrorCode::usage, "The option --hostname is missing.");
    edits.push_back({Op::create, entry, {}, {}});
  }
  model::Path leaf = entry;
  leaf.push_back({"address", {}});
  edits.push_back({Op::set, leaf, *address, {}});
  edits.insert(edits.end(), sets->begin(), sets->end());
  return edits;
}

/// servers IP… | root | system
base::Result<Edits> dns_edits(Session& session, const schema::Feature& feature,
                              std::string_view operation, Arguments& arguments) {
  const model::Path servers{{"server", {}}};
  Edits edits{{Op::clear, servers, {}, {}},
              {Op::set, {{"source", {}}}, std::string(operation), {}}};
  if (operation != "servers") return edits;
  if (arguments.empty()) return fail(ErrorCode::usage, "Name at least one server's IP address.");
  while (const auto word = arguments.take()) {
    auto server = canonical_leaf(session, feature, {"server"}, *word);
    if (!server) return server.error();
    edits.push_back({Op::insert, servers, *server, {}});
  }
  return edits;
}

}  // namespace

int run_destconfig(Session& session, Arguments& arguments) {
  return run_feature_command(session, arguments,
                             {"destconfig", {"new", "edit", "delete"}, destination_edits, nullptr});
}

int run_interfaceconfig(Session& session, Arguments& arguments) {
  return run_feature_command(session, arguments,
                             {"interfaceconfig", {"new", "edit", "delete"}, interface_edits, nullptr});
}

int run_dnsconfig(Session& session, Arguments& arguments) {
  return run_feature_command(session, arguments,
                             {"dnsconfig", {"servers", "root", "system"}, dns_edits, nullptr});
}

}  // namespace postern::cli
