#pragma once

#include "commands/table.h"
#include "desk/door/state.h"
#include "schema/schema.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

/// Who may do what at this desk, and which texts it takes: the one place that decides, for every method and
/// every door. Rights are those of now, not those at login (contract 2.12).
namespace postern::desk {

/// What a method asks of its caller.
enum class Needs {
  seat,     ///< a session: reading, and what concerns the session alone
  command,  ///< role and mode of its command
  feature,  ///< the role of the command of the feature that the call writes
  pending,  ///< role and mode of its command, and the role of every command whose feature has a pending edit
  named,    ///< the role of the command that the call names; its mode is the method's to look at
  account,  ///< a session for the own account, administrator for another user's
};

/// A parameter whose texts do not follow the law for lines (base/printable.h).
struct Unlike {
  enum class Kind {
    secret,    ///< a passphrase: any text without NUL, never shown
    settings,  ///< the schema checks each value; names are lines all the same
  };
  std::string_view param;
  Kind kind = Kind::secret;
};

/// One method's row.
struct Right {
  std::string_view method;
  Needs needs = Needs::seat;
  std::string_view command = {};  ///< of the table of commands, for Needs::command and Needs::pending
  std::vector<Unlike> unlike = {};
};

/// In the order of docs/DESK.md. A method without a row cannot be called.
const std::vector<Right>& rights();
const Right* find_right(std::string_view method);

/// Why this session may not make this call now, or nothing.
std::optional<Refused> refused_call(const State& state, const Session& session, const Right& right, const json::object& params);
/// Why it may not run this command in its mode (spec C9 to C11), or in another: denied, then restricted.
std::optional<Refused> refused_command(const State& state, const Session& session, const commands::Command& command);
std::optional<Refused> refused_command(const State& state, const Session& session, const commands::Command& command,
                                       const base::Mode& mode);
/// Denied when `role` is less than the command's.
std::optional<Refused> refused_role(const commands::Command& command, cluster::Role role);
/// The refusal when `feature` cannot be set in `mode` (spec M8, C9).
std::optional<Refused> out_of_scope(const State& state, const schema::Feature& feature, const base::Mode& mode);
/// Denied when `role` is less than the role that writing `feature` takes: that of the feature's command.
std::optional<base::Error> may_not_write(const schema::Feature& feature, cluster::Role role);

/// What is wrong with a call's texts: every string, however deep, and every name is a printable line of bounded
/// length unless the method's row says otherwise. Error invalid, `where` the parameter.
std::optional<base::Error> wrong_texts(const Right& right, const json::object& params);

}  // namespace postern::desk
