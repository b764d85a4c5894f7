#include "hands/confine.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace postern::hands {
namespace {

// A sanitizer's shadow fills the address space, and its leak check runs a process that traces.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

#if defined(__x86_64__)
constexpr std::uint32_t native = AUDIT_ARCH_X86_64;
constexpr std::uint32_t other_numbers = 0x40000000;  // the same calls by the x32 ABI's numbers
#elif defined(__aarch64__)
constexpr std::uint32_t native = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t other_numbers = 0;
#else
#error "Tell the filter this processor's AUDIT_ARCH."
#endif

struct Limit {
  __rlimit_resource resource;
  rlim_t most;
};
constexpr rlim_t memory_most = 1UL << 30;  // the largest answer of a desk, read and shown
constexpr std::array login_limits{Limit{RLIMIT_AS, memory_most}, Limit{RLIMIT_NOFILE, 32}, Limit{RLIMIT_FSIZE, 0},
                                  Limit{RLIMIT_CORE, 0},         Limit{RLIMIT_MEMLOCK, 0}, Limit{RLIMIT_MSGQUEUE, 0},
                                  Limit{RLIMIT_SIGPENDING, 64}};

bool set_limit(const Limit& limit) {
  const rlimit both{limit.most, limit.most};
  return ::setrlimit(limit.resource, &both) == 0;
}

/// Reach into another process, the kernel or a namespace: neither posternd's nor an interpreter's. In
/// a namespace of its own a user is root, with file systems of its own making: what postern-hands
/// opens, reads or closes for it could then keep it waiting for ever.
constexpr long denied_to_all[] = {
    // other processes
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_process_mrelease,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_kcmp,
    SYS_perf_event_open,
    SYS_migrate_pages,
    SYS_move_pages,
    // the kernel
    SYS_bpf,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_personality,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_vhangup,
    SYS_fanotify_init,
    SYS_fanotify_mark,
    SYS_memfd_create,
    SYS_memfd_secret,
    // namespaces
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
#ifdef __x86_64__
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
};
/// Networks; what is left behind in a file system or in shared memory. None of it is an
/// interpreter's: it has a terminal and one socket.
constexpr long denied_to_logins[] = {
    // networks, and sockets of others
    SYS_socket,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    // what outlives a process
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_msgget,
    SYS_msgsnd,
    SYS_msgrcv,
    SYS_msgctl,
    SYS_semget,
    SYS_semop,
    SYS_semtimedop,
    SYS_semctl,
    SYS_mq_open,
    SYS_mq_unlink,
    SYS_mkdirat,
    SYS_mknodat,
    SYS_linkat,
    SYS_symlinkat,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchown,
    SYS_fchownat,
    SYS_truncate,
    SYS_ftruncate,
    SYS_fallocate,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    SYS_utimensat,
#ifdef __x86_64__
    SYS_mkdir,
    SYS_mknod,
    SYS_link,
    SYS_symlink,
    SYS_unlink,
    SYS_rmdir,
    SYS_rename,
    SYS_renameat,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_creat,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
#endif
};
/// What a sanitizer's leak check needs as well.
constexpr long denied_unless_sanitized[] = {
    SYS_ptrace,
#ifdef __x86_64__
    SYS_fork,
    SYS_vfork,
#endif
};
/// Callers fall back to calls whose arguments can be looked at.
constexpr long said_to_be_missing[] = {SYS_clone3, SYS_openat2};
/// The newest call that these lists were made for (Linux 6.1). Each later kernel may have calls that change
/// files or reach out (fchmodat2, setxattrat, …): a library of then falls back where there is none.
constexpr long newest_known = 450;

// Files of any owner and their owners; users to become; signals; the ports of posternd and Postfix;
// Postfix's jails; who runs as what in /proc; more descriptors than usual.
constexpr std::array needed_capabilities{CAP_CHOWN,      CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,  CAP_FSETID,
                                         CAP_KILL,       CAP_SETGID,       CAP_SETUID,          CAP_SETPCAP, CAP_SYS_CHROOT,
                                         CAP_SYS_PTRACE, CAP_SYS_RESOURCE, CAP_NET_BIND_SERVICE};

constexpr std::uint32_t no_permission = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t missing = SECCOMP_RET_ERRNO | ENOSYS;

/// A filter in the kernel's small language (BPF), written from top to bottom.
class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, native, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
    if (other_numbers != 0) {
      add(BPF_JMP | BPF_JSET | BPF_K, other_numbers, 0, 1);
      answer(no_permission);
    }
  }
  void deny(long number, std::uint32_t how) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1);
    answer(how);
  }
  void deny_above(long number, std::uint32_t how) {
    add(BPF_JMP | BPF_JGT | BPF_K, static_cast<std::uint32_t>(number), 0, 1);
    answer(how);
  }
  /// When argument `index` has one of `bits` (or, `wanted` false, none of them).
  void deny_bits(long number, unsigned index, std::uint32_t bits, bool wanted) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 4);
    load(argument(index));
    add(BPF_JMP | BPF_JSET | BPF_K, bits, wanted ? 0 : 1, wanted ? 1 : 0);
    answer(no_permission);
    load(offsetof(seccomp_data, nr));
  }
  void deny_value(long number, unsigned index, std::uint32_t value) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 4);
    load(argument(index));
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(no_permission);
    load(offsetof(seccomp_data, nr));
  }
  void deny_all_but(long number, unsigned index, std::initializer_list<std::uint32_t> values) {
    auto left = static_cast<std::uint8_t>(values.size());
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, static_cast<std::uint8_t>(left + 3));
    load(argument(index));
    for (const std::uint32_t value : values) add(BPF_JMP | BPF_JEQ | BPF_K, value, left--, 0);
    answer(no_permission);
    load(offsetof(seccomp_data, nr));
  }
  /// For this process and all that come of it; needs no_new_privs.
  bool install() {
    answer(SECCOMP_RET_ALLOW);
    sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  }

 private:
  /// The lower half: both processors are little endian.
  static std::uint32_t argument(unsigned index) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
  }
  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
  void answer(std::uint32_t how) { add(BPF_RET | BPF_K, how, 0, 0); }
  void add(int code, std::uint32_t value, std::uint8_t then, std::uint8_t otherwise) {
    code_.push_back({static_cast<std::uint16_t>(code), then, otherwise, value});
  }

  std::vector<sock_filter> code_;
};

