#include "desk/settings/features.h"

#include "base/limits.h"
#include "desk/settings/check.h"
#include "desk/door/rights.h"
#include "features/features.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <set>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;

json::array defined_json(const State& state, const View& view, std::string_view feature) {
  const cluster::Fleet& fleet = state.fleet();
  json::array out;
  for (const model::DefinedAt& at : model::defined_at(view.settings, view.layout, feature)) {
    if (fleet.standalone() && at.mode.level != base::Level::machine) continue;
    out.push_back(
        json::object{{"mode", mode_text(fleet, at.mode)}, {"label", mode_label(fleet, at.mode)}, {"defined", at.defined}});
  }
  return out;
}

json::object hidden_json(const View& view, const base::Mode& mode, std::string_view feature) {
  const model::Hidden hidden = model::hidden_from(view.settings, view.layout, mode, feature);
  json::array groups;
  json::array machines;
  for (const base::GroupId& id : hidden.groups)
    if (const auto* group = view.layout.group(id)) groups.emplace_back(group->name);
  for (const base::MemberId& id : hidden.machines)
    if (const auto* machine = view.layout.machine(id)) machines.emplace_back(machine->host_name);
  return {{"groups", std::move(groups)}, {"machines", std::move(machines)}};
}

void feature_get(State& state, Session& session, const Call& call, Params& params) {
  const std::string name = params.text("feature");
  const auto typed = params.text_if("mode");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto target = find_target(state, session, name, typed);
  if (!target) return call.refuse(target.error());
  const auto& [feature, mode] = *target;
  const cluster::Fleet& fleet = state.fleet();
  const View view = view_of(state, session);
  const auto from = model::supplier_at(view.settings, view.layout, mode, feature->name);
  const Pending* pending = find_pending(state, session);
  json::object out;
  out["feature"] = feature->name;
  out["command"] = feature->command;
  out["title"] = feature->title;
  out["mode"] = mode_text(fleet, mode);
  out["label"] = mode_label(fleet, mode);
  out["defined"] = view.settings.defines(mode, feature->name);
  const bool writer = !may_not_write(*feature, role_of(state, session));
  const schema::Form& form = state.schema.form(feature->name);
  const auto shown = [&](const model::Text& text) {
    json::value data = data_of(text);
    return writer ? data : without_secrets(form, std::move(data));
  };
  out["data"] = shown(view.settings.find(mode, feature->name));
  out["effective"] = shown(from ? view.settings.find(*from, feature->name) : factory_text(*feature));
  out["effective_from"] = from ? mode_label(fleet, *from) : "factory default";
  out["effective_mode"] = from ? json::value(mode_text(fleet, *from)) : nullptr;
  out["hidden_from"] = hidden_json(view, mode, feature->name);
  out["defined_at"] = defined_json(state, view, feature->name);
  out["pending"] = pending != nullptr && pending->edits.contains({mode, feature->name});
  call.answer(std::move(out));
}

/// What a definition that begins now begins with, or the refusal that asks for a start (spec C14).
Checked<model::Text> start_text(const State& state, const View& view, const Target& target,
                                const std::optional<std::string>& start) {
  const auto& [feature, mode] = target;
  if (start == "empty" || (!start && starts_unasked(state, *feature))) return factory_text(*feature);
  const auto from = model::supplier_at(view.settings, view.layout, mode, feature->name);
  if (start == "copy") return from ? view.settings.find(*from, feature->name) : factory_text(*feature);
  if (start && start->starts_with("copy:")) {
    auto other = parse_mode(state, start->substr(5));
    if (!other) return Refused{other.error(), {}};
    if (model::Text text = view.settings.find(*other, feature->name)) return text;
    return Refused{fail(ErrorCode::not_found, fmt::format("{} are not defined at {}, so there is nothing "
                                                          "to copy from there.",
                                                          feature->title, mode_label(state.fleet(), *other))),
                   {}};
  }
  if (start)
    return Refused{fail(ErrorCode::usage, fmt::format("\"{}\" is not a start: use empty, copy or "
                                                      "copy:MODE.",
                                                      *start)),
                   {}};
  const std::string label = from ? mode_label(state.fleet(), *from) : "factory default";
  json::object data;
  data["needs"] = "start";
  data["feature"] = feature->name;
  data["effective_from"] = label;
  data["defined_at"] = defined_json(state, view, feature->name);
  return Refused{fail(ErrorCode::restricted, mode_label(state.fleet(), mode),
                      fmt::format("{} are not defined at {}: what is in effect there comes from {}. Switch "
                                  "to a mode that defines them, or start a definition here: empty, or as a "
                                  "copy.",
                                  feature->title, mode_label(state.fleet(), mode), label)),
                 std::move(data)};
}

