// A member that has turned against its cluster: holds a real machine's keys and speaks the wire.
//   hostile --list
//   hostile --store DB --key FILE --from ADDRESS --join-key FILE --times N ATTACK ADDRESS…
#include "hostile/member.h"

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace postern::hostile;

int main(int count, char** words) {
  signal(SIGPIPE, SIG_IGN);
  std::vector<Attack> all;
  for (const auto* some : {&wire_attacks(), &join_attacks(), &commit_attacks(), &record_attacks()})
    all.insert(all.end(), some->begin(), some->end());
  std::map<std::string, std::string> options;
  std::vector<std::string> rest;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--list") {
      for (const auto& attack : all) std::printf("%s\t%s\n", attack.name, attack.what);
      return 0;
    }
    if (word.rfind("--", 0) == 0 && i + 1 < count)
      options[word.substr(2)] = words[++i];
    else
      rest.push_back(word);
  }
  if (rest.size() < 2) {
    std::fprintf(stderr, "usage: hostile --store DB --key FILE --from ADDRESS --join-key FILE --times N ATTACK ADDRESS...\n");
    return 2;
  }
  const Member member(options["store"], options["key"]);
  const std::uint64_t times = options.count("times") != 0 ? std::strtoull(options["times"].c_str(), nullptr, 10) : 1;
  for (const auto& attack : all) {
    if (rest[0] != attack.name) continue;
    for (std::size_t at = 1; at < rest.size(); ++at) {
      Target target;
      target.link = {rest[at], 2200, options["from"], options["key"], "postern-machine", "postern-link"};
      target.join = {rest[at], 2200, options["from"], options["join-key"], "admin", "postern-join"};
      attack.run(member, target, attack.size * times);
    }
    std::printf("%s: %s, against %zu\n", attack.name, attack.what, rest.size() - 1);
    return 0;
  }
  std::fprintf(stderr, "no attack is called %s\n", rest[0].c_str());
  return 2;
}
