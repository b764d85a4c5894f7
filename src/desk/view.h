#pragma once

#include "base/words.h"
#include "desk/state.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Settings as somebody at this desk sees them, and the names of modes.
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

/// "cluster", "group usa", "machine paris.example.com".
std::string mode_text(const cluster::Fleet& fleet, const base::Mode& mode);
/// "Cluster americas", "Group usa", "Machine paris.example.com".
std::string mode_label(const cluster::Fleet& fleet, const base::Mode& mode);
/// Whether the mode is there (its group not deleted, its machine not removed).
bool mode_exists(const cluster::Fleet& fleet, const base::Mode& mode);

/// A mode as typed. Words and names are case-insensitive; a machine also by its first label, when
/// only one has it, or by serial number. Errors: usage, not_found naming what exists.
base::Result<base::Mode> parse_mode(const State& state, std::string_view text);
/// The mode that a call is about: `typed`, or the session's. Errors: not_found also when the
/// session's mode has been deleted meanwhile.
base::Result<base::Mode> mode_of_call(const State& state, const Session& session,
                                      const std::optional<std::string>& typed);
base::Result<const cluster::Member*> find_machine(const cluster::Fleet& fleet,
                                                  std::string_view name);
base::Result<const cluster::Group*> find_group(const cluster::Fleet& fleet, std::string_view name);
using base::lower;

/// "a", "a and b", "a, b and c".
std::string join_words(const std::vector<std::string>& words);

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
base::Result<model::Text> text_of(const schema::Schema& schema, const schema::Feature& feature,
                                  const json::value& data);
base::Result<model::Tree> tree_of(const schema::Schema& schema, const schema::Feature& feature,
                                  const std::string& canonical);
model::Text factory_text(const schema::Feature& feature);

/// How `after` differs from `before` (null: not defined), for people: lines that begin with "+ ",
/// "- " or "  ". Values of secret leaves are not shown.
std::vector<std::string> difference_lines(const schema::Schema& schema,
                                          const schema::Feature& feature, const model::Text& before,
                                          const model::Text& after);
json::array lines_json(const std::vector<std::string>& lines);

}  // namespace postern::desk
