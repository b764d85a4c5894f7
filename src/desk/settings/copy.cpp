#include "desk/settings/features.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;

base::Result<std::vector<base::Mode>> destinations(const State& state, const std::string& to) {
  const cluster::Fleet& fleet = state.fleet();
  std::vector<base::Mode> out;
  if (lower(to) == "all-groups") {
    if (fleet.standalone()) return fail(ErrorCode::not_found, "There are no groups: this machine is in no cluster.");
    for (const cluster::Group& group : fleet.groups) out.push_back({base::Level::group, group.id.uuid});
    return out;
  }
  auto mode = parse_mode(state, to);
  if (!mode) return mode.error();
  out.push_back(*mode);
  return out;
}

std::optional<Refused> refused_copy(const State& state, const Target& source, const View& view,
                                    const std::vector<base::Mode>& to) {
  const auto& [feature, from] = source;
  const std::string label = mode_label(state.fleet(), from);
  if (!state.fleet().standalone() && feature->scope != schema::Scope::any) {
    const bool machine = feature->scope == schema::Scope::machine;
    json::object data;
    data["needs"] = machine ? "machine" : "cluster";
    return Refused{fail(ErrorCode::restricted, label,
                        fmt::format("{} never leave {} mode: they cannot be copied or moved.", feature->title,
                                    machine ? "machine" : "cluster")),
                   std::move(data)};
  }
  if (!view.settings.defines(from, feature->name))
    return Refused{fail(ErrorCode::not_found, label,
                        fmt::format("{} are not defined at {}, so there is nothing to copy from there.", feature->title, label)),
                   {}};
  for (const base::Mode& mode : to)
    if (mode == from)
      return Refused{
          fail(ErrorCode::usage, label, fmt::format("{} is where the settings are: choose another mode to copy to.", label)), {}};
  return std::nullopt;
}

std::vector<std::string> replaced_warnings(const State& state, const schema::Feature& feature, const View& view,
                                           const std::vector<base::Mode>& to) {
  std::vector<std::string> labels;
  for (const base::Mode& mode : to)
    if (view.settings.defines(mode, feature.name)) labels.push_back(mode_label(state.fleet(), mode));
  if (labels.empty()) return {};
  return {fmt::format("{} that {} defined are replaced.", feature.title, join_words(labels))};
}

}  // namespace

void feature_copy(State& state, Session& session, const Call& call, Params& params) {
  const std::string name = params.text("feature");
  const auto typed = params.text_if("mode");
  const std::string to = params.text("to");
  const bool move = params.flag("move", false);
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto source = find_target(state, session, name, typed);
  if (!source) return call.refuse(source.error());
  const auto [feature, from] = *source;
  auto modes = destinations(state, to);
  if (!modes) return call.refuse(modes.error());
  const View before = view_of(state, session);
  if (auto refused = refused_copy(state, *source, before, *modes)) return call.refuse(*refused);

  View after = before;
  std::map<Pending::Key, model::Text> edits;
  json::array labels;
  for (const base::Mode& mode : *modes) {
    edits[{mode, name}] = before.settings.find(from, name);
    after.settings.set(mode, name, before.settings.find(from, name));
    labels.emplace_back(mode_label(state.fleet(), mode));
  }
  std::vector<std::string> warnings = replaced_warnings(state, *feature, before, *modes);
  if (move) {
    edits[{from, name}] = nullptr;
    after.settings.clear(from, name);
    for (std::string& text : away_warnings(*feature, before, after, from)) warnings.push_back(std::move(text));
  }
  change(state, session, call, edits, [call, labels, warnings](const Outcome& outcome) {
    json::array all = lines_json(warnings);
    for (const std::string& text : outcome.warnings) all.emplace_back(text);
    call.answer(json::object{{"to", labels}, {"warnings", std::move(all)}});
  });
}

}  // namespace postern::desk
