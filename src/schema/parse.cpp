#include "schema/library.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::schema {
namespace {

using Kind = model::Node::Kind;
using model::Node;

/// The name of the first member of a JSON object, or empty.
std::string_view first_member(std::string_view text) {
  const std::size_t open = text.find_first_not_of(" \t\r\n");
  if (open == std::string_view::npos || text[open] != '{') return {};
  const std::size_t quote = text.find_first_not_of(" \t\r\n", open + 1);
  if (quote == std::string_view::npos || text[quote] != '"') return {};
  const std::size_t end = text.find('"', quote + 1);
  return end == std::string_view::npos ? std::string_view()
                                       : text.substr(quote + 1, end - quote - 1);
}

/// `text` as libyang wants it: one member, named with its module. It may be that already, lack the
/// module, or be the container's value alone.
std::string with_module(const Known& known, std::string_view text) {
  const std::string_view first = first_member(text);
  if (first.find(':') != std::string_view::npos) return std::string(text);
  const std::string qualified =
      fmt::format("{}:{}", known.root.node->module->name, known.root.name);
  if (first != known.root.name) return fmt::format("{{\"{}\":{}}}", qualified, text);
  const std::size_t at = static_cast<std::size_t>(first.data() - text.data());
  return fmt::format("{}{}{}", text.substr(0, at), qualified, text.substr(at + first.size()));
}

/// The place that libyang names, as ours: from Data location
/// "/module:feature/list[key='value']/leaf".
class Location {
 public:
  explicit Location(std::string_view text) {
    constexpr std::string_view marker = "Data location \"/";
    const std::size_t start = text.find(marker);
    if (start == std::string_view::npos) return;
    rest_ = text.substr(start + marker.size());
    read_name();  // the feature's own
    while (take('/')) {
      path.push_back({std::string(read_name()), {}});
      while (take('[')) read_predicate();
    }
  }

  model::Path path;

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view read_name() {
    const std::size_t end = std::min(rest_.find_first_of("/[\"'"), rest_.size());
    std::string_view name = rest_.substr(0, end);
    rest_.remove_prefix(end);
    const std::size_t colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
  }
  /// key='value' or key="value" up to the bracket; a bare position names no entry.
  void read_predicate() {
    const std::size_t quote = std::min(rest_.find_first_of("'\"]"), rest_.size());
    if (quote < rest_.size() && rest_[quote] != ']') {
      const std::size_t end = rest_.find(rest_[quote], quote + 1);
      if (end != std::string_view::npos) {
        path.back().keys.emplace_back(rest_.substr(quote + 1, end - quote - 1));
        rest_.remove_prefix(end + 1);
      }
    }
    const std::size_t close = rest_.find(']');
    rest_.remove_prefix(close == std::string_view::npos ? rest_.size() : close + 1);
  }

