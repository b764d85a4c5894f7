#include "transport/station.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace postern::transport::test {

namespace {

sockaddr_in place(const std::string& address, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &in.sin_addr);
  return in;
}

int pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const auto& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace

const KeyPair& key(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, KeyPair> keys;
  const std::scoped_lock lock(mutex);
  auto& pair = keys[name];
  if (pair.public_line.empty()) pair = make_key_pair().value();
  return pair;
}

Station::Station(const std::string& name_in, std::string address_in, Limits limits_in)
    : name(name_in), address(std::move(address_in)), port(free_port(address)), limits(limits_in) {
  limits.redial_first_ms = 20;
  limits.redial_most_ms = 200;
  start();
}

Station::~Station() { stop(); }

void Station::start() {
  transport = Transport::start({key(name + ".host").private_pem, key(name + ".user").private_pem}, limits, handlers()).value();
  running_ = transport.get();
}

base::Result<void> Station::listen(bool admin_logins) {
  setup.ports = {{address, port, admin_logins}};
  setup.bind_address = address;
  return transport->set_up(setup);
}

Target Station::target(const Station& other) const {
  return {other.name, other.address, other.port, key(other.name + ".host").public_line};
}

void Station::dial(const Station& other, std::string pinned) {
  auto wanted = target(other);
  if (!pinned.empty()) wanted.pinned_key = std::move(pinned);
  set_targets({wanted});
}

void Station::set_targets(std::vector<Target> targets) {
  setup.targets = std::move(targets);
  transport->set_up(setup).value();
}

bool Station::wait(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex);
  return changed.wait_for(lock, limit, condition);
}

bool Station::eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 5ms);
  }
  return true;
}

Handlers Station::handlers() {
  const auto note = [this](auto change) {
    const std::scoped_lock lock(mutex);
    change();
    changed.notify_all();
  };
  Handlers told;
  told.login = [this, note](LoginAsked asked) {
    note([&] { logins.push_back(asked); });
    answer(asked);
  };
  told.login_ended = [this, note](ConnectionId id) { note([&] { ended_logins.push_back(id); }); };
  told.session = [this](SessionAsked asked) { give_session(asked); };
  told.link_up = [this, note](ConnectionId id, std::string peer, bool we_dialed) {
    note([&] { links.push_back({id, std::move(peer), we_dialed}); });
  };
  told.link_message = [this, note](ConnectionId id, std::string text) {
    if (on_message) on_message(id, text);
    const auto size = text.size();
    note([&] { messages.push_back({id, std::move(text)}); });
    if (takes) running_.load()->took(id, size);
  };
  told.link_down = [this, note](ConnectionId id, std::string reason) { note([&] { downs.push_back({id, std::move(reason)}); }); };
  told.join_open = [this, note](ConnectionId id, std::string user, std::string /*source*/) {
    note([&] { joins.push_back({id, std::move(user)}); });
  };
  told.join_message = [this, note](ConnectionId id, std::string text) {
    const auto size = text.size();
    note([&] { join_messages.push_back({id, std::move(text)}); });
    if (takes) running_.load()->took(id, size);
  };
  told.join_closed = [this, note](ConnectionId id, std::string reason) {
    note([&] { join_ends.push_back({id, std::move(reason)}); });
  };
  told.log = [this, note](std::string level, std::string text, std::string stranger) {
    note([&] {
      log.push_back(level + ": " + text);
      strangers.push_back(std::move(stranger));
    });
  };
  return told;
}

void Station::answer(const LoginAsked& asked) {
  std::function<Verdict(const LoginAsked&)> verdict;
  {
    const std::scoped_lock lock(mutex);
    verdict = verdict_;
  }
  const bool has_key = asked.method == LoginAsked::Method::public_key;
  running_.load()->answer(asked.connection, verdict                           ? verdict(asked)
                                            : has_key                         ? Verdict::machine
                                            : asked.password == "open sesame" ? Verdict::administrator
                                                                              : Verdict::refuse);
}

