#include "desk/door/rights.h"

#include "base/limits.h"
#include "base/printable.h"
#include "desk/door/modes.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;
using cluster::Role;
using Kind = Unlike::Kind;

constexpr std::size_t name_bytes_most = 256;   ///< of a parameter's own name
constexpr std::size_t text_bytes_most = 4096;  ///< of a text that has no limit of its own
constexpr std::size_t secret_bytes_most = 1024;

/// Parameters that people type: what they are called, and their length.
struct Typed {
  std::string_view param;
  std::string_view what;
  std::size_t most = text_bytes_most;
};
constexpr std::array typed_texts{
    Typed{"comment", "A comment", base::limits::comment_bytes},
    Typed{"line", "A key", std::size_t{16} * 1024},
    Typed{"edits", "A setting", base::limits::leaf_bytes},
    Typed{"name", "A name"},
    Typed{"group", "A group's name"},
    Typed{"machines", "A machine's name"},
    Typed{"mode", "A mode"},
    Typed{"command", "A command"},
    Typed{"user", "A user's name"},
    Typed{"address", "An address"},
};

base::Error denied(std::string_view what, Role least, Role role) {
  return fail(ErrorCode::denied,
              fmt::format("{} needs the role {}; yours is {}.", what, cluster::role_name(least), cluster::role_name(role)));
}

std::string text_param(const json::object& params, std::string_view name) {
  const json::value* found = params.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

/// Where the command may not run, and what it needs instead.
std::optional<Refused> wrong_mode(const State& state, const Session& session, const commands::Command& command,
                                  const base::Mode& mode) {
  if (state.fleet().standalone() || command.where == commands::Where::any) return std::nullopt;
  // A guest's passwd acts on the cluster's data without asking or switching (spec C9).
  if (command.name == "passwd" && role_of(state, session) == Role::guest) return std::nullopt;
  const bool cluster = command.where == commands::Where::cluster;
  const bool fits = command.where == commands::Where::login_host
                        ? mode == state.own_mode()
                        : mode.level == (cluster ? base::Level::cluster : base::Level::machine);
  if (fits) return std::nullopt;
  const char* needs = cluster ? "cluster" : "machine";
  json::object data;
  data["needs"] = needs;
  std::string text = fmt::format("This command is restricted to \"{}\" mode.", needs);
  if (command.where == commands::Where::login_host)
    text = fmt::format("This command is restricted to \"machine\" mode of the login host, {}.",
                       host_of(state, state.peer().self().member));
  return Refused{fail(ErrorCode::restricted, mode_label(state.fleet(), mode), std::move(text)), std::move(data)};
}

/// Roles change while edits are pending: what may be committed is decided when it is.
std::optional<Refused> refused_pending(const State& state, const Session& session) {
  const Pending* pending = find_pending(state, session);
  if (pending == nullptr) return std::nullopt;
  const Role role = role_of(state, session);
  for (const auto& [key, edit] : pending->edits) {
    const schema::Feature* feature = state.schema.feature(key.second);
    const Role least = feature == nullptr ? Role::administrator : feature->role;
    if (role >= least) continue;
    return Refused{
        fail(ErrorCode::denied, mode_label(state.fleet(), key.first),
             fmt::format("You have pending changes of {}, which need the role {}; yours is {} now. "
                         "clearchanges drops your changes.",
                         feature == nullptr ? key.second : feature->title, cluster::role_name(least), cluster::role_name(role))),
        {}};
  }
  return std::nullopt;
}

std::optional<Refused> refused_account(const State& state, const Session& session, const json::object& params) {
  if (!params.contains("user") || role_of(state, session) >= Role::administrator) return std::nullopt;
  const cluster::User* named = state.fleet().user_by_name(text_param(params, "user"));
  if (named != nullptr && named->id == session.who.user) return std::nullopt;
  return Refused{fail(ErrorCode::denied, "Only an administrator may see or change another user's keys."), {}};
}

std::optional<Refused> refused_named(const State& state, const Session& session, const json::object& params) {
  const commands::Command* command = state.commands.find(text_param(params, "command"));
  if (command == nullptr) return std::nullopt;  // the method says so
  return refused_role(*command, role_of(state, session));
}

std::optional<Refused> refused_feature(const State& state, const Session& session, const json::object& params) {
  const Role role = role_of(state, session);
  if (role < Role::operator_) return Refused{denied("Changing settings", Role::operator_, role), {}};
  const schema::Feature* feature = state.schema.feature(text_param(params, "feature"));
  if (feature == nullptr) return std::nullopt;  // there is none to write: the method says which there are
  if (auto error = may_not_write(*feature, role)) return Refused{std::move(*error), {}};
  return std::nullopt;
}

/// One parameter's texts, all the way down.
class Texts {
 public:
  Texts(std::string_view param, std::optional<Kind> unlike) : param_(param), unlike_(unlike) {
    const auto known = std::ranges::find(typed_texts, param, &Typed::param);
    what_ = known != typed_texts.end() ? std::string(known->what) : fmt::format("The parameter \"{}\"", param);
    if (known != typed_texts.end()) most_ = known->most;
  }

  [[nodiscard]] base::Result<void> check(const json::value& value) const {
    if (value.is_string()) return text(value.get_string());
    if (value.is_array()) {
      for (const json::value& item : value.get_array())
        if (auto good = check(item); !good) return good;
    } else if (value.is_object()) {
      for (const auto& member : value.get_object()) {
        if (auto good = base::check_line(member.key(), name_bytes_most, "A name", param_); !good) return good;
        if (auto good = check(member.value()); !good) return good;
      }
    }
    return {};
  }

 private:
  [[nodiscard]] base::Result<void> text(std::string_view given) const {
    if (unlike_ == Kind::settings) return {};
    if (unlike_ != Kind::secret) return base::check_line(given, most_, what_, param_);
    if (given.size() > secret_bytes_most)
      return fail(ErrorCode::invalid, param_,
                  fmt::format("A passphrase may have {} bytes at most; this one has {}.", secret_bytes_most, given.size()));
    if (given.find('\0') != std::string_view::npos)
      return fail(ErrorCode::invalid, param_, "A passphrase cannot hold the character NUL: take it out.");
    return {};
  }

  std::string param_;
  std::optional<Kind> unlike_;
  std::string what_;
  std::size_t most_ = text_bytes_most;
};

}  // namespace

