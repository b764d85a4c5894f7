#include "cli/session/session.h"

#include <fmt/format.h>

#include <utility>

#include "base/printable.h"
#include "cli/session/edit_queue.h"

namespace postern::cli {

using base::ErrorCode;

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage: return exit_usage;
    case ErrorCode::restricted: return exit_restricted;
    case ErrorCode::conflict: return exit_conflict;
    case ErrorCode::unreachable: return exit_unreachable;
    default: return exit_failed;
  }
}

Session::Session(protocol::Client& client, const schema::Schema& schema_in, Console& console)
    : schema(schema_in), commands(schema_in), client_(client), console_(&console) {
  client_.on_notice = [this](std::string_view method, const JsonObject& params) { notice(method, params); };
}

Session::~Session() { client_.on_notice = nullptr; }

void Session::notice(std::string_view method, const JsonObject& params) {
  const std::string text = text_of(params, "text");
  if (method == "session.progress") {
    // Beside the results: a batch's --json stays one document.
    json ? console_->complain(text + "\n") : line(text);
  } else if (method == "session.notices") {
    notices_.push_back(text);
  } else if (method == "session.end") {
    console_->complain(text + "\n");
    over_ = true;
  }
}

void Session::print_notices() {
  for (const auto& text : notices_) console_->complain(text + "\n");
  notices_.clear();
}

int Session::refresh() {
  const auto answer = call("session.hello", {{"version", 1}});
  if (!answer) return last_exit;
  user = text_of(*answer, "user");
  host = text_of(*answer, "host");
  cluster = text_of(*answer, "cluster");
  mode = text_of(*answer, "mode");
  label = text_of(*answer, "label");
  pending = flag_of(*answer, "pending");
  unset = flag_of(*answer, "unset");
  return exit_ok;
}

bool Session::may_ask() {
  unasked_ = unasked_ || !answered;
  return answered;
}

bool Session::goes_on() const { return queue != nullptr && queue->goes_on(); }

/// What a script's earlier lines have left waiting goes first. False when that ends the script.
bool Session::send_queue() {
  EditQueue* const waiting = std::exchange(queue, nullptr);
  const bool sent = waiting == nullptr || waiting->send();
  queue = waiting;
  return sent;
}

protocol::Reply<Json> Session::try_call(std::string_view method, JsonObject params) {
  // It is told already (refused).
  if (!send_queue()) return protocol::Refusal{base::fail(ErrorCode::usage, "A line before this one failed."), JsonObject{}};
  auto reply = client_.call(method, std::move(params));
  if (!reply) {
    protocol::Refusal refusal = reply.error();
    refusal.error.text = base::printable_line(refusal.error.text);
    refusal.error.where = base::printable_line(refusal.error.where);
    reply = std::move(refusal);
  }
  // What the desk refuses comes with data: then another machine is out of reach. Without, it is the desk that is gone.
  if (!reply && reply.error().error.code == ErrorCode::unreachable && !reply.error().data.is_object()) over_ = true;
  return reply;
}

std::optional<Json> Session::call(std::string_view method, JsonObject params) {
  auto reply = try_call(method, std::move(params));
  if (reply) return std::move(*reply);
  refused(reply.error());
  return std::nullopt;
}

int Session::fail(const base::Error& error) { return refused({error, nullptr}); }

int Session::fail(ErrorCode code, std::string_view text) { return fail(base::fail(code, std::string(text))); }

int Session::refused(const protocol::Refusal& refusal) {
  if (queue != nullptr && queue->stopped()) return last_exit = queue->code();
  last_exit = exit_code(refusal.error.code);
  if (json) {
    line(to_line(Json{
        {"error", {{"name", base::error_name(refusal.error.code)}, {"message", refusal.error.text}, {"data", refusal.data}}}}));
    return last_exit;
  }
  console_->complain(refusal.error.text + "\n");
  for (const auto& problem : items_of(refusal.data, "problems")) {
    std::string text = text_of(problem, "label");
    for (const char* part : {"feature", "path"}) {
      const std::string value = text_of(problem, part);
      if (!value.empty()) text += (text.empty() ? "" : ", ") + value;
    }
    const auto machines = texts_of(problem, "machines");
    text += ": " + text_of(problem, "text");
    if (!machines.empty()) text += fmt::format(" ({})", fmt::join(machines, ", "));
    console_->complain("  " + text + "\n");
  }
  return last_exit;
}

int Session::switch_mode(std::string_view wanted) {
  const auto answer = call("session.mode", {{"mode", wanted}});
  if (!answer) return last_exit;
  mode = text_of(*answer, "mode");
  label = text_of(*answer, "label");
  return exit_ok;
}

Console& Session::exchange_console(Console& console) {
  Console& before = *console_;
  console_ = &console;
  return before;
}

void Session::warn(std::string_view text) { console_->complain(std::string(text) + "\n"); }

void Session::warnings(const Json& answer) {
  for (const auto& text : texts_of(answer, "warnings")) warn("Warning: " + text);
}

bool Session::printed_json(const Json& answer) {
  if (json) line(to_line(answer));
  return json;
}

std::string Session::prompt() const {
  if (unset) return "(not set up)> ";
  return in_cluster() ? fmt::format("({})> ", label) : host + "> ";
}

}  // namespace postern::cli
