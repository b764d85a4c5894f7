#include "hands/house.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace postern::hands {
namespace {

constexpr mode_t shared_mode = 01771;  // others pass, but list nothing

base::Result<void> check_options(const Options& options) {
  const auto refuse = [](std::string text) { return base::fail(base::ErrorCode::usage, std::move(text)); };
  if (::geteuid() != 0) return refuse("postern-hands is the part of Postern that must run as root.");
  if (options.machine.empty()) return refuse("Name the machine with --machine HOST.");
  for (const auto& path : {options.dir, options.bin, options.postfix, options.postfix_daemons})
    if (path.empty() || path[0] != '/') return refuse(fmt::format("'{}' must be an absolute path.", path));
  if (!options.mta_dir.empty() && options.mta_dir[0] != '/')
    return refuse(fmt::format("'{}' must be an absolute path.", options.mta_dir));
  return {};
}

base::Result<Descriptor> take_lock(const Folder& run) {
  auto file = run.open_log("hands.lock");
  if (!file) return file;
  // Children of one that was killed hold it too, until they have ended.
  int tries = 60;
  while (::flock(file->get(), LOCK_EX | LOCK_NB) != 0 && --tries > 0) ::usleep(50'000);
  if (tries == 0) return base::fail(base::ErrorCode::busy, run.path(), "Another postern-hands serves this folder already.");
  return file;
}

/// Bound under a name that nobody can have taken and then put into its place: posternd, which makes
/// files in run/ too, may go on while another postern-hands begins.
base::Result<Descriptor> listen_at(const Folder& run, const Account& user) {
  constexpr const char* name = "hands.sock";
  const std::string path = run.path() + "/" + name;
  const auto failed = [&] {
    return base::fail(base::ErrorCode::io, path, fmt::format("The socket cannot be made: {}.", std::strerror(errno)));
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return base::fail(base::ErrorCode::usage, path, "The path is too long for a socket. Choose a shorter --dir.");
  std::uint32_t chance = 0;
  (void)!::getrandom(&chance, sizeof chance, 0);
  const std::string beside = fmt::format(".h{:08x}", chance);  // as long as the name
  const std::string beside_path = run.path() + "/" + beside;
  std::memcpy(address.sun_path, beside_path.c_str(), beside_path.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const mode_t before = ::umask(0177);
  const bool bound = socket.good() && ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::umask(before);
  if (!bound || ::listen(socket.get(), 32) != 0) return failed();
  auto placed = run.rename(beside, name);
  if (!placed) return placed.error();
  // In its place already: there nobody but root can put something else where root's is.
  if (::fchownat(run.descriptor(), name, user.uid, user.gid, AT_SYMLINK_NOFOLLOW) != 0) return failed();
  return socket;
}

}  // namespace

base::Result<House> open_house(const Options& options) {
  auto good = check_options(options);
  if (!good) return good.error();
  auto user = find_account(options.user);
  if (!user) return user.error();
  auto cli_user = find_account(options.cli_user);
  if (!cli_user) return cli_user.error();
  auto mail_owner = find_account(options.mail_owner);
  if (!mail_owner) return mail_owner.error();
  auto login_uids = LoginUids::open(options.login_uids);
  if (!login_uids) return login_uids.error();
  for (const auto& account : {*user, *cli_user, *mail_owner})
    if (login_uids->contains(account.uid))
      return base::fail(base::ErrorCode::usage, "--login-uids",
                        fmt::format("The user number {} in {} is taken: choose another range.", account.uid, options.login_uids));
  auto dir = Folder::open(options.dir);
  if (!dir) return dir.error();
  const Owner shared{0, user->gid, shared_mode};
  good = dir->own(shared);
  if (!good) return good.error();
  auto run = dir->make("run", shared);
  if (!run) return run.error();
  auto lock = take_lock(*run);
  if (!lock) return lock.error();
  auto log = dir->make("log", shared);
  if (!log) return log.error();
  auto mta = options.mta_dir.empty() || options.mta_dir == options.dir + "/mta" ? dir->make("mta", {0, 0, 0755})
                                                                                : Folder::open(options.mta_dir);
  if (mta) good = mta->own({0, 0, 0755});
  if (!mta || !good) return mta ? good.error() : mta.error();
  auto socket = listen_at(*run, *user);
  if (!socket) return socket.error();
  return House{std::move(*user), std::move(*cli_user), std::move(*mail_owner), std::move(*dir),    std::move(*run),
               std::move(*log),  std::move(*mta),      std::move(*lock),       std::move(*socket), std::move(*login_uids)};
}

}  // namespace postern::hands
