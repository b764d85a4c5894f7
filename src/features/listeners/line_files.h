#pragma once

#include "line/table_file.h"

namespace postern::features {

/// A listener's tables in AsyncOS's files. RAT: "ADDRESS ACCEPT|REJECT [TEXT]" a line. HAT: policies ($NAME), sender
/// groups (NAME:) and single hosts, what each is on the lines below it.
std::vector<line::TableFile> access_files();

}  // namespace postern::features
