#pragma once

#include <string_view>

#include "cluster/commit.h"

/// The one place that says which commits may exist. All that applying, restoring, the state, the history, the
/// fleet's records and forks believe about one commit is decided here, before it is stored, from its own bytes
/// alone: so the answer is the same on every machine, in whatever order commits come, and for ever. A later
/// version may allow more, never less: else what some hold would be refused by others.
/// What needs other commits (its predecessors, its author's key) is checked where those are known.
namespace postern::cluster {

/// The header alone, as decode_header gives it; enough for what was stored after validate_values. Errors: invalid,
/// a clause that says what is wrong ("it deletes the cluster").
base::Result<void> validate(const base::ClusterId& cluster, const Header& header);

/// The values that come beside it: each is what its register is for. `values` may lack some: those are not
/// looked at. Errors: invalid.
base::Result<void> validate_values(const Header& header, const Values& values);

/// One register and one write of it. Errors: invalid.
base::Result<void> validate_write(const base::ClusterId& cluster, const Register& reg, WriteKind kind, std::uint64_t value_size);
/// Errors: invalid.
base::Result<void> validate_value(const Register& reg, WriteKind kind, std::string_view value);

/// The texts that people read. Errors: invalid.
base::Result<void> validate_texts(std::string_view author_name, std::string_view comment, std::string_view request_key);

}  // namespace postern::cluster
