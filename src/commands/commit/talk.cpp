#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"
#include "cli/session/progress.h"

namespace postern::cli {
namespace {

using base::ErrorCode;

const std::vector<std::string> ways{"merge", "mine", "discard"};  ///< to resolve a conflict

/// So that a retry after a lost answer gets the same answer (contract P8).
std::string request_key() {
  std::random_device device;
  std::string key;
  for (int i = 0; i < 4; ++i) key += fmt::format("{:08x}", device());
  return key;
}

void print_committed(Session& session, const Json& answer) {
  session.line("Changes committed: " + time_of(answer, "time"));
  session.line(fmt::format("Commit {}, on {} of {} machines.", text_of(answer, "commit").substr(0, 12),
                           number_of(answer, "durable"), number_of(answer, "members")));
  for (const auto& machine : items_of(answer, "missing")) {
    session.line(fmt::format("  {}: {}", text_of(machine, "host"), text_of(machine, "why")));
  }
  for (const auto& settings : texts_of(answer, "earlier"))
    session.line(fmt::format("Also committed, pending from another session of yours: {}.", settings));
  session.warnings(answer);
}

void print_side(Session& session, std::string_view whose, const std::vector<std::string>& lines) {
  session.line(fmt::format("  {}", whose));
  for (const auto& line : lines) session.line("    " + line);
  if (lines.empty()) session.line("    (no difference)");
}

/// Both sides of every setting that somebody else changed meanwhile. True when all could be merged.
bool print_conflicts(Session& session, const Json& data) {
  bool mergeable = true;
  for (const auto& conflict : items_of(data, "conflicts")) {
    const Json shown = member_of(conflict, "shown");
    const auto* feature = session.schema.feature(text_of(conflict, "feature"));
    session.line(fmt::format("{} at {}:", feature ? feature->title : text_of(conflict, "feature"), text_of(conflict, "label")));
    print_side(session,
               fmt::format("changed by {} on {}, {}:", text_of(shown, "user"), text_of(shown, "host"), time_of(shown, "time")),
               texts_of(conflict, "theirs"));
    print_side(session, "your change:", texts_of(conflict, "yours"));
    mergeable = mergeable && flag_of(conflict, "mergeable");
    if (flag_of(conflict, "mergeable")) print_side(session, "both together:", texts_of(conflict, "merged"));
  }
  return mergeable;
}

/// "merge", "discard", "mine", or nothing: the changes stay pending.
std::optional<std::string> ask_resolution(Session& session, const Json& data) {
  session.line("Somebody else has committed changes to the same settings since you began:");
  session.line("");
  std::vector<std::string> texts;
  std::vector<std::string> offered;
  if (print_conflicts(session, data)) {
    texts.emplace_back("Merge: both changes are kept, as shown under \"both together\".");
    offered.emplace_back("merge");
  }
  texts.insert(texts.end(), {"Discard my changes to these settings.", "Keep mine: they replace what is shown above.",
                             "Leave my changes pending."});
  offered.insert(offered.end(), {"discard", "mine"});
  session.line("");
  session.line("What do you want to do?");
  const auto chosen = ask_number(session, texts, texts.size() - 1);
  if (!chosen || *chosen >= offered.size()) return std::nullopt;
  return offered[*chosen];
}

int resolve(Session& session, const std::string& how) {
  JsonObject params;
  params["how"] = how;
  const auto answer = session.call("commit.resolve", std::move(params));
  if (!answer) return session.last_exit;
  session.printed_json(*answer);
  return exit_ok;
}

/// A batch is told both sides too: nobody can answer, but a log will be read.
int refused_in_batch(Session& session, const protocol::Refusal& refusal) {
  const int code = session.refused(refusal);
  if (refusal.error.code != ErrorCode::conflict || session.json) return code;
  print_conflicts(session, refusal.data);
  session.warn(
      "Your changes stay pending. \"commit resolve merge\", \"commit resolve mine\" or \"commit "
      "resolve discard\" settles it; then commit again.");
  return code;
}

bool anything_pending(Session& session) {
  const auto changes = session.call("changes.show", {});
  return changes && !items_of(*changes, "changes").empty();
}

/// `wait`: seconds until it is applied everywhere; nothing when that is not waited for.
int tell_committed(Session& session, const Json& answer, std::optional<long> wait) {
  if (!wait) {
    if (!session.printed_json(answer)) print_committed(session, answer);
    return exit_ok;
  }
  if (!session.json) print_committed(session, answer);
  return wait_until_applied(session, text_of(answer, "commit"), *wait, answer.as_object());
}

int commit(Session& session, const std::string& comment, bool force, std::optional<long> wait) {
  while (true) {
    JsonObject params;
    params["comment"] = comment;
    params["request"] = request_key();
    if (force) params["force"] = true;
    const auto reply = session.try_call("commit", std::move(params));
    if (reply) return tell_committed(session, *reply, wait);
    const protocol::Refusal& refusal = reply.error();
    if (session.interactive && text_of(refusal.data, "needs") == "force") {
      for (const auto& door : texts_of(refusal.data, "closed")) session.line(door);
      force = ask_yes_no(session, "Do you want to commit all the same?", false).value_or(false);
      if (force) continue;
      session.line("Your changes are still pending.");
      return exit_failed;
    }
    if (refusal.error.code != ErrorCode::conflict || !session.interactive) {
      return refused_in_batch(session, refusal);
    }
    const auto how = ask_resolution(session, refusal.data);
    if (!how) {
      session.line("Your changes are still pending.");
      return exit_conflict;
    }
    if (const int code = resolve(session, *how); code != exit_ok) return code;
    if (*how == "discard" && !anything_pending(session)) {
      session.line("Your changes are discarded; nothing is left to commit.");
      return exit_ok;
    }
  }
}

int check(Session& session) {
  const auto answer = session.call("commit.check", {});
  if (!answer) return session.last_exit;
  const bool good = items_of(*answer, "problems").empty();
  if (session.printed_json(*answer)) return good ? exit_ok : exit_failed;
  session.warnings(*answer);
  if (good) {
    session.line("The pending changes check.");
    return exit_ok;
  }
  return session.refused({base::fail(ErrorCode::invalid, "The pending changes do not check:"), *answer});
}

/// The form that a word alone is half of, which is no comment that anybody meant; empty for others.
std::string meant_by(const std::string& word) {
  if (word == "confirmed") return "confirmed N";
  if (word == "resolve") return "resolve merge";
  return std::ranges::find(ways, word) == ways.end() ? "" : "resolve " + word;
}

}  // namespace

int run_commit(Session& session, Arguments& arguments) {
  const std::string first = lower(arguments.peek());
  if (first == "check" && arguments.size() == 1) return check(session);
  if (first == "confirmed" && arguments.size() == 2) {
    return not_in_this_version(session, "commit confirmed");
  }
  if (first == "resolve" && arguments.size() == 2) {
    arguments.take();
    const auto how = by_prefix(ways, arguments.peek(), "a way to resolve: merge, mine or discard");
    return how ? resolve(session, *how) : session.fail(how.error());
  }
  if (const auto meant = meant_by(first); arguments.size() == 1 && !meant.empty())
    return session.fail(ErrorCode::usage,
                        fmt::format("\"{}\" alone is no comment: say \"commit {}\", or more of what you changed.", first, meant));
  const bool force = arguments.flag("force");
  std::optional<long> wait;
  if (const auto asked = arguments.option("wait")) {
    const auto seconds = seconds_to_wait("wait", *asked);
    if (!seconds) return session.fail(seconds.error());
    wait = *seconds;
  }
  std::string comment = arguments.take_rest();
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (comment.empty() && session.interactive) {
    const auto answer = ask_text(session, {"Please enter some comments describing your changes:", {}, {}, true, {}, {}});
    if (!answer) return exit_ok;
    comment = *answer;
  }
  return commit(session, comment, force, wait);
}

}  // namespace postern::cli
