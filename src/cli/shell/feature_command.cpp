#include "cli/shell/feature_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/shell/commands.h"
#include "cli/session/edit_queue.h"
#include "cli/dialogue/settings.h"
#include "cli/shell/table_files.h"
#include "features/lines.h"
#include "line/forms.h"
#include "line/summary.h"

namespace postern::cli {
namespace {

using base::ErrorCode;

constexpr std::string_view shared_operations[] = {"print", "clear", "clusterset", "clustershow"};

/// `copy|move MODE|all-groups`; nothing: the dialogue.
int run_clusterset(Session& session, const schema::Feature& feature, Arguments& arguments) {
  if (arguments.empty()) return share_feature(session, feature);
  const auto how = by_prefix({"copy", "move"}, *arguments.take(), "copy or move");
  if (!how) return session.fail(how.error());
  const std::string to = arguments.take_rest();
  if (to.empty()) {
    return session.fail(ErrorCode::usage, "Say to which mode: cluster, group NAME, machine HOST, or all-groups.");
  }
  return copy_feature(session, feature, to, *how == "move");
}

int run_shared(Session& session, const schema::Feature& feature, const std::string& operation, Arguments& arguments) {
  if (operation == "clusterset") return run_clusterset(session, feature, arguments);
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (operation == "print") return print_feature(session, feature);
  return operation == "clear" ? clear_feature(session, feature) : show_feature(session, feature);
}

JsonObject row_of(const model::Node& entry) {
  JsonObject row;
  for (const auto& leaf : entry.children) {
    if (leaf.kind == model::Node::Kind::leaf) {
      row[leaf.name] = leaf.value;
    } else {
      row[leaf.name] = boost::json::array(leaf.values.begin(), leaf.values.end());
    }
  }
  return row;
}

/// The subject with every default filled in, since a program does not know them.
line::Subject with_defaults(const line::Subject& subject) {
  line::Subject filled = subject;
  filled.standing = [&subject]() -> base::Result<line::Standing> {
    auto standing = subject.standing();
    if (standing) standing->tree = subject.schema.with_defaults(subject.feature.name, standing->tree);
    return standing;
  };
  return filled;
}

int print_table(Session& session, const line::Subject& subject, const line::WholeTable& table) {
  const auto holder = line::entry_at(session.json ? with_defaults(subject) : subject, table.parent);
  if (!holder) return session.fail(holder.error());
  if (session.json) {
    boost::json::array rows;
    for (const auto& entry : holder->entries(table.list->name)) rows.emplace_back(row_of(entry));
    session.line(to_line(rows));
    return exit_ok;
  }
  const line::Line* own = features::line_of(subject.feature.name);
  const std::string text = line::list_text(*table.list, own, *holder, 0, ~std::size_t{0});
  session.print(text.empty() ? fmt::format("There are no {}.\n", base::plural(table.list->label)) : text);
  return exit_ok;
}

int run_edits(Session& session, const line::Subject& subject, const std::string& operation, Arguments& arguments) {
  const schema::Feature& feature = subject.feature;
  auto edits = line::make_edits(subject, features::line_of(feature.name), operation, arguments);
  const std::string start = arguments.value("start").value_or("");
  if (edits) {
    if (const auto finished = arguments.finished(); !finished) edits = finished.error();
  }
  if (!edits) return misused(session, edits.error(), feature_forms(session, feature));
  if (session.in_cluster() && !session.json && !session.goes_on()) {
    if (const auto view = open_feature(session, feature); view) note_hidden(session, *view);
  }
  if (session.queue != nullptr && !session.json) {
    return session.queue->put(feature, std::move(*edits), start) ? exit_ok : session.queue->code();
  }
  return send_edits(session, feature, *edits, start);
}

}  // namespace

std::vector<std::string> feature_forms(const Session& session, const schema::Feature& feature) {
  return line::usage(feature, session.schema.form(feature.name), features::line_of(feature.name));
}

int run_feature_command(Session& session, const schema::Feature& feature, Arguments& arguments) {
  if (arguments.empty()) {
    return session.json ? print_feature(session, feature) : settings_dialogue(session, feature);
  }
  const line::Subject subject = subject_of(session, feature);
  auto operations = line::operations(feature, subject.form, features::line_of(feature.name));
  operations.insert(operations.end(), std::begin(shared_operations), std::end(shared_operations));
  const auto operation = by_prefix(operations, *arguments.take(), fmt::format("an operation of {}", feature.command));
  if (!operation) return misused(session, operation.error(), feature_forms(session, feature));
  if (std::ranges::find(shared_operations, *operation) != std::end(shared_operations)) {
    return run_shared(session, feature, *operation, arguments);
  }
  if (const auto table = line::whole_table(subject, *operation, arguments)) {
    if (table->verb == "import") return import_table(session, subject, *table, arguments);
    if (table->verb == "export") return export_table(session, subject, *table, arguments);
    if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
    return print_table(session, subject, *table);
  }
  return run_edits(session, subject, *operation, arguments);
}

}  // namespace postern::cli
