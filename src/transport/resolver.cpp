#include "transport/resolver.h"

#include "base/limits.h"
#include "base/printable.h"
#include "transport/addresses.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

namespace postern::transport {

namespace {

constexpr int deadline_ms = 3'000;
constexpr int query_ms = 900;  // then the next server, or once more
constexpr int step_ms = 100;   // how often c-ares looks for queries that timed out

/// Questions with a c-ares channel of their own, so that a change of servers needs no care for those under way. Keeps itself
/// alive until it has answered.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  explicit Channel(const Strand& strand) : strand_(strand), deadline_(strand), step_(strand) {}
  virtual ~Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

 protected:
  /// False, and a problem is told, when there can be no channel.
  bool open(const std::vector<std::string>& servers);
  /// Of every destructor, since c-ares then calls back once more.
  void close();
  /// `ask` puts the questions; they are given up after the deadline.
  void run(const std::function<void()>& ask);
  /// Calls deliver() soon, from outside c-ares, and lets go of this.
  void answer();
  virtual void deliver() = 0;
  virtual void trouble(std::string text) = 0;

  ares_channel channel_ = nullptr;
  bool late_ = false;  ///< the deadline came
  bool over_ = false;  ///< it has answered, or never will: what c-ares still says is for nobody
  std::shared_ptr<Channel> self_;

 private:
  void watch(int fd, bool read, bool write);
  void process(int read_fd, int write_fd);
  void arm(int fd);
  void tick();

  const Strand strand_;
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
  void ask_reverse(const std::string& address);
  void named(int status, ares_addrinfo* info);
  void reversed(int status, const hostent* entry);
  void deliver() override { done_(std::move(result_)); }
  void trouble(std::string text) override { result_.problem = std::move(text); }

