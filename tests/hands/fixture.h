#pragma once

#include "hands/client.h"
#include "hands/folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace postern::hands {

constexpr uid_t daemon_uid = 61001;  // stands for postern
constexpr uid_t cli_uid = 61002;     // stands for postern-cli
constexpr uid_t stranger_uid = 61003;

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}
inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Waits for a named state, at most 20 s.
inline bool becomes(const std::function<bool()>& state) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!state()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

inline bool alive(pid_t pid) { return pid > 0 && ::kill(pid, 0) == 0; }

/// A machine's folder with the stand-ins for posternd and postern in a bin folder; needs root.
class Machine : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "postern-hands is the part that runs as root: run this test as root.";
    char name[] = "/tmp/ph-XXXXXX";
    root_ = ::mkdtemp(name);
    ::chmod(root_.c_str(), 0755);
    for (const auto& folder : {dir(), bin()}) std::filesystem::create_directory(folder);
    for (const char* program : {"posternd", "postern"}) std::filesystem::copy_file(POSTERN_STAND_IN, bin() + "/" + program);
  }
  void TearDown() override {
    if (root_.empty()) return;
    // Not SIGKILL: a posternd that has not yet written its line would be left behind.
    if (hands_ > 0) end_hands(SIGTERM);
    for (const auto pid : started()) end(pid);
    std::filesystem::remove_all(root_);
  }

  [[nodiscard]] std::string dir() const { return root_ + "/m"; }
  [[nodiscard]] std::string bin() const { return root_ + "/bin"; }
  [[nodiscard]] std::string mta() const { return dir() + "/mta"; }
  [[nodiscard]] std::string socket_path() const { return dir() + "/run/hands.sock"; }
  [[nodiscard]] std::string log() const { return read_file(dir() + "/log/hands.log"); }
  [[nodiscard]] std::size_t logged(const std::string& what) const {
    std::size_t count = 0;
    for (const auto& line : lines_of(log())) count += line.find(what) != std::string::npos ? 1 : 0;
    return count;
  }
  /// Process ids of every stand-in for posternd that was ever started here.
  [[nodiscard]] std::vector<pid_t> started() const {
    std::vector<pid_t> pids;
    for (const auto& line : lines_of(read_file(dir() + "/started"))) pids.push_back(std::stoi(line));
    return pids;
  }
  /// Only a stand-in of ours: its number may be another process's by now.
  void end(pid_t pid) const {
    std::error_code none;
    const auto exe = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", none).string();
    if (exe.rfind(bin(), 0) == 0) ::kill(pid, SIGKILL);
  }

  /// `comes_up`: what stands for posternd stays running.
  void begin_hands(bool comes_up = true) {
    const std::string program = std::string(POSTERN_BIN) + "/postern-hands";
    const std::string user = std::to_string(daemon_uid);
    const std::string cli_user = std::to_string(cli_uid);
    const std::size_t before = logged("serves");
    hands_ = ::fork();
    if (hands_ == 0) {
      ::execl(program.c_str(), "postern-hands", "--machine", "a.postern.test", "--dir", dir().c_str(), "--bin", bin().c_str(),
              "--user", user.c_str(), "--cli-user", cli_user.c_str(), nullptr);
      ::_exit(127);
    }
    ASSERT_TRUE(becomes([&] { return logged("serves") > before; }));
    if (comes_up) {
      ASSERT_TRUE(becomes([&] { return !read_file(dir() + "/run/posternd.pid").empty(); }));
    }
  }
  int end_hands(int signal) {
    int status = -1;
    ::kill(hands_, signal);
    ::waitpid(hands_, &status, 0);
    hands_ = 0;
    return status;
  }

  std::string root_;
  pid_t hands_ = 0;
};

/// The machine's folder, opened as postern-hands has it.
class InFolder : public Machine {
 protected:
  void SetUp() override {
    Machine::SetUp();
    if (IsSkipped()) return;
    auto opened = Folder::open(dir());
    ASSERT_TRUE(opened);
    folder.emplace(std::move(*opened));
  }
  std::optional<Folder> folder;
};

/// Without it Postfix does not start.
constexpr const char* log_service = "postlog unix-dgram n - n - 1 postlogd\n";

/// Main.cf and master.cf that pass the guard, for the instance in `mta`.
inline Stage generation(const std::string& mta, std::uint64_t number, const std::string& more_main = "",
                        const std::string& master = log_service) {
  const std::string main = "compatibility_level = 3.6\nqueue_directory = " + mta + "/queue\ndata_directory = " + mta +
                           "/data\ngeneration_directory = $config_directory\ndaemon_directory = "
                           "/usr/lib/postfix/sbin\nmail_owner = postfix\nmaillog_file = " +
                           mta + "/log/mail.log\nmaillog_file_prefixes = " + mta + "/log\nmyhostname = g" +
                           std::to_string(number) + ".postern.test\n" + more_main;
  return {number, {{"main.cf", main, 0644}, {"master.cf", master, 0644}, {"plan.sum", "x\n", 0600}}};
}

}  // namespace postern::hands
