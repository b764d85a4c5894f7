#pragma once

#include "cli/session/session.h"
#include "cli/line/words.h"

/// A configuration command: its one-line forms, or its dialogue.
namespace postern::cli {

/// Exit code. Without words: the dialogue (with --json: print).
int run_feature_command(Session& session, const schema::Feature& feature, Arguments& arguments);
/// All its one-line forms, for help.
std::vector<std::string> feature_forms(const Session& session, const schema::Feature& feature);

}  // namespace postern::cli
