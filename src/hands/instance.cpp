#include "hands/instance.h"

#include "hands/master_file.h"
#include "hands/rotation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace postern::hands {
namespace {

constexpr int tool_seconds = 30;
constexpr int master_seconds = 60;
constexpr int check_seconds = 150;  // all of a check; a client waits 180
constexpr int read_seconds = 30;    // master, for its own files
constexpr std::size_t generations_most = 16;
// A client counts up by one. Who could name the greatest number there is would leave none after it.
constexpr std::uint64_t steps_most = 1000;
// Postfix's daemons wait out files younger than two seconds; a clock may have been set back a
// little, too.
constexpr int back_dated_seconds = 60;
constexpr const char* check_log = "check";  // socket in queue/public that a checked smtpd logs to
constexpr std::array<std::string_view, 3> troubles{" error: ", " fatal: ", " panic: "};
constexpr std::string_view ours = "# The gateway's DNS settings; the host's own are not used.\n";

std::vector<std::string> clean_environment() { return {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"}; }

/// A file of the host's for the jail; empty when it has none.
std::string host_file(const char* path) {
  const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
  std::string bytes(1U << 20, '\0');
  const ssize_t count = file.good() ? ::read(file.get(), bytes.data(), bytes.size()) : 0;
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::string gen_name(std::uint64_t generation) { return std::to_string(generation); }

std::vector<std::string> options_of(const Service& service) {
  std::vector<std::string> options;
  for (const Parameter& option : service.options) options.insert(options.end(), {"-o", option.name + " = " + option.value});
  return options;
}

/// Says when master has read a generation: it opens main.cf first and closes master.cf last, and
/// nobody but root may open that one.
class MasterReads {
 public:
  explicit MasterReads(const Folder& generation) : watch_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    const std::string file = generation.path() + "/master.cf";
    good_ = watch_.good() && ::inotify_add_watch(watch_.get(), file.c_str(), IN_CLOSE_NOWRITE | IN_DONT_FOLLOW) >= 0;
  }
  [[nodiscard]] bool good() const { return good_; }
  /// False after read_seconds.
  [[nodiscard]] bool done() const {
    pollfd one{watch_.get(), POLLIN, 0};
    int ready = -1;
    while ((ready = ::poll(&one, 1, read_seconds * 1000)) < 0 && errno == EINTR) {
    }
    return ready > 0;
  }

 private:
  Descriptor watch_;
  bool good_ = false;
};

}  // namespace

Instance::Instance(Folder mta, PostfixSetup setup) : mta_(std::move(mta)), setup_(std::move(setup)) {}

std::uint64_t Instance::in_force() const {
  const std::string target = mta_.link_target("etc");
  if (!target.starts_with("gen/")) return 0;
  auto number = decode_generation(target.substr(4));
  return number ? *number : 0;
}

base::Result<Folder> Instance::generation_folder(std::uint64_t generation) const {
  auto gen = mta_.sub("gen");
  if (!gen) return gen;
  return gen->sub(gen_name(generation));
}

base::Result<void> Instance::make_folders() const {
  const Account& mail = setup_.mail_owner;
  const gid_t reader = setup_.tables.gid;
  const std::array<std::pair<const char*, Owner>, 4> folders{
      {{"gen", {0, reader, 0750}}, {"queue", {0, 0, 0755}}, {"data", {mail.uid, mail.gid, 0700}}, {"log", {0, reader, 0750}}}};
  for (const auto& [name, owner] : folders) {
    auto made = mta_.make(name, owner);
    if (!made) return made.error();
  }
  auto made = tables();
  return made ? base::Result<void>() : base::Result<void>(made.error());
}

/// Where the folder was not root's, nothing in it is root's word: an earlier version let posternd
/// write there.
base::Result<Folder> Instance::tables() const {
  const Owner owner{0, setup_.tables.gid, 0750};
  const std::string beside = ".tables.new";
  auto there = mta_.sub("tables");
  if (there && there->is_owned_by(owner)) return there;
  auto good = mta_.remove("tables");
  if (good) good = mta_.remove(beside);
  if (!good) return good.error();
  auto made = mta_.make(beside, owner);
  if (!made) return made;
  good = mta_.rename(beside, "tables");
  if (!good) return good.error();
  return mta_.sub("tables");
}

base::Result<void> Instance::judge(const Folder& generation) const {
  Stage stage;
  for (const auto& name : generation.names()) {
    if (!is_file_name(name))
      return base::fail(base::ErrorCode::denied, generation.path(), "There is a file that no generation has. Stage it again.");
    auto bytes = generation.read(name, file_bytes + 1);
    if (!bytes) return bytes.error();
    if (bytes->size() > file_bytes)
      return base::fail(base::ErrorCode::denied, generation.path() + "/" + name, "The file is too large. Stage it again.");
    stage.files.push_back({name, std::move(*bytes), 0600});
  }
  return check_generation(stage, {mta_.path(), setup_.daemons, setup_.mail_owner.name});
}

std::uint64_t Instance::newest() const {
  std::uint64_t newest = in_force();
  auto gen = mta_.sub("gen");
  if (!gen) return newest;
  for (const auto& name : gen->names())
    if (const auto number = decode_generation(name); number && *number > newest) newest = *number;
  return newest;
}

base::Result<void> Instance::thin_out(std::uint64_t newest) const {
  auto gen = mta_.sub("gen");
  if (!gen) return gen.error();
  std::vector<std::uint64_t> numbers;
  for (const auto& name : gen->names())
    if (const auto number = decode_generation(name); number && *number != in_force() && *number != newest)
      numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  while (numbers.size() + 2 > generations_most) {
    auto removed = gen->remove(gen_name(numbers.front()));
    if (!removed) return removed;
    numbers.erase(numbers.begin());
  }
  return {};
}

base::Result<void> Instance::stage(const Stage& stage) {
  auto good = check_generation(stage, {mta_.path(), setup_.daemons, setup_.mail_owner.name});
  if (!good) return good;
  if (stage.generation == in_force())
    return base::fail(base::ErrorCode::exists,
                      fmt::format("Generation {} is in force and cannot be written again.", stage.generation));
  if (const auto last = newest(); stage.generation > last && stage.generation - last > steps_most)
    return base::fail(base::ErrorCode::denied, fmt::format("Generation {} is too far beyond the newest, {}: the next is {}.",
                                                           stage.generation, last, last + 1));
  good = make_folders();
  if (good) good = thin_out(stage.generation);
  if (!good) return good;
  auto gen = mta_.sub("gen");
  if (!gen) return gen.error();
  const std::string beside = "." + gen_name(stage.generation) + ".new";
  good = gen->remove(beside);
  if (!good) return good;
  auto folder = gen->make(beside, {0, 0, 0755});
  if (!folder) return folder.error();
  for (const auto& file : stage.files) {
    // Whoever could open it would look like master to MasterReads.
    good = folder->write(file.name, file.bytes, file.name == "master.cf" ? 0600 : file.mode);
    if (!good) return good;
    folder->back_date(file.name, back_dated_seconds);
  }
  folder->back_date("", back_dated_seconds);
  good = gen->remove(gen_name(stage.generation));
  return good ? gen->rename(beside, gen_name(stage.generation)) : good;
}

base::Result<void> Instance::greet(const std::string& config, const std::vector<std::string>& options, const std::string& service,
                                   int seconds) const {
  auto log = listen_for_log();
  if (!log) return log.error();
  Program smtpd;
  smtpd.path = setup_.daemons + "/smtpd";
  smtpd.arguments = {"smtpd", "-S"};
  // Never root: what it opens it opens as mail_owner, who may read generations and tables by
  // posternd's group, without a capability.
  smtpd.account = Account{"", setup_.mail_owner.uid, setup_.tables.gid};
  smtpd.arguments.insert(smtpd.arguments.end(), options.begin(), options.end());
  // Its log comes to us; and it must not wait for anvil, which may not run.
  for (const auto& option : {std::string("postlog_service_name=") + check_log,
                             std::string("smtpd_client_event_limit_exceptions=127.0.0.0/8, [::1]/128")})
    smtpd.arguments.insert(smtpd.arguments.end(), {"-o", option});
  smtpd.environment = clean_environment();
  smtpd.environment.push_back("MAIL_CONFIG=" + config);
  smtpd.folder = mta_.path() + "/queue";
  auto ended = run(smtpd, "QUIT\r\n", seconds, log->get());
  (void)remove_log();
  if (!ended) return ended.error();
  const bool greeted = ended->text.starts_with("220 ") || ended->text.find("\n220 ") != std::string::npos;
  // "error:" is how a table that cannot be opened is told; mail would be deferred at its first use.
  const bool clean = std::none_of(troubles.begin(), troubles.end(),
                                  [&](std::string_view trouble) { return ended->log.find(trouble) != std::string::npos; });
  if (greeted && clean) return {};
  return base::fail(base::ErrorCode::invalid, service,
                    fmt::format("smtpd does not start with these files ({}): {}{}", describe(ended->status),
                                greeted ? "" : ended->text, ended->log));
}

base::Result<Descriptor> Instance::listen_for_log() const {
  auto removed = remove_log();
  if (!removed) return removed.error();
  const std::string path = mta_.path() + "/queue/public/" + check_log;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (path.size() < sizeof address.sun_path) {
    std::memcpy(address.sun_path, path.c_str(), path.size());
    // The folder lets nobody else in; smtpd is another user. The mode comes with the name: the
    // folder is mail_owner's, who could put a link there before a chmod.
    const mode_t before = ::umask(0);
    const bool bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::umask(before);
    if (bound) return socket;
  }
  return base::fail(base::ErrorCode::io, path, fmt::format("The socket cannot be made: {}.", std::strerror(errno)));
}

base::Result<void> Instance::remove_log() const {
  auto queue = mta_.sub("queue");
  if (!queue) return queue.error();
  auto folder = queue->sub("public");
  return folder ? folder->remove(check_log) : base::Result<void>(folder.error());
}

base::Result<void> Instance::check(std::uint64_t generation) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(check_seconds);
  auto made = make_folders();
  if (!made) return made;
  auto folder = generation_folder(generation);
  if (!folder) return folder.error();
  made = judge(*folder);
  if (!made) return made;
  auto text = folder->read("master.cf", file_bytes);
  if (!text) return text.error();
  auto services = read_master_file(*text);
  if (!services) return services.error();
  // It finds less than smtpd does, but also in what is not smtpd; and it makes the queue's folders.
  auto checked = postfix("check", folder->path(), tool_seconds);
  if (!checked) return checked.error();
  if (checked->status != 0) return base::fail(base::ErrorCode::invalid, fmt::format("generation {}", generation), checked->text);
  for (const auto& service : *services) {
    if (service.command != "smtpd") continue;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return base::fail(base::ErrorCode::unreachable, service.name,
                        fmt::format("The check did not end within {} s.", check_seconds));
    auto greeted =
        greet(folder->path(), options_of(service), service.name, std::min(tool_seconds, static_cast<int>(left.count())));
    if (!greeted) return greeted;
  }
  return {};
}

base::Result<void> Instance::switch_to(std::uint64_t generation) const {
  auto folder = generation_folder(generation);
  if (!folder) return folder.error();
  auto good = judge(*folder);
  return good ? mta_.link("etc", "gen/" + gen_name(generation)) : good;
}

base::Result<void> Instance::prune(std::uint64_t oldest) const {
  auto gen = mta_.sub("gen");
  if (!gen) return gen.error();
  for (const auto& name : gen->names()) {
    const auto number = decode_generation(name);
    const bool left_over = name.starts_with(".");
    if (!left_over && (!number || *number >= oldest || *number == in_force())) continue;
    auto removed = gen->remove(name);
    if (!removed) return removed;
  }
  return {};
}

base::Result<Ended> Instance::postfix(const std::string& verb, const std::string& config, int seconds) const {
  Program program;
  program.path = setup_.command;
  program.arguments = {"postfix", "-c", config, verb};
  program.environment = clean_environment();
  return run(program, "", seconds);
}

base::Result<void> Instance::must(const char* verb) const {
  auto ended = postfix(verb, mta_.path() + "/etc", master_seconds);
  if (!ended) return ended.error();
  if (ended->status == 0) return {};
  return base::fail(base::ErrorCode::io, fmt::format("postfix {}", verb),
                    fmt::format("It failed ({}): {}", describe(ended->status), ended->text));
}

/// Made before postlogd makes it for everybody to read.
base::Result<void> Instance::make_log() const {
  auto folder = mta_.sub("log");
  if (!folder) return folder.error();
  auto file = folder->open_log("mail.log");
  if (!file) return file.error();
  return folder->give("mail.log", {0, setup_.tables.gid, 0640});
}

base::Result<void> Instance::bound_log(std::size_t most) const {
  auto folder = mta_.sub("log");
  return folder ? rotate(*folder, "mail.log", most) : base::Result<void>();
}

// What is in force may be of an earlier postern-hands, which judged otherwise.
base::Result<void> Instance::judge_in_force() const {
  if (in_force() == 0) return base::fail(base::ErrorCode::restricted, "No generation of Postfix's files is in force yet.");
  auto folder = generation_folder(in_force());
  return folder ? judge(*folder) : base::Result<void>(folder.error());
}

base::Result<void> Instance::start() const {
  auto made = make_folders();
  if (made) made = make_log();
  if (made) made = fill_jail();
  if (!made) return made;
  auto runs = running();
  if (!runs) return runs.error();
  if (*runs) return {};
  made = judge_in_force();
  return made ? must("start") : made;  // it waits for master, which has read its files then
}

/// A master that runs holds the lock on its file, so that the number there is its own.
base::Result<pid_t> Instance::master() const {
  auto queue = mta_.sub("queue");
  auto folder = queue ? queue->sub("pid") : std::move(queue);
  if (!folder) return folder.error();
  const Descriptor file(::openat(folder->descriptor(), "master.pid", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  auto text = folder->read("master.pid", 32);
  if (!file.good() || !text || ::flock(file.get(), LOCK_SH | LOCK_NB) == 0)
    return base::fail(base::ErrorCode::io, "Postfix does not run.");
  const pid_t pid = std::atoi(text->c_str());
  if (pid > 1) return pid;
  return base::fail(base::ErrorCode::io, folder->path() + "/master.pid", "Postfix's master has not written its number.");
}

// Not by "postfix reload", whose postconf opens master.cf, too.
base::Result<void> Instance::reload() const {
  auto good = judge_in_force();
  if (!good) return good;
  auto folder = generation_folder(in_force());
  if (!folder) return folder.error();
  auto pid = master();
  if (!pid) return pid.error();
  const Descriptor pidfd = open_pidfd(*pid);
  const MasterReads reads(*folder);
  if (!reads.good() || !pidfd.good())
    return base::fail(base::ErrorCode::io, "inotify",
                      fmt::format("It cannot be seen when Postfix's master reads its files: {}. "
                                  "Raise fs.inotify.max_user_instances.",
                                  std::strerror(errno)));
  send_signal(pidfd, SIGHUP);
  if (reads.done()) return good;
  return base::fail(base::ErrorCode::unreachable, "reload",
                    fmt::format("Postfix's master did not read its files within {} s.", read_seconds));
}

base::Result<void> Instance::stop() const {
  auto runs = running();
  if (!runs) return runs.error();
  return *runs ? must("stop") : base::Result<void>();
}

base::Result<bool> Instance::running() const {
  if (in_force() == 0) return false;
  auto ended = postfix("status", mta_.path() + "/etc", tool_seconds);
  if (!ended) return ended.error();
  return ended->status == 0;
}

base::Result<void> Instance::fill_jail() const {
  auto queue = mta_.sub("queue");
  if (!queue) return queue.error();
  auto etc = queue->make("etc", {0, 0, 0755});
  if (!etc) return etc.error();
  for (const char* name : {"hosts", "services", "nsswitch.conf", "localtime", "host.conf"}) {
    auto done = etc->write(name, host_file((std::string("/etc/") + name).c_str()), 0644);
    if (!done) return done;
  }
  auto now = etc->read("resolv.conf", 65536);
  if (now && now->starts_with(ours)) return {};
  return etc->write("resolv.conf", host_file("/etc/resolv.conf"), 0644);
}

base::Result<void> Instance::table(const TableChange& change, std::optional<Tables>& open) const {
  if (!open || !mta_.holds("tables", open->folder())) {
    auto made = make_folders();
    if (!made) return made;
    auto folder = tables();
    if (!folder) return folder.error();
    open.emplace(std::move(*folder), setup_.tables.gid);
  }
  return open->change(change);
}

base::Result<void> Instance::sweep(const std::vector<std::string>& keep) const {
  auto good = check_tables(keep);
  if (!good) return good;
  auto folder = tables();
  if (!folder) return folder.error();
  return Tables(std::move(*folder), setup_.tables.gid).sweep(keep);
}

base::Result<void> Instance::resolver(const std::vector<std::string>& addresses) const {
  std::string text(ours);
  for (const auto& address : addresses) {
    auto good = check_address(address);
    if (!good) return good;
    text += "nameserver " + address + "\n";
  }
  if (addresses.empty()) text = host_file("/etc/resolv.conf");
  auto made = make_folders();
  if (!made) return made;
  auto queue = mta_.sub("queue");
  if (!queue) return queue.error();
  auto etc = queue->make("etc", {0, 0, 0755});
  if (!etc) return etc.error();
  return etc->write("resolv.conf", text, 0644);
}

}  // namespace postern::hands
