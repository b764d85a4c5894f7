#pragma once

#include "base/result.h"
#include "hands/descriptor.h"

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>

namespace postern::hands {

/// User numbers for logins' interpreters, one for each, so that the kernel keeps them apart. All
/// machines of a host draw from the same range: a number in use is a locked byte of one file below
/// /run, which the kernel frees when its holder dies.
class LoginUids {
 public:
  /// `range`: "FIRST-LAST". Errors usage: not a range, too narrow for all logins of a machine, with
  /// system users in it, or not there in this user namespace (user_namespaces(7)); io: no lock
  /// file.
  static base::Result<LoginUids> open(const std::string& range);

  /// A number that no machine's login holds; another one each time, as long as there are. None: all
  /// are taken.
  std::optional<uid_t> take();
  void give_back(uid_t uid);
  [[nodiscard]] bool contains(uid_t uid) const { return first_ <= uid && uid <= last_; }

 private:
  LoginUids(uid_t first, uid_t last, uid_t next, Descriptor locks)
      : first_(first), last_(last), next_(next), locks_(std::move(locks)) {}
  [[nodiscard]] bool lock(uid_t uid, short kind) const;

  uid_t first_;
  uid_t last_;
  uid_t next_;
  Descriptor locks_;
  std::set<uid_t> taken_;  // locks of one open file never conflict with each other
};

}  // namespace postern::hands
