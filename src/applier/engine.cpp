#include "applier/engine.h"

#include "applier/content.h"
#include "base/crypto.h"
#include "base/ids.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace postern::applier {
namespace {

constexpr const char* sum_file = "plan.sum";
constexpr std::uint64_t generations_kept = 3;
constexpr std::chrono::seconds longest_way_back{4};

/// Names the content of a generation, so that a running Postfix is not disturbed for the same
/// files.
std::string sum_of(const gateway::Plan& plan) {
  std::string all;
  for (const gateway::File& file : plan.files)
    all += fmt::format("{}:{}:{}:{}\n", file.path, file.mode, file.bytes.size(), file.bytes);
  for (const std::string& server : plan.resolvers) all += fmt::format("nameserver {}\n", server);
  return base::to_text(base::hash_bytes(all)) + "\n";
}

std::uint64_t number_of(const std::string& name) {
  std::uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

/// Nobody who was not told can ask for it.
std::string random_name() {
  std::string bytes(16, '\0');
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return {};  // the kernel's pool is ready long before Postfix can run
  return base::to_hex(bytes);
}

}  // namespace

struct Engine::Switch {
  std::uint64_t generation = 0;  ///< in force before; 0: none
  std::vector<std::string> resolvers;
};

Engine::Engine(Options options, std::unique_ptr<Privileged> privileged)
    : options_(std::move(options)),
      privileged_(std::move(privileged)),
      tables_(options_.instance_dir + "/tables", *privileged_),
      memory_(options_.instance_dir + "/log/mail.log", *privileged_) {}

std::uint64_t Engine::generation_in_force() const {
  std::error_code none;
  return number_of(std::filesystem::read_symlink(options_.instance_dir + "/etc", none).filename().string());
}

std::uint64_t Engine::next_generation() const {
  std::uint64_t last = generation_in_force();
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(options_.instance_dir + "/gen", none))
    last = std::max(last, number_of(entry.path().filename().string()));
  return last + 1;
}

gateway::Plan Engine::on_disk() const {
  gateway::Plan plan;
  plan.files.push_back({"main.cf", content(options_.instance_dir + "/etc/main.cf"), 0644});
  return plan;
}

void Engine::tell_state(Outcome& outcome) const {
  outcome.generation = generation_in_force();
  outcome.running = runs_;
  outcome.not_proved.clear();
  if (outcome.result) outcome.not_proved = not_proved_.empty() ? remembers_ : not_proved_;
}

Outcome Engine::apply(gateway::Plan plan) {
  const auto start = std::chrono::steady_clock::now();
  ++counters_.applies;
  Outcome outcome;
  outcome.result = in_force_ ? change(plan, outcome) : begin(plan, outcome);
  if (outcome.result) {
    if (!in_force_) generation_ = generation_in_force();
    in_force_ = std::move(plan);
    broken_.clear();
  }
  tell_state(outcome);
  counters_.rows += outcome.rows_written;
  counters_.last_us = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count());
  return outcome;
}

// After our own start: Postfix may run on with what was in force, or be down.
base::Result<void> Engine::begin(const gateway::Plan& plan, Outcome& outcome) {
  const base::Result<bool> runs = master_runs();
  if (!runs) return runs.error();
  if (*runs && content(options_.instance_dir + "/etc/" + sum_file) == sum_of(plan)) {
    if (auto done = make_tables(plan, outcome); !done) return done;
    // The host's own may have changed.
    if (auto done = privileged_->resolver(plan.resolvers); !done) return done;
    if (stale())
      if (auto done = reload(outcome); !done) return done;
    return prove(plan, patience);
  }
  gateway::Actions actions = gateway::difference(on_disk(), plan);
  actions.files = true;
  actions.start = !*runs;
  actions.tables.clear();  // prepare() makes all of them
  return generation(plan, actions, outcome);
}

