#include "transport/resolver.h"

#include "base/limits.h"
#include "base/printable.h"
#include "transport/addresses.h"

#include <ares.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

namespace postern::transport {

namespace {

constexpr int deadline_ms = 3'000;
constexpr int query_ms = 900;  // then the next server, or once more
constexpr int step_ms = 100;   // how often c-ares looks for queries that timed out

/// One look-up with a c-ares channel of its own, so that a change of servers needs no care for
/// queries under way. Keeps itself alive until it has answered.
class LookUp : public std::enable_shared_from_this<LookUp> {
 public:
  LookUp(const Strand& strand, bool reverse, std::function<void(Transport::Resolution)> done)
      : strand_(strand),
        reverse_(reverse),
        done_(std::move(done)),
        deadline_(strand),
        step_(strand) {}
  ~LookUp() {
    done_ = nullptr;
    if (channel_ != nullptr) ares_destroy(channel_);
  }
  LookUp(const LookUp&) = delete;
  LookUp& operator=(const LookUp&) = delete;

  void begin(const std::vector<std::string>& servers, const std::string& host);

 private:
  bool open(const std::vector<std::string>& servers);
  void ask_name();
  void ask_reverse(const std::string& address);
  void named(int status, ares_addrinfo* info);
  void reversed(int status, const hostent* entry);
  void watch(int fd, bool read, bool write);
  void process(int read_fd, int write_fd);
  void arm(int fd);
  void tick();
  void answer();

  const Strand strand_;
  const bool reverse_;
  std::function<void(Transport::Resolution)> done_;
  Transport::Resolution result_;
  ares_channel channel_ = nullptr;
  struct Interest {
    std::shared_ptr<Watch> watch;
    bool read = false, write = false;
  };
  std::map<int, Interest> sockets_;
  Timer deadline_;
  Timer step_;
  bool late_ = false;
  std::shared_ptr<LookUp> self_;
};

void LookUp::begin(const std::vector<std::string>& servers, const std::string& host) {
  self_ = shared_from_this();
  result_.host = host;
  const auto literal = host.empty() || host == "*" ? std::nullopt : parse_address(host, 0);
  if (host.empty() || host.size() > base::limits::host_name_bytes) {
    result_.problem = fmt::format("\"{}\" is not a host name.", host.substr(0, 64));
  } else if (literal) {
    result_.addresses = {host};
  }
  if (!result_.problem.empty() || (literal && !reverse_)) {
    answer();
    return;
  }
  if (!open(servers)) {
    answer();
    return;
  }
  deadline_.after(deadline_ms, [this] {
    late_ = true;
    ares_cancel(channel_);
  });
  literal ? ask_reverse(host) : ask_name();
  if (self_) tick();
}

bool LookUp::open(const std::vector<std::string>& servers) {
  ares_options options{};
  options.timeout = query_ms;
  options.tries = 2;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) {
    static_cast<LookUp*>(self)->watch(fd, read != 0, write != 0);
  };
  options.sock_state_cb_data = this;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  std::string only_dns = "b";
  if (!servers
           .empty()) {  // the machine's own servers alone: no file and no search list of the host
    options.flags = ARES_FLAG_NOSEARCH;
    options.lookups = only_dns.data();
    mask |= ARES_OPT_FLAGS | ARES_OPT_LOOKUPS;
  }
  int status = ares_init_options(&channel_, &options, mask);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    result_.problem = fmt::format("Names cannot be resolved: {}.", ares_strerror(status));
    return false;
  }
  if (servers.empty()) return true;
  const auto list = fmt::format("{}", fmt::join(servers, ","));
  status = ares_set_servers_ports_csv(channel_, list.c_str());
  if (status == ARES_SUCCESS) return true;
  result_.problem =
      fmt::format("The DNS servers \"{}\" cannot be used: {}.", list, ares_strerror(status));
  return false;
}

void LookUp::ask_name() {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(
      channel_, result_.host.c_str(), nullptr, &hints,
      [](void* self, int status, int /*timeouts*/, ares_addrinfo* info) {
        static_cast<LookUp*>(self)->named(status, info);
      },
      this);
}

