// What a process that shut itself in can still ask of the kernel. The lists here are written from
// docs/HANDS.md, not from confine.cpp: a call that is missing there is found here.
#include "hands/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <string>
#include <vector>

namespace postern::hands {
namespace {

/// One question to the kernel; what it should answer.
struct Ask {
  std::string what;
  int wanted = EPERM;
  std::function<int()> answer;  ///< errno, 0: it was done
};

int done(long result) { return result < 0 ? errno : 0; }

/// The answers that a child gets after `shut_in`; empty where that failed. As root, so that nothing
/// but the filter says "not permitted"; the arguments are such that a call which passes does nothing.
std::vector<int> answers(const std::function<bool()>& shut_in, const std::vector<Ask>& questions) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setsid();  // no terminal that a call could hang up
    if (!shut_in()) ::_exit(1);
    for (const Ask& each : questions) {
      const int answer = each.answer();
      if (::write(ends[1], &answer, sizeof answer) != sizeof answer) ::_exit(2);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::vector<int> out;
  for (int one = 0; ::read(ends[0], &one, sizeof one) == sizeof one;) out.push_back(one);
  ::close(ends[0]);
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return out;
}

void expect_answers(const std::function<bool()>& shut_in, const std::vector<Ask>& questions) {
  const auto got = answers(shut_in, questions);
  ASSERT_EQ(got.size(), questions.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], questions[i].wanted) << questions[i].what;
}

struct Call {
  const char* name;
  long number;
};
#define CALL(name) \
  { #name, SYS_##name }

constexpr Call other_processes[] = {CALL(process_vm_readv),
                                    CALL(process_vm_writev),
                                    CALL(process_madvise),
                                    CALL(process_mrelease),
                                    CALL(pidfd_open),
                                    CALL(pidfd_getfd),
                                    CALL(kcmp),
                                    CALL(perf_event_open),
                                    CALL(pidfd_send_signal),
                                    CALL(migrate_pages),
                                    CALL(move_pages)};
constexpr Call kernel[] = {CALL(bpf),           CALL(userfaultfd),   CALL(io_uring_setup), CALL(io_uring_enter),
                           CALL(add_key),       CALL(request_key),   CALL(keyctl),         CALL(io_uring_register),
                           CALL(init_module),   CALL(finit_module),  CALL(delete_module),  CALL(kexec_load),
                           CALL(reboot),        CALL(swapon),        CALL(swapoff),        CALL(kexec_file_load),
                           CALL(acct),          CALL(syslog),        CALL(settimeofday),   CALL(clock_settime),
                           CALL(clock_adjtime), CALL(adjtimex),      CALL(sethostname),    CALL(setdomainname),
                           CALL(personality),   CALL(quotactl),      CALL(quotactl_fd),    CALL(vhangup),
                           CALL(fanotify_init), CALL(fanotify_mark), CALL(memfd_create),   CALL(memfd_secret)};
constexpr Call namespaces[] = {CALL(unshare), CALL(setns),     CALL(mount),  CALL(umount2),       CALL(pivot_root),
                               CALL(chroot),  CALL(open_tree), CALL(fsopen), CALL(move_mount),    CALL(name_to_handle_at),
                               CALL(fsmount), CALL(fsconfig),  CALL(fspick), CALL(mount_setattr), CALL(open_by_handle_at)};
constexpr Call networks[] = {CALL(socket), CALL(connect), CALL(bind), CALL(listen), CALL(accept), CALL(accept4)};
constexpr Call shared_memory[] = {CALL(shmget),  CALL(shmat),     CALL(shmctl), CALL(msgget),     CALL(msgsnd),
                                  CALL(msgrcv),  CALL(msgctl),    CALL(semget), CALL(semtimedop), CALL(semctl),
                                  CALL(mq_open), CALL(mq_unlink), CALL(semop)};
constexpr Call files[] = {
    CALL(mkdirat),   CALL(mknodat),   CALL(linkat),    CALL(symlinkat),   CALL(unlinkat),     CALL(renameat2),    CALL(fchmod),
    CALL(fchmodat),  CALL(fchown),    CALL(fchownat),  CALL(truncate),    CALL(ftruncate),    CALL(fallocate),    CALL(setxattr),
    CALL(lsetxattr), CALL(fsetxattr), CALL(utimensat), CALL(removexattr), CALL(lremovexattr), CALL(fremovexattr),
#ifdef __x86_64__
    CALL(mkdir),     CALL(mknod),     CALL(link),      CALL(symlink),     CALL(unlink),       CALL(rmdir),        CALL(rename),
    CALL(chmod),     CALL(chown),     CALL(lchown),    CALL(creat),       CALL(renameat),     CALL(utime),        CALL(utimes),
    CALL(futimesat),
#endif
};
#ifdef __x86_64__
constexpr Call ports[] = {CALL(iopl), CALL(ioperm), CALL(modify_ldt)};
#endif
#undef CALL

template <std::size_t Size>
void add(std::vector<Ask>& to, const Call (&calls)[Size]) {
  for (const Call& call : calls)
    to.push_back({call.name, EPERM, [number = call.number] { return done(::syscall(number, -1L, -1L, -1L, -1L, -1L, -1L)); }});
}

class Confine : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "Only to root does nothing else say no: run it as root.";
  }
};

TEST_F(Confine, ALoginIsDeniedEveryCallThatReachesOutOfIt) {
  std::vector<Ask> asked;
  add(asked, other_processes);
  add(asked, kernel);
  add(asked, namespaces);
  add(asked, networks);
  add(asked, shared_memory);
  add(asked, files);
#ifdef __x86_64__
  add(asked, ports);
#endif
  expect_answers(confine_login, asked);
}