base::Result<void> Engine::change(const gateway::Plan& plan, Outcome& outcome) {
  const gateway::Actions actions = gateway::difference(*in_force_, plan);
  if (actions.files || generation_in_force() != generation_) return generation(plan, actions, outcome);
  auto done = renew_tables(*in_force_, outcome);
  if (done) done = write_rows(plan, actions, true, outcome);
  if (done) done = write_rows(plan, actions, false, outcome);
  for (const gateway::TableChange& each : actions.tables)
    if (done) done = tables_.read_back(each);
  const bool renewed = tables_.made_anew() != anew_told_;
  if (done && renewed) done = reload(outcome);
  if (done && renewed) done = prove(plan, patience);
  if (done && !renewed) displace();
  if (!done) rows_back(plan);
  return done;
}

base::Result<void> Engine::make_tables(const gateway::Plan& plan, Outcome& outcome) {
  for (const gateway::Table& table : plan.tables) {
    auto written = tables_.make(table);
    if (!written) return written.error();
    if (*written > 0) rows_changed(table.name);
    outcome.rows_written += *written;
  }
  tables_.trust();
  return {};
}

// What was removed, cut or replaced behind our back is made again from the settings.
base::Result<void> Engine::renew_tables(const gateway::Plan& plan, Outcome& outcome) {
  for (const gateway::Table& table : plan.tables) {
    if (tables_.sound(table.name)) continue;
    auto written = tables_.change({table.name, true, table.rows, {}});
    if (!written) return written.error();
    rows_changed(table.name);
    outcome.rows_written += *written;
  }
  return {};
}

// New tables are needed by the new files; rows of old ones may name services that only the new
// files have.
base::Result<void> Engine::write_rows(const gateway::Plan& plan, const gateway::Actions& actions, bool whole, Outcome& outcome) {
  for (const gateway::TableChange& each : actions.tables) {
    if (each.whole != whole) continue;
    const bool sound = whole || tables_.sound(each.table);
    auto written = sound ? tables_.change(each) : base::fail(base::ErrorCode::damaged, each.table, "It is not as it was.");
    if (!written && written.error().code == base::ErrorCode::damaged) {
      const auto table =
          std::find_if(plan.tables.begin(), plan.tables.end(), [&](const gateway::Table& one) { return one.name == each.table; });
      written = tables_.change({each.table, true, table->rows, {}});
    }
    if (!written) return written.error();
    rows_changed(each.table);
    outcome.rows_written += *written;
  }
  return {};
}

void Engine::rows_changed(std::string_view table) {
  if (gateway::routes_mail(table)) memory_.changed();
}

// Where even that fails, no row is believed: the next apply or look makes the tables anew.
void Engine::rows_back(const gateway::Plan& plan) {
  if (!in_force_) return;
  Outcome ignored;
  const auto done = write_rows(*in_force_, gateway::difference(plan, *in_force_), false, ignored);
  if (!done) tables_.doubt();
}

// What failed stays to be looked at, but not for ever: each try makes another. Not before the way
// back is gone: until then what was in force is not what `etc` leads to, and may be older than that.
void Engine::prune_before(std::uint64_t next) {
  if (next > generations_kept) (void)privileged_->prune(next - generations_kept + 1);
}

base::Result<void> Engine::generation(const gateway::Plan& plan, const gateway::Actions& actions, Outcome& outcome) {
  const base::Result<bool> runs = master_runs();
  if (!runs) return runs.error();
  const Switch before{in_force_ ? generation_ : generation_in_force(),
                      in_force_ ? in_force_->resolvers : std::vector<std::string>{}};
  const std::uint64_t next = next_generation();
  auto done = prepare(plan, actions, next, outcome);
  const bool prepared = done.has_value();
  if (prepared) done = privileged_->switch_to(next);
  if (done) done = bring_up(plan, actions, *runs, outcome);
  if (done) {
    ++counters_.generations;
    generation_ = next;
    tables_.sweep(plan.tables);
  }
  if (done || !prepared) {
    prune_before(next);
    return done;
  }
  ++counters_.put_back;
  rows_back(plan);
  base::Error error = done.error();
  if (before.generation == 0) {
    error.text += " There are no settings before these to go back to.";
    return error;
  }
  const auto back = bring_back(before, actions.restart);
  if (back)
    prune_before(next);
  else
    in_force_.reset();  // nobody knows what Postfix reads now: begin again
  error.text += back ? " The settings before are in force again." : " Going back failed too: " + back.error().text;
  return error;
}

