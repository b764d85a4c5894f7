#pragma once

#include "base/result.h"
#include "cluster/commit.h"
#include "desk/door/any_desk.h"
#include "model/settings.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Pending edits (spec C6): what a user has changed on this login host and not committed yet.
namespace postern::desk {

struct PendingEdit {
  /// Heads of the register when the edit began, sorted, and the text shown then (null: not
  /// defined): what contract 2.8 compares and merges with.
  std::vector<cluster::Dot> base;
  model::Text base_text;
  model::Text text;  ///< null: the definition is cleared
  // Not stored:
  SessionId session = 0;    ///< that changed it last; 0: one from before this start
  bool by_several = false;  ///< another one changed it before
};

/// What a refused commit showed of one register: `mine` and `merge` rest on exactly this.
struct ShownConflict {
  std::vector<cluster::Dot> heads;
  model::Text text;  ///< of the shown head; null: not defined there
};

struct Pending {
  using Key = model::Settings::Key;  ///< (mode, feature)
  std::map<Key, PendingEdit> edits;
  // Not stored:
  std::map<Key, ShownConflict> conflicts;  ///< of the last refused commit
  std::string in_doubt;                    ///< request key of a commit whose end is not known
  bool committing = false;
  std::uint64_t version = 0;  ///< grows with each change
};

/// For the store: JSON, the edits only; and its strict inverse (damaged).
std::string encode_pending(const Pending& pending);
base::Result<Pending> decode_pending(std::string_view bytes);

/// Puts the edits over the committed settings.
void overlay(model::Settings& settings, const Pending& pending);

}  // namespace postern::desk
