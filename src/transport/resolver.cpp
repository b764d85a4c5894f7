#include "transport/resolver.h"

#include "base/limits.h"
#include "base/printable.h"
#include "transport/addresses.h"
#include "transport/records.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <fcntl.h>
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

constexpr int deadline_ms = 2'500;  // of names
constexpr int query_ms = 900;       // then the next server, or once more
constexpr int step_ms = 100;        // how often c-ares looks for queries that timed out

/// Questions with a c-ares channel of their own, so that a change of servers needs no care for those under way. Keeps itself
/// alive until it has answered.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  explicit Channel(const Strand& strand) : strand_(strand), deadline_(strand), step_(strand) {}
  virtual ~Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

 protected:
  /// False, and a problem is told, when there can be no channel. In place of one that was open, without questions.
  bool open(const std::vector<std::string>& servers, int flags = 0);
  /// Of every destructor, since c-ares then calls back once more.
  void close();
  /// Gives up so long from now.
  void limit(int ms);
  /// `ask` puts the questions.
  void run(const std::function<void()>& ask);
  /// Calls deliver() soon, from outside c-ares, and lets go of this.
  void answer();
  virtual void deliver() = 0;
  virtual void trouble(std::string text) = 0;

  ares_channel channel_ = nullptr;
  bool late_ = false;  ///< the deadline came
  bool over_ = false;  ///< it has answered, or never will: what c-ares still says is for nobody
  std::shared_ptr<Channel> self_;
  const Strand strand_;

 private:
  /// The deadline came, and c-ares is not asked: nobody else would answer.
  virtual void too_late() {}
  void watch(int fd, bool read, bool write);
  void process(int read_fd, int write_fd);
  void arm(int fd);
  void tick();

  struct Interest {
    std::shared_ptr<Watch> watch;
    bool read = false, write = false;
  };
  std::map<int, Interest> sockets_;
  Timer deadline_;
  Timer step_;
};

/// Addresses of a name, or the name of an address.
class LookUp final : public Channel {
 public:
  LookUp(const Strand& strand, bool reverse, std::function<void(Transport::Resolution)> done)
      : Channel(strand), reverse_(reverse), done_(std::move(done)) {}
  ~LookUp() override { close(); }

  void begin(const std::vector<std::string>& servers, const std::string& host);

 private:
  void ask_name();
  void ask_others();
  void ask_reverse(const std::string& address);
  void named(int status, ares_addrinfo* info);
  void reversed(int status, const hostent* entry);
  void deliver() override { done_(std::move(result_)); }
  void trouble(std::string text) override { result_.problem = std::move(text); }

  const bool reverse_;
  std::function<void(Transport::Resolution)> done_;
  std::vector<std::string> servers_;
  Transport::Resolution result_;
};

void LookUp::begin(const std::vector<std::string>& servers, const std::string& host) {
  self_ = shared_from_this();
  servers_ = servers;
  result_.host = host;
  const auto literal = host.empty() || host == "*" ? std::nullopt : parse_address(host, 0);
  if (host.empty() || host.size() > base::limits::host_name_bytes) {
    result_.problem = fmt::format("\"{}\" is not a host name.", host.substr(0, 64));
  } else if (literal) {
    result_.addresses = {host};
  }
  if (!result_.problem.empty() || (literal && !reverse_) || !open(servers)) return answer();
  limit(deadline_ms);
  run([&] { literal ? ask_reverse(host) : ask_name(); });
}

bool Channel::open(const std::vector<std::string>& servers, int flags) {
  if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
  ares_options options{};
  options.flags = flags;
  options.timeout = query_ms;
  options.tries = 2;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) {
    static_cast<Channel*>(self)->watch(fd, read != 0, write != 0);
  };
  options.sock_state_cb_data = this;
  int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  std::string only_dns = "b";
  if (!servers.empty()) {  // the machine's own servers alone: no file of the host
    options.lookups = only_dns.data();
    options.ndomains = 0;  // nor its search list: ARES_FLAG_NOSEARCH does not keep ares_getaddrinfo from it
    mask |= ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS;
  }
  int status = ares_init_options(&channel_, &options, mask);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    trouble(fmt::format("Names cannot be resolved: {}.", ares_strerror(status)));
    return false;
  }
  if (servers.empty()) return true;
  const auto list = fmt::format("{}", fmt::join(servers, ","));
  status = ares_set_servers_ports_csv(channel_, list.c_str());
  if (status == ARES_SUCCESS) return true;
  trouble(fmt::format("The DNS servers \"{}\" cannot be used: {}.", list, ares_strerror(status)));
  return false;
}

void Channel::close() {
  over_ = true;
  if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
}

