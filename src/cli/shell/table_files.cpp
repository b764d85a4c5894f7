#include "cli/shell/table_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "cli/dialogue/settings.h"
#include "features/lines.h"
#include "protocol/wire.h"

namespace postern::cli {
namespace {

using base::ErrorCode;
using base::fail;
using line::Said;
using Op = model::Edit::Op;

constexpr std::size_t file_bytes_most = std::size_t{8} << 20U;
constexpr std::size_t lines_told_most = 50;
constexpr std::size_t lost_told_most = 3;

/// The format that the option names, or the list's first.
base::Result<line::TableFile> format_of(const line::Subject& subject, const schema::Form& list, Arguments& arguments) {
  const std::string wanted = lower(arguments.value("format").value_or(""));
  std::vector<std::string> names;
  for (const auto& file : line::files_of(features::line_of(subject.feature.name), list)) {
    if (wanted.empty() || wanted == file.format) return file;
    names.emplace_back(file.format);
  }
  if (names.empty()) return fail(ErrorCode::unsupported, fmt::format("There is no file format for {}.", list.name));
  return fail(ErrorCode::usage, fmt::format("\"{}\" is not a format of this table: {}.", wanted, join(names, " or ")));
}

void tell(Session& session, const std::vector<Said>& said) {
  for (std::size_t i = 0; i < said.size() && i < lines_told_most; ++i)
    session.warn(fmt::format("Line {}: {}", said[i].line, said[i].text));
  if (said.size() > lines_told_most) session.warn(fmt::format("... and {} more.", said.size() - lines_told_most));
}

/// Entries that the edits make.
std::size_t entries_in(const line::Edits& edits, const line::WholeTable& table) {
  return static_cast<std::size_t>(std::ranges::count_if(
      edits, [&](const model::Edit& edit) { return edit.op == Op::create && edit.path.size() == table.parent.size() + 1; }));
}

/// Values that the edits are in a request, as protocol/wire.cpp counts them, and nodes that they make in the settings, with
/// defaults, as the schema counts them.
struct Size {
  std::size_t values = 0;
  std::size_t nodes = 0;
};
/// Whether both paths end in the same list of the same entry.
bool same_list(const model::Path& one, const model::Path& other) {
  return one.size() == other.size() && one.back().name == other.back().name &&
         std::equal(one.begin(), one.end() - 1, other.begin());
}

const schema::Form* form_of(const model::Path& path, const line::WholeTable& table) {
  const schema::Form* form = table.list;
  for (std::size_t i = table.parent.size() + 1; form != nullptr && i < path.size(); ++i) form = form->child(path[i].name);
  return form;
}

std::size_t nodes_of(const model::Edit& edit, const schema::Form* form) {
  if (form == nullptr) return 0;
  if (edit.op == Op::insert) return 1;
  if (edit.op == Op::set) return form->fallback.empty() ? 1 : 0;  // the entry came with its defaults
  if (edit.op != Op::create) return 0;
  const auto defaults = std::ranges::count_if(form->children, [](const auto& leaf) { return !leaf.fallback.empty(); });
  return 1 + form->keys.size() + static_cast<std::size_t>(defaults);
}

Size size_of(const line::Edits& edits, const line::WholeTable& table) {
  Size size;
  const model::Path* list = nullptr;
  for (const auto& edit : edits) {
    size.values += 3 + (edit.value.empty() ? 0 : 1) + (edit.anchor.empty() ? 0 : 1 + edit.anchor.size());
    size.nodes += nodes_of(edit, form_of(edit.path, table));
    if (edit.op != Op::create && edit.op != Op::insert) continue;
    if (edit.path.size() <= table.parent.size() + 1) continue;
    if (list == nullptr || !same_list(*list, edit.path)) ++size.nodes;
    list = &edit.path;
  }
  return size;
}

/// How many of as large rows there can be, in round figures.
std::size_t rows_in(std::size_t most, std::size_t size, std::size_t rows) {
  const std::size_t exact = most / std::max<std::size_t>(1, size / std::max<std::size_t>(1, rows));
  return exact < 1000 ? exact : exact / 1000 * 1000;
}

/// Error when the desk would not take so much at once, or ever.
base::Result<> check_size(const line::Subject& subject, const line::WholeTable& table, const line::Edits& edits,
                          std::size_t rows) {
  const Size size = size_of(edits, table);
  if (size.nodes > base::limits::settings_nodes)
    return fail(ErrorCode::usage, fmt::format("The file has {} rows; {} of one mode have room for about {} like these.", rows,
                                              subject.feature.title, rows_in(base::limits::settings_nodes, size.nodes, rows)));
  constexpr std::size_t most = protocol::request_values_most - 1000;  // the rest of the request
  if (size.values > most)
    return fail(ErrorCode::usage,
                fmt::format("The file has {} rows; one import takes about {} like these. Divide it into several "
                            "files, and import all but the first with --add.",
                            rows, rows_in(most, size.values, rows)));
  return {};
}

/// Those that are in the table already are made anew by the file.
void replace_entries(line::Edits& edits, const line::WholeTable& table, const model::Node& holder) {
  std::set<std::vector<std::string>> there;
  for (const auto& entry : holder.entries(table.list->name)) there.insert(entry.key_values(table.list->keys.size()));
  line::Edits all;
  for (auto& edit : edits) {
    const bool makes = edit.op == Op::create && edit.path.size() == table.parent.size() + 1;
    if (makes && there.contains(edit.path.back().keys)) all.push_back({Op::remove, edit.path, {}, {}});
    all.push_back(std::move(edit));
  }
  edits = std::move(all);
}

/// Beside the file, which is written all the same.
void tell_lost(Session& session, const line::TableFile& file, const schema::Form& list, const model::Node& holder) {
  if (file.lost == nullptr) return;
  const auto lost = file.lost(holder);
  if (lost.empty()) return;
  const std::string whose =
      lost.size() > lost_told_most ? fmt::format("{} {}", lost.size(), base::plural(list.label)) : join(lost, ", ");
  session.warn("Warning: " + fmt::format(fmt::runtime(file.loses), whose));
}

base::Result<std::string> read_file(Session& session) {
  session.console().expect_block();
  if (session.answered) session.line("Paste the table. A line with a single dot ends it.");
  auto text = session.console().read_block(Console::Ends::at_dot);
  if (!text || text->empty()) return fail(ErrorCode::usage, "There is no table to import: it follows on standard input.");
  // Without the dot what follows in the script, its commit too, would be lines of the table.
  if (session.reads_script && session.console().ended())
    return fail(
        ErrorCode::usage,
        "The table in this script has no end: a line with a single dot behind its last line ends it. Nothing was imported.");
  if (text->size() > file_bytes_most)
    return fail(ErrorCode::usage,
                fmt::format("A file has {} MiB at most; this one has {} bytes. Divide it into several files, and import all but "
                            "the first with --add.",
                            file_bytes_most >> 20U, text->size()));
  return std::move(*text);
}

}  // namespace

int import_table(Session& session, const line::Subject& subject, const line::WholeTable& table, Arguments& arguments) {
  const auto file = format_of(subject, *table.list, arguments);
  if (!file) return session.fail(file.error());
  const bool adds = arguments.flag("add");
  const bool goes_on = arguments.flag("continue");
  const std::string start = arguments.value("start").value_or("");
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto holder = line::entry_at(subject, table.parent);
  if (!holder) return session.fail(holder.error());
  const auto text = read_file(session);
  if (!text) return session.fail(text.error());
  std::vector<Said> said;
  line::Edits edits = file->read(subject, table.parent, *text, said);
  tell(session, said);
  const auto bad = std::ranges::count(said, true, &Said::bad);
  if (bad > 0 && !goes_on)
    return session.fail(ErrorCode::usage,
                        fmt::format("{} of its lines cannot be taken: nothing was imported. --continue takes the "
                                    "others.",
                                    bad));
  const std::size_t entries = entries_in(edits, table);
  if (adds) {
    replace_entries(edits, table, *holder);
  } else {
    edits.insert(edits.begin(), model::Edit{Op::clear, line::below(table.parent, table.list->name), {}, {}});
  }
  if (const auto fits = check_size(subject, table, edits, entries); !fits) return session.fail(fits.error());
  const int code = send_edits(session, subject.feature, edits, start);
  if (code == exit_ok && !session.json)
    session.line(fmt::format("{} {} imported; showchanges shows them.", entries, entries == 1 ? "entry" : "entries"));
  return code;
}

int export_table(Session& session, const line::Subject& subject, const line::WholeTable& table, Arguments& arguments) {
  const auto file = format_of(subject, *table.list, arguments);
  if (!file) return session.fail(file.error());
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto holder = line::entry_at(subject, table.parent);
  if (!holder) return session.fail(holder.error());
  session.print(file->write(*holder));
  tell_lost(session, *file, *table.list, *holder);
  return exit_ok;
}

}  // namespace postern::cli
