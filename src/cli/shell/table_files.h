#pragma once

#include "cli/session/session.h"
#include "cli/line/words.h"
#include "line/forms.h"

/// `import` and `export`: a feature's tables as files of other systems (line/table_file.h).
namespace postern::cli {

/// Exit code. The file is what follows: standard input, or lines up to a lone dot. A file with a bad line changes nothing,
/// unless --continue says so.
int import_table(Session& session, const line::Subject& subject, const line::WholeTable& table, Arguments& arguments);
int export_table(Session& session, const line::Subject& subject, const line::WholeTable& table, Arguments& arguments);

}  // namespace postern::cli
