#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace postern::test {

/// TCP from `from` to ADDRESS:PORT; -1 when refused.
int connect_to(const std::string& from, const std::string& address, unsigned port);

/// One SMTP session as a client. Replies are whole last lines; empty: the connection is gone or 30
/// s passed.
class Client {
 public:
  Client(const std::string& from, const std::string& address, unsigned port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  [[nodiscard]] const std::string& greeting() const { return greeting_; }
  std::string say(const std::string& line);
  /// Every line of the last reply.
  [[nodiscard]] const std::string& whole() const { return whole_; }

 private:
  std::string reply();
  int socket_ = -1;
  std::string greeting_, whole_, unread_;
};

/// The reply to DATA's dot, or the first that is no success.
std::string send_mail(const std::string& from, const std::string& address, unsigned port, const std::string& recipient);
/// The reply to RCPT, or an earlier one that is no success.
std::string try_recipient(const std::string& from, const std::string& address, unsigned port, const std::string& recipient);

/// A mail server that takes everything and remembers to whom.
class Sink {
 public:
  /// `provoke`: holds each message for up to 200 ms until a second delivery is under way, so that a
  /// client which may do two at a time will.
  Sink(std::string address, unsigned port, bool provoke = false);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  /// Waits up to `seconds` until `recipient` got a message.
  bool wait_for(const std::string& recipient, int seconds = 20) const;
  [[nodiscard]] std::vector<std::string> recipients() const;
  /// The most messages that came over one connection, and the most deliveries under way at one time
  /// (from MAIL to the answer to the dot: a client may open its next connection before the last one
  /// is closed).
  [[nodiscard]] std::size_t most_messages() const;
  [[nodiscard]] std::size_t most_at_once() const;

 private:
  void accept_all();
  void serve(int socket);
  void wait_for_another() const;
  int listen_ = -1;
  bool provoke_ = false;
  std::atomic<bool> stop_ = false;
  std::size_t most_messages_ = 0, most_at_once_ = 0, under_way_ = 0;  // guarded by mutex_
  mutable std::mutex mutex_;
  std::vector<std::string> got_;
  std::vector<std::thread> sessions_;
  std::thread thread_;
};

}  // namespace postern::test
