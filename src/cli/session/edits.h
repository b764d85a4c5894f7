#pragma once

#include <string>
#include <vector>

#include "cli/session/session.h"
#include "model/edit.h"

namespace postern::cli {

/// One feature.edit.
protocol::Reply<Json> edit_feature(Session& session, const schema::Feature& feature, const std::vector<model::Edit>& edits,
                                   const std::string& start);

}  // namespace postern::cli
