#include "hands/instance.h"

#include "hands/master_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace postern::hands {
namespace {

constexpr int tool_seconds = 30;
constexpr int master_seconds = 60;
// Postfix's daemons wait out files younger than two seconds; a clock may have been set back a
// little, too.
constexpr int back_dated_seconds = 60;
constexpr std::size_t config_bytes = file_bytes;
constexpr const char* check_log = "check";  // socket in queue/public that a checked smtpd logs to
constexpr std::array<std::string_view, 3> troubles{" error: ", " fatal: ", " panic: "};
constexpr std::string_view ours = "# The gateway's DNS settings; the host's own are not used.\n";

std::vector<std::string> clean_environment() {
  return {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"};
}

/// A file of the host's for the jail; empty when it has none.
std::string host_file(const char* path) {
  const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
  std::string bytes(1U << 20, '\0');
  const ssize_t count = file.good() ? ::read(file.get(), bytes.data(), bytes.size()) : 0;
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::string gen_name(std::uint64_t generation) {
  return std::to_string(generation);
}

/// The options that change what smtpd is told; not -v and the like.
std::vector<std::string> options_of(const Service& service) {
  std::vector<std::string> options;
  for (std::size_t i = 0; i < service.arguments.size(); ++i) {
    if (!service.arguments[i].starts_with("-o")) continue;
    options.push_back(service.arguments[i]);
    if (service.arguments[i] == "-o" && i + 1 < service.arguments.size())
      options.push_back(service.arguments[++i]);
  }
  return options;
}

}  // namespace

Instance::Instance(Folder mta, PostfixSetup setup)
    : mta_(std::move(mta)), setup_(std::move(setup)) {}

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
  const Account& tables = setup_.tables;
  const std::array<std::pair<const char*, Owner>, 5> folders{
      {{"gen", {0, 0, 0755}},
       {"queue", {0, 0, 0755}},
       {"data", {mail.uid, mail.gid, 0700}},
       {"log", {0, 0, 0755}},
       {"tables", {tables.uid, tables.gid, 0755}}}};
  for (const auto& [name, owner] : folders) {
    auto made = mta_.make(name, owner);
    if (!made) return made.error();
  }
  return {};
}

base::Result<void> Instance::stage(const Stage& stage) {
  auto good = check_generation(stage, {mta_.path(), setup_.daemons, setup_.mail_owner.name});
  if (!good) return good;
  if (stage.generation == in_force())
    return base::fail(
        base::ErrorCode::exists,
        fmt::format("Generation {} is in force and cannot be written again.", stage.generation));
  good = make_folders();
  if (!good) return good;
  auto gen = mta_.sub("gen");
  if (!gen) return gen.error();
  const std::string beside = "." + gen_name(stage.generation) + ".new";
  good = gen->remove(beside);
  if (!good) return good;
  auto folder = gen->make(beside, {0, 0, 0755});
  if (!folder) return folder.error();
  for (const auto& file : stage.files) {
    good = folder->write(file.name, file.bytes, file.mode);
    if (!good) return good;
    folder->back_date(file.name, back_dated_seconds);
  }
  folder->back_date("", back_dated_seconds);
  good = gen->remove(gen_name(stage.generation));
  return good ? gen->rename(beside, gen_name(stage.generation)) : good;
}

base::Result<void> Instance::greet(const std::string& config,
                                   const std::vector<std::string>& options,
                                   const std::string& service) const {
  auto log = listen_for_log();
  if (!log) return log.error();
  Program smtpd;
  smtpd.path = setup_.daemons + "/smtpd";
  smtpd.arguments = {"smtpd", "-S", "-u"};
  smtpd.arguments.insert(smtpd.arguments.end(), options.begin(), options.end());
  // Its log comes to us; and it must not wait for anvil, which may not run.
  for (const auto& option :
       {std::string("postlog_service_name=") + check_log,
        std::string("smtpd_client_event_limit_exceptions=127.0.0.0/8, [::1]/128")})
    smtpd.arguments.insert(smtpd.arguments.end(), {"-o", option});
  smtpd.environment = clean_environment();
  smtpd.environment.push_back("MAIL_CONFIG=" + config);
  smtpd.folder = mta_.path() + "/queue";
  auto ended = run(smtpd, "QUIT\r\n", tool_seconds, log->get());
  (void)remove_log();
  if (!ended) return ended.error();
  const bool greeted =
      ended->text.starts_with("220 ") || ended->text.find("\n220 ") != std::string::npos;
  // "error:" is how a table that cannot be opened is told; mail would be deferred at its first use.
  const bool clean = std::none_of(troubles.begin(), troubles.end(), [&](std::string_view trouble) {
    return ended->log.find(trouble) != std::string::npos;
  });
  if (greeted && clean) return {};
  return base::fail(base::ErrorCode::invalid, service,
                    fmt::format("smtpd does not start with these files ({}): {}{}",
                                describe(ended->status), greeted ? "" : ended->text, ended->log));
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
    // The folder lets nobody else in; smtpd has become another user when it logs. The mode comes
    // with the name: the folder is mail_owner's, who could put a link there before a chmod.
    const mode_t before = ::umask(0);
    const bool bound =
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::umask(before);
    if (bound) return socket;
  }
  return base::fail(base::ErrorCode::io, path,
                    fmt::format("The socket cannot be made: {}.", std::strerror(errno)));
}

