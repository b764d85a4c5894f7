#pragma once

#include "cluster/commit.h"
#include "cluster/event.h"

namespace postern::cluster {

/// What the request asked for that became this commit: equal to content_of(LocalCommit).
base::Hash content_of(const Header& header);

}  // namespace postern::cluster
