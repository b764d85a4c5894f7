#pragma once

#include "cluster/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

/// A member with a good key that sends machine 1 what it likes, in the name of machine 0.
namespace postern::cluster {

struct Evil : World {
  LinkId link = 70;

  void listen() { greet(link, member_id(0)); }
  /// A link of machine 1's with that member, who says that it holds what machine `knows` does.
  void greet(LinkId on, const base::MemberId& member, int knows = 1) {
    (void)at(1).peer->step(LinkUp{on, member}, now);
    Hello hello{1, cluster, member, 5, at(0).self.settings_version, "1", now.wall_ms, at(knows).peer->vector(), {}, {}};
    (void)tell_on(on, hello);
  }
  /// On any link of machine 1; what it wants on its disk is there at once.
  Effects tell_on(LinkId on, const Message& message) {
    auto decoded = decode(encode(message));
    EXPECT_TRUE(decoded);
    return carry_out(at(1).peer->step(Received{on, *decoded, 1}, now));
  }
  Effects tell(const Message& message) { return tell_on(link, message); }
  Effects carry_out(Effects effects) {
    note(effects);
    for (int i = 0; i < 8 && effects.persist; ++i) {
      write_to_disk(1, *effects.persist);
      if (!effects.persist->flush) break;
      effects = at(1).peer->step(Flushed{effects.persist->token, Flushed::How::done, 0, ""}, now);
      note(effects);
    }
    return effects;
  }
  void note(const Effects& effects) {
    Machine& m = at(1);
    m.alerts.insert(m.alerts.end(), effects.alerts.begin(), effects.alerts.end());
    m.answers.insert(m.answers.end(), effects.answers.begin(), effects.answers.end());
    m.asked.insert(m.asked.end(), effects.asked.begin(), effects.asked.end());
    for (const LinkId id : effects.close) closed.push_back(id);
  }
  Ship::Item sign(const Header& header, std::vector<std::string> values = {}) {
    Ship::Item item{{encode_header(header), {}}, std::move(values), false};
    item.envelope.signature = base::sign(at(0).self.key, signed_bytes(cluster, item.envelope.header));
    return item;
  }
  /// Member 0's own admission is the founding commit.
  base::Hash admission() { return at(0).stored.front().envelope.id(); }
  Header first(base::Incarnation incarnation, const std::string& feature, const std::string& value) {
    Header header;
    header.dot = {member_id(0), incarnation, 1};
    header.login_host = member_id(0);
    header.prev = admission();
    header.stamp = {static_cast<std::uint64_t>(now.wall_ms) << 16};
    header.wall_ms = now.wall_ms;
    header.writes = {{setting(feature), WriteKind::put, base::hash_bytes(value), value.size(), {}}};
    return header;
  }
  /// By machine 2, which has seen all these: sets "b".
  Ship::Item over(const std::vector<Ship::Item>& items) {
    Header seen = first(9, "b", "w");
    seen.dot.member = seen.login_host = member_id(2);
    for (const StoredCommit& one : at(0).stored) {
      const Header header = *decode_header(one.envelope.header);
      if (find_write(header, member_register(member_id(2), "identity")) != nullptr) seen.prev = one.envelope.id();
    }
    for (const Ship::Item& item : items) seen.parents.push_back({decode_header(item.envelope.header)->dot, item.envelope.id()});
    std::sort(seen.parents.begin(), seen.parents.end());
    Ship::Item item{{encode_header(seen), {}}, {"w"}, false};
    item.envelope.signature = base::sign(at(2).self.key, signed_bytes(cluster, item.envelope.header));
    return item;
  }
  std::string alert_text(const std::string& about) {
    for (const Alert& alert : at(1).alerts) {
      if (alert.about == about) return alert.text;
    }
    return "";
  }
  std::vector<LinkId> closed;
};

}  // namespace postern::cluster
