#pragma once

#include "gateway/plan.h"
#include "model/tree.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Settings built by hand, as schema/ would make them.
namespace postern::trees {

using model::Node;

inline Node leaf(std::string name, std::string value) {
  Node node;
  node.kind = Node::Kind::leaf;
  node.name = std::move(name);
  node.value = std::move(value);
  return node;
}
inline Node leaf_list(std::string name, std::vector<std::string> values) {
  Node node;
  node.kind = Node::Kind::leaf_list;
  node.name = std::move(name);
  node.values = std::move(values);
  return node;
}
inline Node container(std::string name, std::vector<Node> children) {
  Node node;
  node.name = std::move(name);
  node.children = std::move(children);
  return node;
}
inline Node entry(std::vector<Node> children) {
  Node node;
  node.kind = Node::Kind::entry;
  node.children = std::move(children);
  return node;
}
inline Node list(std::string name, std::vector<Node> entries) {
  Node node;
  node.kind = Node::Kind::list;
  node.name = std::move(name);
  for (Node& each : entries) each.name = node.name;
  node.children = std::move(entries);
  return node;
}

/// "HOST:PORT" or "HOST:PORT/PREFERENCE" each.
inline Node route(std::string domain, const std::vector<std::string>& hosts) {
  std::vector<Node> destinations;
  for (const std::string& host : hosts) {
    const auto slash = host.find('/');
    const auto colon = host.rfind(':', slash);
    destinations.push_back(entry({leaf("host", host.substr(0, colon)),
                                  leaf("port", host.substr(colon + 1, slash == std::string::npos ? slash : slash - colon - 1)),
                                  leaf("preference", slash == std::string::npos ? "0" : host.substr(slash + 1))}));
  }
  return entry({leaf("domain", std::move(domain)), leaf("action", "hosts"), list("destination", destinations)});
}
inline Node route_action(std::string domain, std::string action) {
  return entry({leaf("domain", std::move(domain)), leaf("action", std::move(action))});
}
inline Node routes(std::vector<Node> all) { return container("smtp-routes", {list("route", std::move(all))}); }

inline Node destination(std::string domain, unsigned connections, unsigned messages) {
  return entry({leaf("domain", std::move(domain)), leaf("maximum-connections", std::to_string(connections)),
                leaf("messages-per-connection", std::to_string(messages))});
}
inline Node destinations(std::vector<Node> all) {
  return container("destination-controls", {list("destination", std::move(all))});
}

inline Node interface(std::string name, std::string address) {
  return entry({leaf("name", std::move(name)), leaf("address", std::move(address)), leaf("host-name", "mx.example.com")});
}
inline Node interfaces(std::vector<Node> all) { return container("interfaces", {list("interface", std::move(all))}); }

inline Node rat(std::string address, std::string action, std::string text = {}) {
  std::vector<Node> leaves{leaf("address", std::move(address)), leaf("action", std::move(action))};
  if (!text.empty()) leaves.push_back(leaf("text", std::move(text)));
  return entry(std::move(leaves));
}
inline Node hat(std::string name, std::vector<std::string> senders, std::string action, std::string text = {}) {
  std::vector<Node> nodes{leaf("name", std::move(name)), leaf_list("sender", std::move(senders)),
                          leaf("action", std::move(action))};
  if (!text.empty()) nodes.push_back(leaf("text", std::move(text)));
  return entry(std::move(nodes));
}
struct Access {
  std::vector<Node> rat;
  std::vector<Node> hat;
};
inline Node listener(std::string name, std::string type, std::string interface, unsigned port, Access access) {
  return entry({leaf("name", std::move(name)), leaf("type", std::move(type)), leaf("interface", std::move(interface)),
                leaf("port", std::to_string(port)), list("rat", std::move(access.rat)), list("hat", std::move(access.hat))});
}
inline Node listeners(std::vector<Node> all) { return container("listeners", {list("listener", std::move(all))}); }

inline gateway::Effective effective(std::vector<Node> features) {
  gateway::Effective out;
  for (Node& each : features) {
    std::string name = each.name;
    out.trees[name] = std::make_shared<const Node>(std::move(each));
  }
  return out;
}

}  // namespace postern::trees
