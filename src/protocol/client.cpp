#include "protocol/client.h"

#include "base/assert.h"
#include "base/limits.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace postern::protocol {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t read_bytes = 64 * 1024;

std::string reason() { return std::strerror(errno); }

std::string text_at(const JsonObject& object, std::string_view name) {
  const Json* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

Refusal refusal_from(const Json& error) {
  if (!error.is_object()) return {fail(ErrorCode::internal, "The desk's error is no object."), {}};
  const JsonObject& object = error.get_object();
  const Json* data = object.if_contains("data");
  Refusal out;
  out.error.text = text_at(object, "message");
  out.error.code = ErrorCode::internal;
  if (data != nullptr) {
    out.data = *data;
    if (data->is_object()) {
      out.error.code = base::error_code(text_at(data->get_object(), "name"));
      out.error.where = text_at(data->get_object(), "where");
    }
  }
  return out;
}

class SocketClient final : public Client {
 public:
  explicit SocketClient(int descriptor) : descriptor_(descriptor) {}
  ~SocketClient() override { ::close(descriptor_); }
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  Reply<Json> call(std::string_view method, JsonObject params) override {
    const std::int64_t id = ++last_id_;
    JsonObject request;
    request["jsonrpc"] = "2.0";
    request["id"] = id;
    request["method"] = method;
    request["params"] = std::move(params);
    if (auto sent = send_line(json_line(request)); !sent) return Refusal{sent.error(), {}};
    for (;;) {
      auto line = next_line();
      if (!line) return Refusal{line.error(), {}};
      boost::system::error_code failed;
      boost::json::parse_options options;
      options.max_depth = 2 * base::limits::settings_depth;
      const Json message = boost::json::parse(*line, failed, {}, options);
      if (failed || !message.is_object())
        return Refusal{fail(ErrorCode::unreachable,
                            "The desk sent something that is not its protocol: "
                            "program and daemon may be of different versions."),
                       {}};
      const JsonObject& object = message.get_object();
      if (const Json* name = object.if_contains("method")) {
        notice(*name, object);
        continue;
      }
      const Json* answered = object.if_contains("id");
      const bool ours = answered != nullptr && (*answered == Json(id) || answered->is_null());
      if (!ours) continue;  // an answer to a call that was given up
      if (const Json* error = object.if_contains("error")) return refusal_from(*error);
      if (const Json* result = object.if_contains("result")) return *result;
      return Refusal{fail(ErrorCode::internal, "The desk's answer has neither result nor error."), {}};
    }
  }

 private:
  static std::string json_line(const JsonObject& request) { return boost::json::serialize(request) + "\n"; }

  void notice(const Json& name, const JsonObject& message) {
    if (!name.is_string()) return;
    const Json* params = message.if_contains("params");
    const JsonObject object = params != nullptr && params->is_object() ? params->get_object() : JsonObject{};
    if (name.get_string() == "session.end") farewell_ = text_at(object, "text");
    if (on_notice) on_notice(name.get_string(), object);
  }

  base::Error gone(const std::string& why) const {
    if (!farewell_.empty()) return fail(ErrorCode::unreachable, farewell_);
    return fail(ErrorCode::unreachable, fmt::format("The connection to posternd ended: {}. Is the daemon running?", why));
  }

  base::Result<void> send_line(const std::string& line) {
    std::size_t sent = 0;
    while (sent < line.size()) {
      const ssize_t n = ::send(descriptor_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        const std::string why = reason();
        read_farewell();
        return gone(why);
      }
      sent += static_cast<std::size_t>(n);
    }
    return {};
  }

  /// The desk may have said why it hung up before our request could not be sent.
  void read_farewell() {
    while (auto line = next_line()) {
      boost::system::error_code failed;
      const Json message = boost::json::parse(*line, failed);
      if (failed || !message.is_object()) return;
      if (const Json* name = message.get_object().if_contains("method")) notice(*name, message.get_object());
    }
  }

  base::Result<std::string> next_line() {
    for (;;) {
      const std::size_t end = buffer_.find('\n', searched_);
      if (end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        searched_ = 0;
        return line;
      }
      searched_ = buffer_.size();
      if (buffer_.size() > base::limits::message_bytes)
        return fail(ErrorCode::unreachable, "The desk sent a line that is too long.");
      buffer_.resize(searched_ + read_bytes);
      const ssize_t n = ::recv(descriptor_, buffer_.data() + searched_, read_bytes, 0);
      buffer_.resize(searched_ + static_cast<std::size_t>(n > 0 ? n : 0));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return gone(reason());
      if (n == 0) return gone("it was closed");
    }
  }

  int descriptor_;
  std::int64_t last_id_ = 0;
  std::string buffer_;
  std::size_t searched_ = 0;  ///< bytes of buffer_ that hold no newline
  std::string farewell_;      ///< text of session.end
};

}  // namespace

void throw_exception_from_error(const Refusal& refusal, const boost::source_location& at) {
  base::throw_exception_from_error(refusal.error, at);
}

std::unique_ptr<Client> socket_client(int descriptor) { return std::make_unique<SocketClient>(descriptor); }

base::Result<std::unique_ptr<Client>> connect_desk(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(ErrorCode::usage, path, "The path of the desk's socket is too long.");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail(ErrorCode::io, fmt::format("No socket could be made: {}.", reason()));
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int why = errno;
    ::close(descriptor);
    if (why == EACCES)
      return fail(ErrorCode::denied, path,
                  "You may not use the desk's socket: log in with SSH, or ask "
                  "the system's administrator.");
    const bool absent = why == ENOENT || why == ECONNREFUSED;
    return fail(ErrorCode::unreachable, path,
                fmt::format("posternd {}: {}.", absent ? "is not running" : "does not answer", std::strerror(why)));
  }
  return socket_client(descriptor);
}

}  // namespace postern::protocol
