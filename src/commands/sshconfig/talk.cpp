#include <fmt/format.h>

#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"

/// sshconfig -> USERKEY.
namespace postern::cli {
namespace {

using base::ErrorCode;

JsonObject of_user(const std::string& user) {
  JsonObject params;
  if (!user.empty()) params["user"] = user;
  return params;
}

std::string user_title(const Session& session, const std::string& user) { return user.empty() ? session.user : user; }

/// Numbered from 1. nullopt: told.
std::optional<std::vector<Json>> print_keys(Session& session, const std::string& user) {
  const auto answer = session.call("user.keys", of_user(user));
  if (!answer) return std::nullopt;
  if (session.printed_json(*answer)) return items_of(*answer, "keys");
  const auto keys = items_of(*answer, "keys");
  if (keys.empty()) session.line(fmt::format("There are no keys for {}.", user_title(session, user)));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    session.line(fmt::format("{}. {} {} {}", i + 1, text_of(keys[i], "type"), text_of(keys[i], "fingerprint"),
                             text_of(keys[i], "comment")));
  }
  return keys;
}

int add_key(Session& session, const std::string& user, const std::string& line) {
  JsonObject params = of_user(user);
  params["line"] = line;
  const auto answer = session.call("user.add_key", std::move(params));
  if (!answer) return session.last_exit;
  if (!session.printed_json(*answer)) {
    session.line(fmt::format("Key {} is added for {}; there is no need to commit.", text_of(*answer, "fingerprint"),
                             user_title(session, user)));
  }
  return exit_ok;
}

int delete_key(Session& session, const std::string& user, const std::string& fingerprint) {
  JsonObject params = of_user(user);
  params["fingerprint"] = fingerprint;
  const auto answer = session.call("user.delete_key", std::move(params));
  if (!answer) return session.last_exit;
  if (!session.printed_json(*answer)) {
    session.line(fmt::format("Key {} is deleted; there is no need to commit.", fingerprint));
  }
  return exit_ok;
}

/// A terminal may have broken the one line of a key into several, the type on a line of its own.
std::string one_line(const std::vector<std::string>& lines) {
  std::string line;
  for (const auto& part : lines) {
    const bool behind_type = !line.empty() && line.find(' ') == line.npos;
    line += (behind_type ? " " : "") + part;
  }
  return line;
}

void ask_new_key(Session& session, const std::string& user) {
  session.console().expect_block();
  session.line(fmt::format("Paste the public SSH key for {}. Press enter on a blank line to finish.", user_title(session, user)));
  const auto block = session.console().read_block(Console::Ends::at_blank_line);
  if (!block) return;
  const std::string line = one_line(split(*block, "\r\n"));
  if (!line.empty()) add_key(session, user, line);
}

void ask_delete_key(Session& session, const std::string& user, const std::vector<Json>& keys) {
  session.line("Which key do you want to delete?");
  std::vector<std::string> prints;
  for (const auto& key : keys) prints.push_back(text_of(key, "fingerprint"));
  const auto chosen = ask_number(session, prints, std::nullopt);
  if (chosen) delete_key(session, user, prints[*chosen]);
}

int key_menu(Session& session, const std::string& user) {
  if (!session.may_ask()) return exit_usage;
  while (!session.over() && !session.console().ended()) {
    session.line(fmt::format("Keys of {}:", user_title(session, user)));
    const auto keys = print_keys(session, user);
    if (!keys) return session.last_exit;
    session.line("");
    std::vector<Operation> operations{{"NEW", "Add a key."}};
    if (!keys->empty()) operations.push_back({"DELETE", "Remove a key."});
    operations.push_back({"PRINT", "Display all keys."});
    const auto operation = ask_operation(session, operations);
    if (!operation) return exit_ok;
    if (*operation == "NEW") ask_new_key(session, user);
    if (*operation == "DELETE") ask_delete_key(session, user, *keys);
  }
  return exit_ok;
}

int key_line(Session& session, const std::string& user, Arguments& arguments) {
  const auto verb = by_prefix({"new", "delete", "print"}, *arguments.take(), "new, delete or print");
  if (!verb) return session.fail(verb.error());
  if (*verb == "print") return print_keys(session, user) ? exit_ok : session.last_exit;
  const std::string rest = arguments.take_rest();
  if (rest.empty()) {
    return session.fail(ErrorCode::usage, *verb == "new" ? "The public key is missing." : "The key's fingerprint is missing.");
  }
  return *verb == "new" ? add_key(session, user, rest) : delete_key(session, user, rest);
}

}  // namespace

int run_sshconfig(Session& session, Arguments& arguments) {
  const std::string user = arguments.value("user").value_or("");
  if (const auto options = arguments.finished_options(); !options) return session.fail(options.error());
  if (const auto typed = arguments.take()) {
    const auto operation = by_prefix({"userkey"}, *typed, "an operation of sshconfig: userkey");
    if (!operation) return session.fail(operation.error());
    return arguments.empty() ? key_menu(session, user) : key_line(session, user, arguments);
  }
  if (session.json) return print_keys(session, user) ? exit_ok : session.last_exit;
  const auto operation = ask_operation(session, {{"USERKEY", "Edit the SSH keys with which users log in."}});
  return operation ? key_menu(session, user) : exit_ok;
}

}  // namespace postern::cli
