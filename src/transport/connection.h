#pragma once

#include "transport/frames.h"
#include "transport/hub.h"
#include "transport/loop.h"
#include "transport/ssh_handles.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace postern::transport {

/// One SSH connection, either end: the pump between libssh and the loop, and the one framed channel
/// a machine link or a join has. Everything runs on its strand but what is said to be for any
/// thread.
///
/// libssh is only ever asked without waiting and without callbacks that do work: each pass takes
/// what it has (messages, channel data), and passes go on until one moves no byte. Then the
/// descriptor is waited on.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Hub& hub, Strand strand, ConnectionId id);
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] ConnectionId id() const { return id_; }
  [[nodiscard]] const Strand& strand() const { return strand_; }

  // Any thread.
  void send(std::string message);
  void took(std::size_t bytes);
  void when_drained(std::uint64_t bytes, std::function<void()> then);
  void close(std::string reason);
  [[nodiscard]] bool is_link() const { return use_ == Use::link; }
  [[nodiscard]] Transport::LinkBytes bytes() const;

  /// Ends at once: everything is released, and those who must know are told. A second call does
  /// nothing.
  void die(const std::string& reason);
  [[nodiscard]] bool dead() const { return dead_; }
  /// Runs passes until nothing moves, then waits for the descriptor. Called within a pass it asks for one more.
  void pump();

 protected:
  enum class Use { none, link, join };

  /// Takes the connected socket: one duplicate for libssh (the result), one for waiting.
  int adopt(int fd);
  /// libssh makes the socket blocking again when it has accepted or connected.
  void unblock() const;
  void open_framed(ssh_channel channel, Use use);
  [[nodiscard]] bool framed() const { return framed_ != nullptr; }
  [[nodiscard]] bool closing() const { return closing_; }
  /// libssh's words, which may hold the other side's: made printable.
  [[nodiscard]] std::string ssh_error() const;
  /// Bytes read from the socket so far.
  [[nodiscard]] std::uint64_t received() const { return wire_.in_bytes; }

  /// The descriptor is ready: pump(), now or when it is our turn.
  virtual void ready() { pump(); }
  /// One pass over what libssh has.
  virtual void advance() = 0;
  /// Whether to wait for input; false while an answer of ours is outstanding.
  [[nodiscard]] virtual bool reading() const { return true; }
  /// Before the session is freed: tell and release what is the subclass's own.
  virtual void ended(const std::string& reason) = 0;

  Hub& hub_;
  SessionHandle session_;

 private:
  void read_framed();
  void take_framed(std::string_view bytes);
  void deliver(std::string message);
  void take_inbox();
  void flush();
  [[nodiscard]] bool is_full() const;
  void tell_drained();
  void begin_close(const std::string& reason);
  void tell_end(const std::string& reason);
  void pass();
  [[nodiscard]] bool within_reason();
  void arm();
  void watch_silence();

  const Strand strand_;
  const ConnectionId id_;
  std::unique_ptr<Watch> watch_;
  ssh_counter_struct wire_{};
  ssh_channel framed_ = nullptr;
  std::atomic<Use> use_{Use::none};
  FrameReader reader_;
  FrameQueue queue_;
  struct DrainWait {
    std::uint64_t bytes = 0;
    std::function<void()> then;
  };
  std::vector<DrainWait> drain_waits_;
  Timer silence_;
  Timer farewell_;
  std::chrono::steady_clock::time_point heard_;
  bool dead_ = false;
  bool closing_ = false;
  bool pumping_ = false;
  bool once_more_ = false;         // a pump was asked for within a pass
  std::uint64_t unread_from_ = 0;  // received when all that we had said was on its way
  std::uint64_t looked_at_ = 0;    // received when the framed channel's other stream was looked at
  bool told_ = true;               // nothing to tell until a framed channel is open

  std::mutex inbox_mutex_;
  std::vector<std::string> inbox_;
  bool inbox_posted_ = false;
  std::atomic<std::uint64_t> queued_{0}, in_{0}, out_{0};
  std::atomic<std::size_t> untaken_{0};  // what was delivered and is not done with
};

/// TCP_NODELAY, keepalive and the 30 s limit on unanswered data, for both ends.
void set_socket_options(int fd);

}  // namespace postern::transport
