#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/role.h"
#include "model/edit.h"
#include "model/tree.h"

/// The settings' schema: YANG (RFC 7950) by libyang, which nobody outside this room knows. One
/// process-wide const object; every call but `load` is safe from several threads, because each call's
/// libyang tree lives and dies inside it.
namespace postern::schema {

/// Where a feature's settings may be made (postern-ext `scope`; spec M8, C9-C12).
enum class Scope { any, machine, cluster };
/// What a reference that does not resolve means (postern-ext `dangling`; spec D2).
enum class Dangling { error, warn };

/// One feature: one YANG module with one presence container.
struct Feature {
  std::string name;     ///< container's name, e.g. "smtp-routes": the register's feature name
  std::string command;  ///< e.g. "smtproutes"
  std::string title;    ///< as people read it, e.g. "SMTP routes"
  std::string does;     ///< what the command does, a sentence
  Scope scope = Scope::any;
  base::Role role = base::Role::operator_;  ///< the least that may write it
  std::string choose;                       ///< the leaf whose choices are the operations of the one-line form; may be empty
  bool has_factory_default = false;         ///< postern-ext `factory`: JSON of the factory settings, or none
  std::string factory;                      ///< canonical text of the factory default (an empty container else)
};

/// One node of a form or dialogue, from the schema and its extensions. Children in postern-ext `order`.
struct Form {
  model::Node::Kind kind = model::Node::Kind::leaf;
  std::string name;
  std::string label;  ///< prompt text without punctuation, e.g. "the domain for this route"
  std::string hint;   ///< one line of help for `?`; the YANG description when there is no hint
  std::string description;
  std::string group;     ///< postern-ext `group`: heading for web forms, may be empty
  std::string widget;    ///< postern-ext `widget`, may be empty
  std::string type;      ///< YANG base type: "string", "uint16", "boolean", "enumeration", "leafref"…
  std::string fallback;  ///< default value, or empty
  std::string units;
  std::string when_hint;             ///< postern-ext `ask-when`: "LEAF=VALUE", asked only then; may be empty
  std::string title;                 ///< postern-ext `title`: of a table inside entries, e.g. "Host Access Table"; may be empty
  std::string table;                 ///< postern-ext `table`: the operation that opens it, e.g. "HOSTACCESS"; may be empty
  std::string summary;               ///< postern-ext `summary`: an entry's or a container's line (line/summary.h); may be empty
  std::string shown_when;            ///< postern-ext `shown-when`: "LEAF=VALUE"; may be empty
  std::optional<std::string> word;   ///< postern-ext `word`: how help writes this word; none: it is no word
  std::string option;                ///< postern-ext `option`: NAME or NAME=PLACEHOLDER; may be empty
  std::vector<std::string> choices;  ///< enumeration names in order; {"true","false"} for boolean
  std::string refers_to;             ///< leafref: "FEATURE/path" of the target list's key, else empty
  bool mandatory = false;
  bool secret = false;
  bool user_ordered = false;
  Dangling dangling = Dangling::error;
  std::vector<std::string> keys;  ///< of a list
  std::vector<Form> children;

  [[nodiscard]] const Form* child(std::string_view child_name) const;
};

/// One thing wrong with a document or a machine's effective settings.
struct Problem {
  std::string feature;
  std::string path;           ///< keyed, e.g. "route['example.com']/destination['bad host','25']"
  std::string value;          ///< the offending value, may be empty
  std::string text;           ///< what is wrong and what is expected: the schema's error-message
  bool is_reference = false;  ///< a reference that does not resolve
  Dangling dangling = Dangling::error;
  std::string refers_to;  ///< as Form::refers_to
};

/// One machine's effective settings: feature -> tree; a feature not there stands for its factory default.
using Effective = std::map<std::string, model::TreePtr, std::less<>>;

class Schema {
 public:
  /// Loads the YANG modules built into the program. An error here is a bug in a module.
  static base::Result<std::unique_ptr<const Schema>> load();
  ~Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  /// In the order of their commands' names.
  [[nodiscard]] const std::vector<Feature>& features() const;
  [[nodiscard]] const Feature* feature(std::string_view name) const;
  [[nodiscard]] const Feature* feature_of_command(std::string_view command) const;
  /// The feature's container as a form. Lifetime: the Schema's.
  [[nodiscard]] const Form& form(std::string_view feature) const;
  /// Answers model::apply's questions about `feature`. Lifetime: the Schema's.
  [[nodiscard]] model::Shapes shapes(std::string_view feature) const;

