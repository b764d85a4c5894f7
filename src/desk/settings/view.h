#pragma once

#include "desk/door/modes.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Settings as somebody at this desk sees them.
namespace postern::desk {

struct View {
  model::Layout layout;
  model::Settings settings;
};
model::Layout layout_of(const cluster::Fleet& fleet);
/// What is committed.
View committed_view(const State& state);
/// The same with the session's pending edits over it.
View view_of(const State& state, const Session& session);

/// The register's heads now, as an edit's base, and the text shown (null: not defined).
std::vector<cluster::Dot> base_now(const State& state, const cluster::Register& reg);
model::Text text_now(const State& state, const cluster::Register& reg);

/// The feature by its schema name. Errors: not_found, naming all.
base::Result<const schema::Feature*> find_feature(const State& state, std::string_view name);
/// One feature's settings as the protocol's DATA; null for a null text.
json::value data_of(const model::Text& canonical);
/// DATA without its secret leaves: for those who may look at the settings but not write them.
json::value without_secrets(const schema::Form& form, json::value data);
/// DATA to canonical text. Errors: invalid, with the path.
base::Result<model::Text> text_of(const schema::Schema& schema, const schema::Feature& feature, const json::value& data);
base::Result<model::Tree> tree_of(const schema::Schema& schema, const schema::Feature& feature, const std::string& canonical);
model::Text factory_text(const schema::Feature& feature);

/// How `after` differs from `before` (null: not defined), for people: lines that begin with "+ ",
/// "- " or "  ". Values of secret leaves are not shown.
std::vector<std::string> difference_lines(const schema::Schema& schema, const schema::Feature& feature, const model::Text& before,
                                          const model::Text& after);
json::array lines_json(const std::vector<std::string>& lines);

}  // namespace postern::desk
