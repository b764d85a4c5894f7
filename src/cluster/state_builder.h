#pragma once

#include "cluster/graves.h"
#include "cluster/history.h"
#include "cluster/state.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace postern::cluster {

/// Keeps F(S) while S grows: commits come in causal order, each once.
class StateBuilder {
 public:
  explicit StateBuilder(const History& history) : history_(history) {}

  /// `record` is the newest of the history; `values` hold its values, as far as they are at hand.
  /// Registers whose shown value changed are added to `changed`.
  void apply(const Record& record, const Values& values, std::set<Register>& changed);
  /// Works out everything anew from the history, in which names have changed. What is shown otherwise then is
  /// added to `changed`.
  void begin_again(std::set<Register>& changed);
  [[nodiscard]] const State& state() const { return state_; }
  /// Every delete of it so far.
  [[nodiscard]] std::vector<Dot> graves(const Entity& entity) const;

  /// Hashes of heads' values that are not here.
  [[nodiscard]] std::vector<base::Hash> missing_values() const;
  /// True when a head has this value and lacked it.
  bool supply(const base::Hash& hash, std::string bytes);

 private:
  struct Shown {
    WriteKind kind = WriteKind::clear;
    base::Hash value;
    friend bool operator==(const Shown&, const Shown&) = default;
  };
  using Before = std::map<Register, Shown>;

  [[nodiscard]] Shown shown(const Register& reg) const;
  void touch(const Register& reg);
  void write(const Record& record, const Write& write, const Values& values);
  void refer(const base::Hash& value, const Values& values);
  void release(const base::Hash& value);
  [[nodiscard]] bool buried(const Register& reg, const Record& by) const;
  [[nodiscard]] bool restored(const Entity& entity, const std::function<bool(const Record&)>& unseen) const;
  void mark_buried(const Entity& entity);
  void mark_buried(Space space, const base::Uuid& id);
  void note_birth(const Register& reg, const Record& record);
  [[nodiscard]] std::vector<GroupFate> fates() const;
  void revive_groups();

  const History& history_;
  State state_;
  std::map<Entity, std::vector<Dot>> graves_;
  std::set<base::Uuid> revived_;
  std::map<base::Hash, std::size_t> references_;
  Before before_;
};

}  // namespace postern::cluster