/// Threads, but no process of its own.
void deny_processes(Filter& filter) {
  if (sanitized) return;
  for (const long number : denied_unless_sanitized) filter.deny(number, no_permission);
  filter.deny_bits(SYS_clone, 0, CLONE_THREAD, false);
}

void deny_programs(Filter& filter) {
  if (sanitized) return;  // it runs a program to name what it found
  filter.deny(SYS_execve, no_permission);
  filter.deny(SYS_execveat, no_permission);
}

bool filter_login() {
  constexpr std::uint32_t makes_or_empties = O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
  Filter filter;
  filter.deny_above(newest_known, missing);
  for (const long number : denied_to_all) filter.deny(number, no_permission);
  for (const long number : denied_to_logins) filter.deny(number, no_permission);
  for (const long number : said_to_be_missing) filter.deny(number, missing);
  deny_processes(filter);
  filter.deny_bits(SYS_openat, 2, makes_or_empties, true);
#ifdef __x86_64__
  filter.deny_bits(SYS_open, 1, makes_or_empties, true);
#endif
  filter.deny_value(SYS_ioctl, 1, TIOCSTI);  // types into the terminal as if its user did
  filter.deny_value(SYS_ioctl, 1, TIOCLINUX);
  filter.deny_value(SYS_ioctl, 1, TIOCCONS);
  filter.deny_value(SYS_ioctl, 1, TIOCSETD);  // has the kernel load a module for another discipline
  return filter.install();
}

}  // namespace

bool seal() { return set_limit({RLIMIT_CORE, 0}) && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; }

bool confines_wholly() { return !sanitized; }

bool limit_to_one_process() {
  // None yet, and the kernel notes in setresuid(2) whether there is one already; then the one
  // itself.
  const rlimit none_yet{0, 1};
  return sanitized || ::setrlimit(RLIMIT_NPROC, &none_yet) == 0;
}

bool confine_login() {
  for (const auto& limit : login_limits) {
    if (sanitized && limit.resource == RLIMIT_AS) continue;
    if (!set_limit(limit)) return false;
  }
  if (!sanitized && !set_limit({RLIMIT_NPROC, 1})) return false;
  return seal() && filter_login();
}

void hide_memory() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  (void)set_limit({RLIMIT_CORE, 0});
}

void keep_needed_capabilities() {
  std::uint64_t kept = 0;
  for (const int capability : needed_capabilities) kept |= std::uint64_t{1} << capability;
  for (int capability = 0; capability < 64; ++capability)
    if ((kept >> capability & 1U) == 0) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &head, data.data()) != 0) return;
  for (std::size_t half = 0; half < data.size(); ++half) {
    const auto mask = static_cast<std::uint32_t>(kept >> 32 * half);
    data[half].permitted &= mask;
    data[half].effective &= mask;
    data[half].inheritable = 0;
  }
  (void)::syscall(SYS_capset, &head, data.data());
}

bool execute_nothing() {
  if (sanitized) return true;  // it runs a program to name what it found
  if (!seal()) return false;
  Filter filter;
  deny_programs(filter);
  return filter.install();
}

bool confine_daemon() {
  if (!seal()) return false;
  Filter filter;
  filter.deny_above(newest_known, missing);
  for (const long number : denied_to_all) filter.deny(number, no_permission);
  filter.deny(SYS_clone3, missing);
  deny_processes(filter);
  deny_programs(filter);
  filter.deny_all_but(SYS_socket, 0, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK});
  return filter.install();
}

}  // namespace postern::hands