void LookUp::named(int status, ares_addrinfo* info) {
  if (!done_) return;  // we are being destroyed
  const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owned(info, ares_freeaddrinfo);
  if (status == ARES_SUCCESS) {
    for (const auto* node = info->nodes; node != nullptr; node = node->ai_next) {
      SocketAddress address;
      address.size = std::min<socklen_t>(node->ai_addrlen, sizeof address.storage);
      std::memcpy(&address.storage, node->ai_addr, address.size);
      auto text = address_text(address);
      if (std::find(result_.addresses.begin(), result_.addresses.end(), text) ==
          result_.addresses.end()) {
        result_.addresses.push_back(std::move(text));
      }
    }
  }
  if (result_.addresses.empty()) {
    result_.problem =
        late_ || status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED
            ? fmt::format("{} does not resolve: no DNS server answers.", result_.host)
            : fmt::format("{} does not resolve: {}.", result_.host,
                          status == ARES_SUCCESS ? "it has no address" : ares_strerror(status));
    answer();
  } else if (reverse_ && !late_) {
    ask_reverse(result_.addresses.front());
  } else {
    answer();
  }
}

void LookUp::ask_reverse(const std::string& address) {
  const auto parsed = parse_address(address, 0);
  if (!parsed) {
    answer();
    return;
  }
  const auto* six = reinterpret_cast<const sockaddr_in6*>(&parsed->storage);
  const auto* four = reinterpret_cast<const sockaddr_in*>(&parsed->storage);
  const bool is_six = parsed->family() == AF_INET6;
  ares_gethostbyaddr(
      channel_, is_six ? static_cast<const void*>(&six->sin6_addr) : &four->sin_addr,
      is_six ? sizeof six->sin6_addr : sizeof four->sin_addr, parsed->family(),
      [](void* self, int status, int /*timeouts*/, hostent* entry) {
        static_cast<LookUp*>(self)->reversed(status, entry);
      },
      this);
}

void LookUp::reversed(int status, const hostent* entry) {
  if (!done_) return;
  if (status == ARES_SUCCESS && entry != nullptr && entry->h_name != nullptr) {
    result_.reverse = base::printable_line(entry->h_name, base::limits::host_name_bytes);  // anybody may own the zone
  }
  answer();
}

void LookUp::watch(int fd, bool read, bool write) {
  if (!done_) return;
  if (!read && !write) {
    sockets_.erase(fd);
    return;
  }
  auto& interest = sockets_[fd];
  if (!interest.watch) interest.watch = std::make_shared<Watch>(strand_, fd, false);
  interest.read = read;
  interest.write = write;
  arm(fd);
}

void LookUp::arm(int fd) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) return;
  const auto& interest = found->second;
  const auto weak = weak_from_this();
  if (interest.read) {
    interest.watch->on_readable([weak, fd] {
      if (const auto self = weak.lock()) self->process(fd, ARES_SOCKET_BAD);
    });
  }
  if (interest.write) {
    interest.watch->on_writable([weak, fd] {
      if (const auto self = weak.lock()) self->process(ARES_SOCKET_BAD, fd);
    });
  }
}

void LookUp::process(int read_fd, int write_fd) {
  if (!done_) return;
  const auto self = shared_from_this();
  ares_process_fd(channel_, read_fd, write_fd);
  if (done_) arm(std::max(read_fd, write_fd));
}

void LookUp::tick() {
  step_.after(step_ms, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->done_) return;
    self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    if (self->done_) self->tick();
  });
}

void LookUp::answer() {
  deadline_.cancel();
  step_.cancel();
  // Not from inside c-ares, which still uses its channel while it calls us.
  strand_.post([self = std::exchange(self_, nullptr), done = std::exchange(done_, nullptr)] {
    self->sockets_.clear();
    if (done) done(std::move(self->result_));
  });
}

}  // namespace

ResolverLibrary::ResolverLibrary() {
  ares_library_init(ARES_LIB_INIT_ALL);
}
ResolverLibrary::~ResolverLibrary() {
  ares_library_cleanup();
}

void look_up(const Strand& strand, const std::vector<std::string>& servers, const std::string& host,
             bool reverse, std::function<void(Transport::Resolution)> done) {
  const auto look = std::make_shared<LookUp>(strand, reverse, std::move(done));
  strand.post([look, servers, host] { look->begin(servers, host); });
}

}  // namespace postern::transport
