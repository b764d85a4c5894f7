#pragma once

#include "cli/session/session.h"

namespace postern::cli {

/// How far a commit is on each machine, a line each: of commit.detail's and commit.wait's answers.
void print_progress(Session& session, const Json& answer);

}  // namespace postern::cli
