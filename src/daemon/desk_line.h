#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/inlet.h"
#include "desk/door/any_desk.h"

namespace postern::daemon {

class DeskLine;

/// The desk as long as there is one: clients' lines may outlive it for a moment when posternd ends.
struct DeskHandle {
  /// `truth` must outlive the last turn that a line takes.
  explicit DeskHandle(boost::asio::io_context& truth) : turns(truth) {}
  Inlet turns;  ///< of users; the thread of `truth` lets links have theirs between any two
  desk::AnyDesk* desk = nullptr;
  std::vector<std::weak_ptr<DeskLine>> lines;

  /// From now on `next` is the desk: every open line sits down there, as who it was.
  void exchange(desk::AnyDesk& next);
};

/// One client at the desk over a unix stream socket: lines in, lines out. All lines of one user share that user's
/// turns. Lives as long as its reads and
/// writes do; ends when the client goes or the desk hangs up.
class DeskLine : public std::enable_shared_from_this<DeskLine> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;

  DeskLine(Socket socket, std::shared_ptr<DeskHandle> desk);
  ~DeskLine();
  /// Opens the desk session; the user is fixed here and for good.
  void start(desk::Who who);

 private:
  friend struct DeskHandle;
  void sit_down();
  void read();
  void wait_for_turn();
  void take_line(std::size_t end);
  void keep_rest();
  void write(std::string line);
  void write_next();
  void end();
  void close();
  void close_session();

  Socket socket_;
  std::shared_ptr<DeskHandle> desk_;
  desk::Who who_;
  desk::SessionId session_ = 0;
  bool open_ = false;
  bool ending_ = false;
  std::string input_;
  std::size_t taken_ = 0;     ///< of input_: lines before this were taken
  std::size_t searched_ = 0;  ///< of input_: no newline before this
  std::deque<std::string> output_;
  std::size_t output_bytes_ = 0;
};

/// The console's socket: whoever connects is known by the kernel; uid 0 is the console administrator, everybody
/// else is refused.
class DeskDoor {
 public:
  DeskDoor(boost::asio::io_context& truth, std::shared_ptr<DeskHandle> desk, std::string path);
  ~DeskDoor();
  base::Result<void> open();

 private:
  void accept();
  void admit(DeskLine::Socket socket);

  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::shared_ptr<DeskHandle> desk_;
  std::string path_;
};

}  // namespace postern::daemon