const std::vector<Right>& rights() {
  static const std::vector<Right> table = {
      {"session.hello"},
      {"session.mode"},
      {"session.command"},
      {"feature.get"},
      {"feature.edit", Needs::feature},
      {"feature.put", Needs::feature, {}, {{"data", Kind::settings}}},
      {"feature.clear", Needs::feature},
      {"feature.copy", Needs::feature},
      {"changes.show"},
      {"changes.clear", Needs::command, "clearchanges"},
      {"commit", Needs::pending, "commit"},
      {"commit.check", Needs::command, "commit"},
      {"commit.resolve", Needs::pending, "commit"},
      {"commit.detail"},
      {"commit.list"},
      {"commit.wait"},
      {"cluster.create", Needs::command, "clusterconfig"},
      {"cluster.join_dial", Needs::command, "clusterconfig"},
      {"cluster.join_go", Needs::command, "clusterconfig", {{"passphrase", Kind::secret}}},
      {"cluster.join_cancel", Needs::command, "clusterconfig"},
      {"cluster.add_group", Needs::command, "clusterconfig"},
      {"cluster.set_group", Needs::command, "clusterconfig"},
      {"cluster.remove_machine", Needs::command, "clusterconfig"},
      {"cluster.list"},
      {"cluster.connstatus"},
      {"cluster.prejoin", Needs::command, "clusterconfig"},
      {"user.passwd", Needs::command, "passwd", {{"old", Kind::secret}, {"new", Kind::secret}}},
      {"user.keys", Needs::account},
      {"user.add_key", Needs::account},
      {"user.delete_key", Needs::account},
      {"command.run", Needs::named},
      {"host.fingerprint"},
      {"host.addresses"},
      {"status"},
      {"stats"},
      {"setup.describe", Needs::command, "systemsetup"},
      {"setup.check", Needs::command, "systemsetup", {{"value", Kind::secret}}},
      {"setup.run", Needs::command, "systemsetup", {{"passphrase", Kind::secret}}},
  };
  return table;
}

const Right* find_right(std::string_view method) {
  const auto at = std::ranges::find(rights(), method, &Right::method);
  return at == rights().end() ? nullptr : &*at;
}

std::optional<Refused> refused_call(const State& state, const Session& session, const Right& right, const json::object& params) {
  const Role role = role_of(state, session);
  if (role < Role::guest) return Refused{denied("This", Role::guest, role), {}};
  if (right.needs == Needs::feature) return refused_feature(state, session, params);
  if (right.needs == Needs::named) return refused_named(state, session, params);
  if (right.needs == Needs::account) return refused_account(state, session, params);
  if (right.needs == Needs::seat) return std::nullopt;
  const commands::Command* command = state.commands.find(right.command);
  if (command == nullptr) return Refused{denied("This", Role::administrator, role), {}};
  if (auto refused = refused_command(state, session, *command)) return refused;
  return right.needs == Needs::pending ? refused_pending(state, session) : std::nullopt;
}

std::optional<Refused> refused_role(const commands::Command& command, Role role) {
  if (role >= command.least) return std::nullopt;
  return Refused{denied(command.name, command.least, role), {}};
}

std::optional<Refused> refused_command(const State& state, const Session& session, const commands::Command& command,
                                       const base::Mode& mode) {
  if (auto refused = refused_role(command, role_of(state, session))) return refused;
  return wrong_mode(state, session, command, mode);
}

std::optional<Refused> refused_command(const State& state, const Session& session, const commands::Command& command) {
  return refused_command(state, session, command, session.mode);
}

std::optional<Refused> out_of_scope(const State& state, const schema::Feature& feature, const base::Mode& mode) {
  if (state.fleet().standalone() || feature.scope == schema::Scope::any) return std::nullopt;
  const bool machine = feature.scope == schema::Scope::machine;
  if (mode.level == (machine ? base::Level::machine : base::Level::cluster)) return std::nullopt;
  const char* level = machine ? "machine" : "cluster";
  json::object data;
  data["needs"] = level;
  return Refused{fail(ErrorCode::restricted, mode_label(state.fleet(), mode),
                      fmt::format("{} can be set in {} mode only.", feature.title, level)),
                 std::move(data)};
}

std::optional<base::Error> may_not_write(const schema::Feature& feature, Role role) {
  if (role >= feature.role) return std::nullopt;
  return denied(feature.command, feature.role, role);
}

std::optional<base::Error> wrong_texts(const Right& right, const json::object& params) {
  for (const auto& member : params) {
    const std::string_view name = member.key();
    if (!base::is_printable_line(name, name_bytes_most))
      return fail(ErrorCode::usage, base::printable_line(name, name_bytes_most),
                  "A parameter's name is one short line of printable text.");
    const auto unlike = std::ranges::find(right.unlike, name, &Unlike::param);
    const Texts texts(name, unlike == right.unlike.end() ? std::nullopt : std::optional(unlike->kind));
    if (auto good = texts.check(member.value()); !good) return good.error();
  }
  return std::nullopt;
}

}  // namespace postern::desk
