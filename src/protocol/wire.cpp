#include "protocol/wire.h"

#include "base/limits.h"
#include "base/printable.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace postern::protocol {
namespace {

constexpr std::size_t id_bytes = 128;
constexpr std::size_t shown_bytes = 64;  ///< of a name that is not known
WireError not_a_request(json::value id, std::string text) { return {RpcCode::invalid_request, std::move(text), std::move(id)}; }

/// As many values as the line would make, or a few more; counted without making one: a built value
/// takes up to 30 times the bytes of its text ("[],[],…").
std::size_t values_in(std::string_view line) {
  std::size_t count = 1;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == '[' || c == '{') {
      ++count;
    }
  }
  return count;
}

/// An answer or error line's common part.
json::object envelope(const json::value& id) {
  json::object out;
  out["jsonrpc"] = "2.0";
  out["id"] = id;
  return out;
}

std::optional<std::string> wrong_member(const json::object& request) {
  const json::value* version = request.if_contains("jsonrpc");
  if (version == nullptr || !version->is_string() || version->get_string() != "2.0")
    return R"(A request's "jsonrpc" must be "2.0".)";
  const json::value* method = request.if_contains("method");
  if (method == nullptr || !method->is_string()) return R"(A request's "method" must be a string.)";
  for (const auto& member : request)
    if (member.key() != "jsonrpc" && member.key() != "id" && member.key() != "method" && member.key() != "params")
      return fmt::format(R"(A request has no member "{}".)", base::printable_line(member.key(), shown_bytes));
  return std::nullopt;
}

}  // namespace

std::variant<Request, WireError> parse_request(std::string_view line) {
  if (line.size() > base::limits::message_bytes)
    return not_a_request(
        nullptr, fmt::format("A line may have {} bytes at most; this one has {}.", base::limits::message_bytes, line.size()));
  if (const std::size_t values = values_in(line); values > request_values_most)
    return not_a_request(nullptr,
                         fmt::format("A line may hold {} values at most; this one has {}.", request_values_most, values));
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 2 * base::limits::settings_depth;  // a list costs two: array and object
  json::value whole = json::parse(line, failed, {}, options);
  if (failed) return WireError{RpcCode::parse_error, fmt::format("The line is not JSON: {}.", failed.message()), nullptr};
  if (!whole.is_object()) return not_a_request(nullptr, "A line must hold one JSON object; batches are not supported.");
  json::object& request = whole.get_object();
  const json::value* id = request.if_contains("id");
  if (id == nullptr || !(id->is_string() || id->is_int64() || id->is_uint64()))
    return not_a_request(nullptr, R"(A request needs an "id", a string or an integer.)");
  if (id->is_string() && !base::is_printable_line(id->get_string(), id_bytes))
    return not_a_request(nullptr, fmt::format(R"(An "id" that is a string has {} bytes of printable text at most.)", id_bytes));
  if (auto wrong = wrong_member(request)) return not_a_request(*id, *wrong);
  // Not request["method"]: that may make room for a member, and move `id`.
  Request out{*id, std::string(request.at("method").get_string()), {}};
  if (json::value* params = request.if_contains("params")) {
    if (!params->is_object()) return WireError{RpcCode::invalid_params, R"("params" must be an object.)", *id};
    out.params = std::move(params->get_object());
  }
  return out;
}

std::string answer_line(const json::value& id, json::value result) {
  json::object out = envelope(id);
  out["result"] = std::move(result);
  return json::serialize(out);
}

std::string error_line(const json::value& id, const base::Error& error, json::object data) {
  data["name"] = base::error_name(error.code);
  data["where"] = error.where;
  json::object out = envelope(id);
  out["error"] =
      json::object{{"code", -32000 - static_cast<int>(error.code)}, {"message", error.text}, {"data", std::move(data)}};
  return json::serialize(out);
}

std::string error_line(const WireError& error) {
  const bool unknown = error.code == RpcCode::method_not_found;
  json::object data;
  data["name"] = base::error_name(unknown ? base::ErrorCode::unsupported : base::ErrorCode::usage);
  data["where"] = "";
  json::object out = envelope(error.id);
  out["error"] = json::object{{"code", static_cast<int>(error.code)}, {"message", error.text}, {"data", std::move(data)}};
  return json::serialize(out);
}

std::string notice_line(std::string_view method, std::string text) {
  json::object out;
  out["jsonrpc"] = "2.0";
  out["method"] = method;
  out["params"] = json::object{{"text", std::move(text)}};
  return json::serialize(out);
}

void Params::complain(std::string_view name, std::string_view expected) {
  if (!error_)
    error_ =
        base::fail(base::ErrorCode::usage, std::string(name), fmt::format(R"(The parameter "{}" must be {}.)", name, expected));
}

const json::value* Params::find(std::string_view name, bool required) {
  asked_.emplace(name);
  const json::value* found = from_.if_contains(name);
  if (found != nullptr && found->is_null() && !required) found = nullptr;
  if (found == nullptr && required && !error_)
    error_ = base::fail(base::ErrorCode::usage, std::string(name), fmt::format(R"(The parameter "{}" is missing.)", name));
  return found;
}

std::string Params::text(std::string_view name) {
  const json::value* found = find(name, true);
  if (found == nullptr) return {};
  if (found->is_string()) return std::string(found->get_string());
  complain(name, "a string");
  return {};
}

std::optional<std::string> Params::text_if(std::string_view name) {
  const json::value* found = find(name, false);
  if (found == nullptr) return std::nullopt;
  if (found->is_string()) return std::string(found->get_string());
  complain(name, "a string");
  return std::nullopt;
}

bool Params::flag(std::string_view name, bool otherwise) {
  const json::value* found = find(name, false);
  if (found == nullptr) return otherwise;
  if (found->is_bool()) return found->get_bool();
  complain(name, "true or false");
  return otherwise;
}

std::int64_t Params::number(std::string_view name, std::int64_t least, std::int64_t greatest,
                            std::optional<std::int64_t> otherwise) {
  const json::value* found = find(name, !otherwise.has_value());
  if (found == nullptr) return otherwise.value_or(least);
  if (found->is_int64() && found->get_int64() >= least && found->get_int64() <= greatest) return found->get_int64();
  complain(name, fmt::format("an integer from {} to {}", least, greatest));
  return otherwise.value_or(least);
}

const json::value& Params::any(std::string_view name) {
  static const json::value nothing;
  const json::value* found = find(name, true);
  return found == nullptr ? nothing : *found;
}

std::vector<std::string> Params::texts(std::string_view name) {
  const json::value* found = find(name, true);
  if (found == nullptr) return {};
  std::vector<std::string> out;
  if (found->is_array())
    for (const json::value& item : found->get_array())
      if (item.is_string()) out.emplace_back(item.get_string());
  if (!found->is_array() || out.size() != found->get_array().size()) {
    complain(name, "an array of strings");
    return {};
  }
  return out;
}

std::optional<base::Error> Params::trouble() const {
  if (error_) return error_;
  for (const auto& member : from_)
    if (!asked_.contains(std::string_view(member.key())))
      return base::fail(base::ErrorCode::usage, std::string(member.key()),
                        fmt::format(R"(This method has no parameter "{}".)", std::string_view(member.key())));
  return std::nullopt;
}

}  // namespace postern::protocol
