#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/settings.h"

/// What a machine runs when a merge left its settings invalid (contract 2.10). Pure.
namespace postern::model {

using Texts = std::map<std::string, Text>;  ///< feature -> canonical text; absent: factory default

/// Features that the errors of a check name; empty when the settings check.
using NamedByErrors = std::function<std::vector<std::string>(const Texts&)>;

struct Mix {
  Texts texts;                    ///< what to run
  std::vector<std::string> held;  ///< features that keep what was last applied; sorted
};

/// `wanted` as far as it checks: features named by errors fall back to `in_use`, round by round, because a fallback
/// may break another feature; all features, if a round names no new one.
Mix hold_back(const Texts& wanted, const Texts& in_use, const NamedByErrors& named_by_errors);

}  // namespace postern::model
