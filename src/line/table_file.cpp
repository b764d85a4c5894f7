#include "line/table_file.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "base/words.h"

namespace postern::line {

std::vector<FileLine> file_lines(std::string_view text) {
  std::vector<FileLine> lines;
  std::size_t number = 0;
  for (const auto& line : base::lines(base::without_mark(text))) {
    ++number;
    const std::string trimmed = base::trimmed(line);
    if (trimmed.empty() || trimmed.front() == '#') continue;
    lines.push_back({number, line.front() == ' ' || line.front() == '\t', trimmed});
  }
  return lines;
}

base::Result<> check_once(const Edits& edits) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& edit : edits) {
    const bool makes = edit.op == model::Edit::Op::create || edit.op == model::Edit::Op::insert;
    if (!makes || seen.emplace(model::to_text(edit.path), edit.value).second) continue;
    const std::string what = edit.value.empty() ? base::join(edit.path.back().keys, " ") : edit.value;
    return base::fail(base::ErrorCode::usage, fmt::format("{} stands there twice: take one out.", what));
  }
  return {};
}

Edits read_lines(std::string_view text, std::vector<Said>& said,
                 const std::function<base::Result<Edits>(const FileLine&)>& read) {
  Edits edits;
  std::map<std::string, std::size_t> seen;
  for (const auto& line : file_lines(text)) {
    auto made = read(line);
    if (made) {
      if (const auto once = check_once(*made); !once) made = once.error();
    }
    if (!made) {
      said.push_back({line.number, made.error().text, true});
      continue;
    }
    const std::string entry = made->empty() ? std::string() : model::to_text(made->front().path);
    if (const auto [at, fresh] = seen.emplace(entry, line.number); !fresh) {
      said.push_back({line.number,
                      fmt::format("{} is on line {} already.", base::join(made->front().path.back().keys, " "), at->second),
                      true});
      continue;
    }
    edits.insert(edits.end(), std::make_move_iterator(made->begin()), std::make_move_iterator(made->end()));
  }
  return edits;
}

}  // namespace postern::line
