// Logging in to a server connection. The verdict comes later, from another thread: the request
// waits in asked_ and nothing more is read until then.
#include "base/limits.h"
#include "transport/keys.h"
#include "transport/server.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace postern::transport {

namespace {

/// "none" probes and key offers without a signature cost an attempt only past this many: a client
/// may well offer each key it has.
constexpr int login_messages_at_most = 64;

bool is_offered_key(ssh_key key) {
  switch (ssh_key_type(key)) {
    case SSH_KEYTYPE_ED25519:
    case SSH_KEYTYPE_RSA:  // by SHA-2 only: the accepted signature types say so
    case SSH_KEYTYPE_ECDSA_P256:
    case SSH_KEYTYPE_ECDSA_P384:
    case SSH_KEYTYPE_ECDSA_P521: return true;
    default: return false;
  }
}

}  // namespace

// See server.cpp: the callbacks that replace these accessors cannot answer later.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

void ServerConnection::take_login(MessageHandle message) {
  if (++login_messages_ > login_messages_at_most) {
    die("it asked to log in too often");
    return;
  }
  const char* name = ssh_message_auth_user(message.get());
  const std::string user = name == nullptr ? "" : name;
  switch (ssh_message_subtype(message.get())) {
    case SSH_AUTH_METHOD_PASSWORD: {
      const char* text = ssh_message_auth_password(message.get());
      login_password(std::move(message), user, text == nullptr ? "" : text);
      break;
    }
    case SSH_AUTH_METHOD_INTERACTIVE:
      if (ssh_message_auth_kbdint_is_response(message.get()) != 0) {
        login_prompt_answer(std::move(message));
      } else {
        prompted_user_ = user;
        login_prompt(message.get());
      }
      break;
    case SSH_AUTH_METHOD_PUBLICKEY: login_key(std::move(message)); break;
    default: refuse(message.get());
  }
}

void ServerConnection::login_password(MessageHandle message, std::string user, std::string password) {
  if (origin_.machine_only || user.empty() || user.size() > base::limits::name_bytes) {
    refuse_attempt(message.get());
    return;
  }
  LoginAsked login;
  login.user = std::move(user);
  login.password = std::move(password);
  ask(std::move(message), std::move(login));
}

void ServerConnection::login_prompt(ssh_message message) {
  if (origin_.machine_only) {
    refuse_attempt(message);
    return;
  }
  const char* prompt = "Password: ";  // what tools that type for somebody wait for
  char echo = 0;
  prompted_ = ssh_message_auth_interactive_request(message, "", "", 1, &prompt, &echo) == SSH_OK;
}

void ServerConnection::login_prompt_answer(MessageHandle message) {
  // The answer names no user and may come without a question.
  if (!std::exchange(prompted_, false) || ssh_userauth_kbdint_getnanswers(session_.get()) != 1) {
    refuse_attempt(message.get());
    return;
  }
  const char* answer = ssh_userauth_kbdint_getanswer(session_.get(), 0);
  std::string password = answer == nullptr ? "" : answer;
  // libssh keeps it as long as the connection lasts; the memory is its own and writable.
  if (answer != nullptr) ::explicit_bzero(const_cast<char*>(answer), password.size());
  login_password(std::move(message), prompted_user_, std::move(password));
}

void ServerConnection::login_key(MessageHandle message) {
  const ssh_key key = ssh_message_auth_pubkey(message.get());
  const char* user = ssh_message_auth_user(message.get());
  if (key == nullptr || user == nullptr || !is_offered_key(key) || std::strlen(user) > base::limits::name_bytes) {
    refuse(message.get());
    return;
  }
  if (ssh_message_auth_publickey_state(message.get()) == SSH_PUBLICKEY_STATE_NONE) {
    ssh_message_auth_reply_pk_ok_simple(message.get());  // whether it is known is told to its owner only
    return;
  }
  if (ssh_message_auth_publickey_state(message.get()) != SSH_PUBLICKEY_STATE_VALID) {
    refuse_attempt(message.get());
    return;
  }
  LoginAsked login;
  login.method = LoginAsked::Method::public_key;
  login.user = user;
  login.public_line = public_line(key);
  ask(std::move(message), std::move(login));
}

#pragma GCC diagnostic pop

void ServerConnection::ask(MessageHandle message, LoginAsked login) {
  ++attempts_;
  if (!hub_.handlers.login || hub_.stopping) {
    refuse(message.get());
    return;
  }
  login.connection = id();
  login.source = origin_.source;
  login.from = origin_.from;
  login.door = origin_.door;
  login.machine_only = origin_.machine_only;
  asking_user_ = login.user;
  asking_key_ = login.public_line;
  asked_ = std::move(message);
  note_progress(Stage::asked);
  hub_.handlers.login(std::move(login));
}

void ServerConnection::answer(Verdict verdict) {
  const bool came_in_vain = dead() || origin_.machine_only;
  if (verdict == Verdict::administrator && came_in_vain) hub_.tell_login_ended(id());
  if (dead() || !asked_) return;
  if (verdict == Verdict::administrator && origin_.machine_only) verdict = Verdict::refuse;
  if (verdict == Verdict::machine && (asking_key_.empty() || asking_user_ != machine_user)) {
    verdict = Verdict::refuse;
  }
  const auto message = std::move(asked_);
  note_progress(Stage::login);
  if (verdict == Verdict::refuse) {
    refuse(message.get());
    if (!dead()) pump();
    return;
  }
  if (verdict == Verdict::administrator && !hub_.admission.enter_administrator()) {
    ++hub_.refused;
    die(fmt::format("{} administrators are logged in already, which is the limit", hub_.limits.admin_sessions));
    hub_.tell_login_ended(id());
    return;
  }
  ssh_message_auth_reply_success(message.get(), 0);
  admit(verdict);
  pump();
}

void ServerConnection::admit(Verdict verdict) {
  door_ = Door::open;
  administrator_ = verdict == Verdict::administrator;
  if (administrator_) ++hub_.sessions;
  user_ = asking_user_;
  key_line_ = asking_key_;
  leave_preauth();
}

void ServerConnection::leave_preauth() {
  if (!std::exchange(preauth_, false)) return;
  hub_.admission.leave(id());
  hub_.admission.remember(origin_.from.address);
}

void ServerConnection::refuse(ssh_message message) {
  ssh_message_reply_default(message);
  if (attempts_ >= hub_.limits.attempts) {
    ++hub_.refused;
    die(fmt::format("{} attempts to log in have failed", attempts_));
  }
}

void ServerConnection::refuse_attempt(ssh_message message) {
  ++attempts_;
  refuse(message);
}

}  // namespace postern::transport
