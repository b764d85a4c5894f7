#pragma once

#include "base/result.h"

#include <boost/json/value.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

/// The desk protocol's client side: what CLI and web pages are written against.
namespace postern::protocol {

using Json = boost::json::value;
using JsonObject = boost::json::object;

/// A call that the desk refused, or that could not be made. `data` is the protocol's error data
/// (conflicts, problems, hints); null when there is none.
struct Refusal {
  base::Error error;
  Json data;
};
template <class T>
using Reply = boost::system::result<T, Refusal>;
[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location& at);

class Client {
 public:
  virtual ~Client() = default;
  /// One request, one answer; blocks. Errors of the wire are `unreachable`.
  virtual Reply<Json> call(std::string_view method, JsonObject params) = 0;
  /// Notifications (progress lines, session notices) that come while a call waits.
  std::function<void(std::string_view method, const JsonObject& params)> on_notice;
};

/// Over a connected unix stream socket; owns the descriptor.
std::unique_ptr<Client> socket_client(int descriptor);
/// Connects to a desk socket path. Errors: unreachable, saying whether the daemon runs.
base::Result<std::unique_ptr<Client>> connect_desk(const std::string& path);

}  // namespace postern::protocol
