#include "daemon/logins.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/limits.h"
#include "daemon/log.h"

namespace postern::daemon {

namespace asio = boost::asio;
using base::ErrorCode;
using base::fail;

namespace {

/// What is left of a started interpreter once its descriptors went to the transport: where its exit code comes,
/// and whose closing hangs it up.
struct Running {
  hands::Descriptor status;
};

/// What the client says of its terminal, as far as there is such a type here: else the interpreter's
/// line editor would complain, or postern-hands refuse.
std::string usable_term(const std::string& asked) {
  if (!hands::is_term(asked)) return "dumb";
  for (const char* folder : {"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"})
    if (access(fmt::format("{}/{}/{}", folder, asked[0], asked).c_str(), R_OK) == 0) return asked;
  return "dumb";
}

unsigned usable_size(int asked) { return static_cast<unsigned>(std::clamp(asked, 1, static_cast<int>(hands::terminal_most))); }

/// All that a client chooses of its login, made such that postern-hands takes it. Error: a line that is
/// too long, or that a NUL would cut.
base::Result<hands::Login> login_of(const transport::SessionAsked& asked) {
  hands::Login login;
  login.terminal = asked.pty;
  login.term = usable_term(asked.term);
  login.rows = usable_size(asked.rows);
  login.columns = usable_size(asked.columns);
  if (!asked.exec) return login;
  if (asked.command.find('\0') != std::string::npos) return fail(ErrorCode::usage, "A command line must not hold a NUL.");
  if (asked.command.size() > hands::line_bytes)
    return fail(ErrorCode::usage, fmt::format("A command line may have {} bytes at most.", hands::line_bytes));
  login.line = asked.command;
  return login;
}

}  // namespace

Logins::Logins(asio::io_context& truth, machine::Machine& machine, std::shared_ptr<DeskHandle> desk,
               transport::Transport& transport, const std::string& hands_socket)
    : truth_(truth), machine_(machine), desk_(std::move(desk)), transport_(transport), hands_(hands_socket) {}

Logins::~Logins() { starting_.join(); }

void Logins::login(transport::LoginAsked asked) {
  const auto connection = asked.connection;
  const auto method = asked.method;
  const auto user = asked.user;
  const auto source = asked.source;
  const auto address = asked.from.address;
  machine_.admit(asked, [this, connection, method, user, source, address](const machine::Machine::Admission& admission) {
    if (!admission.refusal.empty()) return transport_.close(connection, admission.refusal);
    if (admission.verdict == transport::Verdict::administrator) {
      if (connections_of(admission.who.user) >= base::limits::sessions_per_user) {
        spdlog::warn("a login as {} from {} was refused: too many at once", admission.who.name, source);
        return transport_.close(connection, fmt::format("{} is logged in {} times already, which is the limit",
                                                        admission.who.name, base::limits::sessions_per_user));
      }
      admitted_[connection] = admission;
      spdlog::info("{} logged in from {}", admission.who.name, source);
    } else if (admission.verdict == transport::Verdict::refuse && method == transport::LoginAsked::Method::password) {
      // the name is somebody's typing, perhaps a passphrase: only a known one is written down
      const bool known = machine_.peer().fleet().user_by_name(user) != nullptr;
      log_stranger(address, "warning",
                   fmt::format("a login as {} from {} was refused", known ? user : "an unknown user", source));
    }
    transport_.answer(connection, admission.verdict);
  });
}

std::size_t Logins::connections_of(const base::UserId& user) const {
  return static_cast<std::size_t>(
      std::count_if(admitted_.begin(), admitted_.end(), [&](const auto& entry) { return entry.second.who.user == user; }));
}

const desk::Who* Logins::who(transport::ConnectionId connection) const {
  const auto found = admitted_.find(connection);
  return found != admitted_.end() && machine_.still_admitted(found->second) ? &found->second.who : nullptr;
}

void Logins::session(transport::SessionAsked asked) {
  const auto* known = who(asked.connection);
  if (known != nullptr)
    if (const auto room = machine_.desk().room_for(*known); !room)
      return transport_.started(asked.connection, asked.channel, room.error());
  int ends[2] = {-1, -1};
  if (known == nullptr || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    transport_.started(asked.connection, asked.channel, fail(ErrorCode::denied, "No session can be opened: log in again."));
    if (known == nullptr) transport_.close(asked.connection, "what let this user in has changed");
    return;
  }
  auto fixed = *known;
  fixed.interactive = !asked.exec;
  DeskLine::Socket ours(truth_, boost::asio::local::stream_protocol(), ends[0]);
  std::make_shared<DeskLine>(std::move(ours), desk_)->start(fixed);
  asio::post(starting_, [this, asked = std::move(asked), desk_end = ends[1]] {
    auto result = start(asked, desk_end);
    ::close(desk_end);
    if (!result) spdlog::error("a session's command line did not start: {}", to_text(result.error()));
    transport_.started(asked.connection, asked.channel, std::move(result));
  });
}

Logins::Started Logins::start(const transport::SessionAsked& asked, int desk_end) {
  const auto login = login_of(asked);
  if (!login) return login.error();
  auto started = hands_.login(*login, desk_end);
  if (!started) return started.error();
  transport::SessionStarted out;
  out.in = started->in.release();
  out.out = asked.pty ? out.in : started->out.release();
  out.err = asked.pty ? -1 : started->err.release();
  out.pidfd = started->pidfd.release();
  auto running = std::make_shared<Running>();
  running->status = std::move(started->status);
  out.exit_code = [running] { return hands::exit_code(running->status); };
  out.hang_up = [running] { running->status = {}; };
  if (asked.pty)
    out.resize = [terminal = out.in](int columns, int rows) {
      winsize size{};
      size.ws_col = static_cast<unsigned short>(usable_size(columns));
      size.ws_row = static_cast<unsigned short>(usable_size(rows));
      ioctl(terminal, TIOCSWINSZ, &size);
    };
  return out;
}

}  // namespace postern::daemon
