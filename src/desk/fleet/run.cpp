#include "desk/fleet/run.h"

#include "base/printable.h"
#include "desk/settings/commit.h"
#include "desk/door/rights.h"
#include "desk/fleet/site.h"
#include "protocol/json.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t asks_of_a_user = 8;  ///< at once, so that one person does not use up the machine's
constexpr std::int64_t fresh_ms = 60'000;  ///< a clock that is further off is as good as a question held back
constexpr std::size_t shown_bytes = 64;    ///< of another machine's words in the log
constexpr const char* console_name = "console";

std::string refusal_text(const base::Error& error, const json::object& data = {}) {
  return json::serialize(json::object{
      {"error",
       json::object{{"code", base::error_name(error.code)}, {"where", error.where}, {"text", error.text}, {"data", data}}}});
}

std::string answer_text(const base::Result<json::object>& answer) {
  return answer ? json::serialize(json::object{{"result", *answer}}) : refusal_text(answer.error());
}

/// What another machine's desk answered. It is that machine's word, shown as such.
Checked<json::value> read_answer(const std::string& host, std::string_view text) {
  boost::system::error_code wrong;
  const json::value value = json::parse(text, wrong);
  if (const json::object* object = wrong ? nullptr : value.if_object(); object != nullptr && object->contains("result"))
    return json::value(object->at("result"));
  const json::value error = protocol::member_of(value, "error");
  if (!error.is_object() || error.get_object().empty())
    return Refused{fail(ErrorCode::damaged, host, fmt::format("{} answers what cannot be read.", host)), {}};
  const std::string where = protocol::text_of(error, "where");
  const json::value data = protocol::member_of(error, "data");
  return Refused{
      fail(base::error_code(protocol::text_of(error, "code")), where.empty() ? host : where, protocol::text_of(error, "text")),
      data.is_object() ? data.get_object() : json::object()};
}

/// A question as another desk asks it.
struct Question {
  std::string command;
  base::UserId user;
  json::object parameters;
  std::optional<std::int64_t> asked_ms;  ///< by the asking machine's wall clock
};

base::Result<Question> read_question(std::string_view body) {
  const auto wrong = [](const char* what) { return fail(ErrorCode::usage, fmt::format("The question {}.", what)); };
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return wrong("is not JSON");
  const json::object& object = value.get_object();
  if (const auto bad = wrong_texts(*find_right("command.run"), object)) return *bad;
  Params params(object);
  Question out;
  out.command = params.text("command");
  const std::string user = params.text("user");
  const json::value& parameters = params.any("parameters");
  if (params.has("asked_ms")) out.asked_ms = params.number("asked_ms", 0, std::numeric_limits<std::int64_t>::max(), std::nullopt);
  if (auto trouble = params.trouble()) return std::move(*trouble);
  auto id = base::parse_uuid(user);
  if (!id) return wrong("names no user");
  if (!parameters.is_object()) return wrong("has no parameters");
  out.user = base::UserId{*id};
  out.parameters = parameters.get_object();
  return out;
}

/// By this machine's own records. No role comes over the wire.
cluster::Role role_here(const State& state, const base::UserId& id) {
  // Another machine's console is its root, who holds that machine's key and can ask anything in its name: it is an
  // administrator of that machine, and so here. The log names the machine.
  if (id.is_nil()) return cluster::Role::administrator;
  const cluster::User* user = state.fleet().user(id);
  return user == nullptr ? cluster::Role::none : user->role;
}

/// What changes something is done now or not at all: a machine on the way may have held the question back, long after the
/// asker was told that nobody was reached.
std::optional<Refused> refused_as_old(const State& state, const commands::Command& command, const Question& question) {
  if (command.least <= cluster::Role::guest) return std::nullopt;
  const std::int64_t now_ms = state.house.now().wall_ms;
  if (question.asked_ms && *question.asked_ms >= now_ms - fresh_ms && *question.asked_ms <= now_ms + fresh_ms)
    return std::nullopt;
  return Refused{
      fail(ErrorCode::invalid,
           fmt::format("{} was not run: by this machine's clock the question is not of this minute. It was held back on "
                       "its way, or the clocks of the two machines differ. Set the clocks, or run it on {} itself.",
                       command.name, host_of(state, state.peer().self().member))),
      {}};
}

std::optional<Refused> refused_question(const State& state, const Question& question) {
  const commands::Command* command = state.commands.find(question.command);
  if (command == nullptr)
    return Refused{fail(ErrorCode::not_found, fmt::format("There is no command \"{}\".", question.command)), {}};
  if (auto refused = refused_role(*command, role_here(state, question.user))) return refused;
  if (command->where != commands::Where::machine || commands::find_run(command->name) == nullptr)
    return Refused{
        fail(ErrorCode::unsupported, fmt::format("{} cannot be run from another machine: log in to {} and run it there.",
                                                 command->name, host_of(state, state.peer().self().member))),
        {}};
  return refused_as_old(state, *command, question);
}

