#include "transport/admin_channel.h"

#include "transport/server.h"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace postern::transport {

namespace {

constexpr std::size_t chunk_bytes = 32U << 10;
constexpr int drains_a_turn = 16;
/// For output that a process left behind in its pipe when it ended, and for its descendants that
/// hold it open.
constexpr int linger_ms = 1'000;
constexpr int exit_code_ms = 2'000;
constexpr int unknown_exit_code = 255;
constexpr int unread_most = 2 << 20;  // libssh opens a window of 1.28 MB
constexpr int error_most = 64 << 10;  // a client has no standard error

void remote_closed(ssh_session /*session*/, ssh_channel /*channel*/, void* flag) { *static_cast<bool*>(flag) = true; }

}  // namespace

void discard(SessionStarted& session) {
  if (session.hang_up) session.hang_up();
  if (session.in >= 0 && session.in != session.out) ::close(session.in);
  for (const int fd : {session.out, session.err, session.pidfd}) {
    if (fd >= 0) ::close(fd);
  }
  session = {};
}

AdminChannel::AdminChannel(std::weak_ptr<ServerConnection> owner, const Strand& strand, ssh_session session, ssh_channel channel,
                           std::uint32_t number)
    : owner_(std::move(owner)), strand_(strand), session_(session), channel_(channel), number_(number), linger_(strand) {
  // The one callback we use: it only notes the fact. Freeing a channel that the client has not
  // closed would leave requests of it in libssh's queue that point nowhere.
  callbacks_.userdata = &remote_closed_;
  callbacks_.channel_close_function = remote_closed;
  ssh_callbacks_init(&callbacks_);
  ssh_set_channel_callbacks(channel_, &callbacks_);
}

AdminChannel::~AdminChannel() { hang_up(); }

void AdminChannel::set_terminal(std::string term, int columns, int rows) {
  pty_ = true;
  term_ = std::move(term);
  resize(columns, rows);
}

void AdminChannel::resize(int columns, int rows) {
  columns_ = columns > 0 ? std::min(columns, 1000) : 80;
  rows_ = rows > 0 ? std::min(rows, 1000) : 24;
  if (running_ && process_.resize) process_.resize(columns_, rows_);
}

bool AdminChannel::ask(SessionAsked& asked) {
  if (std::exchange(asked_, true)) return false;
  asked.channel = number_;
  asked.pty = pty_;
  asked.term = term_;
  asked.columns = columns_;
  asked.rows = rows_;
  return true;
}

void AdminChannel::start(SessionStarted session) {
  if (remote_closed_ || running_ || ending_ || closing_) {
    discard(session);
    return;
  }
  running_ = true;
  process_ = std::move(session);
  in_is_out_ = process_.in == process_.out;
  const auto watch = [this](int fd) { return fd < 0 ? nullptr : std::make_unique<Watch>(strand_, fd); };
  if (!in_is_out_) in_ = watch(process_.in);
  out_ = watch(process_.out);
  err_ = watch(process_.err);
  end_ = watch(process_.pidfd);
  if (process_.resize && pty_) process_.resize(columns_, rows_);  // it may have changed meanwhile
  exited_ = end_ == nullptr;
  wake();
}

void AdminChannel::refuse(const std::string& text) {
  write_out(text, true);
  exit_code_ = 1;
  exited_ = true;
  running_ = true;
  wake();
}

void AdminChannel::wake() {
  if (const auto owner = owner_.lock()) owner->pump();
}

void AdminChannel::advance() {
  if (handed_over_) return;
  if (remote_closed_) {
    hang_up();
    closing_ = true;
    ssh_channel_close(channel_);
    return;
  }
  if (closing_) {
    ssh_channel_close(channel_);  // again until libssh has room for it
    return;
  }
  if (!running_) return;
  take_input();
  const bool written = write_held();
  const bool out_over = drain(out_, false);
  const bool err_over = drain(err_, true);
  if (exited_ && written && out_over && err_over && held_.bytes.empty()) {
    finish();
    return;
  }
  arm();
}

bool AdminChannel::overfed() const {
  return !handed_over_ && (ssh_channel_poll(channel_, 0) > unread_most || ssh_channel_poll(channel_, 1) > error_most);
}

void AdminChannel::take_input() {
  write_input();
  // All that libssh holds, in one read: it opens the window again at each read, so that small reads
  // would let the client send far more than is taken.
  while (input_done_ == input_.size()) {
    const int ready = ssh_channel_poll(channel_, 0);
    if (ready <= 0) break;
    input_.resize(static_cast<std::size_t>(ready));
    input_done_ = 0;
    const int count = ssh_channel_read_nonblocking(channel_, input_.data(), static_cast<uint32_t>(ready), 0);
    input_.resize(static_cast<std::size_t>(std::max(count, 0)));
    bytes_in += input_.size();
    write_input();
  }
  if (input_done_ == input_.size() && ssh_channel_is_eof(channel_) != 0) end_input();
}

