#include "schema/schema.h"

#include "base/assert.h"
#include "schema/library.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::schema {

struct Schema::State {
  Library library;

  /// A feature that does not exist is the caller's mistake, except where the header says otherwise.
  [[nodiscard]] const Known& known(std::string_view feature) const {
    const Known* found = library.find(feature);
    POSTERN_ASSERT(found != nullptr);
    return *found;
  }
};

namespace {

base::Error no_feature(std::string_view feature) {
  return base::fail(base::ErrorCode::not_found, fmt::format("There is no feature \"{}\" in this version.", feature));
}

base::Result<model::NodeShape> ask_shape(const void* context, const std::vector<std::string>& names) {
  const auto item = find_item(*static_cast<const Item*>(context), names);
  if (!item) return item.error();
  return model::NodeShape{(*item)->kind, (*item)->user_ordered, (*item)->keys};
}

}  // namespace

Schema::Schema() : state_(std::make_unique<State>()) {}
Schema::~Schema() = default;

base::Result<std::unique_ptr<const Schema>> Schema::load() {
  auto library = load_library();
  if (!library) return library.error();
  std::unique_ptr<Schema> schema(new Schema);
  schema->state_->library = std::move(*library);
  return std::unique_ptr<const Schema>(std::move(schema));
}

const std::vector<Feature>& Schema::features() const { return state_->library.features; }

const Feature* Schema::feature(std::string_view name) const {
  const Known* known = state_->library.find(name);
  return known != nullptr ? &known->feature : nullptr;
}

const Feature* Schema::feature_of_command(std::string_view command) const {
  for (const Feature& feature : features())
    if (feature.command == command) return &feature;
  return nullptr;
}

const Form& Schema::form(std::string_view feature) const { return state_->known(feature).form; }

model::Shapes Schema::shapes(std::string_view feature) const { return {ask_shape, &state_->known(feature).root}; }

const base::Hash& Schema::settings_version() const { return state_->library.version; }

base::Result<model::Tree> Schema::parse(std::string_view feature, std::string_view text, const model::Tree* like) const {
  const Known* known = state_->library.find(feature);
  if (known == nullptr) return no_feature(feature);
  return parse_json(*known, text, like);
}

std::string Schema::print(std::string_view feature, const model::Tree& tree) const {
  const Known& known = state_->known(feature);
  return fmt::format("{{\"{}:{}\":{}}}", known.root.node->module->name, known.root.name, print_json(known.root, tree));
}

base::Result<model::Tree> Schema::parse_data(std::string_view feature, std::string_view data) const {
  return parse(feature, data);
}

std::string Schema::print_data(std::string_view feature, const model::Tree& tree) const {
  return print_json(state_->known(feature).root, tree);
}

base::Result<model::Tree> Schema::canonical(std::string_view feature, model::Tree tree, const model::Tree* like) const {
  const Known* known = state_->library.find(feature);
  if (known == nullptr) return no_feature(feature);
  return canonical_tree(known->root, std::move(tree), like);
}

base::Result<std::vector<model::Edit>> Schema::canonical_edits(std::string_view feature, std::vector<model::Edit> edits) const {
  const Known* known = state_->library.find(feature);
  if (known == nullptr) return no_feature(feature);
  if (auto folded = fold_edits(known->root, edits); !folded) return folded.error();
  return edits;
}

model::Tree Schema::empty(std::string_view feature) const {
  model::Tree tree;
  tree.name = state_->known(feature).root.name;
  return tree;
}

const model::Tree& Schema::factory(std::string_view feature) const { return state_->known(feature).factory; }

model::Tree Schema::with_defaults(std::string_view feature, const model::Tree& tree) const {
  return fill_defaults(state_->known(feature).root, tree);
}

base::Result<std::string> Schema::check_leaf(std::string_view feature, const std::vector<std::string>& path,
                                             std::string_view value) const {
  const Known* known = state_->library.find(feature);
  if (known == nullptr) return no_feature(feature);
  const auto item = find_item(known->root, path);
  if (!item) return item.error();
  if ((*item)->kind != model::Node::Kind::leaf && (*item)->kind != model::Node::Kind::leaf_list)
    return base::fail(base::ErrorCode::invalid, fmt::format("{} is not a single value.", (*item)->name));
  model::Path where;
  for (const std::string& name : path) where.push_back({name, {}});
  return entered_value(**item, value, where);
}

std::vector<Problem> Schema::check(const Effective& effective) const { return check_effective(state_->library, effective); }

std::vector<Problem> Schema::check_feature(std::string_view feature, const Effective& effective, const model::Tree* sound) const {
  return check_one(state_->library, state_->known(feature), effective, sound);
}

std::vector<std::string> Schema::stand_alone(std::string_view feature) const {
  std::vector<std::string> names;
  for (const Item& item : state_->known(feature).root.children)
    if (item.stands_alone) names.push_back(item.name);
  return names;
}

const std::vector<std::string>& Schema::refers_to(std::string_view feature) const { return state_->known(feature).refers_to; }

const std::vector<std::string>& Schema::referred_by(std::string_view feature) const { return state_->known(feature).referred_by; }

}  // namespace postern::schema