void Channel::limit(int ms) {
  deadline_.after(ms, [this] {
    const auto self = shared_from_this();
    late_ = true;
    if (channel_ != nullptr) ares_cancel(channel_);
    if (!over_) too_late();
  });
}

void Channel::run(const std::function<void()>& ask) {
  ask();
  if (self_) tick();
}

void LookUp::ask_name() {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(
      channel_, result_.host.c_str(), nullptr, &hints,
      [](void* self, int status, int /*timeouts*/, ares_addrinfo* info) { static_cast<LookUp*>(self)->named(status, info); },
      this);
}

void LookUp::named(int status, ares_addrinfo* info) {
  if (over_) return;
  const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owned(info, ares_freeaddrinfo);
  if (status == ARES_SUCCESS) {
    for (const auto* node = info->nodes; node != nullptr; node = node->ai_next) {
      SocketAddress address;
      address.size = std::min<socklen_t>(node->ai_addrlen, sizeof address.storage);
      std::memcpy(&address.storage, node->ai_addr, address.size);
      auto text = address_text(address);
      if (std::find(result_.addresses.begin(), result_.addresses.end(), text) == result_.addresses.end()) {
        result_.addresses.push_back(std::move(text));
      }
    }
  }
  if (status == ARES_ENODATA && !late_ && servers_.size() > 1) return ask_others();
  if (result_.addresses.empty()) {
    result_.problem = late_ || status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED  // c-ares says the latter of refusals, too
                          ? fmt::format("{} does not resolve: no DNS server answers{}.", result_.host,
                                        status == ARES_ECONNREFUSED ? ", or none but with an error" : "")
                          : fmt::format("{} does not resolve: {}.", result_.host,
                                        status == ARES_SUCCESS ? "it has no address" : ares_strerror(status));
    answer();
  } else if (reverse_ && !late_) {
    ask_reverse(result_.addresses.front());
  } else {
    answer();
  }
}

/// A server that only refers to others says "no data", too; c-ares goes on to the next for errors only. Not from inside c-ares.
void LookUp::ask_others() {
  servers_.erase(servers_.begin());
  strand_.post([self = std::static_pointer_cast<LookUp>(shared_from_this())] {
    if (self->over_) return;
    if (!self->open(self->servers_)) return self->answer();
    self->ask_name();
  });
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
      [](void* self, int status, int /*timeouts*/, hostent* entry) { static_cast<LookUp*>(self)->reversed(status, entry); },
      this);
}

void LookUp::reversed(int status, const hostent* entry) {
  if (over_) return;
  if (status == ARES_SUCCESS && entry != nullptr && entry->h_name != nullptr) {
    result_.reverse = base::printable_line(entry->h_name, base::limits::host_name_bytes);  // anybody may own the zone
  }
  answer();
}

void Channel::watch(int fd, bool read, bool write) {
  if (over_) return;
  if (!read && !write) {
    sockets_.erase(fd);
    return;
  }
  auto& interest = sockets_[fd];
  if (!interest.watch) {
    // A descriptor of its own: c-ares closes its one before this hears of it, and the number may be somebody else's by then.
    const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) return void(sockets_.erase(fd));  // the question runs out of time
    interest.watch = std::make_shared<Watch>(strand_, own);
  }
  interest.read = read;
  interest.write = write;
  arm(fd);
}

void Channel::arm(int fd) {
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

void Channel::process(int read_fd, int write_fd) {
  if (over_) return;
  const auto self = shared_from_this();
  ares_process_fd(channel_, read_fd, write_fd);
  if (!over_) arm(std::max(read_fd, write_fd));
}

void Channel::tick() {
  step_.after(step_ms, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->over_) return;
    self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    if (!self->over_) self->tick();
  });
}

void Channel::answer() {
  deadline_.cancel();
  step_.cancel();
  over_ = true;
  // Not from inside c-ares, which still uses its channel while it calls us.
  strand_.post([self = std::exchange(self_, nullptr)] {
    self->sockets_.clear();
    self->deliver();
  });
}

/// Records of one name and type.
class Query final : public Channel {
 public:
  Query(const Strand& strand, const LookUpBounds& bounds, std::shared_ptr<Seats> seats, std::function<void(base::DnsAnswer)> done)
      : Channel(strand), bounds_(bounds), seats_(std::move(seats)), done_(std::move(done)) {}
  ~Query() override { close(); }

  void begin(std::vector<std::string> servers, const base::DnsQuestion& question);

 private:
  static void seat(std::shared_ptr<Query> self);
  void ask(int flags);
  void answered(int status, std::string_view message);
  void ask_others();
  void too_late() override;
  void deliver() override;
  void trouble(std::string text) override { result_.problem = std::move(text); }

  const LookUpBounds bounds_;
  const std::shared_ptr<Seats> seats_;
  std::function<void(base::DnsAnswer)> done_;
  std::vector<std::string> servers_;
  std::string name_, type_, asker_;
  base::DnsAnswer result_;
  std::int64_t asked_ms_ = 0;
  bool has_seat_ = false;
};

