#include "hands/rotation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace postern::hands {
namespace {

/// Empties the log but for what came after the first `kept` bytes.
base::Result<void> begin_anew(const Folder& folder, const std::string& name, std::size_t kept, std::size_t most) {
  auto file = folder.open_log(name);
  if (!file) return file.error();
  auto now = folder.read(name, most);
  if (::ftruncate(file->get(), 0) != 0)
    return base::fail(base::ErrorCode::io, folder.path() + "/" + name,
                      fmt::format("The log cannot be begun anew: {}.", std::strerror(errno)));
  if (now && now->size() > kept) {
    const auto late = std::string_view(*now).substr(kept);
    (void)!::write(file->get(), late.data(), late.size());
  }
  return {};
}

}  // namespace

base::Result<void> rotate(const Folder& folder, const std::string& name, std::size_t most) {
  struct stat status {};
  if (::fstatat(folder.descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::size_t>(status.st_size) <= most)
    return {};
  // A writer that has gone mad may have written any amount since the last look: more is cut, not kept.
  const std::size_t read_most = 2 * most;
  auto text = folder.read(name, read_most);
  if (!text) return text.error();
  // The copy is whole before an older one gives way: on a full disk none would be left after a few looks.
  const std::string copy = name + ".new";
  auto written = folder.write(copy, *text, 0600);
  if (written) written = folder.give(copy, {0, status.st_gid, status.st_mode & 0777U});
  if (!written) {
    (void)folder.remove(copy);
    // Nor may this one take the room that is left, which others need more than its text.
    if (static_cast<std::size_t>(status.st_size) > read_most)
      (void)begin_anew(folder, name, static_cast<std::size_t>(status.st_size), read_most);
    return written;
  }
  for (int i = logs_kept - 1; i > 0; --i) (void)folder.rename(fmt::format("{}.{}", name, i), fmt::format("{}.{}", name, i + 1));
  if (auto placed = folder.rename(copy, name + ".1"); !placed) return placed;
  return begin_anew(folder, name, text->size(), read_most);
}

}  // namespace postern::hands