TEST_F(Confine, ALoginMakesNoFileNoProcessAndTypesIntoNoTerminal) {
  std::vector<Ask> asked;
  for (const int flags : {O_CREAT, O_TMPFILE, O_TRUNC, O_CREAT | O_EXCL | O_WRONLY, O_WRONLY | O_TRUNC})
    asked.push_back(
        {"openat " + std::to_string(flags), EPERM, [flags] { return done(::syscall(SYS_openat, -1, -1L, flags, 0)); }});
  for (const unsigned long request : {0UL + TIOCSTI, 0UL + TIOCLINUX, 0UL + TIOCCONS})
    asked.push_back(
        {"ioctl " + std::to_string(request), EPERM, [request] { return done(::syscall(SYS_ioctl, -1, request, 0)); }});
#ifdef __x86_64__
  for (const int flags : {O_CREAT, O_TMPFILE, O_TRUNC})
    asked.push_back({"open " + std::to_string(flags), EPERM, [flags] { return done(::syscall(SYS_open, -1L, flags, 0)); }});
  asked.push_back({"x32", EPERM, [] { return done(::syscall(0x40000000L + SYS_getpid)); }});
#endif
  // What it needs, and what a library falls back from.
  asked.push_back({"open", EFAULT, [] { return done(::syscall(SYS_openat, -1, -1L, O_RDWR, 0)); }});
  asked.push_back({"folder", EFAULT, [] { return done(::syscall(SYS_openat, -1, -1L, O_DIRECTORY, 0)); }});
  asked.push_back({"window size", EBADF, [] { return done(::syscall(SYS_ioctl, -1, TIOCGWINSZ, 0)); }});
  asked.push_back({"openat2", ENOSYS, [] { return done(::syscall(SYS_openat2, -1, -1L, -1L, 0)); }});
  asked.push_back({"clone3", ENOSYS, [] { return done(::syscall(SYS_clone3, -1L, 0)); }});
  // fchmodat2, setxattrat and file_setattr of kernels that are newer than the lists: by number.
  for (const long number : {452L, 463L, 469L})
    asked.push_back({"new call " + std::to_string(number), ENOSYS,
                     [number] { return done(::syscall(number, -1L, -1L, -1L, -1L, -1L, -1L)); }});
  if (confines_wholly()) {
    asked.push_back({"ptrace", EPERM, [] { return done(::syscall(SYS_ptrace, -1L, -1L, 0, 0)); }});
    asked.push_back({"clone", EPERM, [] {
                       const long child = ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
                       if (child == 0) ::_exit(0);
                       return done(child);
                     }});
#ifdef __x86_64__
    asked.push_back({"fork", EPERM, [] {
                       const long child = ::syscall(SYS_fork);
                       if (child == 0) ::_exit(0);
                       return done(child);
                     }});
#endif
  }
  expect_answers(confine_login, asked);
}

/// Both limits, soft and hard; the answer is 0 when they are `most`.
Ask limit(const std::string& name, __rlimit_resource resource, rlim_t most) {
  return {name, 0, [resource, most] {
            rlimit now{};
            if (::getrlimit(resource, &now) != 0) return errno;
            return now.rlim_cur == most && now.rlim_max == most ? 0 : -1;
          }};
}

Ask control(const std::string& name, int option, int wanted) {
  return {name, wanted, [option] { return ::prctl(option, 0, 0, 0, 0); }};
}

TEST_F(Confine, ALoginsLimitsAreThoseOfTheDocumentation) {
  std::vector<Ask> asked{limit("descriptors", RLIMIT_NOFILE, 32),
                         limit("a file's bytes", RLIMIT_FSIZE, 0),
                         limit("core", RLIMIT_CORE, 0),
                         limit("locked memory", RLIMIT_MEMLOCK, 0),
                         limit("message queues", RLIMIT_MSGQUEUE, 0),
                         limit("queued signals", RLIMIT_SIGPENDING, 64),
                         control("no new privileges", PR_GET_NO_NEW_PRIVS, 1)};
  if (confines_wholly()) {
    asked.push_back(limit("processes", RLIMIT_NPROC, 1));
    asked.push_back(limit("memory", RLIMIT_AS, 1UL << 30));
  }
  expect_answers(confine_login, asked);
}

TEST_F(Confine, AnInterpreterExecutesNothing) {
  if (!confines_wholly()) GTEST_SKIP() << "A sanitizer's build runs a program to name what it found.";
  expect_answers(execute_nothing, {{"execve", EPERM, [] { return done(::syscall(SYS_execve, -1L, 0, 0)); }},
                                   {"execveat", EPERM, [] { return done(::syscall(SYS_execveat, -1, -1L, 0, 0, 0)); }},
                                   control("no new privileges", PR_GET_NO_NEW_PRIVS, 1),
                                   {"read", EBADF, [] { return done(::syscall(SYS_read, -1, 0, 0)); }}});
}

TEST_F(Confine, WhatHoldsSecretsHidesThem) {
  const auto hidden = [] {
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    hide_memory();
    return true;
  };
  expect_answers(hidden, {control("dumpable", PR_GET_DUMPABLE, 0), limit("core", RLIMIT_CORE, 0)});
  expect_answers(seal, {control("no new privileges", PR_GET_NO_NEW_PRIVS, 1), limit("core", RLIMIT_CORE, 0)});
}

}  // namespace
}  // namespace postern::hands
