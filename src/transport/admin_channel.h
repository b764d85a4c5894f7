#pragma once

#include "transport/loop.h"
#include "transport/ssh_handles.h"
#include "transport/transport.h"

#include <memory>
#include <string>

namespace postern::transport {

class ServerConnection;

/// One channel of an administrator: what the client asked for it (terminal, size), and the pump
/// between it and the process's descriptors. Memory is bounded by SSH windows: the client's input
/// is taken from libssh only when the process has read what it was given before (so the window
/// stays shut), the process's output is read only while the client's window and the socket have
/// room.
class AdminChannel : public std::enable_shared_from_this<AdminChannel> {
 public:
  AdminChannel(std::weak_ptr<ServerConnection> owner, const Strand& strand, ssh_session session, ssh_channel channel,
               std::uint32_t number);
  ~AdminChannel();
  AdminChannel(const AdminChannel&) = delete;
  AdminChannel& operator=(const AdminChannel&) = delete;

  [[nodiscard]] ssh_channel channel() const { return channel_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }

  void set_terminal(std::string term, int columns, int rows);
  void resize(int columns, int rows);
  /// Fills in the terminal; a channel runs one thing only: false the second time.
  bool ask(SessionAsked& asked);

  void start(SessionStarted session);
  /// Says why on the client's standard error, then ends with exit status 1.
  void refuse(const std::string& text);
  /// Moves what can be moved now. On the connection's strand, outside libssh's callbacks.
  void advance();
  /// The client or its connection has gone: the process is told, descriptors are closed.
  void hang_up();
  /// The client sent what its window has no room for: libssh keeps all of it, up to 256 MiB a channel.
  [[nodiscard]] bool overfed() const;
  /// Both ends have closed it: may be freed, once no request for it can be left in libssh's queue.
  [[nodiscard]] bool over() const { return closing_ && remote_closed_; }
  [[nodiscard]] bool has_begun() const { return asked_; }
  /// The connection frees it as a link's or join's framed channel from now on.
  void hand_over() { handed_over_ = true; }
  [[nodiscard]] bool handed_over() const { return handed_over_; }

  /// The connection's mark: over in an earlier pass.
  bool seen_over = false;
  /// Counted by the connection.
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

 private:
  struct Held {
    std::string bytes;
    bool error = false;
  };
  void wake();
  void take_input();
  void write_input();
  void end_input();
  bool drain(std::unique_ptr<Watch>& from, bool error);
  bool write_held();
  void write_out(std::string_view bytes, bool error);
  [[nodiscard]] std::size_t room() const;
  void process_ended();
  void linger();
  void finish();
  void ask_exit_code();
  void tell_exit(int code);
  void close_output();
  void arm();
  Watch* input() { return in_ ? in_.get() : (in_is_out_ ? out_.get() : nullptr); }

  const std::weak_ptr<ServerConnection> owner_;
  const Strand strand_;
  const ssh_session session_;
  const ssh_channel channel_;
  const std::uint32_t number_;
  ssh_channel_callbacks_struct callbacks_{};

  bool pty_ = false;
  std::string term_;
  int columns_ = 80;
  int rows_ = 24;

  bool asked_ = false;
  bool handed_over_ = false;
  bool running_ = false;  // started, its end not yet told
  bool exited_ = false;   // the process has ended
  bool ending_ = false;   // all output is sent, its exit code is asked for
  bool closing_ = false;  // exit status is sent
  bool remote_closed_ = false;
  bool in_is_out_ = false;
  bool input_ended_ = false;
  int exit_code_ = 255;
  SessionStarted process_;
  std::unique_ptr<Watch> in_, out_, err_, end_;
  std::string input_;  // of the client, on its way to the process
  std::size_t input_done_ = 0;
  Held held_;  // output that libssh did not take (a key exchange was under way)
  Timer linger_;
};

/// Closes what a SessionStarted holds and ends its process, for one that nobody is left to pump.
void discard(SessionStarted& session);

}  // namespace postern::transport
