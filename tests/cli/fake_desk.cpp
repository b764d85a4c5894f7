#include "fake_desk.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/assert.h"
#include "protocol/json.h"
#include "model/edit.h"

namespace postern::cli::test {

using protocol::flag_of;
using protocol::items_of;
using protocol::text_of;
using protocol::texts_of;

using base::ErrorCode;
using protocol::Json;
using protocol::JsonObject;

const schema::Schema& the_schema() {
  static const auto schema = schema::Schema::load();
  POSTERN_ASSERT(schema.has_value());
  return **schema;
}

protocol::Refusal refusal(ErrorCode code, std::string text, JsonObject data) {
  return {base::fail(code, std::move(text)), std::move(data)};
}

FakeDesk::FakeDesk(const schema::Schema& schema) : schema_(schema) {}

std::vector<std::string> FakeDesk::modes() const {
  std::vector<std::string> all{"cluster"};
  for (const auto& group : groups) all.push_back("group " + group);
  all.emplace_back("machine newyork.example.com");
  return all;
}

std::string FakeDesk::label(const std::string& of_mode) const {
  if (of_mode == "cluster") return "Cluster " + cluster;
  std::string text = of_mode;
  text[0] = of_mode.starts_with("group") ? 'G' : 'M';
  return text;
}

std::string FakeDesk::supplier(const std::string& feature) const {
  if (settings.contains({mode, feature})) return mode;
  return settings.contains({"cluster", feature}) ? "cluster" : std::string();
}

std::string FakeDesk::text(const std::string& in_mode, const std::string& feature) const {
  const auto found = settings.find({in_mode, feature});
  return found == settings.end() ? "none" : found->second;
}

std::vector<std::string> FakeDesk::calls_of(std::string_view method) const {
  std::vector<std::string> found;
  for (const auto& call : calls) {
    if (call.starts_with(std::string(method) + " ")) found.push_back(call.substr(method.size() + 1));
  }
  return found;
}

FakeDesk::Answer FakeDesk::hello() const {
  return Json(JsonObject{{"user", "admin"},
                         {"role", "administrator"},
                         {"host", "newyork.example.com"},
                         {"serial", "4F21A09C3B7E-K3QM7ZT2XW5A"},
                         {"cluster", cluster.empty() ? Json(nullptr) : Json(cluster)},
                         {"mode", mode},
                         {"label", label(mode)},
                         {"pending", pending},
                         {"other_sessions", 0},
                         {"version", "0.1.0"}});
}

FakeDesk::Answer FakeDesk::get(const JsonObject& params) const {
  const std::string name = text_of(params, "feature");
  const auto* feature = schema_.feature(name);
  const std::string from = supplier(name);
  const auto data = [&](const std::string& canonical) {
    const Json document = boost::json::parse(canonical);
    return document.get_object().empty() ? Json(JsonObject{}) : document.get_object().begin()->value();
  };
  boost::json::array defined_at;
  for (const auto& place : modes()) {
    defined_at.push_back(JsonObject{{"mode", place}, {"label", label(place)}, {"defined", settings.contains({place, name})}});
  }
  JsonObject answer;
  answer["defined"] = settings.contains({mode, name});
  answer["data"] = settings.contains({mode, name}) ? data(settings.at({mode, name})) : Json(nullptr);
  answer["effective"] = data(from.empty() ? feature->factory : settings.at({from, name}));
  answer["effective_from"] = from.empty() ? "factory default" : label(from);
  answer["effective_mode"] = from.empty() ? Json(nullptr) : Json(from);
  boost::json::array hidden;
  if (mode == "cluster") {
    for (const auto& group : groups) {
      if (settings.contains({"group " + group, name})) hidden.emplace_back(group);
    }
  }
  answer["hidden_from"] = JsonObject{{"groups", hidden}, {"machines", boost::json::array{}}};
  answer["defined_at"] = defined_at;
  answer["pending"] = pending;
  return Json(answer);
}

FakeDesk::Answer FakeDesk::edit(const JsonObject& params) {
  const std::string name = text_of(params, "feature");
  const std::string start = text_of(params, "start");
  const auto* feature = schema_.feature(name);
  std::string before = text(mode, name);
  if (before == "none") {
    if (!cluster.empty() && feature->scope == schema::Scope::any && start.empty()) {
      return refusal(ErrorCode::restricted, feature->title + " are not defined at " + label(mode) + ".", {{"needs", "start"}});
    }
    before = start.starts_with("copy:") ? text(start.substr(5), name) : feature->factory;
  }
  std::vector<model::Edit> edits;
  for (const auto& item : items_of(params, "edits")) {
    edits.push_back({*model::parse_op(text_of(item, "op")), *model::parse_path(text_of(item, "path")), text_of(item, "value"),
                     texts_of(item, "anchor")});
  }
  const auto tree = schema_.parse(name, before);
  POSTERN_ASSERT(tree.has_value());
  const auto changed = model::apply(*tree, edits, schema_.shapes(name));
  if (!changed) return protocol::Refusal{changed.error(), nullptr};
  const auto canonical = schema_.canonical(name, *changed);
  if (!canonical) return protocol::Refusal{canonical.error(), nullptr};
  settings[{mode, name}] = schema_.print(name, *canonical);
  pending = true;
  return Json(JsonObject{{"changed", true}, {"warnings", boost::json::array{}}});
}

FakeDesk::Answer FakeDesk::copy(const JsonObject& params) {
  const std::string name = text_of(params, "feature");
  const std::string to = text_of(params, "to");
  settings[{to, name}] = text(mode, name);
  if (flag_of(params, "move")) settings.erase({mode, name});
  boost::json::array labels;
  labels.emplace_back(label(to));
  return Json(JsonObject{{"to", labels}, {"warnings", boost::json::array{}}});
}

FakeDesk::Answer FakeDesk::call(std::string_view method, JsonObject params) {
  calls.push_back(fmt::format("{} {}", method, boost::json::serialize(params)));
  if (const auto canned = answers.find(std::string(method)); canned != answers.end()) {
    return canned->second(params);
  }
  if (const auto canned = answers.find(text_of(params, "command")); method == "command.run" && canned != answers.end()) {
    return canned->second(params);
  }
  if (method == "session.hello") return hello();
  if (method == "session.mode") {
    mode = text_of(params, "mode");
    return Json(JsonObject{{"mode", mode}, {"label", label(mode)}});
  }
  if (method == "session.command") {
    const auto needs = restricted.find(text_of(params, "command"));
    if (needs != restricted.end() && !cluster.empty() && !mode.starts_with(needs->second)) {
      return refusal(ErrorCode::restricted, fmt::format("{} is restricted to \"{}\" mode.", needs->first, needs->second),
                     {{"needs", needs->second}});
    }
    return Json(JsonObject{{"allowed", true}});
  }
  if (method == "feature.get") return get(params);
  if (method == "feature.edit") return edit(params);
  if (method == "feature.copy") return copy(params);
  return refusal(ErrorCode::unsupported, fmt::format("{} is not in this version.", method));
}

}  // namespace postern::cli::test
