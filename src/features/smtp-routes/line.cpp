#include "line/line.h"

#include <fmt/format.h>

#include <map>
#include <set>

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
  const auto stands_alone = [&](std::string_view keyword) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is no host: {} stands alone.", whole, keyword));
  };
  if (base::upper(text).starts_with("/DEV/NULL")) return stands_alone("/dev/null");
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
  // [192.0.2.1] and [mx.example], as others write a host whose mail exchangers are not asked for.
  if (destination.host.starts_with('[') && destination.host.ends_with(']') && destination.host.find(':') == std::string::npos)
    destination.host = destination.host.substr(1, destination.host.size() - 2);
  if (base::upper(destination.host) == "USEDNS") return stands_alone("USEDNS");
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
  auto preference = canonical_leaf(subject, {"route", "destination", "preference"}, destination->preference);
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
base::Result<Edits> target_edits(const Subject& subject, const model::Path& route, const std::vector<std::string>& words) {
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
    return fail(ErrorCode::usage, fmt::format("Say where mail for {} goes: hosts, USEDNS, or /dev/null.", *domain));
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

std::optional<base::Result<Edits>> make(const Subject& subject, std::string_view operation, line::Arguments& arguments) {
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

base::Result<Edits> file_edits(const Subject& subject, const model::Path& parent, std::string_view domain,
                               const std::vector<std::string>& targets) {
  auto key = canonical_leaf(subject, {"route", "domain"}, domain);
  if (!key) return key.error();
  if (targets.empty()) return fail(ErrorCode::usage, fmt::format("Say where mail for {} goes.", *key));
  const model::Path route = line::below(parent, "route", {*key});
  auto edits = target_edits(subject, route, targets);
  if (!edits) return edits;
  edits->insert(edits->begin(), model::Edit{Op::create, route, {}, {}});
  return edits;
}

/// AsyncOS: "DOMAIN:DESTINATION, DESTINATION" or with blanks behind the domain.
Edits read_asyncos(const Subject& subject, const model::Path& parent, std::string_view text, std::vector<line::Said>& said) {
  return line::read_lines(text, said, [&](const line::FileLine& one) {
    const auto end = one.text.find_first_of(": \t");
    const std::string rest = end == std::string::npos ? std::string() : base::trimmed(one.text.substr(end));
    const std::size_t colon = rest.starts_with(':') ? 1 : 0;  // it may stand behind a blank
    return file_edits(subject, parent, one.text.substr(0, end), base::split(std::string_view(rest).substr(colon), ", \t"));
  });
}

std::string write_asyncos(const model::Node& holder) {
  std::string text;
  for (const auto& route : holder.entries("route")) text += fmt::format("{}:{}\n", route.leaf("domain"), targets_text(route));
  return text;
}

/// The destination of "[HOST]:PORT" as transport(5) writes it; a host without brackets is looked up as a domain there.
base::Result<std::string> next_hop(std::string_view text) {
  if (!text.starts_with('['))
    return fail(ErrorCode::usage, fmt::format("\"{}\" is a domain whose mail exchangers are asked for, which a route cannot "
                                              "say: write its hosts, in brackets.",
                                              text));
  const auto close = text.find(']');
  if (close == text.npos) return fail(ErrorCode::usage, fmt::format("\"{}\" has no closing bracket.", text));
  std::string host(text.substr(1, close - 1));
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return host + std::string(text.substr(close + 1));
}

/// Postfix's transport(5): "DOMAIN TRANSPORT:NEXTHOP[, NEXTHOP]".
base::Result<Edits> transport_edits(const Subject& subject, const model::Path& parent, const line::FileLine& one) {
  const auto blank = one.text.find_first_of(" \t");
  const std::string key = one.text.substr(0, blank);
  const std::string value = blank == std::string::npos ? std::string() : base::trimmed(one.text.substr(blank));
  const std::string domain = key == "*" ? "ALL" : key;
  const auto colon = value.find(':');
  const std::string transport = value.substr(0, colon);
  const std::string rest = colon == std::string::npos ? std::string() : base::trimmed(value.substr(colon + 1));
  if (transport == "discard") return file_edits(subject, parent, domain, {"/dev/null"});
  if (transport != "smtp" && transport != "relay" && !transport.empty())
    return fail(ErrorCode::usage,
                fmt::format("The transport \"{}\" is none that a route can say: smtp, relay and discard are.", transport));
  if (rest.empty()) return file_edits(subject, parent, domain, {"USEDNS"});
  std::vector<std::string> targets;
  for (const auto& hop : base::split(rest, ", \t")) {
    auto target = next_hop(hop);
    if (!target) return target.error();
    // The order of transport(5) is a preference.
    targets.push_back(targets.empty() ? *target : fmt::format("{}/{}", *target, targets.size()));
  }
  return file_edits(subject, parent, domain, targets);
}

Edits read_transport(const Subject& subject, const model::Path& parent, std::string_view text, std::vector<line::Said>& said) {
  return line::read_lines(text, said, [&](const line::FileLine& one) { return transport_edits(subject, parent, one); });
}

std::string write_transport(const model::Node& holder) {
  std::string text;
  for (const auto& route : holder.entries("route")) {
    const auto action = route.leaf("action", "hosts");
    std::multimap<long, std::string> hops;  // transport(5) tries them in their order
    for (const auto& destination : route.entries("destination")) {
      const auto host = destination.leaf("host");
      hops.emplace(line::whole_number(destination.leaf("preference", "0")).value_or(0),
                   fmt::format(fmt::runtime(host.starts_with('[') ? "{}:{}" : "[{}]:{}"), host, destination.leaf("port")));
    }
    std::string value = action == "drop" ? "discard:" : "smtp:";
    const char* between = "";
    for (const auto& [preference, hop] : hops) {
      value += between + hop;
      between = ", ";
    }
    const std::string key(route.leaf("domain"));
    text += fmt::format("{} {}\n", key == "ALL" ? "*" : key, value);
  }
  return text;
}

/// Routes with hosts of one preference: transport(5) has an order alone.
std::vector<std::string> sharing_routes(const model::Node& holder) {
  std::vector<std::string> routes;
  for (const auto& route : holder.entries("route")) {
    std::set<std::string_view> preferences;
    const auto& hosts = route.entries("destination");
    for (const auto& host : hosts) preferences.insert(host.leaf("preference", "0"));
    if (preferences.size() < hosts.size()) routes.emplace_back(route.leaf("domain"));
  }
  return routes;
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
      "Hosts as HOST, HOST:PORT or HOST:PORT/PREFERENCE, also /pri=PREFERENCE (the lowest is tried first;\n"
      "equal ones share the mail); an IPv6 address in brackets. Alone: USEDNS for what DNS says, /dev/null to throw the mail away.",
      targets_text,
      whole_edits,
      {"action", "destination"}};
  line.files = {{"asyncos", "route", read_asyncos, write_asyncos},
                {"postfix", "route", read_transport, write_transport,
                 "Postfix's transport(5) tries hosts in their order and cannot say that some share the mail, as those of one "
                 "preference do for {}.",
                 sharing_routes}};
  return line;
}

}  // namespace postern::features
