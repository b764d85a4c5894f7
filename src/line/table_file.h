#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "line/subject.h"

/// Tables as the files of other systems have them: AsyncOS's exports, Postfix's maps.
namespace postern::line {

/// What is said of a file's line when it is read.
struct Said {
  std::size_t line = 0;  ///< from 1
  std::string text;
  bool bad = true;  ///< else the line is taken, without what the text names
};

/// One way to write a list to a file and to read it back.
struct TableFile {
  std::string_view format;  ///< "asyncos" or "postfix"
  std::string_view list;    ///< the schema's name of the list
  /// Edits that make the file's entries in an empty list below `parent`; of bad lines none.
  Edits (*read)(const Subject&, const model::Path& parent, std::string_view text, std::vector<Said>& said) = nullptr;
  /// The list in `holder`, as `read` takes it.
  std::string (*write)(const model::Node& holder) = nullptr;
  /// What the file cannot say of the list: a sentence with "{}" for the names of `lost`'s entries, or for how many they are.
  std::string_view loses = {};
  std::vector<std::string> (*lost)(const model::Node& holder) = nullptr;
};

/// A line of a file, without what stands behind a # at its beginning.
struct FileLine {
  std::size_t number = 0;
  bool indented = false;
  std::string text;  ///< trimmed, not empty
};
std::vector<FileLine> file_lines(std::string_view text);

/// Error usage, naming it, where the edits of one entry make an entry or a value twice: the desk would refuse the whole file.
base::Result<> check_once(const Edits& edits);

/// For files with one entry a line: edits of each, those of errors and of entries that come twice left out and said.
Edits read_lines(std::string_view text, std::vector<Said>& said, const std::function<base::Result<Edits>(const FileLine&)>& read);

}  // namespace postern::line
