#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/feature_command.h"
#include "cli/interview.h"
#include "cli/questions.h"
#include "cli/summary.h"

namespace postern::cli {
namespace {

using base::ErrorCode;
using base::fail;
using Op = model::Edit::Op;
using Edits = std::vector<model::Edit>;

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
    if (lower(destination.preference).starts_with("pri=")) destination.preference.erase(0, 4);
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

base::Result<Edits> destination_edits(const Session& session, const schema::Feature& feature,
                                      const model::Path& route, std::string_view text) {
  const auto destination = destination_of(text);
  if (!destination) return destination.error();
  auto host = canonical_leaf(session, feature, {"route", "destination", "host"}, destination->host);
  if (!host) return host.error();
  auto port = canonical_leaf(session, feature, {"route", "destination", "port"}, destination->port);
  if (!port) return port.error();
  model::Path entry = route;
  entry.push_back({"destination", {*host, *port}});
  Edits edits{{Op::create, entry, {}, {}}};
  if (destination->preference.empty()) return edits;
  auto preference = canonical_leaf(session, feature, {"route", "destination", "preference"},
                                   destination->preference);
  if (!preference) return preference.error();
  entry.push_back({"preference", {}});
  edits.push_back({Op::set, entry, *preference, {}});
  return edits;
}

/// The action that a word stands for, or "hosts".
std::string action_of(std::string_view word) {
  const std::string name = upper(word);
  if (name == "/DEV/NULL") return "drop";
  return name == "USEDNS" ? "mx" : "hosts";
}

/// Edits that give `route` its action and destinations; it has neither before.
base::Result<Edits> target_edits(const Session& session, const schema::Feature& feature,
                                 const model::Path& route, const std::vector<std::string>& words) {
  for (const auto& word : words)
    if (words.size() > 1 && action_of(word) != "hosts")
      return fail(ErrorCode::usage, fmt::format("{} stands alone: it is no host.", upper(word)));
  const std::string action = words.size() == 1 ? action_of(words.front()) : "hosts";
  model::Path leaf = route;
  leaf.push_back({"action", {}});
  Edits edits{{Op::set, leaf, action, {}}};
  if (action != "hosts") return edits;
  for (const auto& word : words) {
    auto more = destination_edits(session, feature, route, word);
    if (!more) return more.error();
    edits.insert(edits.end(), more->begin(), more->end());
  }
  return edits;
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
  std::vector<std::string> words;
  while (const auto word = arguments.take()) {
    const auto parts = split(*word, ",");
    words.insert(words.end(), parts.begin(), parts.end());
  }
  if (words.empty()) return fail(ErrorCode::usage, fmt::format("Say where mail for {} goes.", *domain));
  auto targets = target_edits(session, feature, route, words);
  if (!targets) return targets.error();
  edits.insert(edits.end(), targets->begin(), targets->end());
  return edits;
}

/// What ask_route shows as the answer that stands.
std::string targets_text(const model::Node& route) {
  const auto action = route.leaf("action", "hosts");
  if (action == "drop") return "/dev/null";
  if (action == "mx") return "USEDNS";
  std::vector<std::string> targets;
  for (const auto& destination : route.entries("destination")) {
    targets.push_back(destination_text(destination));
  }
  return join(targets, ", ");
}

}  // namespace

bool ask_route(Interview& interview, const model::Path& path, const model::Node* current) {
  Session& session = interview.session;
  Question question;
  question.text = fmt::format("Enter the destination hosts for {}, separated by commas.",
                              path.back().keys.front());
  question.help =
      "Hosts as HOST, HOST:PORT or HOST:PORT/PREFERENCE, also /pri=PREFERENCE (the lowest is tried first); an IPv6\n"
      "address in brackets. Alone: USEDNS for what DNS says, /dev/null to throw the mail away.";
  if (current != nullptr) question.preset = targets_text(*current);
  question.may_be_empty = current == nullptr;
  question.check = [&](std::string_view typed) -> base::Result<std::string> {
    const auto edits = target_edits(session, interview.feature, path, split(typed, ", "));
    if (!edits) return edits.error();
    return std::string(typed);
  };
  const auto answer = ask_text(session, question);
  if (!answer || answer->empty()) return false;
  if (*answer == question.preset) return true;
  for (const char* part : {"action", "destination"}) {
    if (current == nullptr) continue;
    model::Path old = path;
    old.push_back({part, {}});
    interview.edits.push_back({Op::clear, old, {}, {}});
  }
  const auto edits = target_edits(session, interview.feature, path, split(*answer, ", "));
  interview.edits.insert(interview.edits.end(), edits->begin(), edits->end());
  return true;
}

int run_smtproutes(Session& session, Arguments& arguments) {
  return run_feature_command(session, arguments,
                             {"smtproutes", {"new", "edit", "delete"}, make_edits, nullptr});
}

}  // namespace postern::cli
