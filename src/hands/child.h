#pragma once

#include "hands/process.h"

namespace postern::hands {

/// In a fresh child: gives up everything the program must not have and becomes it. A failure's
/// errno goes into `told`, which closes by itself when exec succeeds. Never returns.
[[noreturn]] void become(const Program& program, int told);

/// In a fresh child: has the account's rights and no others from here on. False: some were kept.
bool become_only(const Account& account);

}  // namespace postern::hands
