#include "applier/content.h"
#include "applier/engine.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <filesystem>

/// What is measured of a data plane in force: proofs through the running Postfix, and the look that
/// finds what was taken away beneath it.
namespace postern::applier {
namespace {

// A master that cannot open a port ends within this time of being told to reload.
constexpr std::chrono::milliseconds first_look{3'000};

std::string utc_text(std::time_t time) { return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(time)); }

/// master.cf is root's to read; nobody but root writes in a generation. So its size has to do.
bool is_as(const std::string& path, const std::string& bytes) {
  struct stat file {};
  if (::access(path.c_str(), R_OK) == 0 || errno != EACCES) return content(path) == bytes;
  return ::stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) && file.st_uid == 0 &&
         static_cast<std::size_t>(file.st_size) == bytes.size();
}

}  // namespace

struct Engine::Trouble {
  std::string text;  ///< empty: none
  bool tables = false;
  bool files = false;
  bool down = false;
};

base::Result<bool> Engine::master_runs() {
  auto runs = privileged_->running();
  if (runs) runs_ = *runs;
  return runs;
}

// Whether the master runs is asked only when there is no proof: asking costs a line in mail.log.
Probed Engine::prove_one(const gateway::Probe& each, const Mark& mark, std::chrono::milliseconds most) {
  Probed told;
  for (auto part = std::min(most, first_look);; part = most - first_look) {
    told = probe(each, mark, part);
    if (told.proof != Proof::not_provable) break;
    const base::Result<bool> runs = master_runs();
    if (runs && !*runs) return {Proof::broken, told.why + " Postfix's master does not run.", true};
    if (!told.early || part != first_look || most <= first_look) break;
  }
  return told;
}

/// Error: something is broken. What cannot be proved is no error: not_proved_ says why.
base::Result<void> Engine::prove(const gateway::Plan& plan, std::chrono::milliseconds most) {
  not_proved_.clear();
  const Mark mark{generation_in_force(),
                  gateway::probe_name(content(fmt::format("{}/etc/{}", options_.instance_dir, gateway::probe_file)))};
  if (plan.probes.empty()) {
    const base::Result<bool> runs = master_runs();
    if (!runs) not_proved_ = runs.error().text;
    if (runs && !*runs) return base::fail(base::ErrorCode::io, "Postfix's master does not run.");
  }
  for (const gateway::Probe& each : plan.probes) {
    const Probed told = prove_one(each, mark, most);
    if (told.proof == Proof::proved) {
      runs_ = true;
      continue;
    }
    stale_ = stale_ || told.early || told.proof == Proof::broken;
    if (told.proof == Proof::broken) return base::fail(base::ErrorCode::io, told.why);
    not_proved_ = told.why;
    break;  // one asking is enough to know that not all is proved
  }
  if (not_proved_.empty()) displace();
  return {};
}

void Engine::displace() {
  const auto displaced = memory_.displace();
  remembers_ = displaced ? std::string()
                         : fmt::format(
                               "Postfix may send mail for the recipient that it sent to last the way it was "
                               "before, for 30 s at most. {}",
                               displaced.error().text);
}

bool Engine::files_as_planned() const {
  if (generation_in_force() != generation_) return false;
  const std::string etc = options_.instance_dir + "/etc/";
  const std::string probe_table = content(etc + std::string(gateway::probe_file));
  if (gateway::probe_name(probe_table).empty()) return false;  // nothing could be proved any more
  return std::all_of(in_force_->files.begin(), in_force_->files.end(),
                     [&](const gateway::File& each) { return is_as(etc + each.path, each.bytes); });
}

Engine::Trouble Engine::find_trouble() {
  Trouble out;
  for (const gateway::Table& table : in_force_->tables) {
    if (tables_.sound(table.name)) continue;
    out.tables = true;
    out.text += fmt::format("The table {} is missing, or is not the one that was written. ", table.name);
  }
  if (!files_as_planned()) {
    out.files = true;
    out.text += fmt::format("The files of generation {} are not in place. ", generation_);
  }
  std::error_code reason;
  if (!std::filesystem::is_directory(options_.instance_dir + "/queue", reason)) {
    out.down = true;
    out.text += fmt::format("The folder {}/queue is not there. ", options_.instance_dir);
  }
  const bool open = all_listen(in_force_->probes);
  if (!open || in_force_->probes.empty()) {
    const base::Result<bool> runs = master_runs();
    if (runs && !*runs) {
      out.down = true;
      out.text += "Postfix's master does not run. ";
    } else if (!open) {
      stale_ = true;
    }
  }
  if (!out.text.empty()) out.text.pop_back();
  return out;
}

base::Result<void> Engine::mend(const Trouble& trouble, Outcome& outcome) {
  if (trouble.files) {
    gateway::Actions actions;
    actions.files = true;
    const gateway::Plan plan = *in_force_;  // generation() may drop what is in force
    return generation(plan, actions, outcome);
  }
  auto done = renew_tables(*in_force_, outcome);
  if (done) done = trouble.down ? start(outcome) : reload(outcome);
  return done ? prove(*in_force_, patience) : done;
}

base::Result<hands::Descriptor> Engine::listing() { return privileged_->listing(); }

Measured Engine::measure() {
  Measured measured;
  const auto queue = privileged_->queue();
  if (!queue) return measured;
  measured.queue = {queue->active + queue->incoming, queue->deferred, queue->hold};
  runs_ = queue->master && (!in_force_ || all_listen(in_force_->probes));
  measured.running = runs_;
  return measured;
}

std::optional<Outcome> Engine::look(const Found& found) {
  if (!in_force_) return std::nullopt;
  ++counters_.looks;
  Outcome outcome;
  const auto broken = [&](const std::string& what) {
    if (broken_.empty()) since_ = utc_text(options_.clock());
    broken_ = what;
    return base::fail(base::ErrorCode::io, fmt::format("Broken since {}: {}", since_, what));
  };
  const Trouble trouble = find_trouble();
  base::Result<void> done;
  if (!trouble.text.empty()) {
    outcome.result = broken(trouble.text);
    tell_state(outcome);
    found(outcome);
    done = mend(trouble, outcome);
    if (!done) outcome.result = broken(trouble.text + " Mending it failed: " + done.error().text);
  } else if (stale() || !not_proved_.empty() || memory_.may_be_old() || !broken_.empty()) {
    const bool tell = stale();
    if (tell) done = reload(outcome);
    if (done) done = prove(*in_force_, tell ? patience : std::chrono::milliseconds(0));
    if (!done) outcome.result = broken(done.error().text);
  }
  if (done) {
    outcome.result = base::Result<void>();
    broken_.clear();
  }
  counters_.rows += outcome.rows_written;
  tell_state(outcome);
  return outcome;
}

}  // namespace postern::applier
