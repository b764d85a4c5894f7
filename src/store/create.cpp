#include "store/file.h"
#include "store/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

/// The first store of a machine: with everything that makes it one, or not there at all.
namespace postern::store {
namespace {

/// Holds the folder while a store is made in it: two makers would share the file beside.
class FolderLock {
 public:
  explicit FolderLock(const std::string& path)
      : number_(::open((path.substr(0, path.rfind('/') + 1) + ".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~FolderLock() {
    if (number_ >= 0) ::close(number_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// `path`: the store's, for the error.
  [[nodiscard]] base::Result<void> take(const std::string& path) const {
    if (number_ >= 0 && ::flock(number_, LOCK_EX | LOCK_NB) == 0) return {};
    if (number_ >= 0 && errno == EWOULDBLOCK)
      return base::fail(base::ErrorCode::busy, path, "Another program is setting this machine up.");
    return base::fail(base::ErrorCode::io, path,
                      fmt::format("The folder of the store cannot be held: {}.", std::strerror(errno)));
  }

 private:
  int number_;
};

void remove_store(const std::string& path) {
  for (const char* rest : {"", "-wal", "-journal", ".new"}) ::unlink((path + rest).c_str());
}

/// Closing moves the log into the file, with flushes, and removes it.
base::Result<void> fill(const std::string& path, const Batch& first) {
  auto store = Store::open(path);
  if (!store) return store.error();
  Batch all = first;
  all.persist.flush = true;
  bool unknown = false;
  auto written = (*store)->write({all}, &unknown);
  return written ? (*store)->checkpoint() : written;
}

}  // namespace

base::Result<bool> Store::exists(const std::string& path) {
  const auto found = inspect(path);
  if (!found) return found.error();
  return *found != Found::nothing;
}

base::Result<void> Store::create(const std::string& path, const Batch& first) {
  const FolderLock lock(path);
  if (auto held = lock.take(path); !held) return held;
  auto there = exists(path);
  if (!there) return there.error();
  if (*there) return base::fail(base::ErrorCode::exists, path, "A store is there already; it was left as it is.");
  const std::string beside = path + ".birth";
  remove_store(beside);
  auto done = fill(beside, first);
  if (done) done = put_in_place(beside, path);
  if (!done) remove_store(beside);
  return done;
}

}  // namespace postern::store