  const bool reverse_;
  std::function<void(Transport::Resolution)> done_;
  Transport::Resolution result_;
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
  if (!result_.problem.empty() || (literal && !reverse_) || !open(servers)) return answer();
  run([&] { literal ? ask_reverse(host) : ask_name(); });
}

bool Channel::open(const std::vector<std::string>& servers) {
  ares_options options{};
  options.timeout = query_ms;
  options.tries = 2;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) {
    static_cast<Channel*>(self)->watch(fd, read != 0, write != 0);
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

void Channel::run(const std::function<void()>& ask) {
  deadline_.after(deadline_ms, [this] {
    late_ = true;
    ares_cancel(channel_);
  });
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
      [](void* self, int status, int /*timeouts*/, ares_addrinfo* info) {
        static_cast<LookUp*>(self)->named(status, info);
      },
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
  if (!interest.watch) interest.watch = std::make_shared<Watch>(strand_, fd, false);
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

constexpr int type_numbers[] = {ns_t_a, ns_t_aaaa, ns_t_cname, ns_t_mx, ns_t_ns, ns_t_ptr, ns_t_soa, ns_t_txt};
static_assert(std::size(type_numbers) == std::size(base::dns_types));
constexpr std::size_t records_most = 256;
constexpr std::size_t texts_most = 4'096;  ///< bytes of one TXT record that are kept

const char* type_name(int number) {
  const auto at = std::find(std::begin(type_numbers), std::end(type_numbers), number);
  return at == std::end(type_numbers) ? nullptr : base::dns_types[at - std::begin(type_numbers)];
}

/// One record's data, read from a message that anybody may have sent: nothing is believed but what lies inside of it.
class RecordReader {
 public:
  RecordReader(const ns_msg& message, const ns_rr& record)
      : begin_(ns_msg_base(message)), end_(ns_msg_end(message)), at_(ns_rr_rdata(record)), left_(ns_rr_rdlen(record)) {}

  /// Empty when it cannot be read.
  std::string read(int type, std::uint16_t& preference) {
    if (type == ns_t_a || type == ns_t_aaaa) return address(type == ns_t_a ? AF_INET : AF_INET6);
    if (type == ns_t_txt) return texts();
    if (type == ns_t_soa) return authority();
    if (type == ns_t_mx) {
      if (left_ < 2) return {};
      preference = static_cast<std::uint16_t>(ns_get16(at_));
      skip(2);
    }
    return name();
  }

 private:
  void skip(std::size_t count) {
    at_ += count;
    left_ -= count;
  }

  std::string address(int family) {
    char text[INET6_ADDRSTRLEN] = "";
    const std::size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
    return left_ == size && inet_ntop(family, at_, text, sizeof text) != nullptr ? text : std::string();
  }

  std::string name() {
    char text[NS_MAXDNAME];
    const int size = ns_name_uncompress(begin_, end_, at_, text, sizeof text);
    if (size < 0 || static_cast<std::size_t>(size) > left_) return {};
    skip(static_cast<std::size_t>(size));
    return text[0] == '\0' ? "." : base::printable_line(text, base::limits::host_name_bytes);
  }

  std::string texts() {
    std::string all;
    while (left_ > 0 && all.size() < texts_most) {
      const std::size_t size = *at_;
      if (size + 1 > left_) return {};
      if (!all.empty()) all += ' ';
      all += '"' + base::printable_line(std::string(reinterpret_cast<const char*>(at_) + 1, size), texts_most) + '"';
      skip(size + 1);
    }
    return all;
  }

  std::string authority() {
    std::string all = name();
    const std::string person = name();
    if (all.empty() || person.empty() || left_ != 20) return {};
    all += ' ' + person;
    for (; left_ > 0; skip(4)) all += fmt::format(" {}", ns_get32(at_));
    return all;
  }

  const unsigned char* begin_;
  const unsigned char* end_;
  const unsigned char* at_;
  std::size_t left_;
};

/// Those of the answer section that this reads; none when the message is not one.
std::vector<base::DnsRecord> read_records(const unsigned char* bytes, int size) {
  std::vector<base::DnsRecord> out;
  ns_msg message;
  if (ns_initparse(bytes, size, &message) != 0) return out;
  for (int i = 0; i < ns_msg_count(message, ns_s_an) && out.size() < records_most; ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0) return out;
    const int type = ns_rr_type(record);
    const char* known = type_name(type);
    if (known == nullptr || ns_rr_class(record) != ns_c_in) continue;
    base::DnsRecord one;
    one.name = base::printable_line(ns_rr_name(record), base::limits::host_name_bytes);
    one.type = known;
    one.ttl = ns_rr_ttl(record);
    one.data = RecordReader(message, record).read(type, one.preference);
    if (!one.data.empty()) out.push_back(std::move(one));
  }
  return out;
}

/// Records of one name and type.
class Query final : public Channel {
 public:
  Query(const Strand& strand, std::function<void(base::DnsAnswer)> done) : Channel(strand), done_(std::move(done)) {}
  ~Query() override { close(); }

  void begin(const std::vector<std::string>& servers, const std::string& name, const std::string& type);

 private:
  void answered(int status, const unsigned char* bytes, int size);
  void deliver() override { done_(std::move(result_)); }
  void trouble(std::string text) override { result_.problem = std::move(text); }

  std::function<void(base::DnsAnswer)> done_;
  std::string name_, type_;
  base::DnsAnswer result_;
};

/// The name under which an address's names stand (RFC 1035 §3.5, RFC 3596 §2.5).
std::string reverse_name(const SocketAddress& address) {
  std::string out;
  if (address.family() == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&four);
    for (int i = 3; i >= 0; --i) out += fmt::format("{}.", bytes[i]);
    return out + "in-addr.arpa";
  }
  const auto& six = reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
  for (int i = 15; i >= 0; --i) out += fmt::format("{:x}.{:x}.", six.s6_addr[i] & 15, six.s6_addr[i] >> 4);
  return out + "ip6.arpa";
}

void Query::begin(const std::vector<std::string>& servers, const std::string& name, const std::string& type) {
  self_ = shared_from_this();
  type_ = type;
  const auto literal = type == "PTR" ? parse_address(name, 0) : std::nullopt;
  name_ = literal ? reverse_name(*literal) : name;
  const auto* known = std::find(std::begin(base::dns_types), std::end(base::dns_types), type);
  if (known == std::end(base::dns_types) || name.empty() || name.size() > base::limits::host_name_bytes)
    result_.problem = fmt::format("\"{}\" of type \"{}\" cannot be asked for.", name.substr(0, 64), type.substr(0, 16));
  if (!result_.problem.empty() || !open(servers)) return answer();
  run([&] {
    ares_query(
        channel_, name_.c_str(), ns_c_in, type_numbers[known - std::begin(base::dns_types)],
        [](void* self, int status, int /*timeouts*/, unsigned char* bytes, int size) {
          static_cast<Query*>(self)->answered(status, bytes, size);
        },
        this);
  });
}

void Query::answered(int status, const unsigned char* bytes, int size) {
  if (over_) return;
  using Outcome = base::DnsAnswer::Outcome;
  if (status == ARES_SUCCESS) result_.records = read_records(bytes, size);
  if (!result_.records.empty()) {
    result_.outcome = Outcome::found;
  } else if (status == ARES_ENOTFOUND) {
    result_.outcome = Outcome::none;
    result_.problem = fmt::format("There is no {}.", name_);
  } else if (status == ARES_ENODATA || status == ARES_SUCCESS) {
    result_.outcome = Outcome::none;
    result_.problem = fmt::format("{} has no {} record.", name_, type_);
  } else {
    const bool silent = late_ || status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED;
    result_.problem = fmt::format("{} of {} is not known: {}.", type_, name_,
                                  silent ? "no DNS server answers" : ares_strerror(status));
  }
  answer();
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

void look_up_records(const Strand& strand, const std::vector<std::string>& servers, const std::string& name,
                     const std::string& type, std::function<void(base::DnsAnswer)> done) {
  const auto query = std::make_shared<Query>(strand, std::move(done));
  strand.post([query, servers, name, type] { query->begin(servers, name, type); });
}

}  // namespace postern::transport