/// One line for each question, so that what an administrator finds done here has somebody who did it.
void log_question(State& state, const base::MemberId& from, const base::Result<Question>& question, const std::string& came) {
  AskLog& pace = state.ask_logs[from];
  if (!pace.pace.take(state.house.now().mono_ms)) {
    ++pace.left_out;
    return;
  }
  std::string who = "somebody";
  if (question) {
    const cluster::User* user = state.fleet().user(question->user);
    who = question->user.is_nil() ? console_name : user != nullptr ? user->name : base::to_text(question->user);
  }
  std::string line = fmt::format("{} at {} asked for {}: {}", base::printable_line(who), host_of(state, from),
                                 question ? base::printable_line(question->command, shown_bytes) : "?", came);
  if (const auto left_out = std::exchange(pace.left_out, 0); left_out > 0)
    line += fmt::format(" ({} lines like this were left out before it)", left_out);
  state.house.log(line);
}

struct Place {
  base::MemberId member;
  bool here = true;
};

Place place_of(const State& state, const base::Mode& mode) {
  const base::MemberId self = state.peer().self().member;
  if (mode.level != base::Level::machine || mode == state.own_mode()) return {self, true};
  return {base::MemberId{mode.id}, false};
}

/// Over the mesh; the answer comes when it comes.
void ask(State& state, const Session& session, const Call& call, const base::MemberId& member, const std::string& command,
         const json::object& parameters) {
  const base::UserId user = session.who.user;
  std::size_t& under_way = state.asking[user];
  if (under_way >= asks_of_a_user)
    return call.refuse(fail(ErrorCode::busy, fmt::format("You have asked other machines {} questions that are not answered yet. "
                                                         "Wait for one.",
                                                         under_way)));
  ++under_way;
  json::object body{
      {"command", command}, {"user", base::to_text(user)}, {"parameters", parameters}, {"asked_ms", state.house.now().wall_ms}};
  const std::string host = host_of(state, member);
  state.house.ask(member, json::serialize(body),
                  [call, host, user, weak = state.weak_from_this()](base::Result<std::string> came) {
                    if (const auto still = weak.lock(); still != nullptr && --still->asking[user] == 0) still->asking.erase(user);
                    if (!came) {
                      json::object data;
                      if (came.error().code == ErrorCode::unreachable) data["host"] = host;
                      return call.refuse(came.error(), std::move(data));
                    }
                    const auto answer = read_answer(host, *came);
                    if (!answer) return call.refuse(answer.error());
                    call.answer(*answer);
                  });
}

void command_run(State& state, Session& session, const Call& call, Params& params) {
  const std::string name = params.text("command");
  const auto typed = params.text_if("mode");
  const json::value parameters = params.has("parameters") ? params.any("parameters") : json::value(json::object());
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (!parameters.is_object()) return call.refuse(fail(ErrorCode::usage, "parameters", "The parameters are an object."));
  const auto mode = mode_of_call(state, session, typed);
  if (!mode) return call.refuse(mode.error());
  const auto command = built_command(state, name);
  if (!command) return call.refuse(command.error());
  if (auto refused = refused_command(state, session, **command, *mode)) return call.refuse(*refused);
  if (commands::find_run((*command)->name) == nullptr)
    return call.refuse(fail(ErrorCode::unsupported, fmt::format("{} cannot be run by this method.", (*command)->name)));
  const Place place = place_of(state, *mode);
  if (!place.here) return ask(state, session, call, place.member, (*command)->name, parameters.get_object());
  Params own(parameters.get_object());
  run_here(state, (*command)->name, caller_of(state, session, state.own_mode()), own,
           [call](const base::Result<json::object>& answer) { answer ? call.answer(*answer) : call.refuse(answer.error()); });
}

}  // namespace

commands::Caller caller_of(const State& state, const Session& session, const base::Mode& mode) {
  return {session.who.user, pending_key(state, session), mode};
}

void run_here(State& state, std::string_view command, const commands::Caller& caller, Params& params,
              const commands::Answer& answer) {
  commands::find_run(command)(state.site->site(), caller, params,
                              [answer, weak = state.weak_from_this()](base::Result<json::object> came) {
                                if (!weak.expired()) answer(std::move(came));
                              });
}

void run_asked(State& state, const base::MemberId& from, std::string_view body, const std::function<void(std::string)>& answer) {
  const auto question = read_question(body);
  const auto refused = question ? refused_question(state, *question) : Refused{question.error(), {}};
  log_question(state, from, question, refused ? std::string("refused, ") + base::error_name(refused->error.code) : "run");
  if (refused) return answer(refusal_text(refused->error, refused->data));
  // A console's pending changes are those of its own machine: here it has none.
  const std::string pending = question->user.is_nil() ? std::string() : pending_key(state, question->user, std::string());
  const commands::Caller caller{question->user, pending, state.own_mode()};
  Params params(question->parameters);
  run_here(state, state.commands.find(question->command)->name, caller, params,
           [answer](const base::Result<json::object>& came) { answer(answer_text(came)); });
}

const std::vector<Method>& run_methods() {
  static const std::vector<Method> methods = {
      {"command.run", command_run},
  };
  return methods;
}

}  // namespace postern::desk
