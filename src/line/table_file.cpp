#include "line/table_file.h"

#include <fmt/format.h>

#include <map>

#include "base/words.h"

namespace postern::line {

std::vector<FileLine> file_lines(std::string_view text) {
  std::vector<FileLine> lines;
  std::size_t number = 0;
  for (const auto& line : base::lines(text)) {
    ++number;
    const std::string trimmed = base::trimmed(line);
    if (trimmed.empty() || trimmed.front() == '#') continue;
    lines.push_back({number, line.front() == ' ' || line.front() == '\t', trimmed});
  }
  return lines;
}

Edits read_lines(std::string_view text, std::vector<Said>& said,
                 const std::function<base::Result<Edits>(const FileLine&)>& read) {
  Edits edits;
  std::map<std::string, std::size_t> seen;
  for (const auto& line : file_lines(text)) {
    auto made = read(line);
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
