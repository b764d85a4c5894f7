#pragma once

#include <string>
#include <vector>

#include "cli/session/session.h"
#include "line/subject.h"
#include "model/edit.h"
#include "model/tree.h"

/// One feature's settings in the session's mode: looked at, changed, started, shared between modes.
namespace postern::cli {

/// A feature as the desk shows it, pending edits included.
struct OpenFeature {
  const schema::Feature* feature = nullptr;
  Json answer;                 ///< feature.get's whole answer
  bool defined = false;        ///< in the session's mode
  model::Tree shown;           ///< the mode's own settings, or those in effect there
  std::string effective_from;  ///< label of the mode that supplies them
};
/// What the feature's words are about, in the session's mode. Lifetime: the session's.
line::Subject subject_of(Session& session, const schema::Feature& feature);

/// `mode` empty: the session's.
protocol::Reply<OpenFeature> open_feature(Session& session, const schema::Feature& feature, const std::string& mode = {});

/// Sends the edits. Where the feature is not defined in the mode and no `start` was given, a shell asks
/// which is meant (spec C14) and a batch fails with exit code 3. Exit code.
int send_edits(Session& session, const schema::Feature& feature, const std::vector<model::Edit>& edits, std::string start = {});

/// Spec C14: switch to the mode in effect, start empty, or start as a copy. True with `start` set (empty
/// after a switch); false when the person left it.
bool settle_start(Session& session, const OpenFeature& view, std::string& start);

/// The source's note that groups and machines override this mode (spec C5); nothing when none does.
void note_hidden(Session& session, const OpenFeature& view);

/// "Configured at mode:" and its lines (spec C3).
void print_defined_at(Session& session, const Json& defined_at);

/// PRINT, as a text or with --json as data.
int print_feature(Session& session, const schema::Feature& feature);
/// `clear`: the mode inherits again. Exit code.
int clear_feature(Session& session, const schema::Feature& feature);
/// `to`: a mode or "all-groups". Exit code.
int copy_feature(Session& session, const schema::Feature& feature, const std::string& to, bool move);
int show_feature(Session& session, const schema::Feature& feature);
/// The CLUSTERSET dialogue.
int share_feature(Session& session, const schema::Feature& feature);

/// The whole interactive command, made from the schema: NEW, EDIT, DELETE, PRINT and the rest.
int settings_dialogue(Session& session, const schema::Feature& feature);

}  // namespace postern::cli
