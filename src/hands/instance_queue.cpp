#include "hands/child.h"
#include "hands/instance.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

/// What of Postfix's queue others may see and touch: how much lies in it, its listing, and the door.
namespace postern::hands {
namespace {

// Whoever is mail_owner can put as many names there as the disk has room for.
constexpr std::uint64_t counted_most = 1'000'000;

/// Adds the files in the folder `name`, and in its folders of one letter (hash_queue_names) where
/// `deeper`. What is no folder, or is gone meanwhile, holds none.
void count_in(int parent, const char* name, bool deeper, std::uint64_t& count) {
  const int folder = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* entries = folder < 0 ? nullptr : ::fdopendir(folder);
  if (entries == nullptr) {
    if (folder >= 0) ::close(folder);
    return;
  }
  for (const dirent* entry = ::readdir(entries); entry != nullptr && count < counted_most; entry = ::readdir(entries)) {
    if (entry->d_name[0] == '.') continue;
    if (deeper && std::strlen(entry->d_name) == 1)
      count_in(folder, entry->d_name, false, count);
    else
      ++count;
  }
  ::closedir(entries);
}

}  // namespace

base::Result<std::vector<std::string>> Instance::queue() const {
  auto queue = mta_.sub("queue");
  if (!queue) return queue.error();
  std::vector<std::string> counts;
  for (const char* name : {"incoming", "active", "deferred", "hold"}) {
    std::uint64_t count = 0;
    count_in(queue->descriptor(), name, true, count);
    counts.push_back(std::to_string(count));
  }
  counts.emplace_back(master() ? "yes" : "no");
  return counts;
}

base::Result<Descriptor> Instance::door() const { return service("private", "door"); }

base::Result<Descriptor> Instance::listing() const { return service("public", "showq"); }

// The folders are mail_owner's, who could have put a link there to a socket that listens to root.
base::Result<Descriptor> Instance::service(const char* where, std::string_view name) const {
  auto queue = mta_.sub("queue");
  auto folder = queue ? queue->sub(where) : std::move(queue);
  if (!folder) return folder.error();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::fchdir(folder->descriptor()) == 0 && become_only(setup_.mail_owner) && socket.good() &&
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  return base::fail(base::ErrorCode::io, fmt::format("{}/{}", folder->path(), name),
                    fmt::format("Postfix does not answer there: {}.", std::strerror(errno)));
}

}  // namespace postern::hands
