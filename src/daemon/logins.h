#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <string>

#include "daemon/desk_line.h"
#include "hands/client.h"
#include "machine/machine.h"
#include "transport/transport.h"

namespace postern::daemon {

/// SSH logins: asks the machine who may come in, and lets postern-hands start a command line interpreter on one end
/// of a socketpair whose other end is a desk session with the user already fixed. All calls on the truth's thread.
class Logins {
 public:
  Logins(boost::asio::io_context& truth, machine::Machine& machine, std::shared_ptr<DeskHandle> desk,
         transport::Transport& transport, const std::string& hands_socket);
  ~Logins();

  void login(transport::LoginAsked asked);
  /// The connection has ended: nobody is in on it any more.
  void ended(transport::ConnectionId connection) { admitted_.erase(connection); }
  /// Who logged in on it, if that still holds; null otherwise.
  [[nodiscard]] const desk::Who* who(transport::ConnectionId connection) const;
  void session(transport::SessionAsked asked);

 private:
  using Started = base::Result<transport::SessionStarted>;
  [[nodiscard]] std::size_t connections_of(const base::UserId& user) const;
  Started start(const transport::SessionAsked& asked, int desk_end);

  boost::asio::io_context& truth_;
  machine::Machine& machine_;
  std::shared_ptr<DeskHandle> desk_;
  transport::Transport& transport_;
  hands::Client hands_;
  boost::asio::thread_pool starting_{1};  ///< postern-hands answers in milliseconds, but the truth waits for nobody
  std::map<transport::ConnectionId, machine::Machine::Admission> admitted_;
};

}  // namespace postern::daemon
