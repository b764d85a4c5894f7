#pragma once

#include "base/result.h"
#include "hands/protocol.h"
#include "hands/values.h"

/// Whoever writes Postfix's files could have root run any program: master(8) is root, and
/// daemon_directory says what it runs; and could have root read any file: every "TYPE:PATH" is
/// opened before a daemon gives root up. So a generation is judged byte by byte: it may say what
/// the gateway says, in the form in which the gateway says it, and nothing else.
namespace postern::hands {

/// Errors invalid (not of the form) and denied (what it says), naming the line, parameter, service
/// or file.
base::Result<void> check_generation(const Stage& stage, const Places& places);

}  // namespace postern::hands
