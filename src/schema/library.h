#pragma once

#include "schema/schema.h"
#include "schema/yang.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The compiled schema as the rest of this room reads it. Inside schema/ only.
namespace postern::schema {

/// How a value stands in JSON (RFC 7951 §6).
enum class Json : std::uint8_t { text, number, boolean };

/// One schema node. List entries have no item of their own: a list's children are its entries'.
struct Item {
  const lysc_node* node = nullptr;
  model::Node::Kind kind = model::Node::Kind::leaf;
  std::string name;
  bool user_ordered = false;
  std::vector<std::string> keys;  ///< of a list
  std::vector<Item> children;     ///< in schema order, a list's keys first
  std::uint32_t min = 0;          ///< entries or values
  std::uint32_t max = 0;          ///< 0: no limit
  bool mandatory = false;
  bool stands_alone = false;  ///< a list of the feature's container, see Schema::stand_alone
  std::string label;          ///< postern-ext label, or the name

  Json json = Json::text;
  std::optional<std::string> fallback;
  std::string expectation;         ///< full sentence: what may be entered
  std::string form;                ///< first word of postern-ext canonical
  std::vector<std::string> words;  ///< its other words
  const lysc_type_leafref* reference = nullptr;
  std::string refers_to;
  Dangling dangling = Dangling::error;

  [[nodiscard]] const Item* child(std::string_view child_name) const;
};

/// One feature with all that is known of it.
struct Known {
  Feature feature;
  Item root;
  Form form;
  model::Tree factory;
  std::vector<std::string> refers_to;
  std::vector<std::string> referred_by;
  bool has_references = false;  ///< any leafref, to itself too
};

struct Library {
  yang::Context context;
  std::vector<Known> known;       ///< by command name; never grows after load, so its items stay in place
  std::vector<Feature> features;  ///< the same order
  base::Hash version;

  [[nodiscard]] const Known* find(std::string_view feature) const;
};

/// load.cpp: the context with all modules, and every feature but its factory settings.
base::Result<Library> load_library();
/// item.cpp
base::Result<Item> make_item(const lysc_node* node);
/// form.cpp
Form make_form(const Item& item);
/// references.cpp: names what leafrefs refer to, in the items, which features depend on which, and whose entries
/// stand alone.
void find_references(Library& library);
/// The feature whose container `node` stands in: its name.
std::string feature_of(const lysc_node* node);

/// The item at a path of names from the feature's container, or not_found with what may stand
/// there.
base::Result<const Item*> find_item(const Item& root, const std::vector<std::string>& names);

/// value.cpp: one value in canonical form, or the error to show.
base::Result<std::string> canonical_value(const Item& item, std::string_view value, const model::Path& path);
/// What somebody enters is to stay, or names what is to go.
enum class Entered { to_stay, to_go };
/// The same of what somebody enters: a domain may have letters beyond ASCII, and what is to stay is no keyword of another
/// table. Only ASCII is a keyword, in any case.
base::Result<std::string> entered_value(const Item& item, std::string_view value, const model::Path& path,
                                        Entered how = Entered::to_stay);
/// "VALUE cannot be used for LABEL. EXPECTATION"
base::Error value_error(const Item& item, std::string_view value, const model::Path& path, std::string_view expectation);
/// An error-message of the item's type when `text` is one, else its expectation.
std::string_view expectation_of(const Item& item, std::string_view text);

/// canonical.cpp
base::Result<model::Tree> canonical_tree(const Item& root, model::Tree tree, const model::Tree* like);
/// The order of two entries of a list with that many keys, by the keys' values; both in canonical form.
std::strong_ordering order_of(const model::Node& a, const model::Node& b, std::size_t keys);
model::Tree fill_defaults(const Item& root, const model::Tree& tree);
/// edits.cpp: keys, values and anchors in canonical form.
base::Result<> fold_edits(const Item& root, std::vector<model::Edit>& edits);
/// parse.cpp
base::Result<model::Tree> parse_json(const Known& known, std::string_view text, const model::Tree* like);
/// print.cpp: the container's value.
std::string print_json(const Item& root, const model::Tree& tree);
/// check.cpp
std::vector<Problem> check_effective(const Library& library, const Effective& effective);
std::vector<Problem> check_one(const Library& library, const Known& known, const Effective& effective, const model::Tree* sound);

}  // namespace postern::schema