base::Result<std::vector<model::Edit>> edits_from(const json::value& list) {
  if (!list.is_array()) return fail(ErrorCode::usage, "edits", R"(The parameter "edits" must be an array.)");
  std::vector<model::Edit> out;
  for (const json::value& item : list.get_array()) {
    if (!item.is_object()) return fail(ErrorCode::usage, "edits", "An edit must be an object with op and path.");
    Params fields(item.get_object());
    const std::string op = fields.text("op");
    const std::string path = fields.text("path");
    const auto value = fields.text_if("value");
    const bool anchored = item.get_object().contains("anchor");
    std::vector<std::string> anchor;
    if (anchored) anchor = fields.texts("anchor");
    if (auto trouble = fields.trouble()) return *trouble;
    auto parsed_op = model::parse_op(op);
    if (!parsed_op) return parsed_op.error();
    auto parsed_path = model::parse_path(path);
    if (!parsed_path) return parsed_path.error();
    out.push_back({*parsed_op, std::move(*parsed_path), value.value_or(""), std::move(anchor)});
  }
  return out;
}

base::Result<model::Text> edited(State& state, const schema::Feature& feature, const model::Text& from,
                                 std::vector<model::Edit> edits) {
  auto tree = state.verdicts.tree(feature.name, from);
  if (!tree) return tree.error();
  auto exact = state.schema.canonical_edits(feature.name, std::move(edits));
  if (!exact) return exact.error();
  auto changed = model::apply(**tree, *exact, state.schema.shapes(feature.name));
  if (!changed) return changed.error();
  auto canonical = state.schema.canonical(feature.name, std::move(*changed), tree->get());
  if (!canonical) return canonical.error();
  const auto text = std::make_shared<const std::string>(state.schema.print(feature.name, *canonical));
  state.verdicts.learn(feature.name, text, std::make_shared<const model::Tree>(std::move(*canonical)));
  return text;
}

/// Addresses are not made here: an interface names one that this host has. Another machine's host is not
/// asked; there the listener stays off, and status says so.
base::Result<void> check_addresses(const State& state, const Target& target, const model::Text& before,
                                   const model::Text& after) {
  if (target.first->name != "interfaces" || target.second != state.own_mode()) return {};
  std::set<std::string> known;
  const auto services_of = [&](const model::Text& text) {
    const auto tree = tree_of(state.schema, *target.first, *text);
    return tree ? features::services(state.schema.with_defaults(target.first->name, *tree)) : std::vector<features::Service>{};
  };
  if (before)
    for (const auto& service : services_of(before)) known.insert(service.address);
  for (const auto& service : services_of(after))
    if (!known.contains(service.address) && !state.house.has_address(service.address))
      return fail(ErrorCode::invalid, mode_label(state.fleet(), target.second),
                  fmt::format("Interface {} cannot use the address {}: this host does not have it. Give the host the "
                              "address first (ip addr add), or name one that it has.",
                              service.interface_name, service.address));
  return {};
}

void feature_edit(State& state, Session& session, const Call& call, Params& params) {
  const std::string name = params.text("feature");
  const auto typed = params.text_if("mode");
  const auto start = params.text_if("start");
  const json::value& list = params.any("edits");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto target = find_target(state, session, name, typed);
  if (!target) return call.refuse(target.error());
  auto edits = edits_from(list);
  if (!edits) return call.refuse(edits.error());
  const View view = view_of(state, session);
  model::Text from = view.settings.find(target->second, name);
  if (!from) {
    auto begun = start_text(state, view, *target, start);
    if (!begun) return call.refuse(begun.error());
    from = *begun;
  }
  auto text = edited(state, *target->first, from, std::move(*edits));
  if (!text) return call.refuse(text.error());
  const auto usable = check_addresses(state, *target, view_of(state, session).settings.find(target->second, name), *text);
  if (!usable) return call.refuse(usable.error());
  change(state, session, call, {{{target->second, name}, *text}},
         [call](const Outcome& outcome) { answer_changed(call, outcome); });
}

