#include <algorithm>
#include <utility>

#include "machine/links/links.h"
#include "machine/machine.h"

/// Who may log in: by a key or a passphrase in the fleet's records.
namespace postern::machine {
namespace {

/// Matches no passphrase; made with the costs of real ones.
constexpr std::string_view nobodys_hash =
    "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

}  // namespace

void Machine::admit(const transport::LoginAsked& login, std::function<void(Admission)> done) {
  if (login.method == transport::LoginAsked::Method::public_key) return done(admit_key(login));
  if (login.machine_only) return done({});
  admit_passphrase(login, std::move(done));
}

Machine::Admission Machine::admit_key(const transport::LoginAsked& login) {
  Admission out;
  // A user's key stays one, whatever a member wrote down as some machine's.
  if (login.user == transport::machine_user) {
    if (links_->member_by_key(login.public_line, false) != nullptr) out.verdict = transport::Verdict::machine;
    return out;
  }
  const auto* user = peer_->fleet().user_by_name(login.user);
  if (login.machine_only || user == nullptr || user->role == cluster::Role::none) return out;
  for (const auto& key : user->keys) {
    if (login.public_line != key.substr(0, login.public_line.size()) ||
        (key.size() != login.public_line.size() && key[login.public_line.size()] != ' '))
      continue;
    out.verdict = transport::Verdict::administrator;
    out.who = {user->id, user->name, user->role, "ssh " + login.source, true, login.door};
    out.credential_dots = user->credential_dots;
    out.key = key;
  }
  if (out.verdict == transport::Verdict::administrator) checks_.logged_in(user->name, login.from);
  return out;
}

void Machine::admit_passphrase(const transport::LoginAsked& login, std::function<void(Admission)> done) {
  const auto* user = peer_->fleet().user_by_name(login.user);
  Admission admission;
  std::string hash(nobodys_hash);  // as slow for a name that does not exist as for one that does
  if (user != nullptr && user->role != cluster::Role::none && !user->passphrase.empty()) {
    hash = user->passphrase;
    admission.verdict = transport::Verdict::administrator;
    admission.who = {user->id, user->name, user->role, "ssh " + login.source, true, login.door};
    admission.credential_dots = user->credential_dots;
  }
  checks_.check(login.user, login.from, std::move(hash), login.password,
                [this, admission, done = std::move(done)](const Checks::Outcome& outcome) {
                  const bool in =
                      outcome.right && admission.verdict == transport::Verdict::administrator && still_admitted(admission);
                  Admission refused;
                  refused.refusal = outcome.refused;
                  done(in ? admission : refused);
                });
}

/// The desk's question, for `passwd`: whoever sits there guesses on the same terms, from a network of that user's own.
void Machine::check_passphrase(std::string hash_text, std::string passphrase, std::function<void(base::Result<bool>)> done) {
  const auto& users = peer_->fleet().users;
  const auto user = std::find_if(users.begin(), users.end(), [&](const auto& one) { return one.passphrase == hash_text; });
  const std::string name = user == users.end() ? "" : user->name;
  const std::string place = "the desk of " + name;
  checks_.check(name, {place, place, place}, std::move(hash_text), std::move(passphrase),
                [done = std::move(done)](const Checks::Outcome& outcome) {
                  if (outcome.refused.empty()) return done(outcome.right);
                  done(base::fail(base::ErrorCode::busy, "passphrase", outcome.refused));
                });
}

bool Machine::still_admitted(const Admission& admission) const {
  const auto* user = peer_->fleet().user(admission.who.user);
  if (user == nullptr || user->role == cluster::Role::none) return false;
  if (!admission.key.empty()) return std::find(user->keys.begin(), user->keys.end(), admission.key) != user->keys.end();
  return user->credential_dots == admission.credential_dots;
}

}  // namespace postern::machine
