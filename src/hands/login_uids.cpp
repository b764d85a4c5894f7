#include "hands/login_uids.h"

#include "base/limits.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

namespace postern::hands {
namespace {

constexpr const char* lock_path = "/run/postern-logins.lock";
constexpr uid_t least_uid = 1000;           // below are the system's own users
constexpr uid_t greatest_uid = 4294967293;  // the two above mean "nobody" to system calls
constexpr uid_t nobody_uid = 65534;
constexpr uid_t old_nobody_uid = 65535;  // (uid_t)-1 where uids have 16 bits

struct Range {
  uid_t first = 0;
  uid_t last = 0;
  [[nodiscard]] bool contains(uid_t uid) const { return first <= uid && uid <= last; }
};

std::optional<Range> parse(const std::string& text) {
  Range range;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, range.first);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto last = std::from_chars(first.ptr + 1, end, range.last);
  if (last.ec != std::errc() || last.ptr != end) return std::nullopt;
  return range;
}

base::Error refuse(const std::string& range, std::string_view why) {
  return base::fail(base::ErrorCode::usage, "--login-uids",
                    fmt::format("'{}' cannot be the user numbers of logins: {}. Give FIRST-LAST, a "
                                "range that no other program of this host uses.",
                                range, why));
}

/// A container's user namespace often has 65,536 numbers only.
bool is_mapped(const Range& range) {
  std::ifstream map("/proc/self/uid_map");
  if (!map) return true;
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  while (map >> inside >> outside >> count)
    if (inside <= range.first && range.last < inside + count) return true;
  return false;
}

}  // namespace

base::Result<LoginUids> LoginUids::open(const std::string& text) {
  const auto range = parse(text);
  if (!range || range->last < range->first) return refuse(text, "this is no range of numbers");
  if (range->first < least_uid || range->last > greatest_uid || range->contains(nobody_uid) || range->contains(old_nobody_uid))
    return refuse(text, "numbers that the system needs are in it");
  if (range->last - range->first + 1 < base::limits::sessions)
    return refuse(text, fmt::format("{} logins may be open at once, and each needs its own", base::limits::sessions));
  if (!is_mapped(*range)) return refuse(text, "this user namespace (/proc/self/uid_map) does not have them");
  Descriptor locks(::open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat status {};
  if (!locks.good() || ::fstat(locks.get(), &status) != 0)
    return base::fail(base::ErrorCode::io, lock_path,
                      fmt::format("The locks of logins' user numbers cannot be opened: {}.", std::strerror(errno)));
  if (status.st_uid != 0 || !S_ISREG(status.st_mode))
    return base::fail(base::ErrorCode::denied, lock_path, "This file is not root's. Remove it.");
  // From anywhere in it: what a login leaves of its number meets the next holder late.
  std::uint32_t chance = 0;
  if (::getrandom(&chance, sizeof chance, 0) != sizeof chance) chance = 0;
  const uid_t next = range->first + chance % (range->last - range->first + 1);
  return LoginUids(range->first, range->last, next, std::move(locks));
}

bool LoginUids::lock(uid_t uid, short kind) const {
  struct flock byte {};
  byte.l_type = kind;
  byte.l_whence = SEEK_SET;
  byte.l_start = static_cast<off_t>(uid);
  byte.l_len = 1;
  return ::fcntl(locks_.get(), F_OFD_SETLK, &byte) == 0;
}

std::optional<uid_t> LoginUids::take() {
  for (uid_t tries = last_ - first_ + 1; tries > 0; --tries) {
    const uid_t uid = next_;
    next_ = next_ == last_ ? first_ : next_ + 1;
    if (taken_.contains(uid) || !lock(uid, F_WRLCK)) continue;
    taken_.insert(uid);
    return uid;
  }
  return std::nullopt;
}

void LoginUids::give_back(uid_t uid) {
  if (taken_.erase(uid) > 0) (void)lock(uid, F_UNLCK);
}

}  // namespace postern::hands
