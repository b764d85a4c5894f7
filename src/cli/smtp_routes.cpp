#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/feature_command.h"

namespace postern::cli {
namespace {

using base::ErrorCode;
using base::fail;
using Op = model::Edit::Op;
using Edits = std::vector<model::Edit>;

/// DEST[:PORT][,PREFERENCE]; an IPv6 address with a port stands in brackets.
struct Destination {
  std::string host;
  std::string port = "25";
  std::string preference;
};

Destination destination_of(std::string_view text) {
  Destination destination;
  if (const auto comma = text.rfind(','); comma != text.npos) {
    destination.preference = text.substr(comma + 1);
    text = text.substr(0, comma);
  }
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  const bool bare_ipv6 = text.find(':') != colon && bracket == text.npos;
  if (bare_ipv6) {
    destination.host = fmt::format("[{}]", text);
  } else if (colon != text.npos && (bracket == text.npos || bracket < colon)) {
    destination.host = text.substr(0, colon);
    destination.port = text.substr(colon + 1);
  } else {
    destination.host = text;
  }
  return destination;
}

base::Result<Edits> destination_edits(const Session& session, const schema::Feature& feature,
                                      const model::Path& route, std::string_view text) {
  const Destination destination = destination_of(text);
  auto host = canonical_leaf(session, feature, {"route", "destination", "host"}, destination.host);
  if (!host) return host.error();
  auto port = canonical_leaf(session, feature, {"route", "destination", "port"}, destination.port);
  if (!port) return port.error();
  model::Path entry = route;
  entry.push_back({"destination", {*host, *port}});
  Edits edits{{Op::create, entry, {}, {}}};
  if (destination.preference.empty()) return edits;
  auto preference = canonical_leaf(session, feature, {"route", "destination", "preference"},
                                   destination.preference);
  if (!preference) return preference.error();
  entry.push_back({"preference", {}});
  edits.push_back({Op::set, entry, *preference, {}});
  return edits;
}

/// The action that a lone word stands for, or "hosts".
std::string action_of(std::string_view word) {
  const std::string name = upper(word);
  if (name == "/DEV/NULL" || name == "DROP") return "drop";
  return name == "USEDNS" || name == "MX" ? "mx" : "hosts";
}

base::Result<Edits> make_edits(Session& session, const schema::Feature& feature,
                               std::string_view operation, Arguments& arguments) {
  auto domain = take_leaf(session, feature, {"route", "domain"}, arguments, "The domain");
  if (!domain) return domain.error();
  const model::Path route{{"route", {*domain}}};
  Edits edits;
  // An edit replaces the whole route: removing it first also refuses one that is not there.
  if (operation != "new") edits.push_back({Op::remove, route, {}, {}});
  if (operation == "delete") return edits;
  if (arguments.empty()) {
    return fail(ErrorCode::usage,
                fmt::format("Say where mail for {} goes: hosts, USEDNS, or /dev/null.", *domain));
  }
  edits.push_back({Op::create, route, {}, {}});
  const std::string action = arguments.size() == 1 ? action_of(arguments.peek()) : "hosts";
  model::Path leaf = route;
  leaf.push_back({"action", {}});
  edits.push_back({Op::set, leaf, action, {}});
  if (action != "hosts") {
    arguments.take();
    return edits;
  }
  while (const auto word = arguments.take()) {
    auto more = destination_edits(session, feature, route, *word);
    if (!more) return more.error();
    edits.insert(edits.end(), more->begin(), more->end());
  }
  return edits;
}

}  // namespace

int run_smtproutes(Session& session, Arguments& arguments) {
  return run_feature_command(session, arguments,
                             {"smtproutes", {"new", "edit", "delete"}, make_edits, nullptr});
}

}  // namespace postern::cli
