// What the author is told, and when.
#include "cluster/core.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::cluster {

bool Peer::Core::holds(const base::MemberId& member, const Dot& dot) const {
  const auto found = others.find(member);
  return found != others.end() && known_seq(found->second.stored, chain_of(dot)) >= dot.seq;
}

/// A live link that answered last time: one slow machine costs the fleet one wait, not every. And a machine that answers
/// late each time, or comes on a new link for each commit, has made its commits wait often enough.
bool Peer::Core::is_waited_for(const Link& to, Due& due) {
  if (to.missed_ack) return false;
  const base::MemberId house = house_of(to.member);  // it answers for whom it admitted, too
  if (now.mono_ms < due.hurry_mono_ms || due.patient.contains(house)) return true;
  return others[house].patience.take(now.mono_ms) && due.patient.insert(house).second;
}

void Peer::Core::answer_due() {
  std::vector<Due> later;
  for (Due& due : dues) {
    const Dot dot = history.find(due.hash)->info.dot;
    const bool late = now.mono_ms >= due.deadline_mono_ms;
    bool wait = false;
    for (Link* to : live_links()) {
      if (holds(to->member, dot)) continue;
      if (late && due.wait) to->missed_ack = true;
      wait = (due.wait && !late && is_waited_for(*to, due)) || wait;
    }
    if (wait) {
      later.push_back(std::move(due));
    } else {
      out.answers.push_back(answer_for(due));
    }
  }
  dues = std::move(later);
}

Answer Peer::Core::answer_for(const Due& due) {
  const Record& record = *history.find(due.hash);
  Answer answer;
  answer.request_key = due.request_key;
  answer.content = due.content;
  answer.commit = due.hash;
  answer.dot = record.info.dot;
  answer.wall_ms = record.info.header.wall_ms;
  answer.members = fleet().members.size();
  for (const Member& member : fleet().members) {
    if (member.id == self.member || member.id == answer.dot.member || holds(member.id, answer.dot)) continue;
    answer.missing.push_back({member.id, why_missing(member.id)});
  }
  return answer;
}

std::string Peer::Core::why_missing(const base::MemberId& member) {
  const Link* to = live_link(member);
  if (to != nullptr) {
    if (!to->missed_ack) return "no answer yet";
    return fmt::format("did not answer in {} s", static_cast<double>(tuning.answer_wait_ms) / 1000);
  }
  const bool differs = std::any_of(links.begin(), links.end(), [&member](const auto& entry) {
    return entry.second.member == member && entry.second.version_differs;
  });
  return differs ? "its version differs" : "no link";
}

}  // namespace postern::cluster