base::Result<void> Instance::remove_log() const {
  auto queue = mta_.sub("queue");
  if (!queue) return queue.error();
  auto folder = queue->sub("public");
  return folder ? folder->remove(check_log) : base::Result<void>(folder.error());
}

base::Result<void> Instance::check(std::uint64_t generation) const {
  auto made = make_folders();
  if (!made) return made;
  auto folder = generation_folder(generation);
  if (!folder) return folder.error();
  auto text = folder->read("master.cf", config_bytes);
  if (!text) return text.error();
  auto services = read_master_file(*text);
  if (!services) return services.error();
  // It finds less than smtpd does, but also in what is not smtpd; and it makes the queue's folders.
  auto checked = postfix("check", folder->path(), tool_seconds);
  if (!checked) return checked.error();
  if (checked->status != 0)
    return base::fail(base::ErrorCode::invalid, fmt::format("generation {}", generation),
                      checked->text);
  for (const auto& service : *services) {
    if (service.command != "smtpd") continue;
    auto greeted = greet(folder->path(), options_of(service), service.name);
    if (!greeted) return greeted;
  }
  return {};
}

base::Result<void> Instance::switch_to(std::uint64_t generation) const {
  auto folder = generation_folder(generation);
  if (!folder) return folder.error();
  return mta_.link("etc", "gen/" + gen_name(generation));
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

base::Result<Ended> Instance::postfix(const std::string& verb, const std::string& config,
                                      int seconds) const {
  Program program;
  program.path = setup_.command;
  program.arguments = {"postfix", "-c", config, verb};
  program.environment = clean_environment();
  return run(program, "", seconds);
}

base::Result<void> Instance::must(const char* verb) const {
  if (in_force() == 0)
    return base::fail(base::ErrorCode::restricted,
                      "No generation of Postfix's files is in force yet.");
  auto ended = postfix(verb, mta_.path() + "/etc", master_seconds);
  if (!ended) return ended.error();
  if (ended->status == 0) return {};
  return base::fail(base::ErrorCode::io, fmt::format("postfix {}", verb),
                    fmt::format("It failed ({}): {}", describe(ended->status), ended->text));
}

base::Result<void> Instance::start() const {
  auto made = make_folders();
  if (made) made = fill_jail();
  if (!made) return made;
  auto runs = running();
  if (!runs) return runs.error();
  if (*runs) return {};
  return must("start");
}

base::Result<void> Instance::reload() const {
  return must("reload");
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
