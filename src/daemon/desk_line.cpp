#include "daemon/desk_line.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/limits.h"

namespace postern::daemon {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t read_step_bytes = 16U << 10;
constexpr std::size_t guest_bytes = 64U << 10;  ///< of a line: what a guest may ask is short

}  // namespace

DeskLine::DeskLine(Socket socket, std::shared_ptr<DeskHandle> desk) : socket_(std::move(socket)), desk_(std::move(desk)) {}

DeskLine::~DeskLine() { close_session(); }

void DeskLine::close_session() {
  if (std::exchange(open_, false) && desk_->desk != nullptr) desk_->desk->close_session(session_);
}

void DeskHandle::exchange(desk::AnyDesk& next) {
  for (const auto& weak : lines)
    if (const auto line = weak.lock()) line->close_session();
  desk = &next;
  for (const auto& weak : std::vector(lines))
    if (const auto line = weak.lock(); line && !line->ending_) line->sit_down();
}

void DeskLine::start(desk::Who who) {
  who_ = std::move(who);
  std::erase_if(desk_->lines, [](const auto& line) { return line.expired(); });
  desk_->lines.push_back(weak_from_this());
  sit_down();
  read();
}

void DeskLine::sit_down() {
  const std::weak_ptr<DeskLine> weak = weak_from_this();
  session_ = desk_->desk->open_session(
      who_,
      [weak](std::string line) {
        if (const auto self = weak.lock()) self->write(std::move(line));
      },
      [weak] {
        if (const auto self = weak.lock()) self->end();
      });
  open_ = true;
}

void DeskLine::read() {
  const std::size_t before = input_.size();
  const bool guest = who_.role < cluster::Role::operator_;
  input_.resize(before + read_step_bytes);
  socket_.async_read_some(asio::buffer(input_.data() + before, read_step_bytes),
                          [self = shared_from_this(), before, most = guest ? guest_bytes : base::limits::message_bytes](
                              const error_code& error, std::size_t count) {
                            self->input_.resize(before + count);
                            if (error || self->input_.size() > most) return self->end();
                            self->wait_for_turn();
                          });
}

/// After a slice of time other users and links have their turns: an answer may take a second, and a user may sit in many
/// sessions and send hundreds of questions at once.
void DeskLine::wait_for_turn() {
  if (ending_) return base::wipe(input_);
  const std::size_t end = input_.find('\n', std::max(taken_, searched_));
  if (end == std::string::npos) {
    keep_rest();
    return read();
  }
  desk_->turns.put(who_.name, [self = shared_from_this(), end] { self->take_line(end); });
}

/// `end`: of the line, in input_; nothing was read since it was found.
void DeskLine::take_line(std::size_t end) {
  if (ending_) return base::wipe(input_);
  const auto line = std::string_view(input_).substr(taken_, end - taken_);
  taken_ = end + 1;
  desk_->desk->receive(session_, line);
  wait_for_turn();
}

void DeskLine::keep_rest() {
  if (taken_ > 0) {
    std::string rest(input_, taken_);
    base::wipe(input_);  // there may have been a passphrase in it
    input_ = std::move(rest);
    taken_ = 0;
  }
  searched_ = input_.size();
}

/// Never closes the session by itself: the desk may be telling all of its sessions something.
void DeskLine::write(std::string line) {
  if (ending_) return;
  line += '\n';
  output_bytes_ += line.size();
  output_.push_back(std::move(line));
  // A client that asks and does not read would fill the memory.
  if (output_bytes_ > 2 * base::limits::message_bytes) {
    ending_ = true;
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->close(); });
    return;
  }
  if (output_.size() == 1) write_next();
}

void DeskLine::write_next() {
  asio::async_write(socket_, asio::buffer(output_.front()), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->close();
    self->output_bytes_ -= self->output_.front().size();
    self->output_.pop_front();
    if (!self->output_.empty()) return self->write_next();
    if (self->ending_) self->close();
  });
}

/// What is still queued goes out first, so that a session's last words are read.
void DeskLine::end() {
  const bool first = !std::exchange(ending_, true);
  if (!first || output_.empty()) close();
}

void DeskLine::close() {
  ending_ = true;
  error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
  close_session();
}

DeskDoor::DeskDoor(asio::io_context& truth, std::shared_ptr<DeskHandle> desk, std::string path)
    : acceptor_(truth), desk_(std::move(desk)), path_(std::move(path)) {}

DeskDoor::~DeskDoor() { ::unlink(path_.c_str()); }

base::Result<void> DeskDoor::open() {
  ::unlink(path_.c_str());
  error_code error;
  acceptor_.open(asio::local::stream_protocol(), error);
  if (!error) acceptor_.bind(asio::local::stream_protocol::endpoint(path_), error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return base::fail(base::ErrorCode::io, fmt::format("The desk's socket {} cannot be opened: {}.", path_, error.message()));
  ::chmod(path_.c_str(), 0600);
  accept();
  return {};
}

void DeskDoor::accept() {
  acceptor_.async_accept([this](const error_code& error, DeskLine::Socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) admit(std::move(socket));
    accept();
  });
}

void DeskDoor::admit(DeskLine::Socket socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != 0) {
    spdlog::warn("a caller with uid {} was refused at the desk: only uid 0 is the console", peer.uid);
    return;
  }
  spdlog::info("console session of uid 0, pid {}", peer.pid);
  desk::Who who;
  who.name = "console";
  who.role = cluster::Role::administrator;
  who.source = fmt::format("console pid {}", peer.pid);
  who.interactive = true;
  std::make_shared<DeskLine>(std::move(socket), desk_)->start(std::move(who));
}

}  // namespace postern::daemon
