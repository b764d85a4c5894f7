#include "cli/summary.h"

#include <fmt/format.h>

#include "cli/words.h"

namespace postern::cli {
namespace {

constexpr std::size_t everything = ~std::size_t{0};

std::string on_port(const model::Node& entry, const char* service, const char* title,
                    std::string_view enabled, std::string_view port) {
  const model::Node none;
  const model::Node* node = entry.child(service);
  if (node == nullptr) node = &none;
  if (node->leaf("enabled", enabled) != "true") return {};
  return fmt::format("{} {}", title, node->leaf("port", port));
}

std::string interface_line(const model::Node& entry) {
  std::vector<std::string> services;
  for (auto& text : {on_port(entry, "ssh", "SSH", "true", "22"),
                     on_port(entry, "ccs", "CCS", "false", "2222"),
                     on_port(entry, "https", "HTTPS", "true", "443")}) {
    if (!text.empty()) services.push_back(text);
  }
  return fmt::format("{} ({}: {}) {}", entry.leaf("name"), entry.leaf("address"),
                     entry.leaf("host-name"),
                     services.empty() ? std::string("no services") : join(services, ", "));
}

std::string listener_line(const model::Node& entry) {
  return fmt::format("{} ({}) on {}, port {}, messages to {} bytes", entry.leaf("name"),
                     entry.leaf("type"), entry.leaf("interface"), entry.leaf("port", "25"),
                     entry.leaf("maximum-message-size", "20971520"));
}

std::string route_line(const model::Node& entry) {
  const auto action = entry.leaf("action", "hosts");
  std::vector<std::string> targets;
  for (const auto& destination : entry.entries("destination")) {
    targets.push_back(destination_text(destination));
  }
  if (action == "drop") targets = {"/dev/null"};
  if (action == "mx") targets = {"USEDNS"};
  return fmt::format("{}: {}", entry.leaf("domain"), join(targets, ", "));
}

std::string control_line(const model::Node& entry) {
  return fmt::format("{}: {} connections, {} messages per connection", entry.leaf("domain"),
                     entry.leaf("maximum-connections", "500"),
                     entry.leaf("messages-per-connection", "50"));
}

/// Any entry: its keys, then what is set, "name value" each.
std::string plain_line(const schema::Form& list, const model::Node& entry) {
  std::string text = join(entry.key_values(list.keys.size()), " ");
  std::vector<std::string> parts;
  for (std::size_t i = list.keys.size(); i < entry.children.size(); ++i) {
    const model::Node& child = entry.children[i];
    const schema::Form* form = list.child(child.name);
    const bool secret = form != nullptr && form->secret;
    if (child.kind == model::Node::Kind::leaf) {
      parts.push_back(fmt::format("{} {}", child.name, secret ? "(hidden)" : child.value));
    } else if (child.kind == model::Node::Kind::leaf_list) {
      parts.push_back(fmt::format("{} {}", child.name, join(child.values, " ")));
    }
  }
  return parts.empty() ? text : text + ": " + join(parts, ", ");
}

/// Tables that entry_line leaves out.
bool shown_below(const schema::Feature& feature, const schema::Form& list) {
  return !(feature.name == "smtp-routes" && list.name == "destination");
}

std::string leaves_text(const schema::Form& form, const model::Node& tree) {
  std::string text;
  for (const auto& child : form.children) {
    if (child.kind == model::Node::Kind::leaf) {
      const std::string value(tree.leaf(child.name, child.fallback));
      text += fmt::format("{}: {}\n", child.name, child.secret && !value.empty() ? "(hidden)" : value);
    } else if (child.kind == model::Node::Kind::leaf_list) {
      const model::Node* values = tree.child(child.name);
      if (values != nullptr) text += fmt::format("{}: {}\n", child.name, join(values->values, ", "));
    }
  }
  return text;
}

}  // namespace

std::string destination_text(const model::Node& destination) {
  const auto preference = destination.leaf("preference", "0");
  return fmt::format("{}:{}{}", destination.leaf("host"), destination.leaf("port"),
                     preference == "0" ? "" : fmt::format("/{}", preference));
}

std::string entry_line(const schema::Form& list, const schema::Feature& feature,
                       const model::Node& entry) {
  if (feature.name == "smtp-routes" && list.name == "route") return route_line(entry);
  if (feature.name == "smtp-routes" && list.name == "destination") return destination_text(entry);
  if (feature.name == "destination-controls") return control_line(entry);
  if (feature.name == "interfaces") return interface_line(entry);
  if (feature.name == "listeners" && list.name == "listener") return listener_line(entry);
  return plain_line(list, entry);
}

std::string list_text(const schema::Form& list, const schema::Feature& feature,
                      const model::Node& parent, std::size_t indent, std::size_t most) {
  const auto& entries = parent.entries(list.name);
  std::string text;
  for (std::size_t i = 0; i < entries.size() && i < most; ++i) {
    text += fmt::format("{:{}}{}. {}\n", "", indent, i + 1, entry_line(list, feature, entries[i]));
    for (const auto& nested : list.children) {
      if (nested.kind != model::Node::Kind::list || most != everything) continue;
      if (!shown_below(feature, nested) || entries[i].entries(nested.name).empty()) continue;
      text += fmt::format("{:{}}{}:\n", "", indent + 4, plural(nested.label));
      text += list_text(nested, feature, entries[i], indent + 8, most);
    }
  }
  if (entries.size() > most) {
    text += fmt::format("{:{}}... and {} more; PRINT shows all.\n", "", indent,
                        entries.size() - most);
  }
  return text;
}

std::string feature_text(const schema::Form& form, const schema::Feature& feature,
                         const model::Node& tree) {
  std::string text = leaves_text(form, tree);
  for (const auto& child : form.children) {
    if (child.kind == model::Node::Kind::list) {
      const std::string entries = list_text(child, feature, tree, 0, everything);
      text += entries.empty() && text.empty() ? fmt::format("There are no {}.\n", plural(child.label))
                                              : entries;
    }
  }
  return text;
}

std::string with_article(std::string_view word) {
  const bool vowel = !word.empty() && std::string_view("aeiou").find(word.front()) != word.npos;
  return fmt::format("{} {}", vowel ? "an" : "a", word);
}

std::string plural(std::string_view word) {
  if (word.ends_with('y')) return std::string(word.substr(0, word.size() - 1)) + "ies";
  return std::string(word) + "s";
}

}  // namespace postern::cli
