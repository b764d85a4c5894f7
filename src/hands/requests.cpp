#include "hands/requests.h"

#include "base/printable.h"
#include "hands/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postern::hands {
namespace {

using Done = base::Result<std::vector<std::string>>;

Done told(const base::Result<void>& result) {
  if (!result) return result.error();
  return std::vector<std::string>{};
}

Done numbered(Instance& instance, Verb verb, const std::string& field) {
  auto generation = decode_generation(field);
  if (!generation) return generation.error();
  if (verb == Verb::check) return told(instance.check(*generation));
  if (verb == Verb::switch_to) return told(instance.switch_to(*generation));
  return told(instance.prune(*generation));
}

Done running(Instance& instance) {
  auto runs = instance.running();
  if (!runs) return runs.error();
  return std::vector<std::string>{*runs ? "yes" : "no"};
}

/// `whole`: whether it was a request as the table has it.
Done perform(Instance& instance, const Rule& rule, std::string_view body, std::optional<Tables>& open, bool& whole) {
  if (rule.verb == Verb::table) {
    auto change = decode_table(body);
    if (!change) return change.error();
    return told(instance.table(*change, open));
  }
  auto fields = decode_fields(body, rule.fields_least, rule.fields_most);
  whole = bool(fields);
  if (!fields) return fields.error();
  switch (rule.verb) {
    case Verb::stage: {
      auto stage = decode_stage(*fields);
      if (!stage) return stage.error();
      return told(instance.stage(*stage));
    }
    case Verb::check:
    case Verb::switch_to:
    case Verb::prune: return numbered(instance, rule.verb, fields->at(0));
    case Verb::start: return told(instance.start());
    case Verb::reload: return told(instance.reload());
    case Verb::stop: return told(instance.stop());
    case Verb::resolver: return told(instance.resolver(*fields));
    case Verb::sweep: return told(instance.sweep(*fields));
    case Verb::running: return running(instance);
    case Verb::queue: return instance.queue();
    case Verb::door:
    case Verb::listing:
    case Verb::table:
    case Verb::login: break;
  }
  return base::fail(base::ErrorCode::internal, "This is not Postfix's.");
}

/// What cannot be opened is the applier's to tell: while Postfix is down it asks again and again.
Worked hand_over(const base::Result<Descriptor>& service, int socket) {
  if (service)
    (void)send_frame(socket, encode_frame(reply_done, {}), {service->get()});
  else
    (void)send_frame(socket, encode_error(service.error()), {});
  return service ? Worked::done : Worked::failed;
}

}  // namespace

Outcome work_out(Instance& instance, const Rule& rule, std::string_view body, std::optional<Tables>& open) {
  constexpr std::size_t line_most = 2048;
  bool whole = true;
  const Done done = perform(instance, rule, body, open, whole);
  if (done) return {Worked::done, encode_frame(reply_done, *done), {}};
  const base::Error& error = done.error();
  return {whole ? Worked::failed : Worked::refused, encode_error(error), base::printable_line(base::to_text(error), line_most)};
}

Worked work(Instance& instance, const Rule& rule, std::string_view body, int socket, const Log& log) {
  if (rule.verb == Verb::door && body.empty()) return hand_over(instance.door(), socket);
  if (rule.verb == Verb::listing && body.empty()) return hand_over(instance.listing(), socket);
  std::optional<Tables> none;
  const Outcome outcome = work_out(instance, rule, body, none);
  if (!outcome.log.empty()) log.line(outcome.log);
  (void)send_frame(socket, outcome.reply, {});
  return outcome.worked;
}

std::optional<std::uint64_t> generation_of(const Rule& rule, std::string_view body) {
  constexpr std::array numbered_verbs{Verb::stage, Verb::check, Verb::switch_to, Verb::prune};
  constexpr std::size_t field_most = 4 + 20;
  if (std::find(numbered_verbs.begin(), numbered_verbs.end(), rule.verb) == numbered_verbs.end()) return std::nullopt;
  const std::string field(first_field(body.substr(0, field_most)));
  auto number = decode_generation(field);
  if (!number) return std::nullopt;
  return *number;
}

Checked::Checked(std::uint64_t in_force) {
  if (in_force != 0) generations_.insert(in_force);
}

base::Result<void> Checked::begin(const Rule& rule, std::string_view body) {
  now_.reset();
  const auto generation = generation_of(rule, body);
  if (!generation) return {};  // the child says what is wrong
  if (rule.verb == Verb::stage) generations_.erase(*generation);
  if (rule.verb == Verb::check) {
    generations_.erase(*generation);
    now_ = generation;
  }
  if (rule.verb == Verb::switch_to && !generations_.contains(*generation))
    return base::fail(base::ErrorCode::restricted, fmt::format("Generation {} was not checked by this postern-hands as it is "
                                                               "now. Check it first.",
                                                               *generation));
  return {};
}

void Checked::end(bool done) {
  if (done && now_) generations_.insert(*now_);
  now_.reset();
}

}  // namespace postern::hands
