#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/dns.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/source.h"

/// SSH, server and client (libssh, which nobody else knows): administrators' logins, links between
/// machines, and joins. Runs on threads of its own; speaks with the rest only through the messages below, so
/// that it can move to a process of its own. Every callback runs on a transport thread: post it to yours.
/// (SIGPIPE is blocked there: a process started from a callback must unblock it first.)
namespace postern::transport {

using ConnectionId = std::uint64_t;

/// One service port. Replacing the list opens and closes ports live; open sessions go on.
struct Port {
  std::string address;
  std::uint16_t port = 22;
  bool admin_logins = true;  ///< false (CCS, or SSH off for people): machine keys only
  friend bool operator==(const Port&, const Port&) = default;
};

/// Our keys, OpenSSH formats.
struct Keys {
  std::string host_private;  ///< PEM, Ed25519
  std::string user_private;  ///< PEM, Ed25519: with it we log in on other machines
};
/// Makes a new Ed25519 pair: {private PEM, "ssh-ed25519 AAAA…"}.
struct KeyPair {
  std::string private_pem;
  std::string public_line;
};
/// Errors: internal, when there is no chance or no memory.
base::Result<KeyPair> make_key_pair();
/// Both forms in which people compare a key.
struct Fingerprints {
  std::string sha256;  ///< "SHA256:…", as ssh-keygen -l prints it
  std::string md5;     ///< "MD5:xx:xx:…"
};
/// Of an OpenSSH public line. Errors: invalid.
base::Result<Fingerprints> fingerprints(std::string_view public_line);

/// What strangers, logins and links may take; docs/WIRE.md, Doors, says why. Times are in ms, sizes in bytes.
struct Limits {
  int login_grace_ms = 30'000;                  ///< from accept to authenticated; half while half of the places are taken
  int greeting_ms = 5'000;                      ///< from accept to the client's KEXINIT
  int key_exchange_ms = 10'000;                 ///< from accept to the new keys
  int attempts = 6;                             ///< authentication attempts per connection
  int preauth_total = 512;                      ///< unauthenticated connections at once; CCS ports count their own
  int preauth_per_source = 64;                  ///< of one IPv4 address or IPv6 /64
  std::uint64_t greeting_bytes = 64U << 10;     ///< received until the new keys; then it is closed
  std::uint64_t login_bytes = 256U << 10;       ///< received until it is logged in
  int admin_sessions = base::limits::sessions;  ///< never counts machine links (spec N5)
  std::size_t untaken_bytes = 2U << 20;         ///< told of a link or join and not taken; past it nothing is read from it
  std::size_t queue_bytes = 64U << 20;          ///< waiting for one slow link; then it is closed
  int redial_first_ms = 200;                    ///< jittered, doubling
  int redial_most_ms = 15'000;
  int silence_ms = 90'000;  ///< nothing heard on a machine link or join: closed
};

/// The user as whom members log in on one another; a machine key logs in as no other.
inline constexpr const char* machine_user = "postern-machine";

/// Who logs in. Answered through Transport::answer.
struct LoginAsked {
  ConnectionId connection = 0;
  std::string user;
  /// How the client wants to prove who it is.
  enum class Method { password, public_key } method = Method::password;
  std::string password;       ///< method password; keep it no longer than needed
  std::string public_line;    ///< method public_key: proven to be held by the client
  std::string source;         ///< "127.0.0.1:50022"
  base::Source from;          ///< the same, as it is counted
  std::string door;           ///< where it came in: "127.0.0.1:22"
  bool machine_only = false;  ///< came on a port without admin logins
};
/// `machine` holds only for a key shown by the user "postern-machine", and allows only "postern-link".
enum class Verdict { refuse, administrator, machine };

/// A logged-in administrator asked for a shell (pty) or one command line (exec).
struct SessionAsked {
  ConnectionId connection = 0;
  std::uint32_t channel = 0;
  std::string user;
  std::string source;
  bool pty = false;
  std::string term;
  int columns = 80;
  int rows = 24;
  bool exec = false;
  std::string command;
};
/// What a session runs on, made by the program that can start processes: the transport pumps between
/// these descriptors and the channel, and owns them from here on.
struct SessionStarted {
  int in = -1;     ///< writable: client's input (pty master, or a pipe's end)
  int out = -1;    ///< readable; may be the same descriptor as `in`
  int err = -1;    ///< readable, -1 with a pty
  int pidfd = -1;  ///< readable when the process has ended (pidfd_open)
  /// Exit code, asked once after the process ended; from any thread. It may wait for the code: past 2 s the
  /// client is told 255. It may still be running when the Transport ends, which then waits for it.
  std::function<int()> exit_code;
  /// Ends the process; called when the client has gone.
  std::function<void()> hang_up;
  /// New window size (pty).
  std::function<void(int columns, int rows)> resize;
};

/// What the transport tells.
struct Handlers {
  std::function<void(LoginAsked)> login;
  /// Once for each verdict `administrator`: the connection has ended, or it could not be let in any more.
  std::function<void(ConnectionId)> login_ended;
  std::function<void(SessionAsked)> session;
  /// A machine link is up: subsystem "postern-link" opened, both ends authenticated by key.
  std::function<void(ConnectionId, std::string peer_public_line, bool we_dialed)> link_up;
  /// Whoever gets messages says took() for each when it is done with it.
  std::function<void(ConnectionId, std::string message)> link_message;
  std::function<void(ConnectionId, std::string reason)> link_down;
  /// A joiner that logged in as administrator opened "postern-join".
  std::function<void(ConnectionId, std::string user, std::string source)> join_open;
  std::function<void(ConnectionId, std::string message)> join_message;
  std::function<void(ConnectionId, std::string reason)> join_closed;
  /// `stranger`: the address, as in base::Source, of somebody not logged in who caused it, and may cause any
  /// number; else empty. Texts may hold what another side has sent, made printable.
  std::function<void(std::string level, std::string text, std::string stranger)> log;
};

/// A machine to keep a link with. Dialed again, with jitter, for as long as it is in the list.
struct Target {
  std::string name;  ///< our word for it (a member id), comes back in dial states
  std::string host;  ///< name or address
  std::uint16_t port = 22;
  std::string pinned_key;  ///< its host key line: anything else is refused and logged
  friend bool operator==(const Target&, const Target&) = default;
};
/// How far the dialing of one target is.
struct DialState {
  std::string name;
  std::string last_error;  ///< empty when connected; else e.g. "mail4.example.com does not resolve"
  std::string address;     ///< last resolved address, or empty
  bool connected = false;
};

/// Settings that may change live.
struct Setup {
  std::vector<Port> ports;
  std::vector<Target> targets;
  std::vector<std::string> members;      ///< names or addresses of all machines that may log in: seats are kept for them
  std::string bind_address;              ///< source address of outgoing links; empty: any
  std::vector<std::string> dns_servers;  ///< "127.0.1.53" or "127.0.1.53:5353"; empty: the system's
  friend bool operator==(const Setup&, const Setup&) = default;
};

/// SSH on all ports of this machine, the links that it dials, and joins. Every call is safe from any thread and returns at
/// once; outcomes come through the handlers.
class Transport {
 public:
  /// Errors: invalid for keys that are none; io.
  static base::Result<std::unique_ptr<Transport>> start(Keys keys, Limits limits, Handlers handlers);
  ~Transport();  ///< closes everything and joins its threads

