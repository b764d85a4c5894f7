#include "applier/engine.h"

#include "applier/probe.h"
#include "base/crypto.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace postern::applier {
namespace {

constexpr const char* sum_file = "plan.sum";
constexpr std::uint64_t generations_kept = 3;

/// Names the content of a generation, so that a running Postfix is not disturbed for the same
/// files.
std::string sum_of(const gateway::Plan& plan) {
  std::string all;
  for (const gateway::File& file : plan.files)
    all += fmt::format("{}:{}:{}:{}\n", file.path, file.mode, file.bytes.size(), file.bytes);
  for (const std::string& server : plan.resolvers) all += fmt::format("nameserver {}\n", server);
  return base::to_text(base::hash_bytes(all)) + "\n";
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::uint64_t number_of(const std::string& name) {
  std::uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

}  // namespace

struct Engine::Switch {
  std::uint64_t generation = 0;  ///< in force before; 0: none
  bool ran = false;
  std::vector<std::string> resolvers;
};

Engine::Engine(Setup setup, std::unique_ptr<Privileged> privileged)
    : setup_(std::move(setup)),
      privileged_(std::move(privileged)),
      tables_(setup_.instance_dir + "/tables", *privileged_) {}

std::uint64_t Engine::generation_in_force() const {
  std::error_code none;
  return number_of(
      std::filesystem::read_symlink(setup_.instance_dir + "/etc", none).filename().string());
}

std::uint64_t Engine::next_generation() const {
  std::uint64_t last = generation_in_force();
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(setup_.instance_dir + "/gen", none))
    last = std::max(last, number_of(entry.path().filename().string()));
  return last + 1;
}

gateway::Plan Engine::on_disk() const {
  gateway::Plan plan;
  plan.files.push_back({"main.cf", content(setup_.instance_dir + "/etc/main.cf"), 0644});
  return plan;
}

Outcome Engine::apply(gateway::Plan plan) {
  const auto start = std::chrono::steady_clock::now();
  ++counters_.applies;
  Outcome outcome{base::Result<void>(), 0, false, 0};
  outcome.result = in_force_ ? change(plan, outcome) : begin(plan, outcome);
  if (outcome.result) in_force_ = std::move(plan);
  outcome.generation = generation_in_force();
  counters_.rows += outcome.rows_written;
  counters_.last_us =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                     std::chrono::steady_clock::now() - start)
                                     .count());
  return outcome;
}

// After our own start: Postfix may run on with what was in force, or be down.
base::Result<void> Engine::begin(const gateway::Plan& plan, Outcome& outcome) {
  const base::Result<bool> runs = privileged_->running();
  if (!runs) return runs.error();
  if (*runs && content(setup_.instance_dir + "/etc/" + sum_file) == sum_of(plan)) {
    if (auto done = make_tables(plan, outcome); !done) return done;
    return privileged_->resolver(plan.resolvers);  // the host's own may have changed
  }
  gateway::Actions actions = gateway::difference(on_disk(), plan);
  actions.files = true;
  actions.start = !*runs;
  actions.tables.clear();  // prepare() makes all of them
  return generation(plan, actions, outcome);
}

base::Result<void> Engine::change(const gateway::Plan& plan, Outcome& outcome) {
  const gateway::Actions actions = gateway::difference(*in_force_, plan);
  if (actions.files) return generation(plan, actions, outcome);
  auto done = write_rows(plan, actions, true, outcome);
  if (done) done = write_rows(plan, actions, false, outcome);
  for (const gateway::TableChange& each : actions.tables)
    if (done) done = tables_.read_back(each);
  if (!done) rows_back(plan);
  return done;
}

base::Result<void> Engine::make_tables(const gateway::Plan& plan, Outcome& outcome) {
  std::error_code reason;
  std::filesystem::create_directories(setup_.instance_dir + "/tables", reason);
  for (const gateway::Table& table : plan.tables) {
    auto written = tables_.make(table);
    if (!written) return written.error();
    outcome.rows_written += *written;
  }
  tables_.trust();
  return {};
}

