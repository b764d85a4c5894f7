#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/session.h"
#include "cli/settings.h"
#include "cli/words.h"

/// The one-line forms of configuration commands: what all share, and what each adds.
namespace postern::cli {

/// What a feature's own operation makes of its arguments: the edits to send. Errors of code usage are shown
/// with the command's forms.
using MakeEdits = base::Result<std::vector<model::Edit>> (*)(Session&, const schema::Feature&,
                                                             std::string_view operation, Arguments&);

struct FeatureCommand {
  std::string_view command;  ///< its feature is looked up in the schema by it
  std::vector<std::string> operations;  ///< its own, beside print, clear, clusterset and clustershow
  MakeEdits make = nullptr;
  /// The operation that other text stands for (a listener's tables print themselves); may be null. Returns
  /// the exit code, or -1 for "not mine".
  int (*other)(Session&, const schema::Feature&, std::string_view operation, Arguments&) = nullptr;
};
/// Without an operation: the dialogue (with --json: print).
int run_feature_command(Session& session, Arguments& arguments, const FeatureCommand& command);

/// The value in canonical form. Errors: usage with the schema's text.
base::Result<std::string> canonical_leaf(const Session& session, const schema::Feature& feature,
                                         const std::vector<std::string>& names,
                                         std::string_view value);
/// Takes the next word as the value of the leaf `names`. Errors: usage, saying what is missing.
base::Result<std::string> take_leaf(const Session& session, const schema::Feature& feature,
                                    const std::vector<std::string>& names, Arguments& arguments,
                                    std::string_view what);
/// One option of a command and the leaf that it sets.
struct LeafOption {
  std::string_view option;
  std::vector<std::string> leaf;  ///< names below the entry
};
/// Edits that set the leaves whose options were given. "on" and "off" stand for booleans.
base::Result<std::vector<model::Edit>> option_edits(const Session& session,
                                                    const schema::Feature& feature,
                                                    const model::Path& entry,
                                                    const std::vector<LeafOption>& options,
                                                    Arguments& arguments);
/// Error not_found, naming the entry, unless the settings that an edit would change hold it.
base::Result<> expect_entry(Session& session, const schema::Feature& feature,
                            std::string_view list, const std::string& key,
                            const Arguments& arguments);
/// A list with one key and options: new KEY --…, edit KEY --…, delete KEY. `mandatory`: options that
/// `new` must be given.
base::Result<std::vector<model::Edit>> keyed_edits(Session& session, const schema::Feature& feature,
                                                   std::string_view list,
                                                   const std::vector<LeafOption>& options,
                                                   const std::vector<std::string>& mandatory,
                                                   std::string_view operation,
                                                   Arguments& arguments);

}  // namespace postern::cli