void Station::set_verdict(std::function<Verdict(const LoginAsked&)> verdict) {
  const std::scoped_lock lock(mutex);
  verdict_ = std::move(verdict);
}

void Station::stop() {
  transport.reset();
  running_ = nullptr;
}

void Station::give_session(const SessionAsked& asked) {
  {
    const std::scoped_lock lock(mutex);
    sessions.push_back(asked);
    changed.notify_all();
  }
  running_.load()->started(asked.connection, asked.channel, spawn(asked, *this));
}

namespace {

/// In the child: the command in place of us.
[[noreturn]] void become(const SessionAsked& asked) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (asked.exec) execl("/bin/sh", "sh", "-c", asked.command.c_str(), nullptr);
  execl("/bin/sh", "sh", nullptr);
  _exit(126);
}

pid_t fork_terminal(const SessionAsked& asked, SessionStarted& session) {
  winsize size{};
  size.ws_col = static_cast<unsigned short>(asked.columns);
  size.ws_row = static_cast<unsigned short>(asked.rows);
  const pid_t pid = forkpty(&session.out, nullptr, nullptr, &size);
  if (pid == 0) become(asked);
  session.in = session.out;
  return pid;
}

pid_t fork_pipes(const SessionAsked& asked, SessionStarted& session) {
  std::array<int, 2> in{}, out{}, err{};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
    return -1;
  }
  const pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    become(asked);
  }
  close(in[0]), close(out[1]), close(err[1]);
  session.in = in[1], session.out = out[0], session.err = err[0];
  return pid;
}

}  // namespace

base::Result<SessionStarted> spawn(const SessionAsked& asked, Station& station) {
  SessionStarted session;
  const pid_t pid = asked.pty ? fork_terminal(asked, session) : fork_pipes(asked, session);
  if (pid < 0) return base::fail(base::ErrorCode::io, "no process");
  const auto note = [&station](auto change) {
    const std::scoped_lock lock(station.mutex);
    change();
    station.changed.notify_all();
  };
  session.pidfd = pidfd(pid);
  session.exit_code = [pid, &station, note] {
    std::function<void()> first;
    {
      const std::scoped_lock lock(station.mutex);
      first = station.on_exit_code;
    }
    if (first) first();
    int status = 0;
    waitpid(pid, &status, 0);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    note([&] { station.ended_sessions.push_back(code); });
    return code;
  };
  session.hang_up = [pid, &station, note] {
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);  // it may not lead its group yet
    int status = 0;
    waitpid(pid, &status, 0);
    note([&] { ++station.hang_ups; });
  };
  session.resize = [fd = session.out, &station, note](int columns, int rows) {
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns);
    size.ws_row = static_cast<unsigned short>(rows);
    ioctl(fd, TIOCSWINSZ, &size);
    note([&] { station.sizes.push_back({columns, rows}); });
  };
  return session;
}

namespace {

/// Starts a program on these three descriptors; -1 when it cannot be. It keeps SIGPIPE, which the tests ignore.
pid_t spawn(const std::vector<std::string>& words, const std::vector<std::string>& environment, const std::array<int, 3>& ends) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) posix_spawn_file_actions_adddup2(&actions, ends[static_cast<std::size_t>(i)], i);
  std::vector<std::string> all = environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, "SSH_", 4) != 0) all.emplace_back(*entry);
  }
  signal(SIGPIPE, SIG_IGN);
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int spawned = posix_spawnp(&pid, words[0].c_str(), &actions, &attributes, pointers(words).data(), pointers(all).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return spawned == 0 ? pid : -1;
}