// New tables are needed by the new files; rows of old ones may name services that only the new
// files have.
base::Result<void> Engine::write_rows(const gateway::Plan& plan, const gateway::Actions& actions,
                                      bool whole, Outcome& outcome) {
  for (const gateway::TableChange& each : actions.tables) {
    if (each.whole != whole) continue;
    auto written = tables_.change(each);
    if (!written &&
        written.error().code == base::ErrorCode::io) {  // damaged or removed behind our back
      const auto table =
          std::find_if(plan.tables.begin(), plan.tables.end(),
                       [&](const gateway::Table& one) { return one.name == each.table; });
      written = tables_.change({each.table, true, table->rows, {}});
    }
    if (!written) return written.error();
    outcome.rows_written += *written;
  }
  return {};
}

void Engine::rows_back(const gateway::Plan& plan) {
  if (!in_force_) return;
  Outcome ignored{base::Result<void>(), 0, false, 0};
  (void)write_rows(*in_force_, gateway::difference(plan, *in_force_), false, ignored);
}

base::Result<void> Engine::generation(const gateway::Plan& plan, const gateway::Actions& actions,
                                      Outcome& outcome) {
  const base::Result<bool> runs = privileged_->running();
  if (!runs) return runs.error();
  const Switch before{generation_in_force(), *runs,
                      in_force_ ? in_force_->resolvers : std::vector<std::string>{}};
  const std::uint64_t next = next_generation();
  if (auto done = prepare(plan, actions, next, outcome); !done) return done;

  auto done = privileged_->switch_to(next);
  if (done) done = bring_up(plan, actions, *runs, outcome);
  if (done) {
    ++counters_.generations;
    if (next > generations_kept) (void)privileged_->prune(next - generations_kept + 1);
    tables_.sweep(plan.tables);
    return done;
  }
  ++counters_.put_back;
  rows_back(plan);
  base::Error error = done.error();
  const auto back = bring_back(before, actions.restart);
  error.text += back ? " The settings before are in force again."
                     : " Going back failed too: " + back.error().text;
  return error;
}

// Nothing that is in force is touched yet, but for tables when our own start finds them not as they
// should be.
base::Result<void> Engine::prepare(const gateway::Plan& plan, const gateway::Actions& actions,
                                   std::uint64_t next, Outcome& outcome) {
  std::vector<gateway::File> files = plan.files;
  files.push_back({sum_file, sum_of(plan), 0644});
  files.push_back({std::string(gateway::probe_file), gateway::probe_table(next), 0644});
  if (auto done = privileged_->stage(next, files); !done)
    return done;  // makes the folder of tables, too
  if (auto done = in_force_ ? write_rows(plan, actions, true, outcome) : make_tables(plan, outcome);
      !done)
    return done;
  ++counters_.execs;
  return privileged_->check(next);
}

base::Result<void> Engine::bring_up(const gateway::Plan& plan, const gateway::Actions& actions,
                                    bool runs, Outcome& outcome) {
  if (auto done = write_rows(plan, actions, false, outcome); !done) return done;
  if (auto done = privileged_->resolver(plan.resolvers); !done) return done;
  if (runs && actions.restart) {
    ++counters_.execs;
    if (auto done = privileged_->stop(); !done) return done;
  }
  ++counters_.execs;
  const bool reload = runs && !actions.restart;
  if (auto done = reload ? privileged_->reload() : privileged_->start(); !done) return done;
  outcome.reloaded = true;
  if (reload) ++counters_.reloads;
  return probe_all(plan, generation_in_force());
}

base::Result<void> Engine::probe_all(const gateway::Plan& plan, std::uint64_t generation) {
  for (const gateway::Probe& each : plan.probes)
    if (auto done = probe(each, generation); !done) return done;
  return {};
}

base::Result<void> Engine::bring_back(const Switch& before, bool restart) {
  ++counters_.execs;
  if (before.generation == 0 || !before.ran) {
    auto done = privileged_->stop();
    if (before.generation != 0) done = privileged_->switch_to(before.generation);
    return done;
  }
  if (auto done = privileged_->switch_to(before.generation); !done) return done;
  if (auto done = privileged_->resolver(before.resolvers); !done) return done;
  if (restart) (void)privileged_->stop();
  // A master that cannot open a port dies a second after it was told to reload: then it must be
  // started.
  base::Result<void> done;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const base::Result<bool> runs = privileged_->running();
    if (!runs) return runs.error();
    done = *runs ? privileged_->reload() : privileged_->start();
    if (done && in_force_) done = probe_all(*in_force_, before.generation);
    if (done) break;
  }
  return done;
}

}  // namespace postern::applier
