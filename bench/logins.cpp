// Logins by the second, cheaply: what a busy fleet's scripts do to a machine. Plain libssh, a few threads, no processes.
// usage: logins HOST PORT USER KEY_FILE NET SOURCES RATE SECONDS   (the key logs in; "wrong" in its place guesses
// passphrases). Prints one line of JSON: how many were begun, logged in, refused, failed, and how long those that
// logged in took.
#include <arpa/inet.h>
#include <libssh/libssh.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
  std::string host, user, key, net;
  int port = 22, sources = 1;
  double rate = 1, seconds = 1;
};

std::atomic<int> begun{0}, in{0}, refused{0}, failed{0};
std::mutex mutex;
std::vector<double> took;

sockaddr_in place(const std::string& address, int port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &out.sin_addr);
  return out;
}

int connected(const Plan& plan, int number) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{10, 0};
  const int on = 1;
  const linger none{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  const int source = number % plan.sources;
  const auto from = place(plan.net + "." + std::to_string(1 + source / 200) + "." + std::to_string(1 + source % 200), 0);
  const auto to = place(plan.host, plan.port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
      connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
    return fd;
  close(fd);
  return -1;
}

int log_in(ssh_session session, const Plan& plan, ssh_key key) {
  const bool no = false;
  const long patience = 10;
  ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
  ssh_options_set(session, SSH_OPTIONS_SSH_DIR, "/nonexistent");
  ssh_options_set(session, SSH_OPTIONS_HOST, plan.host.c_str());
  ssh_options_set(session, SSH_OPTIONS_USER, plan.user.c_str());
  ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &patience);
  if (ssh_connect(session) != SSH_OK) return SSH_AUTH_ERROR;
  if (key == nullptr) return ssh_userauth_password(session, nullptr, "not the passphrase");
  return ssh_userauth_publickey(session, nullptr, key);
}

void one(const Plan& plan, ssh_key key, int number) {
  const auto since = Clock::now();
  int fd = connected(plan, number);
  if (fd < 0) {
    ++failed;
    return;
  }
  ssh_session session = ssh_new();
  ssh_options_set(session, SSH_OPTIONS_FD, &fd);
  const int result = log_in(session, plan, key);
  if (result == SSH_AUTH_SUCCESS) {
    ++in;
    const std::scoped_lock lock(mutex);
    took.push_back(std::chrono::duration<double>(Clock::now() - since).count());
  } else {
    ++(result == SSH_AUTH_DENIED ? refused : failed);
  }
  ssh_disconnect(session);
  ssh_free(session);
}

void keep_on(const Plan& plan, Clock::time_point start) {
  ssh_key key = nullptr;
  if (plan.key != "wrong" && ssh_pki_import_privkey_file(plan.key.c_str(), nullptr, nullptr, nullptr, &key) != SSH_OK)
    std::exit(2);
  for (;;) {
    const int number = begun++;
    const double due = number / plan.rate;
    if (due >= plan.seconds) break;
    std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(due)));
    if (std::chrono::duration<double>(Clock::now() - start).count() >= plan.seconds) break;
    one(plan, key, number);
  }
  --begun;  // the one that was not
  ssh_key_free(key);
}

}  // namespace

int main(int count, char** words) {
  if (count != 9) return 2;
  Plan plan{words[1],           words[3], words[4], words[5], std::atoi(words[2]), std::atoi(words[6]), std::atof(words[7]),
            std::atof(words[8])};
  ssh_init();
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (int i = 0; i < 24; ++i) threads.emplace_back([&] { keep_on(plan, start); });
  for (auto& thread : threads) thread.join();
  std::sort(took.begin(), took.end());
  const auto at = [](double share) {
    return took.empty() ? 0.0 : took[static_cast<std::size_t>(share * static_cast<double>(took.size() - 1))];
  };
  std::printf("{\"begun\":%d,\"in\":%d,\"refused\":%d,\"failed\":%d,\"p50\":%.3f,\"p95\":%.3f}\n", begun.load(), in.load(),
              refused.load(), failed.load(), at(0.5), at(0.95));
}
