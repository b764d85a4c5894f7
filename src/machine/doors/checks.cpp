#include "machine/doors/checks.h"

#include <memory>
#include <utility>

namespace postern::machine {

void Checks::check(const std::string& account, const base::Source& from, std::string hash_text, std::string passphrase,
                   Done done) {
  const auto leave = guesses_.ask(account, from, world_.now().mono_ms);
  if (!leave.refused.empty()) return done({false, leave.refused});
  auto check = std::make_shared<Check>(Check{account, std::move(hash_text), std::move(passphrase), std::move(done)});
  if (leave.wait_ms == 0) return queue(from, std::move(*check));
  world_.after(leave.wait_ms, [this, from, check] { queue(from, std::move(*check)); });
}

void Checks::queue(const base::Source& from, Check check) {
  const auto dropped = queue_.push(from, std::move(check));
  if (dropped) dropped->item.done({false, "This machine checks too many passphrases just now: use a key, or try again."});
  next();
}

void Checks::next() {
  if (running_) return;
  auto turn = queue_.pop(world_.now().mono_ms);
  if (!turn) return;
  running_ = true;
  queue_.charge(turn->source, 1, world_.now().mono_ms);
  auto hash_text = std::move(turn->item.hash_text);
  auto passphrase = std::move(turn->item.passphrase);
  const auto kept = std::make_shared<base::FairQueue<Check>::Turn>(std::move(*turn));
  world_.check_passphrase(std::move(hash_text), std::move(passphrase), [this, kept](bool right) {
    running_ = false;
    if (right) guesses_.right(kept->item.account, kept->source, world_.now().mono_ms);
    kept->item.done({right, {}});
    next();
  });
}

}  // namespace postern::machine
