#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/tree.h"

namespace postern::model {

/// One step of a path below the feature's container: a node's name, and for a list the key values of
/// one entry in key order (empty: the whole list).
struct PathStep {
  std::string name;
  std::vector<std::string> keys;
  friend bool operator==(const PathStep&, const PathStep&) = default;
};
/// Empty: the feature's container itself.
using Path = std::vector<PathStep>;

/// "route['.example.com']/destination['127.0.0.9','25']/preference": key values in key order, quoted
/// with ' or, when the value holds a ', with ". Errors: usage, with the character that was not expected.
base::Result<Path> parse_path(std::string_view text);
std::string to_text(const Path& path);

/// One change of one feature's tree, as the desk protocol carries it.
struct Edit {
  enum class Op : unsigned char {
    create,  ///< list entry at `path` with its keys only: `exists` when it is there. The schema says
             ///< where it goes in a user-ordered list: last, or before `anchor`
    set,     ///< leaf at `path` gets `value`; missing parents (containers, entries) are made
    remove,  ///< node or entry at `path` goes: `not_found` when it is not there
    clear,   ///< like remove, but nothing to say when it is not there
    insert,  ///< one value of the leaf_list at `path`: `exists` when it is there
    erase,   ///< one value of the leaf_list at `path`: `not_found` when it is not there
    move,    ///< entry at `path` of a user-ordered list goes before `anchor`, or last when empty
  };
  Op op = Op::set;
  Path path;
  std::string value;
  std::vector<std::string> anchor;
  friend bool operator==(const Edit&, const Edit&) = default;
};

const char* op_name(Edit::Op op);
base::Result<Edit::Op> parse_op(std::string_view name);

/// What a node is in the schema; schema/ answers it for `apply`, so that model need not know libyang.
struct NodeShape {
  Node::Kind kind = Node::Kind::leaf;
  bool user_ordered = false;
  std::vector<std::string> keys;
};
/// Shape of the node at a path of names from the feature's container, e.g. {"route","destination"}.
/// Error not_found names the nearest known parent and what may stand there.
using ShapeOf = base::Result<NodeShape> (*)(const void* context, const std::vector<std::string>&);
struct Shapes {
  ShapeOf ask;
  const void* context;
};

/// Applies the edits in order; all or nothing. The result is not yet canonical nor checked: give it
/// to schema::Schema::canonical. Errors: not_found, exists, invalid; `where` is the path.
base::Result<Tree> apply(const Tree& before, const std::vector<Edit>& edits, const Shapes& shapes);

/// One difference between two trees of one feature.
struct Difference {
  enum class Kind : unsigned char { added, removed, changed, moved };
  Kind kind = Kind::changed;
  Path path;           ///< of the leaf, leaf_list, entry or presence container
  std::string before;  ///< leaf value, leaf_list values joined by ", ", or empty
  std::string after;
  friend bool operator==(const Difference&, const Difference&) = default;
};
/// What changed from `before` to `after`, in tree order. An added or removed entry is one difference for
/// the entry and one per leaf that is not a key. `moved`: an entry of a user-ordered list whose order
/// among the entries common to both changed.
std::vector<Difference> compare(const Tree& before, const Tree& after);

/// Three-way merge (contract 2.8): both sides' differences from `base` applied together. Errors: conflict,
/// naming the first path both changed, when the differences touch one path to different ends, when one side
/// removed an entry the other changed inside, when both took the same entry out of a list inside an entry and put in
/// different ones, or when both reordered one user-ordered list.
base::Result<Tree> merge3(const Tree& base, const Tree& mine, const Tree& theirs);

}  // namespace postern::model
