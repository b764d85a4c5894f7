#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <memory>
#include <string>

#include "desk/desk.h"

namespace postern::daemon {

/// One client at the desk over a unix stream socket: lines in, lines out. Lives as long as its reads and
/// writes do; ends when the client goes or the desk hangs up.
class DeskLine : public std::enable_shared_from_this<DeskLine> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;

  DeskLine(Socket socket, desk::Desk& desk);
  ~DeskLine();
  /// Opens the desk session; the user is fixed here and for good.
  void start(desk::Who who);

 private:
  void read();
  void take_lines();
  void write(std::string line);
  void write_next();
  void end();

  Socket socket_;
  desk::Desk& desk_;
  desk::SessionId session_ = 0;
  bool open_ = false;
  bool ending_ = false;
  std::string input_;
  std::deque<std::string> output_;
};

/// The console's socket: whoever connects is known by the kernel; uid 0 is the console administrator, everybody
/// else is refused.
class DeskDoor {
 public:
  DeskDoor(boost::asio::io_context& truth, desk::Desk& desk, std::string path);
  ~DeskDoor();
  base::Result<void> open();

 private:
  void accept();
  void admit(DeskLine::Socket socket);

  boost::asio::local::stream_protocol::acceptor acceptor_;
  desk::Desk& desk_;
  std::string path_;
};

}  // namespace postern::daemon
