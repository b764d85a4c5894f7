#pragma once

#include "desk/settings/view.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the methods on settings share.
namespace postern::desk {

using Target = std::pair<const schema::Feature*, base::Mode>;

/// Feature and mode of a call. Refused: not_found, usage, and restricted when the feature cannot
/// live there.
Checked<Target> find_target(const State& state, const Session& session, std::string_view name,
                            const std::optional<std::string>& typed);
/// Whether a definition may begin without asking (spec C14): only where no other mode can define
/// the feature, so that nothing inherited could be hidden.
bool starts_unasked(const State& state, const schema::Feature& feature);
/// Who is left without settings when the definition at `from` goes (spec C4, G7).
std::vector<std::string> away_warnings(const schema::Feature& feature, const View& before, const View& after,
                                       const base::Mode& from);

struct Outcome {
  bool changed = false;
  std::vector<std::string> warnings;  ///< references that no longer resolve, and what has no effect
};
/// Makes these the session's pending settings (null: cleared) and stores them; then runs `done`.
/// Refuses the call when they are too large, cannot be stored, or this user's commit is under way.
void change(State& state, Session& session, const Call& call, const std::map<Pending::Key, model::Text>& edits,
            std::function<void(const Outcome&)> done);
/// The result of feature.edit and feature.put.
void answer_changed(const Call& call, const Outcome& outcome);

void feature_copy(State& state, Session& session, const Call& call, Params& params);

}  // namespace postern::desk
