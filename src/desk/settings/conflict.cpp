#include "desk/settings/commit.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;
using Conflicts = std::map<Pending::Key, ShownConflict>;

base::Result<model::Tree> tree_or_empty(const schema::Schema& schema, const schema::Feature& feature, const model::Text& text) {
  if (!text) return schema.empty(feature.name);
  return tree_of(schema, feature, *text);
}

/// Both sides' changes together (contract 2.8). Errors: conflict, naming the path.
base::Result<model::Text> merged(const State& state, std::string_view name, const PendingEdit& mine, const model::Text& theirs) {
  if (model::same(mine.text, theirs)) return theirs;
  const schema::Feature* feature = state.schema.feature(name);
  if (feature == nullptr) return fail(ErrorCode::conflict, "This version does not know the feature; it cannot merge it.");
  if (!mine.text || !theirs) return fail(ErrorCode::conflict, "One side removed the definition that the other side changed.");
  auto base = tree_or_empty(state.schema, *feature, mine.base_text);
  auto my_tree = tree_of(state.schema, *feature, *mine.text);
  auto their_tree = tree_of(state.schema, *feature, *theirs);
  if (!base) return base.error();
  if (!my_tree) return my_tree.error();
  if (!their_tree) return their_tree.error();
  auto both = model::merge3(*base, *my_tree, *their_tree);
  if (!both) return both.error();
  auto canonical = state.schema.canonical(name, *both);
  if (!canonical) return canonical.error();
  return std::make_shared<const std::string>(state.schema.print(name, *canonical));
}

json::array lines_of(const State& state, std::string_view name, const model::Text& before, const model::Text& after) {
  const schema::Feature* feature = state.schema.feature(name);
  if (feature == nullptr) return {};
  return lines_json(difference_lines(state.schema, *feature, before, after));
}

json::object shown_json(const State& state, const Pending::Key& key) {
  const cluster::RegisterState* found = state.peer().state().find(cluster::settings_register(key.first, key.second));
  const cluster::Head* head = found == nullptr ? nullptr : found->shown();
  return authorship(state, head == nullptr ? base::Hash{} : head->commit);
}

/// One conflicting edit, resolved as asked.
base::Result<PendingEdit> resolved(const State& state, const std::string& how, const Pending::Key& key, const PendingEdit& mine,
                                   const ShownConflict& shown) {
  PendingEdit out{shown.heads, shown.text, mine.text, mine.session, mine.by_several};
  if (how == "discard") out.text = shown.text;
  if (how == "merge") {
    auto both = merged(state, key.second, mine, shown.text);
    if (!both) return both.error();
    out.text = *both;
  }
  return out;
}

std::string said(const json::object& shown) {
  if (!shown.at("user").is_string()) return "somebody else";
  return fmt::format("{} at {}", std::string_view(shown.at("user").get_string()),
                     std::string_view(shown.at("host").get_string()));
}

}  // namespace

Conflicts find_conflicts(const State& state, const Pending& pending) {
  Conflicts out;
  for (const auto& [key, edit] : pending.edits) {
    const cluster::Register reg = cluster::settings_register(key.first, key.second);
    std::vector<cluster::Dot> heads = base_now(state, reg);
    if (heads != edit.base) out.emplace(key, ShownConflict{std::move(heads), text_now(state, reg)});
  }
  return out;
}

Refused conflict_refusal(const State& state, const Pending& pending, const Conflicts& conflicts) {
  json::array list;
  std::string first;
  for (const auto& [key, shown] : conflicts) {
    const auto edit = pending.edits.find(key);
    if (edit == pending.edits.end()) continue;
    const PendingEdit& mine = edit->second;
    json::object author = shown_json(state, key);
    const schema::Feature* feature = state.schema.feature(key.second);
    const std::string label = mode_label(state.fleet(), key.first);
    if (first.empty())
      first = fmt::format("{} of {} were changed by {} after you began. ", feature == nullptr ? key.second : feature->title,
                          label, said(author));
    json::object one;
    one["feature"] = key.second;
    one["mode"] = mode_text(state.fleet(), key.first);
    one["label"] = label;
    one["yours"] = lines_of(state, key.second, mine.base_text, mine.text);
    one["theirs"] = lines_of(state, key.second, mine.base_text, shown.text);
    one["shown"] = std::move(author);
    const auto both = merged(state, key.second, mine, shown.text);
    one["mergeable"] = both.has_value();
    one["merged"] = both ? json::value(lines_of(state, key.second, mine.base_text, *both)) : json::value(nullptr);
    list.push_back(std::move(one));
  }
  json::object data;
  data["conflicts"] = std::move(list);
  return {fail(ErrorCode::conflict, first + "Nothing was written and your changes are kept: merge them, "
                                            "keep yours, or discard yours."),
          std::move(data)};
}

void commit_resolve(State& state, Session& session, const Call& call, Params& params) {
  const std::string how = params.text("how");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (how != "merge" && how != "mine" && how != "discard")
    return call.refuse(fail(ErrorCode::usage, "how",
                            fmt::format("\"{}\" is not a way to resolve a conflict: use merge, mine or "
                                        "discard.",
                                        how)));
  if (auto busy = pending_busy(state, session)) return call.refuse(*busy);
  Pending& pending = pending_of(state, session);
  if (pending.conflicts.empty())
    return call.refuse(fail(ErrorCode::usage,
                            "There is no conflict to resolve: commit shows one when "
                            "there is."));
  const Pending before = pending;
  Pending after = pending;
  for (const auto& [key, shown] : pending.conflicts) {
    const auto edit = pending.edits.find(key);
    if (edit == pending.edits.end()) continue;
    auto result = resolved(state, how, key, edit->second, shown);
    if (!result) {
      Refused refused = conflict_refusal(state, pending, pending.conflicts);
      refused.error.text = fmt::format("{} of {} cannot be merged: {} Keep yours or discard yours.", key.second,
                                       mode_label(state.fleet(), key.first), result.error().text);
      refused.error.where = result.error().where;
      return call.refuse(refused);
    }
    if (model::same(result->text, result->base_text))
      after.edits.erase(key);
    else
      after.edits[key] = std::move(*result);
  }
  after.conflicts.clear();
  ++after.version;
  pending = std::move(after);
  save_pending(state, pending_key(state, session), before, [call](base::Result<void> saved) {
    if (!saved) return call.refuse(saved.error());
    call.answer(json::object{});
  });
}

}  // namespace postern::desk
