#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "line/arguments.h"
#include "model/edit.h"
#include "model/tree.h"
#include "schema/schema.h"

/// What the words of one configuration command are about, and small readings of them. Nothing here knows a session:
/// form, tree and words are all there is.
namespace postern::line {

using Edits = std::vector<model::Edit>;

/// The settings that edits would change, as they stand.
struct Standing {
  bool defined = false;     ///< in the mode itself
  bool must_start = false;  ///< where they are not defined, only the desk knows with what they begin
  model::Tree tree;         ///< the mode's own, or those in effect there
};

struct Subject {
  const schema::Schema& schema;
  const schema::Feature& feature;
  const schema::Form& form;  ///< of the feature's container
  std::string label;         ///< of the mode, for messages
  /// Asks for the settings; it may cost a call of the desk. Errors: the desk's.
  std::function<base::Result<Standing>()> standing;
};

/// `path` with one more step.
model::Path below(model::Path path, std::string_view name, std::vector<std::string> keys = {});
/// The names of a path's steps, as schema::Schema::check_leaf takes them.
std::vector<std::string> names_of(const model::Path& path);

/// The value in canonical form. Errors: usage with the schema's text.
base::Result<std::string> canonical_leaf(const Subject& subject, const std::vector<std::string>& names, std::string_view value);
/// Takes the next word as the value of the leaf `names`. Errors: usage, saying that `what` is missing.
base::Result<std::string> take_leaf(const Subject& subject, const std::vector<std::string>& names, Arguments& arguments,
                                    std::string_view what);
/// Edits that set the leaves of `form` (and of containers in it) whose options were given; `entry` is its path. "on"
/// and "off" stand for booleans. Errors: invalid, naming the option.
base::Result<Edits> option_edits(const Subject& subject, const schema::Form& form, const model::Path& entry,
                                 Arguments& arguments);
/// Error not_found, naming the entry, unless the settings that an edit would change hold it, or have yet to begin.
base::Result<> expect_entry(const Subject& subject, const model::Path& entry, const Arguments& arguments);
/// The entry in the settings as they stand; for an empty path the container. Errors: not_found.
base::Result<model::Node> entry_at(const Subject& subject, const model::Path& entry);

/// "max-connections" of "max-connections=N", and "N", or what the type says.
std::string option_name(const schema::Form& leaf);
/// How help writes a value of the leaf.
std::string placeholder(const schema::Form& leaf);

}  // namespace postern::line
