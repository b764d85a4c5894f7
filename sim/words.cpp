// Words for traces.
#include <fmt/format.h>

#include "sim/world.h"

namespace postern::sim {
namespace {

struct Words {
  std::string operator()(const cluster::LocalCommit& event) const {
    std::string out = fmt::format("commit {}", event.request_key);
    for (const auto& item : event.items) out += " " + to_text(item.reg);
    return out;
  }
  std::string operator()(const cluster::Flushed& event) const {
    static constexpr const char* how[] = {"done", "failed", "unknown"};
    return fmt::format("flushed {} {}", event.token, how[static_cast<std::size_t>(event.how)]);
  }
  std::string operator()(const cluster::LinkUp& event) const { return fmt::format("link {} up", event.link); }
  std::string operator()(const cluster::LinkDown& event) const { return fmt::format("link {} down", event.link); }
  std::string operator()(const cluster::Received& event) const {
    return fmt::format("link {} {}", event.link, cluster::message_name(event.message));
  }
  std::string operator()(const cluster::Tick&) const { return "tick"; }
  std::string operator()(const cluster::DataPlane&) const { return "data plane"; }
  std::string operator()(const cluster::Joining&) const { return "joining"; }
  std::string operator()(const cluster::Ask& event) const {
    return fmt::format("ask {} {} \"{}\"", event.id, base::to_text(event.to).substr(0, 4), event.body);
  }
  std::string operator()(const cluster::Reply& event) const { return fmt::format("reply {}", event.id); }
};

}  // namespace

std::string event_text(const cluster::Event& event) { return std::visit(Words{}, event); }

std::string event_details(const cluster::Event& event) {
  std::string out;
  const auto* received = std::get_if<cluster::Received>(&event);
  const auto* ship = received == nullptr ? nullptr : std::get_if<cluster::Ship>(&received->message);
  if (ship == nullptr) return out;
  for (const cluster::Ship::Item& item : ship->items) {
    const auto header = cluster::decode_header(item.envelope.header);
    out += fmt::format(" {}{}", header ? short_dot(header->dot) : "damaged", item.staged ? " staged" : "");
  }
  return out;
}

std::string short_dot(const cluster::Dot& dot) {
  return fmt::format("{}/{:04x}/{}", base::to_text(dot.member).substr(0, 4), dot.incarnation & 0xFFFFU, dot.seq);
}

}  // namespace postern::sim