// Nothing that is in force is touched yet, but for tables when our own start finds them not as they
// should be.
base::Result<void> Engine::prepare(const gateway::Plan& plan, const gateway::Actions& actions, std::uint64_t next,
                                   Outcome& outcome) {
  std::vector<gateway::File> files = plan.files;
  files.push_back({sum_file, sum_of(plan), 0644});
  files.push_back({std::string(gateway::probe_file), gateway::probe_table(next, random_name()), 0644});
  if (auto done = privileged_->stage(next, files); !done) return done;  // makes the folder of tables, too
  if (auto done = in_force_ ? renew_tables(*in_force_, outcome) : make_tables(plan, outcome); !done) return done;
  if (in_force_)
    if (auto done = write_rows(plan, actions, true, outcome); !done) return done;
  if (auto done = new_ports_are_free(plan); !done) return done;
  ++counters_.execs;
  return privileged_->check(next);
}

// A master that cannot open one port ends, and takes all other listeners with it.
base::Result<void> Engine::new_ports_are_free(const gateway::Plan& plan) const {
  if (!in_force_) return {};
  for (const gateway::Probe& each : plan.probes) {
    const bool ours = std::any_of(in_force_->probes.begin(), in_force_->probes.end(), [&](const gateway::Probe& old) {
      return old.address == each.address && old.port == each.port;
    });
    if (ours) continue;
    if (auto done = port_is_free(each); !done) return done;
  }
  return {};
}

base::Result<void> Engine::bring_up(const gateway::Plan& plan, const gateway::Actions& actions, bool ran, Outcome& outcome) {
  if (auto done = write_rows(plan, actions, false, outcome); !done) return done;
  if (auto done = privileged_->resolver(plan.resolvers); !done) return done;
  if (ran && actions.restart) {
    ++counters_.execs;
    if (auto done = privileged_->stop(); !done) return done;
  }
  auto done = ran && !actions.restart ? reload(outcome) : reload_or_start(outcome);
  return done ? prove(plan, patience) : done;
}

base::Result<void> Engine::reload(Outcome& outcome) {
  ++counters_.execs;
  const std::uint64_t anew = tables_.made_anew();
  auto done = privileged_->reload();
  if (!done) return done;
  ++counters_.reloads;
  anew_told_ = anew;
  stale_ = false;
  outcome.reloaded = true;
  return done;
}

base::Result<void> Engine::start(Outcome& outcome) {
  ++counters_.execs;
  const std::uint64_t anew = tables_.made_anew();
  auto done = privileged_->start();
  if (!done) return done;
  anew_told_ = anew;
  stale_ = false;
  outcome.reloaded = true;
  return done;
}

// Where `etc` was missing, whether a master runs could not be seen before.
base::Result<void> Engine::reload_or_start(Outcome& outcome) {
  const base::Result<bool> runs = master_runs();
  if (!runs) return runs.error();
  return *runs ? reload(outcome) : start(outcome);
}

base::Result<void> Engine::bring_back(const Switch& before, bool restart) {
  ++counters_.execs;
  if (auto done = privileged_->switch_to(before.generation); !done) return done;
  if (in_force_)
    if (auto done = privileged_->resolver(before.resolvers); !done) return done;
  if (restart) (void)privileged_->stop();
  // A master that cannot open a port dies a second after it was told to reload: then it must be
  // started.
  base::Result<void> done;
  Outcome ignored;
  for (std::chrono::seconds pause{1}; pause <= longest_way_back; pause *= 2) {
    done = reload_or_start(ignored);
    if (done && in_force_) done = prove(*in_force_, patience);
    if (done) break;
    std::this_thread::sleep_for(pause);
  }
  return done;
}

}  // namespace postern::applier
