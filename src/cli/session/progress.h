#pragma once

#include "cli/session/session.h"

namespace postern::cli {

/// How far a commit is on each machine, a line each: of commit.detail's and commit.wait's answers.
void print_progress(Session& session, const Json& answer);

/// Seconds that --seconds or --wait asks for, 30 when it has no value. Errors: usage.
base::Result<long> seconds_to_wait(const std::string& option, const std::string& value);

/// Waits until every machine that is linked has applied `commit`, then prints how far each is. With --json it prints one
/// object: `beside` and commit.wait's members. exit_failed when time is up before.
int wait_until_applied(Session& session, const std::string& commit, long seconds, JsonObject beside);

}  // namespace postern::cli