  std::string_view rest_;
};

/// The last string or bare word of what libyang has read: what it stumbled over.
std::string last_token(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n:").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  if (text.empty()) return {};
  if (text.back() != '"') {
    const std::size_t before = text.find_last_of(" \t\r\n:,[{\"");
    return std::string(before == std::string_view::npos ? text : text.substr(before + 1));
  }
  text.remove_suffix(1);
  std::size_t at = text.rfind('"');
  while (at != std::string_view::npos && at != 0 && text[at - 1] == '\\')
    at = text.rfind('"', at - 1);
  return std::string(at == std::string_view::npos ? text : text.substr(at + 1));
}

/// What to say of a value that is right but for its quotes.
std::string_view quotes_hint(const Item& item, bool quoted) {
  if (quoted == (item.json == Json::text)) return {};
  return quoted ? " In JSON it stands without quotes." : " In JSON it stands in quotes.";
}

/// libyang's complaint in our words: a leaf's value is told with what may stand there.
base::Error parse_error(const Known& known, const yang::Complaint& complaint,
                        std::string_view read) {
  const model::Path path = Location(complaint.path).path;
  std::vector<std::string> names;
  for (const auto& step : path) names.push_back(step.name);
  const auto item = find_item(known.root, names);
  const std::string token = last_token(read);
  if (item && ((*item)->kind == Kind::leaf || (*item)->kind == Kind::leaf_list) &&
      !complaint.text.empty() && complaint.text.find("JSON") == std::string::npos)
    return value_error(**item, token, path,
                       fmt::format("{}{}", expectation_of(**item, complaint.text),
                                   quotes_hint(**item, read.ends_with('"'))));
  if (item && (*item)->child(token) == nullptr &&
      complaint.text.find("not found as a child") != std::string::npos)
    return base::fail(base::ErrorCode::invalid, model::to_text(path),
                      find_item(**item, {token}).error().text);
  return base::fail(base::ErrorCode::invalid, model::to_text(path),
                    fmt::format("These are not settings of {}: {} (near \"{}\")",
                                known.feature.title, complaint.text, token));
}

const lyd_node* first_child(const lyd_node* node) {
  return lyd_child(node);
}

void read_child(Node& into, const Item& item, const lyd_node* siblings);

/// A container or entry as plain data, in the schema's order; not canonical yet.
void read_children(Node& into, const Item& item, const lyd_node* node) {
  for (const Item& child : item.children) read_child(into, child, first_child(node));
}

Node bare(const Item& item, Kind kind) {
  Node node;
  node.kind = kind;
  node.name = item.name;
  if (kind == Kind::list) node.keys = item.keys;
  return node;
}

/// All of `siblings` that are `item`'s: one leaf, but all values and entries, wherever they stand.
/// What must not be there twice is put in twice, for canonical_tree to find.
void read_child(Node& into, const Item& item, const lyd_node* siblings) {
  Node many = bare(item, item.kind);
  for (const lyd_node* node = siblings; node != nullptr; node = node->next) {
    if (node->schema != item.node) continue;
    switch (item.kind) {
      case Kind::leaf:
        into.children.push_back(bare(item, Kind::leaf));
        into.children.back().value = lyd_get_value(node);
        break;
      case Kind::leaf_list:
        many.values.emplace_back(lyd_get_value(node));
        break;
      case Kind::list:
        many.children.push_back(bare(item, Kind::entry));
        read_children(many.children.back(), item, node);
        break;
      case Kind::container:
        into.children.push_back(bare(item, Kind::container));
        read_children(into.children.back(), item, node);
        break;
      case Kind::entry:
        break;
    }
  }
  if (!many.values.empty() || !many.children.empty()) into.children.push_back(std::move(many));
}

base::Result<yang::Tree> parse_text(const Library& library, const Known& known,
                                    const std::string& text) {
  const ly_ctx* context = library.context.get();
  ly_in* raw_input = nullptr;
  if (ly_in_new_memory(text.c_str(), &raw_input) != LY_SUCCESS)
    return base::fail(base::ErrorCode::internal, "libyang cannot read from memory.");
  const yang::Input input(raw_input);
  yang::clear_errors(context);
  lyd_node* raw = nullptr;
  constexpr std::uint32_t options = LYD_PARSE_ONLY | LYD_PARSE_STRICT | LYD_PARSE_NO_STATE;
  const LY_ERR got = lyd_parse_data(context, nullptr, input.get(), LYD_JSON, options, 0, &raw);
  yang::Tree tree(raw);
  if (got == LY_SUCCESS) return tree;
  const std::size_t read = std::min<std::size_t>(ly_in_parsed(input.get()), text.size());
  return parse_error(known, yang::take_error(context), std::string_view(text).substr(0, read));
}

}  // namespace

base::Result<model::Tree> parse_json(const Library& library, const Known& known,
                                     std::string_view text) {
  if (auto sizes = check_json_sizes(text); !sizes) return sizes.error();
  const auto parsed = parse_text(library, known, with_module(known, text));
  if (!parsed) return parsed.error();
  const lyd_node* top = parsed->get();
  if (top == nullptr || top->schema != known.root.node || top->next != nullptr)
    return base::fail(base::ErrorCode::invalid,
                      fmt::format("These are not the settings of {} alone.", known.feature.title));
  Node tree = bare(known.root, Kind::container);
  read_children(tree, known.root, top);
  return canonical_tree(known.root, tree, true);
}

}  // namespace postern::schema