void AdminChannel::write_input() {
  Watch* to = input();
  while (input_done_ < input_.size()) {
    if (to == nullptr || input_ended_) {  // nobody reads any more
      input_done_ = input_.size();
      break;
    }
    const auto count = ::write(to->fd(), input_.data() + input_done_, input_.size() - input_done_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) {
      input_ended_ = true;
      in_.reset();
      continue;
    }
    input_done_ += static_cast<std::size_t>(count);
  }
  input_.clear();
  input_done_ = 0;
}

void AdminChannel::end_input() {
  if (std::exchange(input_ended_, true)) return;
  in_.reset();
  if (!in_is_out_ || !out_) return;
  constexpr char end_of_transmission = '\x04';  // a terminal has no end of file but Control-D
  [[maybe_unused]] const auto written = ::write(out_->fd(), &end_of_transmission, 1);
}

std::size_t AdminChannel::room() const {
  if (!held_.bytes.empty() || (ssh_get_status(session_) & SSH_WRITE_PENDING) != 0) return 0;
  return std::min<std::size_t>(ssh_channel_window_size(channel_), chunk_bytes);
}

bool AdminChannel::drain(std::unique_ptr<Watch>& from, bool error) {
  std::array<char, chunk_bytes> buffer;
  for (int i = 0; from && i < drains_a_turn; ++i) {
    const auto space = room();
    if (space == 0) return false;
    const auto count = ::read(from->fd(), buffer.data(), space);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {  // end of file; EIO from a terminal whose last user has gone
      error ? from.reset() : close_output();
      break;
    }
    write_out({buffer.data(), static_cast<std::size_t>(count)}, error);
  }
  return !from;
}

void AdminChannel::write_out(std::string_view bytes, bool error) {
  const auto size = static_cast<uint32_t>(bytes.size());
  const int written =
      error ? ssh_channel_write_stderr(channel_, bytes.data(), size) : ssh_channel_write(channel_, bytes.data(), size);
  const auto taken = static_cast<std::size_t>(std::max(written, 0));
  bytes_out += taken;
  if (written >= 0 && taken < bytes.size()) held_ = {std::string(bytes.substr(taken)), error};
}

bool AdminChannel::write_held() {
  if (held_.bytes.empty()) return true;
  const auto held = std::exchange(held_, {});
  if (ssh_channel_window_size(channel_) == 0) {
    held_ = held;
    return false;
  }
  write_out(held.bytes, held.error);
  return held_.bytes.empty();
}

void AdminChannel::process_ended() {
  exited_ = true;
  end_.reset();
  linger();
  wake();
}

void AdminChannel::linger() {
  linger_.after(linger_ms, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->running_) return;
    if (self->room() == 0) {  // the client is slow: what the process left is still its
      self->linger();
      return;
    }
    self->drain(self->out_, false);
    self->drain(self->err_, true);
    self->close_output();
    self->err_.reset();
    self->wake();
  });
}

void AdminChannel::close_output() {
  out_.reset();
  process_.resize = nullptr;  // it knows the descriptor's number, which means something else soon
}

void AdminChannel::finish() {
  process_.hang_up = nullptr;  // it has ended by itself
  running_ = false;
  ending_ = true;
  linger_.cancel();
  in_.reset();
  if (process_.exit_code) {
    ask_exit_code();
  } else {
    tell_exit(exit_code_);
  }
}

void AdminChannel::ask_exit_code() {
  const auto tell = [weak = weak_from_this()](int code) {
    if (const auto self = weak.lock()) self->tell_exit(code);
  };
  linger_.after(exit_code_ms, [tell] { tell(unknown_exit_code); });
  const auto owner = owner_.lock();
  if (!owner) return;
  owner->wait_aside([strand = strand_, tell, ask = std::exchange(process_.exit_code, nullptr)] {
    const int code = ask();
    strand.post([tell, code] { tell(code); });
  });
}

void AdminChannel::tell_exit(int code) {
  if (closing_ || !ending_) return;
  closing_ = true;
  linger_.cancel();
  ssh_channel_request_send_exit_status(channel_, code);
  ssh_channel_close(channel_);
  if (const auto owner = owner_.lock()) {
    strand_.post([owner] { owner->pump(); });  // not from within its pass
  }
}

void AdminChannel::hang_up() {
  linger_.cancel();
  in_.reset();
  out_.reset();
  err_.reset();
  end_.reset();
  running_ = false;
  ending_ = false;
  input_ended_ = true;
  const auto process = std::exchange(process_, {});
  if (process.hang_up) process.hang_up();
}

void AdminChannel::arm() {
  const auto again = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  };
  if (room() > 0) {
    if (out_) out_->on_readable(again);
    if (err_) err_->on_readable(again);
  }
  if (Watch* to = input(); to != nullptr && input_done_ < input_.size()) to->on_writable(again);
  if (end_) {
    end_->on_readable([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->process_ended();
    });
  }
}

}  // namespace postern::transport
