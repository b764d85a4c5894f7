#pragma once

#include "desk/settings/view.h"

#include <set>
#include <string>
#include <vector>

/// What every machine would say to a change (spec D1, D2; contract P10): the schema's check of each
/// machine's effective settings, each distinct combination once.
namespace postern::desk {

/// One thing wrong, with everyone it concerns.
struct Finding {
  std::string feature;
  std::optional<base::Mode> mode;  ///< that supplies the feature; none: the factory default
  std::string path;
  std::string value;
  std::string text;
  bool is_reference = false;
  bool warning = false;               ///< a reference whose not resolving has an effect fixed in spec D2
  std::vector<std::string> machines;  ///< host names; empty: nobody uses this definition yet
};

using Changed = std::set<model::Settings::Key>;

/// Findings in the features that `changed` names and in those that refer to them, for every machine
/// whose effective settings differ between the two views, and for each changed definition that no
/// machine uses (there without references: nobody is there to resolve them).
std::vector<Finding> check_change(State& state, const View& before, const View& after, const Changed& changed);

/// References that resolve in `before` and no longer in `after`, one sentence each (spec C4, D2).
std::vector<std::string> lost_references(State& state, const View& before, const View& after, const Changed& changed);

/// What of the changed definitions in `after` has no effect as it stands, and stood in none of them before.
std::vector<std::string> new_warnings(State& state, const View& before, const View& after, const Changed& changed);

std::string finding_text(const State& state, const Finding& finding);
json::object finding_json(const State& state, const Finding& finding);
/// The error `invalid` for a commit that does not check, and its data.
base::Error problems_error(const State& state, const std::vector<Finding>& problems);
json::array problems_json(const State& state, const std::vector<Finding>& problems);

}  // namespace postern::desk
