#pragma once

#include "tests/support/free_port.h"
#include "transport/transport.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

/// What the tests of this room share: a machine with a Transport that writes down what it is told,
/// free addresses, and programs run with a deadline.
namespace postern::transport::test {

using namespace std::chrono_literals;

using support::free_port;

const KeyPair& key(const std::string& name);  ///< the same for one name, made at first use

struct Linked {
  ConnectionId id = 0;
  std::string peer;
  bool we_dialed = false;
};
struct Said {
  ConnectionId id = 0;
  std::string text;
};

/// What handlers write down and tests read, each from a thread of its own.
template <class T>
class Notes {
 public:
  void push_back(T note) {
    const std::scoped_lock lock(mutex_);
    notes_.push_back(std::move(note));
  }
  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return notes_.size();
  }
  bool empty() const { return size() == 0; }
  T at(std::size_t index) const {
    const std::scoped_lock lock(mutex_);
    return notes_.at(index);
  }
  T operator[](std::size_t index) const { return at(index); }

 private:
  mutable std::mutex mutex_;
  std::vector<T> notes_;
};

class Station {
 public:
  explicit Station(const std::string& name, std::string address, Limits limits = {});
  ~Station();

  /// Opens its port (and forgets targets).
  base::Result<void> listen(bool admin_logins = true);
  /// Dials `other`, with its right key unless another is given.
  void dial(const Station& other, std::string pinned = {});
  void set_targets(std::vector<Target> targets);
  [[nodiscard]] Target target(const Station& other) const;

  void stop();
  /// send(), for on_message: `transport` is empty while it ends.
  void echo(ConnectionId id, std::string text) { running_.load()->send(id, std::move(text)); }
  /// How logins are answered from now on.
  void set_verdict(std::function<Verdict(const LoginAsked&)> verdict);
  void start();

  /// Waits until `condition` holds of what is written down; false after the deadline.
  bool wait(const std::function<bool()>& condition, std::chrono::milliseconds limit = 10s);
  /// The same for what the transport is asked for: it changes without a word, so it is asked again
  /// and again.
  bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = 10s);
  bool wait_links(std::size_t count) {
    return wait([this, count] { return links.size() >= count; });
  }

  const std::string name;
  const std::string address;
  const std::uint16_t port;
  Limits limits;
  Setup setup;
  std::unique_ptr<Transport> transport;

  // Notified under mutex after each note.
  std::mutex mutex;
  std::condition_variable changed;
  Notes<Linked> links;
  Notes<Said> messages, downs, joins, join_messages, join_ends;
  Notes<LoginAsked> logins;
  Notes<ConnectionId> ended_logins;
  Notes<std::string> log;
  Notes<std::string> strangers;  ///< of each line of the log: whose address caused it, or empty
  Notes<SessionAsked> sessions;
  Notes<int> ended_sessions;  ///< exit codes told
  std::atomic<int> hang_ups{0};
  Notes<std::pair<int, int>> sizes;

  /// To be set before the first session; runs before an exit code is told.
  std::function<void()> on_exit_code;
  /// To be set before the first link is up; runs before the message is written down.
  std::function<void(ConnectionId, const std::string&)> on_message;
  std::atomic<bool> takes{true};  ///< false: the test says what is taken

 private:
  Handlers handlers();
  void answer(const LoginAsked& asked);
  void give_session(const SessionAsked& asked);

  std::function<Verdict(const LoginAsked&)> verdict_;
  std::atomic<Transport*> running_{nullptr};  ///< for handlers: `transport` is empty while it ends
};

/// Starts `command` (a shell line; empty: an interactive /bin/sh) as a session would have it.
base::Result<SessionStarted> spawn(const SessionAsked& asked, Station& station);

struct Ran {
  int code = -1;  ///< -1: killed at the deadline
  std::string out, err;
};
Ran run(const std::vector<std::string>& words, const std::string& input = {}, const std::vector<std::string>& environment = {},
        std::chrono::milliseconds limit = 30s);

/// A new folder under /tmp, removed at the end.
class Folder {
 public:
  Folder();
  ~Folder();
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text, unsigned mode = 0600) const;

 private:
  std::string path_;
};

/// OpenSSH's client against a station: ssh words, with a passphrase through SSH_ASKPASS when given; what it was asked
/// with stands in its errors.
Ran ssh(const Station& station, const std::vector<std::string>& words, const std::string& passphrase,
        const std::string& input = {}, const std::string& user = "admin");
std::vector<std::string> ssh_options(const Station& station);

/// A plain TCP connection.
int tcp_connect(const std::string& address, std::uint16_t port);
/// Waits until the other side has closed it.
bool closed_within(int fd, std::chrono::milliseconds limit);

}  // namespace postern::transport::test
