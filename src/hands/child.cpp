#include "hands/child.h"

#include "hands/confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>

namespace postern::hands {
namespace {

[[noreturn]] void give_up(int told, int why) {
  (void)!::write(told, &why, sizeof why);
  ::_exit(127);
}

void default_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// The program's descriptors become 0, 1, 2, …; all others close at exec.
bool place_descriptors(const std::vector<int>& descriptors) {
  constexpr int high = 64;  // above any target, so that no copy lands on a source not copied yet
  std::vector<int> copies;
  for (const int descriptor : descriptors) {
    copies.push_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, high));
    if (copies.back() < 0) return false;
  }
  for (std::size_t i = 0; i < copies.size(); ++i)
    if (::dup2(copies[i], static_cast<int>(i)) < 0) return false;
  return ::syscall(SYS_close_range, descriptors.size(), ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

bool set_capabilities(std::uint32_t permitted) {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  data[0].permitted = data[0].effective = data[0].inheritable = permitted;
  return ::syscall(SYS_capset, &head, data.data()) == 0;
}

bool become_account(const Account& account) {
  const gid_t group = account.gid;
  const bool groups = account.name.empty() ? ::setgroups(1, &group) == 0 : ::initgroups(account.name.c_str(), account.gid) == 0;
  return groups && ::setresgid(account.gid, account.gid, account.gid) == 0 &&
         ::setresuid(account.uid, account.uid, account.uid) == 0;
}

/// No capability but `kept` can ever come back, by whatever program is executed.
bool drop_bounds(std::uint32_t kept) {
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if (capability < 32 && (kept >> capability & 1U) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) return false;
  }
  return true;
}

bool take_account(const Program& program) {
  const std::uint32_t kept = program.low_ports ? 1U << CAP_NET_BIND_SERVICE : 0;
  if ((program.confined || program.low_ports) && !drop_bounds(kept)) return false;
  if (program.low_ports) ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  if (!become_account(*program.account)) return false;
  if (!program.low_ports) return set_capabilities(0);
  // Where the host itself lacks this right (a container), the program says which port it could not
  // bind.
  if (!set_capabilities(kept)) return set_capabilities(0);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0);
  return true;
}

bool confine(const Program& program) {
  if (program.confined) return confine_login();
  return !program.low_ports || seal();
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

bool become_only(const Account& account) {
  return account.uid != 0 && become_account(account) && set_capabilities(0) && ::getuid() == account.uid &&
         ::geteuid() == account.uid;
}

void become(const Program& program, int told) {
  default_signals();
  ::setsid();
  ::umask(program.confined ? 077 : 022);
  const int safe = ::fcntl(told, F_DUPFD_CLOEXEC, 200);
  if (safe < 0) give_up(told, errno);
  if (!place_descriptors(program.descriptors)) give_up(safe, errno);
  if (program.terminal && ::ioctl(0, TIOCSCTTY, 0) != 0) give_up(safe, errno);
  if (::chdir(program.folder.c_str()) != 0) give_up(safe, errno);
  if (program.alone && !limit_to_one_process()) give_up(safe, errno);
  if (program.account && !take_account(program)) give_up(safe, errno);
  if (!confine(program)) give_up(safe, errno);
  const auto arguments = pointers(program.arguments);
  const auto environment = pointers(program.environment);
  ::execve(program.path.c_str(), arguments.data(), environment.data());
  // One process too many (execve(2), EAGAIN): somebody else is that account already.
  give_up(safe, program.alone && errno == EAGAIN ? EBUSY : errno);
}

}  // namespace postern::hands
