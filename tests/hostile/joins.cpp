// Joins that are begun and not ended, by somebody with an administrator's key.
#include "cluster/join.h"
#include "hostile/member.h"

namespace postern::hostile {
namespace {

using cluster::JoinFrame;

cluster::JoinRequest request(const Member& member, std::uint64_t number) {
  cluster::JoinRequest out;
  out.package_version = member.hello().package_version;
  out.settings_version = member.hello().settings_version;
  out.host_name = "half" + std::to_string(number) + ".postern.test";
  out.identity.serial = "HALF-" + std::to_string(draw());
  out.identity.signing_key = base::verify_key(base::signing_key({static_cast<std::uint8_t>(number), 9}));
  out.identity.host_key = "ssh-ed25519 AAAAhost" + std::to_string(draw());
  out.identity.user_key = "ssh-ed25519 AAAAuser" + std::to_string(draw());
  return out;
}

void half_joins(const Member& member, const Target& target, std::uint64_t size) {
  std::vector<Line> lines;
  for (std::uint64_t i = 0; i < size; ++i) {
    lines.emplace_back(target.join);
    Line& line = lines.back();
    if (i % 4 != 0) line.say(cluster::encode_join(JoinFrame(request(member, i))));
    if (i % 4 == 2) line.say(cluster::encode_join(JoinFrame(cluster::Joined{})));
    if (i % 4 == 3) line.say(std::string(1U << 20, 'j'));
  }
  for (auto& line : lines) (void)line.closes(500);
}

/// Said before its turn, twice, or with texts that are none.
void wrong_joins(const Member& member, const Target& target, std::uint64_t) {
  auto evil = request(member, 1);
  evil.package_version = "\x1b[2J" + std::string(60'000, 'v');
  auto huge = request(member, 2);
  huge.identity.host_key = std::string(30U << 20, 'k');
  const std::vector<std::vector<JoinFrame>> wrong = {{cluster::JoinReady{}},
                                                     {cluster::Joined{}},
                                                     {cluster::JoinComplete{}},
                                                     {cluster::JoinPart{}},
                                                     {evil},
                                                     {huge},
                                                     {request(member, 3), cluster::JoinReady{}, cluster::JoinReady{}},
                                                     {request(member, 4), request(member, 4)}};
  for (const auto& frames : wrong) {
    Line line(target.join);
    for (const auto& frame : frames) line.say(cluster::encode_join(frame));
    (void)line.closes(500);
  }
}

}  // namespace

const std::vector<Attack>& join_attacks() {
  static const std::vector<Attack> attacks = {
      {"half-joins", "joins that are begun and not ended", half_joins, 12},
      {"wrong-joins", "joins out of turn", wrong_joins, 1},
  };
  return attacks;
}

}  // namespace postern::hostile
