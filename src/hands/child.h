#pragma once

#include "hands/process.h"

namespace postern::hands {

/// In a fresh child: gives up everything the program must not have and becomes it. A failure's
/// errno goes into `told`, which closes by itself when exec succeeds. Never returns.
[[noreturn]] void become(const Program& program, int told);

}  // namespace postern::hands
