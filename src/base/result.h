#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace postern::base {

/// What kind of trouble. The names travel in the desk protocol (see error_name) and decide exit codes.
enum class ErrorCode {
  usage,        ///< the command or request is not well formed
  not_found,    ///< a named mode, group, machine, feature or entry does not exist
  exists,       ///< it exists already
  invalid,      ///< well formed, but a value or reference does not check
  restricted,   ///< not permitted in this mode, or a start is needed (exit 3)
  conflict,     ///< the base of an edit is no longer current (exit 4)
  unreachable,  ///< another machine or process does not answer (exit 5)
  denied,       ///< wrong credentials, or the role may not
  io,           ///< disk or socket; the text names the file and the system's reason
  damaged,      ///< stored or received bytes fail their checks
  busy,         ///< a limit is reached or another operation is under way: try later
  unsupported,  ///< not in this version
  in_doubt,     ///< a commit whose flush failed after it was shipped
  internal,     ///< a bug of ours
};

/// Stable lower-case name of a code, e.g. "not-found".
const char* error_name(ErrorCode code);
/// Inverse of error_name; internal for an unknown name.
ErrorCode error_code(std::string_view name);

/// Expected trouble as a value. `where` names mode, feature and path as the operator knows them, or is
/// empty; `text` is one or more full sentences that say what is wrong and what would mend it.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string where;
  std::string text;

  friend bool operator==(const Error&, const Error&) = default;
};

/// "WHERE: TEXT", or just the text.
std::string to_text(const Error& error);

template <class T = void>
using Result = boost::system::result<T, Error>;

inline Error fail(ErrorCode code, std::string text) { return {code, {}, std::move(text)}; }
inline Error fail(ErrorCode code, std::string where, std::string text) { return {code, std::move(where), std::move(text)}; }

/// Found by boost::system::result when value() is asked of an error: a broken belief, so it aborts.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& at);

}  // namespace postern::base
