#pragma once

#include "hands/folder.h"

#include <string>

namespace postern::hands {

/// A log of at most so many bytes, and as many older ones beside it: NAME.1 is the latest.
inline constexpr std::size_t log_bytes = 10U << 20;
inline constexpr int logs_kept = 5;

/// Strangers write mail.log, too: each connection has its lines.
inline constexpr std::size_t mail_log_bytes = 20U << 20;

/// When the log has outgrown `most`, puts it aside as NAME.1 and goes on with an empty one. The file stays the same one,
/// because other processes have it open to append; what they append meanwhile stays in it. Who might read it may read NAME.1. Errors: io.
base::Result<void> rotate(const Folder& folder, const std::string& name, std::size_t most = log_bytes);

}  // namespace postern::hands
