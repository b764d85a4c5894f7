#include <fmt/format.h>

#include "cli/dialogue/interview.h"
#include "cli/dialogue/list_dialogue.h"
#include "cli/dialogue/questions.h"
#include "cli/dialogue/settings.h"
#include "cli/line/words.h"
#include "features/lines.h"
#include "line/summary.h"

namespace postern::cli {
namespace {

using Kind = model::Node::Kind;

/// What a feature's own menu is made of: at most one list is edited in it directly.
struct Shape {
  const schema::Form* list = nullptr;
  bool has_leaves = false;
};

Shape shape_of(const schema::Form& form) {
  Shape shape;
  for (const auto& child : form.children) {
    if (child.kind != Kind::list) {
      shape.has_leaves = true;
    } else if (shape.list == nullptr) {
      shape.list = &child;
    }
  }
  return shape;
}

std::vector<Operation> operations_of(const Session& session, const OpenFeature& view, const Shape& shape, std::size_t entries) {
  const schema::Feature& feature = *view.feature;
  std::vector<Operation> operations;
  if (shape.has_leaves) operations.push_back({"SETUP", fmt::format("Change the settings of {}.", feature.title)});
  if (shape.list != nullptr) {
    for (auto& operation : list_operations({feature, *shape.list, {}}, entries)) {
      operations.push_back(std::move(operation));
    }
  }
  operations.push_back({"PRINT", "Display all settings."});
  if (view.defined) operations.push_back({"CLEAR", "Remove these settings from this mode."});
  if (session.in_cluster() && feature.scope == schema::Scope::any) {
    if (view.defined) operations.push_back({"CLUSTERSET", "Copy or move these settings to another mode."});
    operations.push_back({"CLUSTERSHOW", "Display the modes that define these settings."});
  }
  return operations;
}

/// The feature's own leaves; its lists have operations of their own.
void set_up(Session& session, const OpenFeature& view) {
  Interview interview{session, *view.feature, {}};
  schema::Form leaves = session.schema.form(view.feature->name);
  std::erase_if(leaves.children, [](const schema::Form& child) { return child.kind == Kind::list; });
  if (!ask_children(interview, leaves, {}, &view.shown)) return;
  if (!interview.edits.empty()) send_edits(session, *view.feature, interview.edits);
}

void clear(Session& session, const OpenFeature& view) {
  const auto sure =
      ask_yes_no(session, fmt::format("Do you want to remove all {} from {}?", view.feature->title, session.label), false);
  if (sure.value_or(false)) clear_feature(session, *view.feature);
}

void run_operation(Session& session, const OpenFeature& view, const Shape& shape, const std::string& operation) {
  const schema::Feature& feature = *view.feature;
  if (operation == "SETUP") {
    set_up(session, view);
  } else if (operation == "PRINT") {
    print_feature(session, feature);
  } else if (operation == "CLEAR") {
    clear(session, view);
  } else if (operation == "CLUSTERSET") {
    share_feature(session, feature);
  } else if (operation == "CLUSTERSHOW") {
    show_feature(session, feature);
  } else if (shape.list != nullptr) {
    list_operation(session, {feature, *shape.list, {}}, operation);
  }
  session.line("");
}

/// True when the dialogue may go on in the session's mode.
bool enter(Session& session, const schema::Feature& feature, OpenFeature& view) {
  const bool asks = session.in_cluster() && feature.scope == schema::Scope::any;
  if (!view.defined && asks) {
    if (!session.interactive) {
      session.fail(base::ErrorCode::restricted,
                   fmt::format("{} are not defined at {}: what is in effect there comes from {}. Switch to "
                               "that mode with clustermode, or use a one-line form with --start.",
                               feature.title, session.label, view.effective_from));
      return false;
    }
    std::string start;
    if (!settle_start(session, view, start)) return false;
    if (!start.empty() && send_edits(session, feature, {}, start) != exit_ok) return false;
    session.line("");
    auto again = open_feature(session, feature);
    if (!again) {
      session.refused(again.error());
      return false;
    }
    view = std::move(*again);
  }
  note_hidden(session, view);
  return true;
}

}  // namespace

int settings_dialogue(Session& session, const schema::Feature& feature) {
  if (!session.may_ask()) return exit_usage;
  auto view = open_feature(session, feature);
  if (!view) return session.refused(view.error());
  session.last_exit = exit_ok;
  if (!enter(session, feature, *view)) return session.last_exit;
  const schema::Form& form = session.schema.form(feature.name);
  const Shape shape = shape_of(form);
  while (!session.over() && !session.console().ended()) {
    std::size_t entries = 0;
    if (shape.has_leaves) {
      session.print(line::feature_text(form, features::line_of(feature.name), view->shown));
      entries = shape.list == nullptr ? 0 : view->shown.entries(shape.list->name).size();
    } else if (shape.list != nullptr) {
      entries = print_entries(session, {feature, *shape.list, {}});
    }
    session.line("");
    const auto operation = ask_operation(session, operations_of(session, *view, shape, entries));
    if (!operation) return exit_ok;
    run_operation(session, *view, shape, *operation);
    view = open_feature(session, feature);
    if (!view) return session.refused(view.error());
  }
  return session.last_exit;
}

}  // namespace postern::cli
