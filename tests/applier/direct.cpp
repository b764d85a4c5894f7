#include "tests/applier/direct.h"

#include "hands/tables.h"
#include "tests/applier/run.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace postern::test {
namespace {

namespace fs = std::filesystem;

base::Result<void> told(const Ran& ran, bool good) {
  if (good) return {};
  return base::fail(base::ErrorCode::io, ran.output);
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  const timespec old{std::time(nullptr) - 60, 0};
  const timespec times[2] = {old, old};
  utimensat(AT_FDCWD, path.c_str(), times, 0);
}

}  // namespace

base::Result<void> Direct::stage(std::uint64_t generation, const std::vector<gateway::File>& files) {
  const std::string gen = dir_ + "/gen/" + std::to_string(generation);
  for (const std::string& folder : {gen, dir_ + "/queue/etc", dir_ + "/data", dir_ + "/log"}) fs::create_directories(folder);
  const passwd* owner = getpwnam("postfix");
  if (chown((dir_ + "/data").c_str(), owner->pw_uid, 0) != 0) return base::fail(base::ErrorCode::io, "chown");
  for (const gateway::File& file : files) write(gen + "/" + file.path, file.bytes);
  return {};
}

base::Result<void> Direct::check(std::uint64_t generation) {
  const std::string gen = dir_ + "/gen/" + std::to_string(generation);
  const Ran made = run({"postfix", "-c", gen, "check"});
  if (made.code != 0) return told(made, false);
  const Ran greets = run({"/usr/lib/postfix/sbin/smtpd", "-S"}, dir_ + "/queue", "MAIL_CONFIG=" + gen);
  if (greets.output.find("220 ") != std::string::npos) return {};
  return base::fail(base::ErrorCode::invalid, "smtpd does not start with the new files. " + greets.output);
}

base::Result<void> Direct::switch_to(std::uint64_t generation) {
  std::error_code reason;
  fs::remove(dir_ + "/etc.new", reason);
  fs::create_symlink("gen/" + std::to_string(generation), dir_ + "/etc.new", reason);
  fs::rename(dir_ + "/etc.new", dir_ + "/etc", reason);
  if (reason) return base::fail(base::ErrorCode::io, reason.message());
  return {};
}

base::Result<void> Direct::resolver(const std::vector<std::string>& addresses) {
  std::string text;
  for (const std::string& each : addresses) text += "nameserver " + each + "\n";
  std::ofstream(dir_ + "/queue/etc/resolv.conf") << text;
  return {};
}

base::Result<void> Direct::postfix(const char* verb) {
  const Ran ran = run({"postfix", "-c", dir_ + "/etc", verb});
  return told(ran, ran.code == 0);
}
base::Result<void> Direct::start() { return postfix("start"); }
base::Result<void> Direct::reload() { return postfix("reload"); }
base::Result<void> Direct::stop() { return postfix("stop"); }

base::Result<bool> Direct::running() {
  if (!fs::exists(dir_ + "/etc/main.cf")) return false;
  return run({"postfix", "-c", dir_ + "/etc", "status"}).code == 0;
}

base::Result<void> Direct::prune(std::uint64_t oldest) {
  std::error_code none;
  const fs::path in_force = fs::read_symlink(dir_ + "/etc", none).filename();
  for (const auto& each : fs::directory_iterator(dir_ + "/gen"))
    if (std::stoull(each.path().filename().string()) < oldest && each.path().filename() != in_force) fs::remove_all(each.path());
  return {};
}

base::Result<void> Direct::table(const gateway::TableChange& change) {
  std::error_code ignored;
  fs::create_directories(dir_ + "/tables", ignored);
  auto folder = hands::Folder::open(dir_ + "/tables");
  if (!folder) return folder.error();
  return hands::Tables(std::move(*folder), 0).change({change.table, change.whole, change.put, change.drop});
}
base::Result<hands::Descriptor> Direct::door() { return service("private/door"); }

base::Result<hands::Descriptor> Direct::listing() { return service("public/showq"); }

base::Result<hands::Descriptor> Direct::service(const std::string& name) {
  const std::string path = dir_ + "/queue/" + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return base::fail(base::ErrorCode::io, "too long");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  hands::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return base::fail(base::ErrorCode::io, std::strerror(errno));
  return socket;
}

base::Result<hands::Queue> Direct::queue() {
  const auto count = [&](const char* name) {
    std::uint64_t files = 0;
    std::error_code none;
    for (const auto& each : fs::recursive_directory_iterator(dir_ + "/queue/" + name, none))
      if (each.is_regular_file(none)) ++files;
    return files;
  };
  const auto runs = running();
  return hands::Queue{count("incoming"), count("active"), count("deferred"), count("hold"), runs && *runs};
}

base::Result<void> Direct::sweep(const std::vector<std::string>& keep) {
  auto folder = hands::Folder::open(dir_ + "/tables");
  if (!folder) return folder.error();
  return hands::Tables(std::move(*folder), 0).sweep(keep);
}

}  // namespace postern::test
