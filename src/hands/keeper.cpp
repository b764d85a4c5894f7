#include "hands/keeper.h"

#include "hands/rotation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>

namespace postern::hands {
namespace {

constexpr std::int64_t first_wait_ms = 100;
constexpr std::int64_t longest_wait_ms = 10'000;
constexpr std::int64_t proven_ms = 10'000;  // alive so long: the next death starts from the first wait
constexpr std::int64_t grace_ms = 10'000;   // from SIGTERM to SIGKILL
constexpr const char* pid_file = "posternd.pid";
constexpr const char* deleted = " (deleted)";  // /proc/PID/exe after an upgrade put another file there

std::string read_link(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

std::string real_path(const std::string& path) {
  std::array<char, PATH_MAX> buffer{};
  return ::realpath(path.c_str(), buffer.data()) == nullptr ? path : std::string(buffer.data());
}

std::string read_proc(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 8192> buffer{};
  const ssize_t size = file.good() ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  return size < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(size));
}

}  // namespace

Keeper::Keeper(KeeperSetup setup, const Folder& run, const Folder& log_folder, const Log& log)
    : setup_(std::move(setup)), run_(run), log_folder_(log_folder), log_(log), wait_ms_(first_wait_ms) {}

std::vector<std::string> Keeper::arguments() const { return {setup_.program, "--machine", setup_.machine, "--dir", setup_.dir}; }

bool Keeper::is_ours(pid_t pid) const {
  const std::string proc = fmt::format("/proc/{}/", pid);
  std::string exe = read_link(proc + "exe");
  if (exe.ends_with(deleted)) exe.resize(exe.size() - std::string_view(deleted).size());
  if (exe.empty() || exe != real_path(setup_.program)) return false;
  std::string expected;
  for (const auto& argument : arguments()) expected += argument + '\0';
  // The path it was started by may differ; what it serves may not.
  const std::string line = read_proc(proc + "cmdline");
  const auto tail = expected.substr(expected.find('\0'));
  return line.find('\0') != std::string::npos && line.substr(line.find('\0')) == tail;
}

bool Keeper::adopt(std::int64_t now_ms) {
  auto text = run_.read(pid_file, 32);
  if (!text) return false;
  pid_t pid = 0;
  std::from_chars(text->data(), text->data() + text->size(), pid);
  if (pid <= 1) return false;
  Descriptor pidfd = open_pidfd(pid);
  // The pidfd first: were the number given to another process meanwhile, that one would be judged.
  if (!pidfd.good() || !is_ours(pid) || has_ended(pidfd)) return false;
  pid_ = pid;
  pidfd_ = std::move(pidfd);
  adopted_ = true;
  started_ms_ = now_ms;
  log_.line(fmt::format("posternd (pid {}) was running already and is watched again", pid));
  return true;
}

void Keeper::begin(std::int64_t now_ms) {
  if (!adopt(now_ms)) start(now_ms);
}

void Keeper::start(std::int64_t now_ms) {
  start_ms_ = -1;
  started_ms_ = now_ms;
  auto log = log_folder_.open_log("posternd.log");
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!log) return gone(base::to_text(log.error()), now_ms);
  Program program;
  program.path = setup_.program;
  program.arguments = arguments();
  program.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=" + setup_.dir};
  program.descriptors = {null.get(), log->get(), log->get()};
  program.account = setup_.account;
  program.low_ports = true;
  program.folder = setup_.dir;
  auto pid = hands::start(program);
  if (!pid) return gone(base::to_text(pid.error()), now_ms);
  pid_ = *pid;
  pidfd_ = open_pidfd(pid_);
  adopted_ = false;
  log_.line(fmt::format("posternd started (pid {})", pid_));
  auto written = run_.write(pid_file, fmt::format("{}\n", pid_), 0644);
  if (!written) log_.line(base::to_text(written.error()));
}

void Keeper::gone(const std::string& how, std::int64_t now_ms) {
  pid_ = 0;
  pidfd_.reset();
  adopted_ = false;
  kill_ms_ = -1;
  (void)run_.remove(pid_file);
  if (stopping_) return log_.line(fmt::format("posternd ended ({})", how));
  ++ends_;
  if (now_ms - started_ms_ >= proven_ms) wait_ms_ = first_wait_ms;
  start_ms_ = now_ms + wait_ms_;
  log_.line(fmt::format("posternd ended ({}); it is started again in {} ms", how, wait_ms_));
  wait_ms_ = std::min(wait_ms_ * 2, longest_wait_ms);
}

bool Keeper::ended(pid_t pid, int status, std::int64_t now_ms) {
  if (pid != pid_ || adopted_) return false;
  gone(describe(status), now_ms);
  return true;
}

void Keeper::pidfd_ready(std::int64_t now_ms) {
  if (adopted_ && has_ended(pidfd_)) gone("it was not started by this postern-hands", now_ms);
}

void Keeper::stop(std::int64_t now_ms) {
  stopping_ = true;
  start_ms_ = -1;
  if (!runs()) return;
  send_signal(pidfd_, SIGTERM);
  kill_ms_ = now_ms + grace_ms;
}

base::Result<void> Keeper::bound_log() const { return rotate(log_folder_, "posternd.log"); }

std::int64_t Keeper::tick(std::int64_t now_ms) {
  if (start_ms_ >= 0 && start_ms_ <= now_ms) start(now_ms);
  if (kill_ms_ >= 0 && kill_ms_ <= now_ms) {
    log_.line("posternd did not heed SIGTERM and is killed");
    send_signal(pidfd_, SIGKILL);
    kill_ms_ = now_ms + grace_ms;
  }
  if (start_ms_ >= 0) return start_ms_;
  return kill_ms_;
}

}  // namespace postern::hands
