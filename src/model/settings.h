#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/mode.h"

/// The three levels (spec M1-M8): which mode supplies a machine's settings, who is hidden from a change,
/// and what copying, moving, clearing and flattening mean. Pure, over canonical texts; knows no feature.
namespace postern::model {

/// Canonical text of one feature's settings at one mode. Shared, never changed.
using Text = std::shared_ptr<const std::string>;
/// Whether they say the same, wherever they are kept; two that are not there do.
bool same(const Text& a, const Text& b);

/// (mode, feature) -> text. "Not there" is unset; an empty definition is a text like any other (spec M4).
class Settings {
 public:
  using Key = std::pair<base::Mode, std::string>;

  [[nodiscard]] Text find(const base::Mode& mode, std::string_view feature) const;
  [[nodiscard]] bool defines(const base::Mode& mode, std::string_view feature) const;
  void set(const base::Mode& mode, std::string_view feature, Text text);
  void clear(const base::Mode& mode, std::string_view feature);
  [[nodiscard]] const std::map<Key, Text>& all() const { return texts_; }

 private:
  std::map<Key, Text> texts_;
};

/// Who is in which group: all that the levels need to know of a fleet. Groups and machines in the order
/// in which they are listed to people.
/// "Cluster americas", "Group usa", "Machine paris.example.com"; "Group (deleted)" when there is no `name`.
std::string mode_name(base::Level level, const std::string& cluster_name, const std::string* name);

struct Layout {
  struct Group {
    base::GroupId id;
    std::string name;
  };
  struct Machine {
    base::MemberId id;
    std::string host_name;
    base::GroupId group;
  };
  base::ClusterId cluster;
  std::string cluster_name;
  std::vector<Group> groups;
  std::vector<Machine> machines;

  [[nodiscard]] base::Mode cluster_mode() const;
  [[nodiscard]] const Group* group(const base::GroupId& id) const;
  [[nodiscard]] const Machine* machine(const base::MemberId& id) const;
  /// Machine, its group, cluster: near to far. Empty for a machine that is not here.
  [[nodiscard]] std::vector<base::Mode> chain(const base::MemberId& machine) const;
  /// As above; it looks the name up.
  [[nodiscard]] std::string mode_name(const base::Mode& mode) const;
};

/// The mode that supplies `feature` to `machine`, or none when nobody defines it (factory default).
std::optional<base::Mode> supplier(const Settings& settings, const Layout& layout, const base::MemberId& machine,
                                   std::string_view feature);
/// The mode in effect seen *from* a mode: the mode itself when it defines the feature, else the next
/// above (a group looks at the cluster; a machine at its group, then the cluster).
std::optional<base::Mode> supplier_at(const Settings& settings, const Layout& layout, const base::Mode& mode,
                                      std::string_view feature);
/// Text of the supplier, or null (factory default).
Text effective(const Settings& settings, const Layout& layout, const base::MemberId& machine, std::string_view feature);

/// CLUSTERSHOW (spec C3): every mode in listing order, and whether it defines the feature.
struct DefinedAt {
  base::Mode mode;
  bool defined = false;
};
std::vector<DefinedAt> defined_at(const Settings& settings, const Layout& layout, std::string_view feature);

/// Who would not see a change made at `mode` because something nearer overrides it (spec C5).
struct Hidden {
  std::vector<base::GroupId> groups;
  std::vector<base::MemberId> machines;
};
Hidden hidden_from(const Settings& settings, const Layout& layout, const base::Mode& mode, std::string_view feature);

/// Machines whose effective settings of `feature` come from `mode`.
std::vector<base::MemberId> supplied_by(const Settings& settings, const Layout& layout, const base::Mode& mode,
                                        std::string_view feature);

/// Spec J11: what a machine must define for itself to work alone exactly as it does now: for each of
/// `features` (the schema's names) the effective text.
std::map<std::string, Text> flatten(const Settings& settings, const Layout& layout, const base::MemberId& machine,
                                    const std::vector<std::string>& features);

}  // namespace postern::model