void feature_put(State& state, Session& session, const Call& call, Params& params) {
  const std::string name = params.text("feature");
  const auto typed = params.text_if("mode");
  const json::value& data = params.any("data");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto target = find_target(state, session, name, typed);
  if (!target) return call.refuse(target.error());
  if (!data.is_object()) return call.refuse(fail(ErrorCode::usage, "data", R"(The parameter "data" must be an object.)"));
  auto text = text_of(state.schema, *target->first, data);
  if (!text) return call.refuse(text.error());
  const auto usable = check_addresses(state, *target, view_of(state, session).settings.find(target->second, name), *text);
  if (!usable) return call.refuse(usable.error());
  change(state, session, call, {{{target->second, name}, *text}},
         [call](const Outcome& outcome) { answer_changed(call, outcome); });
}

/// Machines that `mode` supplied and that fall to the factory default or an empty table now.
std::vector<std::string> left_empty(const View& before, const View& after, const base::Mode& mode, std::string_view feature) {
  std::vector<std::string> out;
  for (const base::MemberId& id : model::supplied_by(before.settings, before.layout, mode, feature))
    if (!model::supplier(after.settings, after.layout, id, feature))
      if (const auto* machine = after.layout.machine(id)) out.push_back(machine->host_name);
  return out;
}

void feature_clear(State& state, Session& session, const Call& call, Params& params) {
  const std::string name = params.text("feature");
  const auto typed = params.text_if("mode");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto target = find_target(state, session, name, typed);
  if (!target) return call.refuse(target.error());
  const base::Mode mode = target->second;
  const View before = view_of(state, session);
  if (!before.settings.defines(mode, name))
    return call.refuse(fail(ErrorCode::not_found, mode_label(state.fleet(), mode),
                            fmt::format("{} are not defined at {}, so there is nothing to clear.", target->first->title,
                                        mode_label(state.fleet(), mode))));
  View after = before;
  after.settings.clear(mode, name);
  const auto from = model::supplier_at(after.settings, after.layout, mode, name);
  const std::string label = from ? mode_label(state.fleet(), *from) : "factory default";
  std::vector<std::string> warnings = away_warnings(*target->first, before, after, mode);
  change(state, session, call, {{{mode, name}, nullptr}}, [call, label, warnings](const Outcome& outcome) {
    json::array all = lines_json(warnings);
    for (const std::string& text : outcome.warnings) all.emplace_back(text);
    call.answer(json::object{{"effective_from", label}, {"warnings", std::move(all)}});
  });
}

}  // namespace

bool starts_unasked(const State& state, const schema::Feature& feature) {
  return state.fleet().standalone() || feature.scope != schema::Scope::any;
}

std::vector<std::string> away_warnings(const schema::Feature& feature, const View& before, const View& after,
                                       const base::Mode& from) {
  const std::vector<std::string> hosts = left_empty(before, after, from, feature.name);
  if (hosts.empty() || from.level == base::Level::machine) return {};
  if (feature.has_factory_default)
    return {fmt::format("{} of {} fall to the factory default.", feature.title, join_words(hosts))};
  return {fmt::format("{} have no factory default: {} will be left empty.", feature.title, join_words(hosts))};
}

Checked<Target> find_target(const State& state, const Session& session, std::string_view name,
                            const std::optional<std::string>& typed) {
  auto feature = find_feature(state, name);
  if (!feature) return Refused{feature.error(), {}};
  auto mode = mode_of_call(state, session, typed);
  if (!mode) return Refused{mode.error(), {}};
  if (auto refused = out_of_scope(state, **feature, *mode)) return std::move(*refused);
  return Target{*feature, *mode};
}

void answer_changed(const Call& call, const Outcome& outcome) {
  call.answer(json::object{{"changed", outcome.changed}, {"warnings", lines_json(outcome.warnings)}});
}

const std::vector<Method>& feature_methods() {
  static const std::vector<Method> methods = {
      {"feature.get", feature_get},     {"feature.edit", feature_edit}, {"feature.put", feature_put},
      {"feature.clear", feature_clear}, {"feature.copy", feature_copy},
  };
  return methods;
}

}  // namespace postern::desk
