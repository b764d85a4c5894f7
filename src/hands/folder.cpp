#include "hands/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

namespace postern::hands {
namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::size_t any_number = SIZE_MAX - 1;
// Of somebody else's folder, which may grow while it is removed; a second's work on a slow disk.
constexpr std::size_t others_most = 1'000;
constexpr int tries_most = 16;

/// A name that nobody can have taken: others may make files in some of these folders, too.
std::string fresh(const std::string& name) {
  std::uint64_t chance = 0;
  (void)!::getrandom(&chance, sizeof chance, 0);
  return fmt::format(".{}.{:016x}", name, chance);
}

bool is_in_the_way(int why) { return why == EISDIR || why == ENOTDIR || why == EEXIST || why == ENOTEMPTY; }

struct CloseFolder {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

bool write_all(int descriptor, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return true;
}

base::Error too_much(const Folder& folder, const std::string& name) {
  return base::fail(base::ErrorCode::busy, folder.path() + "/" + name, "There is too much to be removed at once.");
}

/// Removes the files in `from` and moves its folders to `to`, under names that are free there; at
/// most so many.
base::Result<void> lift(const Folder& from, const Folder& to, std::uint64_t& number, std::size_t& most) {
  for (const auto& name : from.names(most)) {
    if (most-- == 0) return too_much(from, name);
    if (::unlinkat(from.descriptor(), name.c_str(), 0) == 0) continue;
    const auto moved = [&] {
      return ::renameat2(from.descriptor(), name.c_str(), to.descriptor(), fmt::format(".lifted-{}", number++).c_str(),
                         RENAME_NOREPLACE) == 0;
    };
    bool done = errno == EISDIR && moved();
    while (!done && errno == EEXIST) done = moved();
    if (!done)
      return base::fail(base::ErrorCode::io, from.path() + "/" + name,
                        fmt::format("It cannot be removed: {}.", std::strerror(errno)));
  }
  return {};
}

}  // namespace

base::Error Folder::failed(const std::string& name, const char* what) const {
  const int why = errno;
  const std::string where = name.empty() ? path_ : path_ + "/" + name;
  return base::fail(why == ENOENT ? base::ErrorCode::not_found : base::ErrorCode::io, where,
                    fmt::format("{}: {}.", what, std::strerror(why)));
}

base::Result<Folder> Folder::open(const std::string& path) {
  Folder folder(path, Descriptor(::open(path.c_str(), folder_flags)));
  if (path.empty() || path[0] != '/')
    return base::fail(base::ErrorCode::usage, path, "The path of a folder must start with '/'.");
  if (!folder.descriptor_.good()) return folder.failed("", "The folder cannot be opened");
  return folder;
}

base::Result<void> Folder::own(const Owner& owner) const {
  if (::fchown(descriptor(), owner.uid, owner.gid) != 0 || ::fchmod(descriptor(), owner.mode) != 0)
    return failed("", "The folder's owner cannot be set");
  return {};
}

bool Folder::is_owned_by(const Owner& owner) const {
  struct stat status {};
  return ::fstat(descriptor(), &status) == 0 && status.st_uid == owner.uid && status.st_gid == owner.gid &&
         (status.st_mode & 07777) == owner.mode;
}

bool Folder::holds(const std::string& name, const Folder& folder) const {
  struct stat there {};
  struct stat status {};
  return ::fstatat(descriptor(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && ::fstat(folder.descriptor(), &status) == 0 &&
         there.st_dev == status.st_dev && there.st_ino == status.st_ino;
}

base::Result<void> Folder::give(const std::string& name, const Owner& owner) const {
  const Descriptor file(::openat(descriptor(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.good() || !is_roots(name)) return failed(name, "It is not a plain file of root's");
  if (::fchown(file.get(), owner.uid, owner.gid) != 0 || ::fchmod(file.get(), owner.mode) != 0)
    return failed(name, "The file's owner cannot be set");
  return {};
}

bool Folder::is_roots(const std::string& name) const {
  struct stat status {};
  return ::fstatat(descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
         status.st_uid == 0 && status.st_nlink == 1;
}

base::Result<Folder> Folder::make(const std::string& name, const Owner& owner) const {
  if (::mkdirat(descriptor(), name.c_str(), 0700) != 0 && errno != EEXIST) return failed(name, "The folder cannot be made");
  auto folder = sub(name);
  if (!folder || folder->is_owned_by(owner)) return folder;
  auto owned = folder->own(owner);
  if (!owned) return owned.error();
  return folder;
}

base::Result<Folder> Folder::sub(const std::string& name) const {
  Folder folder(path_ + "/" + name, Descriptor(::openat(descriptor(), name.c_str(), folder_flags)));
  if (!folder.descriptor_.good()) return failed(name, "The folder cannot be opened");
  return folder;
}

base::Result<void> Folder::write(const std::string& name, const std::string& bytes, mode_t mode) const {
  const std::string beside = fresh(name);
  const Descriptor file(::openat(descriptor(), beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.good()) return failed(beside, "The file cannot be made");
  base::Result<void> good;
  if (!write_all(file.get(), bytes) || ::fchmod(file.get(), mode) != 0) good = failed(beside, "The file cannot be written");
  if (good) good = rename(beside, name);
  if (!good) (void)::unlinkat(descriptor(), beside.c_str(), 0);
  return good;
}

base::Result<std::string> Folder::read(const std::string& name, std::size_t most) const {
  const Descriptor file(::openat(descriptor(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.good()) return failed(name, "The file cannot be opened");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != 0)
    return base::fail(base::ErrorCode::denied, path_ + "/" + name, "This is not a plain file of root's.");
  std::string bytes(std::min(most, static_cast<std::size_t>(status.st_size)), '\0');
  const ssize_t count = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  if (count < 0) return failed(name, "The file cannot be read");
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

/// Root's plain file with one name, or none.
Descriptor Folder::own_log(const std::string& name) const {
  Descriptor file(::openat(descriptor(), name.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  const bool ours =
      file.good() && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == 0 && status.st_nlink == 1;
  return ours ? std::move(file) : Descriptor();
}

/// A new log takes the place of what is there, in one step: whoever may make files here could put
/// something else there between two.
base::Result<void> Folder::place_log(const std::string& beside, const std::string& name) const {
  for (int tries = 0; tries < tries_most; ++tries) {
    if (::renameat2(descriptor(), beside.c_str(), descriptor(), name.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (::renameat2(descriptor(), beside.c_str(), descriptor(), name.c_str(), RENAME_EXCHANGE) == 0)
      return rename(beside, name + ".not-roots");
  }
  return failed(name, "The log cannot be put into its place");
}

base::Result<Descriptor> Folder::open_log(const std::string& name) const {
  Descriptor there = own_log(name);
  if (there.good()) return there;
  const std::string beside = fresh(name);
  Descriptor file(::openat(descriptor(), beside.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!file.good()) return failed(name, "The log cannot be opened");
  auto placed = place_log(beside, name);
  if (!placed) return placed.error();
  return file;
}

base::Result<void> Folder::link(const std::string& name, const std::string& target) const {
  const std::string beside = fresh(name);
  if (::symlinkat(target.c_str(), descriptor(), beside.c_str()) != 0) return failed(beside, "The link cannot be made");
  return rename(beside, name);
}

std::string Folder::link_target(const std::string& name) const {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlinkat(descriptor(), name.c_str(), target.data(), target.size());
  return size < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

base::Result<void> Folder::rename(const std::string& from, const std::string& to) const {
  if (::renameat(descriptor(), from.c_str(), descriptor(), to.c_str()) == 0) return {};
  if (!is_in_the_way(errno)) return failed(to, "It cannot be put into its place");
  // A folder is in the way, or the other way round: they change places, and that one goes.
  if (::renameat2(descriptor(), from.c_str(), descriptor(), to.c_str(), RENAME_EXCHANGE) != 0)
    return failed(to, "It cannot be put into its place");
  return remove(from);
}

base::Result<void> Folder::remove(const std::string& name) const {
  if (::unlinkat(descriptor(), name.c_str(), 0) == 0) return {};
  if (errno == ENOENT) return {};
  if (errno != EISDIR) return failed(name, "The file cannot be removed");
  auto folder = sub(name);
  if (!folder) return folder.error();
  struct stat status {};
  if (::fstat(folder->descriptor(), &status) != 0 || status.st_uid != 0) return discard(name);
  auto cleared = folder->clear(any_number);
  if (!cleared) return cleared;
  if (::unlinkat(descriptor(), name.c_str(), AT_REMOVEDIR) != 0) return failed(name, "The folder cannot be removed");
  return {};
}

/// Somebody else's folder: its name is free at once. What is in it is removed as far as that is soon
/// done; its owner may be making more and more folders in it, which he holds open.
base::Result<void> Folder::discard(const std::string& name) const {
  const std::string aside = fresh(name);
  if (::renameat2(descriptor(), name.c_str(), descriptor(), aside.c_str(), RENAME_NOREPLACE) != 0)
    return failed(name, "The folder cannot be removed");
  auto folder = sub(aside);
  if (folder && folder->clear(others_most)) (void)::unlinkat(descriptor(), aside.c_str(), AT_REMOVEDIR);
  return {};
}

/// Removes all that is below, but at most so many files and folders. Each folder is made root's
/// first, so that its owner can put nothing more into it; and folders are lifted up to here before
/// they are emptied, so that no depth runs out of descriptors or of stack.
base::Result<void> Folder::clear(std::size_t most) const {
  const Owner closed{0, 0, 0700};
  auto good = own(closed);
  std::uint64_t lifted = 0;
  for (auto all = names(most); good && !all.empty(); all = names(most))
    for (const auto& name : all) {
      if (most-- == 0) return too_much(*this, name);
      if (::unlinkat(descriptor(), name.c_str(), 0) == 0) continue;
      if (errno != EISDIR) return failed(name, "It cannot be removed");
      auto inner = sub(name);
      if (!inner) return inner.error();
      good = inner->own(closed);
      if (good) good = lift(*inner, *this, lifted, most);
      if (!good) return good;
      if (::unlinkat(descriptor(), name.c_str(), AT_REMOVEDIR) != 0) return failed(name, "The folder cannot be removed");
    }
  return good;
}

std::vector<std::string> Folder::names(std::size_t most) const {
  std::vector<std::string> names;
  // A descriptor of its own: fdopendir takes it over and moves its offset.
  const std::unique_ptr<DIR, CloseFolder> stream(::fdopendir(::openat(descriptor(), ".", folder_flags)));
  if (stream == nullptr) return names;
  // One more than may be done, so that the caller sees that there is more.
  while (const dirent* entry = names.size() <= most ? ::readdir(stream.get()) : nullptr)
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

void Folder::back_date(const std::string& name, int seconds) const {
  timespec then{};
  ::clock_gettime(CLOCK_REALTIME, &then);
  then.tv_sec -= seconds;
  const std::array<timespec, 2> times{then, then};
  if (name.empty())
    ::futimens(descriptor(), times.data());
  else
    ::utimensat(descriptor(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
}

}  // namespace postern::hands
