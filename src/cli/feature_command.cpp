#include "cli/feature_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "cli/commands.h"
#include "cli/edit_queue.h"

namespace postern::cli {
namespace {

using base::ErrorCode;
using base::fail;
using Op = model::Edit::Op;
using Edits = std::vector<model::Edit>;

/// `copy|move MODE|all-groups`; nothing: the dialogue.
int run_clusterset(Session& session, const schema::Feature& feature, Arguments& arguments) {
  if (arguments.empty()) return share_feature(session, feature);
  const auto how = by_prefix({"copy", "move"}, *arguments.take(), "copy or move");
  if (!how) return session.fail(how.error());
  const std::string to = arguments.take_rest();
  if (to.empty()) {
    return session.fail(ErrorCode::usage,
                        "Say to which mode: cluster, group NAME, machine HOST, or all-groups.");
  }
  return copy_feature(session, feature, to, *how == "move");
}

int run_own(Session& session, const schema::Feature& feature, const FeatureCommand& command,
            std::string_view usage, const std::string& operation, Arguments& arguments) {
  auto edits = command.make(session, feature, operation, arguments);
  const std::string start = arguments.option("start").value_or("");
  if (edits) {
    if (const auto finished = arguments.finished(); !finished) edits = finished.error();
  }
  if (!edits) return misused(session, edits.error(), usage);
  if (session.in_cluster() && !session.json && !session.goes_on()) {
    if (const auto view = open_feature(session, feature); view) note_hidden(session, *view);
  }
  if (session.queue != nullptr && !session.json) {
    return session.queue->put(feature, std::move(*edits), start) ? exit_ok : session.queue->code();
  }
  return send_edits(session, feature, *edits, start);
}

int run_shared(Session& session, const schema::Feature& feature, const std::string& operation,
               Arguments& arguments) {
  if (operation == "clusterset") return run_clusterset(session, feature, arguments);
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (operation == "print") return print_feature(session, feature);
  return operation == "clear" ? clear_feature(session, feature) : show_feature(session, feature);
}

}  // namespace

int run_feature_command(Session& session, Arguments& arguments, const FeatureCommand& command) {
  const schema::Feature* feature = session.schema.feature_of_command(command.command);
  POSTERN_ASSERT(feature != nullptr);
  if (arguments.empty()) {
    return session.json ? print_feature(session, *feature) : settings_dialogue(session, *feature);
  }
  const auto found = find_command(command.command);
  POSTERN_ASSERT(found.has_value());
  const std::string_view usage = (*found)->usage;
  std::vector<std::string> operations = command.operations;
  const std::vector<std::string> shared{"print", "clear", "clusterset", "clustershow"};
  operations.insert(operations.end(), shared.begin(), shared.end());
  const auto operation =
      by_prefix(operations, *arguments.take(), fmt::format("an operation of {}", command.command));
  if (!operation) return misused(session, operation.error(), usage);
  if (std::ranges::find(shared, *operation) != shared.end()) {
    return run_shared(session, *feature, *operation, arguments);
  }
  if (command.other != nullptr) {
    if (const int code = command.other(session, *feature, *operation, arguments); code >= 0) return code;
  }
  return run_own(session, *feature, command, usage, *operation, arguments);
}

base::Result<std::string> canonical_leaf(const Session& session, const schema::Feature& feature,
                                         const std::vector<std::string>& names,
                                         std::string_view value) {
  auto canonical = session.schema.check_leaf(feature.name, names, value);
  if (!canonical) return fail(ErrorCode::usage, canonical.error().text);
  return canonical;
}

base::Result<std::string> take_leaf(const Session& session, const schema::Feature& feature,
                                    const std::vector<std::string>& names, Arguments& arguments,
                                    std::string_view what) {
  const auto word = arguments.take();
  if (!word) return fail(ErrorCode::usage, fmt::format("{} is missing.", what));
  return canonical_leaf(session, feature, names, *word);
}

base::Result<Edits> option_edits(const Session& session, const schema::Feature& feature,
                                 const model::Path& entry, const std::vector<LeafOption>& options,
                                 Arguments& arguments) {
  Edits edits;
  for (const auto& [name, leaf] : options) {
    auto value = arguments.option(name);
    if (!value) continue;
    if (*value == "on") *value = "true";
    if (*value == "off") *value = "false";
    std::vector<std::string> names;
    for (const auto& step : entry) names.push_back(step.name);
    model::Path path = entry;
    for (const auto& step : leaf) {
      names.push_back(step);
      path.push_back({step, {}});
    }
    auto canonical = canonical_leaf(session, feature, names, *value);
    if (!canonical) {
      return fail(ErrorCode::invalid, fmt::format("--{}: {}", name, canonical.error().text));
    }
    edits.push_back({Op::set, std::move(path), std::move(*canonical), {}});
  }
  return edits;
}

base::Result<> expect_entry(Session& session, const schema::Feature& feature,
                            std::string_view list, const std::string& key,
                            const Arguments& arguments) {
  const auto view = open_feature(session, feature);
  if (!view) return view.error().error;
  // Where the definition has yet to start, only the desk knows with what.
  const bool must_start = session.in_cluster() && feature.scope == schema::Scope::any;
  if (!view->defined && (must_start || arguments.has("start"))) return {};
  const model::Node* node = view->shown.child(list);
  if (node != nullptr && node->entry({key}) != nullptr) return {};
  return fail(ErrorCode::not_found,
              fmt::format("{} at {} have no {} {}; \"{} new\" makes one.", feature.title,
                          session.label, list, key, feature.command));
}

base::Result<Edits> keyed_edits(Session& session, const schema::Feature& feature,
                                std::string_view list, const std::vector<LeafOption>& options,
                                const std::vector<std::string>& mandatory,
                                std::string_view operation, Arguments& arguments) {
  const schema::Form* form = session.schema.form(feature.name).child(list);
  POSTERN_ASSERT(form != nullptr && form->keys.size() == 1);
  const std::string name(list);
  auto key = take_leaf(session, feature, {name, form->keys.front()}, arguments,
                       fmt::format("The {} of the {}", form->keys.front(), form->label));
  if (!key) return key.error();
  const model::Path entry{{name, {*key}}};
  if (operation == "delete") return Edits{{Op::remove, entry, {}, {}}};
  if (operation == "edit") {
    if (const auto there = expect_entry(session, feature, list, *key, arguments); !there) {
      return there.error();
    }
  }
  auto sets = option_edits(session, feature, entry, options, arguments);
  if (!sets) return sets.error();
  if (operation == "edit" && sets->empty()) {
    return fail(ErrorCode::usage, "Say what to change: no option was given.");
  }
  if (operation == "edit") return sets;
  for (const auto& option : mandatory) {
    const bool given = std::ranges::any_of(*sets, [&](const model::Edit& edit) {
      return std::ranges::any_of(options, [&](const LeafOption& known) {
        return known.option == option && edit.path.back().name == known.leaf.back() &&
               edit.path.size() == known.leaf.size() + 1;
      });
    });
    if (!given) return fail(ErrorCode::usage, fmt::format("The option --{} is missing.", option));
  }
  sets->insert(sets->begin(), model::Edit{Op::create, entry, {}, {}});
  return sets;
}

}  // namespace postern::cli
