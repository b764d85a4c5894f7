#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/site.h"
#include "gateway/plan.h"
#include "machine/world/world.h"

namespace postern::machine {

/// Lines with the names of the listeners that are suspended (store notes).
inline constexpr std::string_view note_suspended = "mail/suspended";

/// This machine's mail engine as it was last seen: what the driver is told of applies, and what commands may ask
/// (commands/site.h). Problems are sentences for people.
class Mail final : public commands::MailEngine {
 public:
  /// What it needs of the machine that it is part of; all of it must outlive this.
  struct Driver {
    World& world;
    const gateway::Plan& plan;                  ///< the newest
    std::map<std::string, std::string>& notes;  ///< the store's, kept like it
    /// Plans anew and calls back when that is in force, or known not to be.
    std::function<void(std::function<void()>)> replan;
  };
  explicit Mail(Driver driver) : driver_(std::move(driver)) {}

  [[nodiscard]] commands::MailState state() const override;
  [[nodiscard]] std::vector<commands::MailListener> listeners() const override;
  void suspend(std::vector<std::string> listeners, bool suspended, std::function<void(base::Result<void>)> done) override;
  /// For gateway::Facts: what the store has.
  [[nodiscard]] std::set<std::string> suspended() const;
  [[nodiscard]] std::string route_of(const std::string& domain) const override;
  void measure(std::function<void()> done) override;
  void queued_for(std::string domain, std::function<void(base::Result<base::QueuedMail>)> done) override;

  /// A plan was handed to the applier; until all_answered() what is committed is not in force.
  void handed();
  void all_answered() { handed_ms_.reset(); }
  /// What came of an apply, or what the applier found by itself.
  void show(const applier::Outcome& outcome);
  /// Whether it runs, and nothing else.
  void saw(bool running);
  /// What the plan in force says to people.
  void set_notes(const std::vector<gateway::Note>& notes);
  /// Postfix runs by a plan with these.
  void set_in_force(std::vector<gateway::ListenerState> listeners) { in_force_ = std::move(listeners); }
  /// Why what is committed is not in force, unless there is a reason already; empty changes nothing.
  void add_problem(const std::string& problem);
  [[nodiscard]] const std::string& problem() const { return shown_.problem; }
  /// Whether a plan was ever put in force.
  [[nodiscard]] bool begun() const { return shown_.generation != 0; }

 private:
  struct Wish {
    std::vector<std::string> listeners;
    bool suspended = false;
    std::function<void(base::Result<void>)> done;
    void put_into(std::set<std::string>& names) const;
  };
  [[nodiscard]] std::set<std::string> to_be_suspended() const;
  void keep_next();
  void written(const std::optional<std::string>& note, const base::Result<void>& kept);
  [[nodiscard]] base::Result<void> came_of(const Wish& wish) const;

  const Driver driver_;
  std::deque<Wish> wishes_;  ///< the first is being written
  std::vector<gateway::ListenerState> in_force_;
  commands::MailState shown_;
  bool not_proved_ = false;
  std::optional<std::int64_t> handed_ms_;  ///< since when plans are with the applier
  std::int64_t seen_ms_ = 0;               ///< when its Postfix was last seen
  std::int64_t counted_ms_ = 0;            ///< when its queue was last counted
};

/// Answers of this machine's own DNS servers.
class OwnNames final : public commands::Names {
 public:
  /// `world` must outlive it.
  explicit OwnNames(World& world) : world_(world) {}
  void look_up(base::DnsQuestion question, std::function<void(base::DnsAnswer)> done) override {
    world_.look_up(std::move(question), std::move(done));
  }

 private:
  World& world_;
};

}  // namespace postern::machine
