#include "line/line.h"

#include <fmt/format.h>

#include "base/words.h"

/// smtproutes: destinations are words of their own, and USEDNS and /dev/null stand for an action.
namespace postern::features {
namespace {

using base::ErrorCode;
using base::fail;
using line::canonical_leaf;
using line::Edits;
using line::Subject;
using line::take_leaf;
using Op = model::Edit::Op;

/// DEST[:PORT][/PREFERENCE] or DEST[:PORT]/pri=PREFERENCE; an IPv6 address with either stands in brackets.
struct Destination {
  std::string host;
  std::string port = "25";
  std::string preference;
};

base::Result<Destination> destination_of(std::string_view text) {
  Destination destination;
  const std::string_view whole = text;
  if (const auto slash = text.rfind('/'); slash != text.npos) {
    destination.preference = text.substr(slash + 1);
    text = text.substr(0, slash);
    if (base::lower(destination.preference).starts_with("pri=")) destination.preference.erase(0, 4);
    if (destination.preference.empty())
      return fail(ErrorCode::usage, fmt::format("{} has no preference behind the slash: write a number, or no slash.", whole));
  }
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  const bool bare_ipv6 = text.find(':') != colon && bracket == text.npos;
  if (bare_ipv6 && text != whole) {
    return fail(ErrorCode::usage, fmt::format("{0} could be a network: a preference of an IPv6 address is written [{1}]/{2}.",
                                              whole, text, destination.preference));
  }
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

base::Result<Edits> destination_edits(const Subject& subject, const model::Path& route, std::string_view text) {
  const auto destination = destination_of(text);
  if (!destination) return destination.error();
  auto host = canonical_leaf(subject, {"route", "destination", "host"}, destination->host);
  if (!host) return host.error();
  auto port = canonical_leaf(subject, {"route", "destination", "port"}, destination->port);
  if (!port) return port.error();
  model::Path entry = route;
  entry.push_back({"destination", {*host, *port}});
  Edits edits{{Op::create, entry, {}, {}}};
  if (destination->preference.empty()) return edits;
  auto preference = canonical_leaf(subject, {"route", "destination", "preference"},
                                   destination->preference);
  if (!preference) return preference.error();
  entry.push_back({"preference", {}});
  edits.push_back({Op::set, entry, *preference, {}});
  return edits;
}

/// The action that a word stands for, or "hosts".
std::string action_of(std::string_view word) {
  const std::string name = base::upper(word);
  if (name == "/DEV/NULL") return "drop";
  return name == "USEDNS" ? "mx" : "hosts";
}

/// Edits that give `route` its action and destinations; it has neither before.
base::Result<Edits> target_edits(const Subject& subject, const model::Path& route,
                                 const std::vector<std::string>& words) {
  for (const auto& word : words)
    if (words.size() > 1 && action_of(word) != "hosts")
      return fail(ErrorCode::usage, fmt::format("{} stands alone: it is no host.", base::upper(word)));
  const std::string action = words.size() == 1 ? action_of(words.front()) : "hosts";
  model::Path leaf = route;
  leaf.push_back({"action", {}});
  Edits edits{{Op::set, leaf, action, {}}};
  if (action != "hosts") return edits;
  for (const auto& word : words) {
    auto more = destination_edits(subject, route, word);
    if (!more) return more.error();
    edits.insert(edits.end(), more->begin(), more->end());
  }
  return edits;
}

/// new|edit DOMAIN DESTINATION ...
base::Result<Edits> route_edits(const Subject& subject, std::string_view operation, line::Arguments& arguments) {
  auto domain = take_leaf(subject, {"route", "domain"}, arguments, "The domain");
  if (!domain) return domain.error();
  const model::Path route{{"route", {*domain}}};
  Edits edits;
  // An edit replaces the whole route: removing it first also refuses one that is not there.
  if (operation != "new") edits.push_back({Op::remove, route, {}, {}});
  if (arguments.empty()) {
    return fail(ErrorCode::usage,
                fmt::format("Say where mail for {} goes: hosts, USEDNS, or /dev/null.", *domain));
  }
  edits.push_back({Op::create, route, {}, {}});
  std::vector<std::string> words;
  while (const auto word = arguments.take()) {
    // Operators paste AsyncOS's commas.
    const auto parts = base::split(*word, ",");
    words.insert(words.end(), parts.begin(), parts.end());
  }
  if (words.empty()) return fail(ErrorCode::usage, fmt::format("Say where mail for {} goes.", *domain));
  auto targets = target_edits(subject, route, words);
  if (!targets) return targets.error();
  edits.insert(edits.end(), targets->begin(), targets->end());
  return edits;
}


std::optional<base::Result<Edits>> make(const Subject& subject, std::string_view operation,
                                        line::Arguments& arguments) {
  return route_edits(subject, operation, arguments);
}

std::string destination_text(const model::Node& destination) {
  const auto preference = destination.leaf("preference", "0");
  return fmt::format("{}:{}{}", destination.leaf("host"), destination.leaf("port"),
                     preference == "0" ? "" : fmt::format("/{}", preference));
}

/// What the route is, in the words that make it.
std::string targets_text(const model::Node& route) {
  const auto action = route.leaf("action", "hosts");
  if (action == "drop") return "/dev/null";
  if (action == "mx") return "USEDNS";
  std::vector<std::string> targets;
  for (const auto& destination : route.entries("destination")) targets.push_back(destination_text(destination));
  return base::join(targets, ", ");
}

std::optional<std::string> summary(const schema::Form& list, const model::Node& entry) {
  if (list.name == "destination") return destination_text(entry);
  return fmt::format("{}: {}", entry.leaf("domain"), targets_text(entry));
}

base::Result<Edits> whole_edits(const Subject& subject, const model::Path& entry, std::string_view words) {
  return target_edits(subject, entry, base::split(words, ", "));
}

}  // namespace

line::Line line_smtp_routes() {
  line::Line line;
  line.feature = "smtp-routes";
  line.operations = {"new", "edit"};
  line.forms =
      "smtproutes new|edit DOMAIN DEST[:PORT][/PREFERENCE] ...\n"
      "smtproutes new|edit DOMAIN USEDNS|/dev/null";
  line.make = make;
  line.summary = summary;
  line.whole = line::Whole{
      "route",
      "Enter the destination hosts for {}, separated by commas.",
      "Hosts as HOST, HOST:PORT or HOST:PORT/PREFERENCE, also /pri=PREFERENCE (the lowest is tried first); an IPv6\n"
      "address in brackets. Alone: USEDNS for what DNS says, /dev/null to throw the mail away.",
      targets_text,
      whole_edits,
      {"action", "destination"}};
  return line;
}

}  // namespace postern::features
