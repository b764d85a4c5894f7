#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <string>

#include "hands/client.h"
#include "machine/machine.h"
#include "transport/transport.h"

namespace postern::daemon {

/// SSH logins: asks the machine who may come in, and lets postern-hands start a command line interpreter on one end
/// of a socketpair whose other end is a desk session with the user already fixed. All calls on the truth's thread.
class Logins {
 public:
  Logins(boost::asio::io_context& truth, machine::Machine& machine, transport::Transport& transport,
         const std::string& hands_socket);
  ~Logins();

  void login(transport::LoginAsked asked);
  void session(transport::SessionAsked asked);

 private:
  using Started = base::Result<transport::SessionStarted>;
  Started start(const transport::SessionAsked& asked, int desk_end);

  boost::asio::io_context& truth_;
  machine::Machine& machine_;
  transport::Transport& transport_;
  hands::Client hands_;
  boost::asio::thread_pool starting_{1};  ///< postern-hands answers in milliseconds, but the truth waits for nobody
  std::map<transport::ConnectionId, desk::Who> admitted_;
};

}  // namespace postern::daemon
