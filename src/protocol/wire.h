#pragma once

#include "base/limits.h"
#include "base/result.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The desk protocol's envelope: JSON-RPC 2.0, one object a line (docs/DESK.md). Strict on the way
/// in: what is not exactly a request gets the JSON-RPC error for it.
namespace postern::protocol {

namespace json = boost::json;

constexpr std::int64_t protocol_version = 1;  ///< session.hello asks for it
/// Values in one request, each array, object and member counted: a list in settings costs two values, its array and each
/// entry's object, and a request little more.
constexpr std::size_t request_values_most = 2 * base::limits::settings_nodes + 1000;

struct Request {
  json::value id;  ///< string or integer
  std::string method;
  json::object params;
};

/// JSON-RPC's own error codes (JSON-RPC 2.0 §5.1).
enum class RpcCode : int {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
};
struct WireError {
  RpcCode code = RpcCode::parse_error;
  std::string text;
  json::value id;  ///< of the request, as far as it was understood; else null
};

/// Lines longer than base::limits::message_bytes or with more values than two settings of a feature
/// can have, batches and requests without an id are refused. Takes at most about four times the
/// memory of the longest line.
std::variant<Request, WireError> parse_request(std::string_view line);

/// Lines to send, without the newline.
std::string answer_line(const json::value& id, json::value result);
std::string error_line(const json::value& id, const base::Error& error, json::object data);
std::string error_line(const WireError& error);
std::string notice_line(std::string_view method, std::string text);

/// A call's parameters, read strictly: each by its name and type, nothing left over. The first
/// trouble is kept and later reads give empty values, so that a handler reads everything and then
/// asks `trouble`.
class Params {
 public:
  explicit Params(const json::object& from) : from_(from) {}

  std::string text(std::string_view name);
  std::optional<std::string> text_if(std::string_view name);
  bool flag(std::string_view name, bool otherwise);
  std::int64_t number(std::string_view name, std::int64_t least, std::int64_t greatest, std::optional<std::int64_t> otherwise);
  /// Any value; null when it is missing (and then that is the trouble).
  const json::value& any(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  [[nodiscard]] bool has(std::string_view name) const { return from_.contains(name); }

  /// usage, naming the parameter; also for a parameter that was never asked for.
  [[nodiscard]] std::optional<base::Error> trouble() const;

 private:
  const json::value* find(std::string_view name, bool required);
  void complain(std::string_view name, std::string_view expected);

  const json::object& from_;
  std::set<std::string, std::less<>> asked_;
  std::optional<base::Error> error_;
};

}  // namespace postern::protocol