/// Feeds `input` and takes what comes until both outputs end; false at the deadline.
bool talk(std::array<pollfd, 3>& polls, const std::string& input, Ran& ran, std::chrono::steady_clock::time_point deadline) {
  std::size_t sent = 0;
  while (polls[1].fd >= 0 || polls[2].fd >= 0) {
    if (polls[0].fd >= 0 && sent == input.size()) {
      close(polls[0].fd);
      polls[0].fd = -1;
    }
    poll(polls.data(), polls.size(), 100);
    if ((polls[0].revents & (POLLOUT | POLLERR)) != 0) {
      const auto count = write(polls[0].fd, input.data() + sent, input.size() - sent);
      if (count > 0) sent += static_cast<std::size_t>(count);
      if (count < 0 && errno != EAGAIN) sent = input.size();
    }
    for (std::size_t i = 1; i < 3; ++i) {
      if ((polls[i].revents & (POLLIN | POLLHUP)) == 0) continue;
      std::array<char, 65536> buffer;
      const auto count = read(polls[i].fd, buffer.data(), buffer.size());
      if (count > 0) (i == 1 ? ran.out : ran.err).append(buffer.data(), static_cast<std::size_t>(count));
      if (count == 0) polls[i].fd = -1;
    }
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

}  // namespace

Ran run(const std::vector<std::string>& words, const std::string& input, const std::vector<std::string>& environment,
        std::chrono::milliseconds limit) {
  std::array<int, 2> in{}, out{}, err{};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
    return {};
  }
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const pid_t pid = spawn(words, environment, {in[0], out[1], err[1]});
  close(in[0]), close(out[1]), close(err[1]);
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  Ran ran;
  std::array<pollfd, 3> polls{{{in[1], POLLOUT, 0}, {out[0], POLLIN, 0}, {err[0], POLLIN, 0}}};
  const bool ended = pid > 0 && talk(polls, input, ran, deadline);
  if (!ended && pid > 0) kill(pid, SIGKILL);
  if (polls[0].fd >= 0) close(polls[0].fd);
  close(out[0]), close(err[0]);
  int status = 0;
  if (pid > 0) waitpid(pid, &status, 0);
  ran.code = !ended ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

Folder::Folder() {
  std::string name = "/tmp/postern-transport-XXXXXX";
  path_ = mkdtemp(name.data());
}
Folder::~Folder() { std::filesystem::remove_all(path_); }

std::string Folder::write(const std::string& name, const std::string& text, unsigned mode) const {
  std::ofstream(path(name)) << text;
  chmod(path(name).c_str(), mode);
  return path(name);
}

std::vector<std::string> ssh_options(const Station& station) {
  return {"-F", "none",
          "-p", std::to_string(station.port),
          "-o", "StrictHostKeyChecking=no",
          "-o", "UserKnownHostsFile=/dev/null",
          "-o", "GlobalKnownHostsFile=/dev/null",
          "-o", "IdentityAgent=none",
          "-o", "IdentityFile=none",
          "-o", "IdentitiesOnly=yes"};
}

Ran ssh(const Station& station, const std::vector<std::string>& words, const std::string& passphrase, const std::string& input,
        const std::string& user) {
  const Folder folder;
  const auto ask = folder.write("ask", "#!/bin/sh\necho \"$1\" >&2\necho '" + passphrase + "'\n", 0700);
  std::vector<std::string> line{"ssh", "-l", user};
  for (const auto& option : ssh_options(station)) line.push_back(option);
  for (const auto& word : words) line.push_back(word == "HOST" ? station.address : word);
  return run(line, input, {"SSH_ASKPASS=" + ask, "SSH_ASKPASS_REQUIRE=force"});
}

int tcp_connect(const std::string& address, std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto in = place(address, port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in) == 0) return fd;
  close(fd);
  return -1;
}

bool closed_within(int fd, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wait{fd, POLLIN, 0};
    if (rest.count() <= 0 || poll(&wait, 1, static_cast<int>(rest.count())) <= 0) return false;
    std::array<char, 4096> buffer;
    if (read(fd, buffer.data(), buffer.size()) <= 0) return true;
  }
}

}  // namespace postern::transport::test
