#include "desk/settings/commit.h"
#include "desk/fleet/keys.h"
#include "desk/fleet/passphrase.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t keys_greatest = 100;

/// The user that a call is about: the session's own, or the one named (whether it may be named: rights.h).
base::Result<const cluster::User*> user_of_call(const State& state, const Session& session,
                                                const std::optional<std::string>& name) {
  const cluster::User* own = state.fleet().user(session.who.user);
  if (!name) {
    if (own != nullptr) return own;
    return fail(ErrorCode::usage, "user", "The console has no user of its own: name the user.");
  }
  const cluster::User* named = state.fleet().user_by_name(*name);
  if (named != nullptr) return named;
  std::vector<std::string> names;
  for (const cluster::User& user : state.fleet().users) names.push_back(user.name);
  return fail(ErrorCode::not_found, fmt::format("There is no user \"{}\". The users are {}.", *name, join_words(names)));
}

/// The writer's own session goes on with the credentials that it has just made (contract 2.12), but
/// not with somebody else's change of passphrase or role that came in between.
void writer_goes_on(State& state, Session& session, const cluster::Dot& written, const std::vector<cluster::Dot>& role_before) {
  session.writes_credentials = false;
  const auto heads = base_now(state, cluster::user_register(session.who.user, "passphrase"));
  const auto role = base_now(state, cluster::user_register(session.who.user, "role"));
  if (heads == std::vector{written} && role == role_before) session.credential_dots = credentials_now(state, session);
  end_if_stale(state, session.id);
}

void write_passphrase(State& state, Session& session, const Call& call, std::string hash) {
  const cluster::User* user = state.fleet().user(session.who.user);
  if (user == nullptr) {
    session.changes_passphrase = false;
    return call.refuse(fail(ErrorCode::not_found, "Your user has been deleted."));
  }
  session.writes_credentials = true;
  cluster::LocalCommit what;
  what.request_key = fresh_key(state);
  what.author = session.who.user;
  what.author_name = session.who.name;
  what.comment = "passphrase changed";
  what.items = {put_item(state, cluster::user_register(user->id, "passphrase"), std::move(hash))};
  auto role = base_now(state, cluster::user_register(user->id, "role"));
  state.house.commit(std::move(what), [call, role = std::move(role)](const cluster::Answer& answer) {
    State* alive = call.state();
    if (alive == nullptr) return;
    call.session()->changes_passphrase = false;
    if (answer.what != cluster::Answer::What::committed) {
      call.session()->writes_credentials = false;
      call.refuse(answer_error(answer));
      end_if_stale(*alive, call.session_id());
      return;
    }
    call.answer(json::object{});
    writer_goes_on(*alive, *call.session(), answer.dot, role);
  });
}

void user_passwd(State& state, Session& session, const Call& call, Params& params) {
  const std::string old = params.text("old");
  const std::string fresh = params.text("new");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  const cluster::User* user = state.fleet().user(session.who.user);
  if (user == nullptr)
    return call.refuse(fail(ErrorCode::denied,
                            "The console has no passphrase: log in as a user to change "
                            "that user's passphrase."));
  if (auto weak = weak_passphrase(user->name, fresh)) return call.refuse(*weak);
  if (session.changes_passphrase)
    return call.refuse(fail(ErrorCode::busy, "Your passphrase is being changed already: wait for the answer."));
  session.changes_passphrase = true;
  state.house.check_passphrase(user->passphrase, old, [call, fresh](const base::Result<bool>& matches) {
    State* alive = call.state();
    if (alive == nullptr) return;
    if (!matches || !*matches) {
      call.session()->changes_passphrase = false;
      return call.refuse(matches ? fail(ErrorCode::denied, "old", "The old passphrase is not right.") : matches.error());
    }
    alive->house.hash_passphrase(fresh, [call](std::string hash) {
      if (State* still = call.state()) write_passphrase(*still, *call.session(), call, std::move(hash));
    });
  });
}

void user_keys(State& state, Session& session, const Call& call, Params& params) {
  const auto name = params.text_if("user");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto user = user_of_call(state, session, name);
  if (!user) return call.refuse(user.error());
  json::array out;
  for (const std::string& line : (*user)->keys) {
    auto key = read_public_key(line);
    if (!key) continue;
    out.push_back(
        json::object{{"type", key->type}, {"fingerprint", key->fingerprint}, {"comment", key->comment}, {"line", key->line}});
  }
  call.answer(json::object{{"keys", std::move(out)}});
}

void write_keys(State& state, Session& session, const Call& call, const cluster::User& user, const std::vector<std::string>& keys,
                std::string comment, json::object result) {
  const cluster::Register reg = cluster::user_register(user.id, "keys");
  commit_now(state, session, call, std::move(comment), {put_item(state, reg, cluster::encode_keys(keys))},
             [call, result = std::move(result)](State&, const cluster::Answer&) { call.answer(result); });
}

bool has_fingerprint(const std::string& line, std::string_view fingerprint) {
  auto key = read_public_key(line);
  return key && key->fingerprint == fingerprint;
}

void user_add_key(State& state, Session& session, const Call& call, Params& params) {
  const auto name = params.text_if("user");
  const std::string line = params.text("line");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto user = user_of_call(state, session, name);
  if (!user) return call.refuse(user.error());
  auto key = parse_public_key(line);
  if (!key) return call.refuse(key.error());
  std::vector<std::string> keys = (*user)->keys;
  for (const std::string& other : keys)
    if (has_fingerprint(other, key->fingerprint))
      return call.refuse(fail(ErrorCode::exists, fmt::format("{} has this key already: {}.", (*user)->name, key->fingerprint)));
  if (keys.size() >= keys_greatest)
    return call.refuse(fail(ErrorCode::invalid, fmt::format("{} has {} keys, which is the limit: delete "
                                                            "one first.",
                                                            (*user)->name, keys_greatest)));
  keys.push_back(key->line);
  write_keys(state, session, call, **user, keys, "SSH key added to " + (*user)->name, {{"fingerprint", key->fingerprint}});
}

void user_delete_key(State& state, Session& session, const Call& call, Params& params) {
  const auto name = params.text_if("user");
  const std::string fingerprint = params.text("fingerprint");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto user = user_of_call(state, session, name);
  if (!user) return call.refuse(user.error());
  std::vector<std::string> keys = (*user)->keys;
  if (std::erase_if(keys, [&](const std::string& line) { return has_fingerprint(line, fingerprint); }) == 0)
    return call.refuse(fail(ErrorCode::not_found, fmt::format("{} has no key {}.", (*user)->name, fingerprint)));
  write_keys(state, session, call, **user, keys, "SSH key deleted from " + (*user)->name, {});
}

}  // namespace

const std::vector<Method>& user_methods() {
  static const std::vector<Method> methods = {
      {"user.passwd", user_passwd},
      {"user.keys", user_keys},
      {"user.add_key", user_add_key},
      {"user.delete_key", user_delete_key},
  };
  return methods;
}

}  // namespace postern::desk