  /// Errors (io): which ports cannot be bound and why; all others are in force.
  base::Result<void> set_up(Setup setup);

  /// To a LoginAsked; of no effect when the connection has ended.
  void answer(ConnectionId connection, Verdict verdict);
  /// To a SessionAsked: the descriptors, or the error that the client is told.
  void started(ConnectionId connection, std::uint32_t channel, base::Result<SessionStarted> session);

  /// Queues one message (framed u32 length, big endian). Past queue_bytes the link is closed.
  void send(ConnectionId link, std::string message);
  /// Calls `then` once, when at most `bytes` of what was sent before wait for that link or join; never when the
  /// connection ends first. Who sends much sends the next part then.
  void when_drained(ConnectionId link, std::uint64_t bytes, std::function<void()> then);
  /// A message of so many bytes of that link or join is done with: see Limits::untaken_bytes.
  void took(ConnectionId connection, std::size_t bytes);
  void close(ConnectionId connection, std::string reason);

  // Joining: a dialed connection whose host key is not pinned but shown to a person first.
  struct Fetched {
    ConnectionId connection = 0;
    std::string host_key;  ///< public line
    bool is_ccs = false;   ///< the port admits machine keys only (its banner says so)
  };
  /// Connects and does the key exchange; sends nothing secret. The connection is closed then, so that a person
  /// may take any time; `connection` stands for it in join_login. Errors: unreachable, with host and port.
  void join_dial(std::string host, std::uint16_t port, std::function<void(base::Result<Fetched>)> done);
  /// Logs in as `user` with the passphrase (or, when it is empty, with our user key) and opens "postern-join"
  /// at the place of join_dial, which must show the same host key again. Its messages come as join_message.
  /// After an error it may be tried again. Errors: denied, unreachable, not_found, usage.
  void join_login(ConnectionId connection, std::string user, std::string passphrase,
                  std::function<void(base::Result<void>)> done);

  /// Of every target, in their order.
  [[nodiscard]] std::vector<DialState> dial_states() const;
  /// Forward and reverse resolution with our DNS servers, for CONNSTATUS.
  struct Resolution {
    std::string host;
    std::vector<std::string> addresses;
    std::string reverse;  ///< of the first address
    std::string problem;
  };
  /// `done` comes once, also after a failure; it takes some seconds when no server answers.
  void resolve(std::string host, std::function<void(Resolution)> done);
  /// Records of one of base::dns_types with our DNS servers. `done` comes once, within 2.5 s.
  void look_up(base::DnsQuestion question, std::function<void(base::DnsAnswer)> done);

  /// Since the start, but for those of now.
  struct Counters {
    std::uint64_t links = 0, sessions = 0, refused = 0;
    std::uint64_t waiting = 0;  ///< connections that are not logged in, now
    std::uint64_t bytes_in = 0, bytes_out = 0;
  };
  /// A moment's figures, from any thread.
  [[nodiscard]] Counters counters() const;
  /// Bytes over the wire per live link (payload, framed).
  struct LinkBytes {
    ConnectionId link = 0;
    std::uint64_t in = 0, out = 0, queued = 0;
  };
  /// In no order.
  [[nodiscard]] std::vector<LinkBytes> link_bytes() const;

 private:
  struct State;
  explicit Transport(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::transport