/// A name with or without its last dot, or what stands for an address.
std::string asked_name(const std::string& name, const std::string& type) {
  const auto literal = type == "PTR" && base::is_ip_address(name) ? parse_address(name, 0) : std::nullopt;
  if (literal) return reverse_name(*literal);
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

void Query::begin(std::vector<std::string> servers, const base::DnsQuestion& question) {
  self_ = shared_from_this();
  servers_ = std::move(servers);
  type_ = question.type;
  name_ = asked_name(question.name, type_);
  asker_ = question.asker;
  const auto good = base::check_dns_name(name_);
  if (!good)
    result_.problem = good.error().text;
  else if (record_type(type_) == 0)
    result_.problem = fmt::format("\"{}\" is no type of record.", base::printable_line(type_, 16));
  if (!result_.problem.empty()) return answer();
  asked_ms_ = now_ms();
  limit(bounds_.waiting_ms);
  seats_->enter(asker_, [weak = std::weak_ptr<Query>(std::static_pointer_cast<Query>(self_))] {
    auto self = weak.lock();
    const bool is_there = self != nullptr;
    if (is_there) seat(std::move(self));
    return is_there;
  });
}

/// On any thread, which keeps no hold of it: it ends on its strand.
void Query::seat(std::shared_ptr<Query> self) {
  const Strand strand = self->strand_;
  strand.post([self = std::move(self)] {
    if (self->over_) return self->seats_->leave(self->asker_);
    self->has_seat_ = true;
    self->limit(self->bounds_.deadline_ms - static_cast<int>(now_ms() - self->asked_ms_));
    self->ask(ARES_FLAG_NOCHECKRESP);
  });
}

/// First whoever answers is heard: else c-ares would keep a refusal to itself.
void Query::ask(int flags) {
  if (!open(servers_, flags)) return answer();
  run([&] {
    ares_query(
        channel_, name_.c_str(), ns_c_in, record_type(type_),
        [](void* self, int status, int /*timeouts*/, unsigned char* bytes, int size) {
          const auto* text = reinterpret_cast<const char*>(bytes);
          static_cast<Query*>(self)->answered(status, {text, bytes == nullptr ? 0 : static_cast<std::size_t>(size)});
        },
        this);
  });
}

void Query::answered(int status, std::string_view message) {
  if (over_) return;
  const bool first = result_.problem.empty();
  if (!message.empty()) {
    result_ = read_answer(message, name_, type_);
    const bool others = servers_.size() > 1 || (servers_.empty() && first);  // of the host's own there may be more
    if (!late_ && others && is_refusal(message)) return ask_others();
  } else if (first) {  // else a refusal is all that came
    const bool silent = late_ || status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED;
    result_.problem = not_known(name_, type_, silent ? "no DNS server answers" : ares_strerror(status));
  }
  answer();
}

/// Passes over servers that refuse, as c-ares does by itself with the host's own. Not from inside c-ares, which still uses its
/// channel.
void Query::ask_others() {
  const bool own = !servers_.empty();
  if (own) servers_.erase(servers_.begin());
  strand_.post([self = std::static_pointer_cast<Query>(shared_from_this()), own] {
    if (!self->over_) self->ask(own ? ARES_FLAG_NOCHECKRESP : 0);
  });
}

void Query::too_late() {
  if (result_.problem.empty()) result_.problem = not_known(name_, type_, "too many look-ups are under way");
  answer();
}

void Query::deliver() {
  if (std::exchange(has_seat_, false)) seats_->leave(asker_);
  done_(std::move(result_));
}

}  // namespace

ResolverLibrary::ResolverLibrary(const LookUpBounds& bounds)
    : bounds_(bounds), seats_(std::make_shared<Seats>(bounds.most, bounds.most_of_one)) {
  ares_library_init(ARES_LIB_INIT_ALL);
}
ResolverLibrary::~ResolverLibrary() { ares_library_cleanup(); }

void look_up(const Strand& strand, const std::vector<std::string>& servers, const std::string& host, bool reverse,
             std::function<void(Transport::Resolution)> done) {
  const auto look = std::make_shared<LookUp>(strand, reverse, std::move(done));
  strand.post([look, servers, host] { look->begin(servers, host); });
}

void ResolverLibrary::look_up_records(const Strand& strand, const std::vector<std::string>& servers, base::DnsQuestion question,
                                      std::function<void(base::DnsAnswer)> done) const {
  const auto query = std::make_shared<Query>(strand, bounds_, seats_, std::move(done));
  strand.post([query, servers, question = std::move(question)] { query->begin(servers, question); });
}

}  // namespace postern::transport
