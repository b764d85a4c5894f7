#pragma once

#include "cluster/world.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

/// Machines that ask each other, and what can be made by hand of a question or an answer.
namespace postern::cluster {

struct Asks : World {
  /// Machines in a row, each linked with the next alone.
  void row(int machines) {
    found(machines);
    for (int a = 0; a < machines; ++a) {
      for (int b = a + 2; b < machines; ++b) cut(a, b);
    }
    run();
  }
  /// As member `from` would ask, and sign, under its present nonce.
  Relay envelope(int from, int to, std::uint64_t number, const std::string& body = "what") {
    Relay out{member_id(from), member_id(to), number, false, body, at(from).nonce, at(to).nonce};
    return sign(from, out);
  }
  Relay sign(int by, Relay what) {
    what.signature = base::sign(at(by).self.key, signed_bytes(cluster, what));
    return what;
  }
  /// What was asked at a machine, in order.
  std::vector<std::string> heard(int machine) {
    std::vector<std::string> out;
    for (const Asked& one : at(machine).asked) out.push_back(one.body);
    return out;
  }
  /// As `by` would answer that question, and sign.
  Relay answer(int by, const Relay& question, Relay::Verdict verdict, const std::string& body = "") {
    Relay out{question.to, question.from, question.number, true, body, at(by).nonce, question.from_nonce};
    out.verdict = static_cast<std::uint32_t>(verdict);
    out.about = base::hash_bytes(signed_bytes(cluster, question));
    return sign(by, out);
  }
  /// From now on `kept` is the newest question that this machine has put on a wire, whoever asked it.
  void keep_questions_of(int machine) {
    on_wire = [this, machine](int from, int, Message& message) {
      if (const auto* relay = std::get_if<Relay>(&message); relay != nullptr && from == machine && !relay->reply) kept = *relay;
      return true;
    };
  }
  Relay kept;
  std::string ask_and_wait(int machine, int other, const std::string& body) {
    const AskId id = ask(machine, other, body);
    pass(4'000);
    return told(machine, id);
  }
};

using Heard = std::vector<std::string>;

}  // namespace postern::cluster
