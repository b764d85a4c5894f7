#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "line/subject.h"
#include "line/table_file.h"

/// A configuration command in one line. Most of it is made from the schema (line/forms.h); a feature's line.cpp
/// says only what YANG cannot.
namespace postern::line {

/// An entry that is asked for, and written, as one text instead of leaf by leaf.
struct Whole {
  std::string_view list;      ///< the schema's name of a list of the feature's container
  std::string_view question;  ///< "{}" stands for the entry's keys
  std::string_view help;
  std::string (*answer)(const model::Node& entry) = nullptr;  ///< what the entry is, in the words that make it
  /// Edits that give a fresh entry what the words say. Errors: usage.
  base::Result<Edits> (*edits)(const Subject&, const model::Path& entry, std::string_view words) = nullptr;
  std::vector<std::string_view> replaced;  ///< children that another answer replaces
};

/// What one feature adds. Every part may be left out.
struct Line {
  std::string_view feature;
  /// Operations that `make` takes over from the schema or adds to it, and their forms for help, one a line.
  std::vector<std::string> operations;
  std::string_view forms;
  /// nullopt: as the schema says.
  std::optional<base::Result<Edits>> (*make)(const Subject&, std::string_view operation, Arguments&) = nullptr;
  /// An entry of `list` on one line; nullopt: as the schema says.
  std::optional<std::string> (*summary)(const schema::Form& list, const model::Node& entry) = nullptr;
  std::optional<Whole> whole;
  /// Of each list the first is the one that is meant when no format is named.
  std::vector<TableFile> files;
};

/// What stands for all leaves of the list's entries, and is all that a line says of them; null: the leaves do.
inline const Whole* whole_of(const Line* own, const schema::Form& list) {
  return own != nullptr && own->whole && own->whole->list == list.name ? &*own->whole : nullptr;
}

/// The files that hold a list, in the order of Line::files.
std::vector<TableFile> files_of(const Line* own, const schema::Form& list);

}  // namespace postern::line