  /// Hash of all modules: two machines exchange settings only if theirs are equal (contract 2.14).
  [[nodiscard]] const base::Hash& settings_version() const;

  /// Parses one feature's JSON (RFC 7951, {"postern-smtp-routes:smtp-routes":{…}}; the module prefix may be
  /// left out) or canonical text. Checks types, lengths, patterns and unknown nodes, not references or musts.
  /// Sizes are checked first (base/limits.h). Errors: invalid, with the keyed path and the expectation.
  /// `like`: a tree of the feature in canonical form, or null; list entries that are also in it are right already.
  [[nodiscard]] base::Result<model::Tree> parse(std::string_view feature, std::string_view text,
                                                const model::Tree* like = nullptr) const;
  /// Canonical text: compact RFC 7951 JSON of the tree. print(parse(x)) is byte-equal for equal settings.
  [[nodiscard]] std::string print(std::string_view feature, const model::Tree& tree) const;
  /// Type-checks, sorts and canonicalizes a tree (after model::apply). Errors and `like` as parse.
  [[nodiscard]] base::Result<model::Tree> canonical(std::string_view feature, model::Tree tree,
                                                    const model::Tree* like = nullptr) const;
  /// One feature's settings as the desk protocol carries them: the container's value alone,
  /// {"route":[…]}. parse_data takes whatever parse takes.
  [[nodiscard]] base::Result<model::Tree> parse_data(std::string_view feature, std::string_view data) const;
  [[nodiscard]] std::string print_data(std::string_view feature, const model::Tree& tree) const;
  /// Edits whose keys and values are in canonical form ("Example.COM" names the entry example.com), before
  /// model::apply. Errors: not_found for unknown settings; invalid for a value that its type does not take.
  [[nodiscard]] base::Result<std::vector<model::Edit>> canonical_edits(std::string_view feature,
                                                                       std::vector<model::Edit> edits) const;

  /// Defined but empty, and the factory settings. Lifetime of the latter: the Schema's.
  [[nodiscard]] model::Tree empty(std::string_view feature) const;
  [[nodiscard]] const model::Tree& factory(std::string_view feature) const;
  /// The tree with every default of the schema filled in, containers included: what features' plans read.
  /// Never print or commit it.
  [[nodiscard]] model::Tree with_defaults(std::string_view feature, const model::Tree& tree) const;

  /// One leaf's value checked on its own, for a dialogue's question: canonical form, or the error to show.
  /// `path` is names from the feature's container.
  [[nodiscard]] base::Result<std::string> check_leaf(std::string_view feature, const std::vector<std::string>& path,
                                                     std::string_view value) const;

  /// Everything wrong with these effective settings: musts, mandatory, min/max, unique, references, with
  /// keyed paths; errors and warnings (Dangling::warn) alike, in a fixed order. Empty: it checks.
  [[nodiscard]] std::vector<Problem> check(const Effective& effective) const;
  /// The part of it that is `feature`'s own: only the feature and what it refers to are looked at. `sound`: a tree of
  /// the feature in which nothing at all was wrong beside the same settings of the others, or null; list entries that
  /// are also in it are not looked at again where an entry is checked by itself (stand_alone).
  [[nodiscard]] std::vector<Problem> check_feature(std::string_view feature, const Effective& effective,
                                                   const model::Tree* sound = nullptr) const;
  /// Lists of the feature's container whose entries are right or wrong each by itself: nothing in the schema compares
  /// one with another, with other settings of the feature, or counts them.
  [[nodiscard]] std::vector<std::string> stand_alone(std::string_view feature) const;
  /// Features that `feature` refers to, by leafref or must, and those that refer to it.
  [[nodiscard]] const std::vector<std::string>& refers_to(std::string_view feature) const;
  [[nodiscard]] const std::vector<std::string>& referred_by(std::string_view feature) const;

 private:
  Schema();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::schema
