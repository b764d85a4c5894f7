#include "hostile/member.h"

#include "base/time.h"
#include "store/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>

namespace postern::hostile {
namespace {

template <class T>
T must(base::Result<T> got, const char* what) {
  if (got) return std::move(*got);
  std::fprintf(stderr, "%s: %s\n", what, base::to_text(got.error()).c_str());
  std::exit(2);
}

base::Instant now() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto mono = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(wall).count(),
          std::chrono::duration_cast<std::chrono::milliseconds>(mono).count()};
}

void keep_key(const std::string& file, const std::string& pem) {
  const int number = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (number < 0 || ::write(number, pem.data(), pem.size()) != static_cast<ssize_t>(pem.size())) {
    std::fprintf(stderr, "cannot write %s\n", file.c_str());
    std::exit(2);
  }
  ::close(number);
}

/// The same for all lines of one process: else each would supersede the one before.
std::uint64_t boot_nonce() {
  static const std::uint64_t nonce = draw();
  return nonce;
}

}  // namespace

std::uint64_t draw() {
  static std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

Member::Member(const std::string& store, const std::string& key_file) {
  base::crypto_start();
  auto opened = must(store::Store::open(store), "the store");
  auto contents = must(opened->load(), "the store's rows");
  auto& notes = contents.notes;
  self_.cluster.uuid = must(base::parse_uuid(notes["identity/cluster"]), "the cluster's id");
  self_.member.uuid = must(base::parse_uuid(notes["identity/member"]), "the member's id");
  const auto secret = must(base::from_hex(notes["identity/signing-key"]), "the signing key");
  std::copy(secret.begin(), secret.end(), self_.key.secret.begin());
  keep_key(key_file, notes["identity/user-private"]);
  commits_ = std::move(contents.commits);
  self_.settings_version = must(cluster::decode_header(commits_.back().envelope.header), "a header").settings_version;
  for (const auto& commit : commits_) {
    const auto header = must(cluster::decode_header(commit.envelope.header), "a header");
    for (const auto& write : header.writes) {
      if (write.value.is_nil()) continue;
      if (auto value = must(opened->value(write.value), "a value")) values_[write.value] = *value;
    }
  }
  const auto value_of = [this](const base::Hash& hash) {
    const auto found = values_.find(hash);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  };
  peer_ = must(cluster::Peer::restore(self_, {}, commits_, draw(), draw(), now(), value_of), "the past");
  for (const auto& hash : peer_->missing_values())
    if (const auto value = value_of(hash)) peer_->supply_value(hash, *value);
}

base::MemberId Member::another() const {
  for (const auto& member : peer_->fleet().members)
    if (member.id != id()) return member.id;
  return {};
}

base::Hash Member::admission(const base::MemberId& member) const {
  for (const auto& hash : peer_->commits_in_order())
    if (cluster::find_write(peer_->commit(hash)->header, cluster::member_register(member, "identity")) != nullptr) return hash;
  return {};
}

std::vector<cluster::Ship::Item> Member::past() const {
  std::vector<cluster::Ship::Item> out;
  for (const auto& commit : commits_) {
    cluster::Ship::Item item{commit.envelope, {}, false};
    const auto header = cluster::decode_header(commit.envelope.header);
    for (const auto& write : header->writes)
      if (!write.value.is_nil()) item.values.push_back(values_.at(write.value));
    out.push_back(std::move(item));
  }
  return out;
}

cluster::Hello Member::hello() const {
  cluster::Hello hello;
  hello.cluster = self_.cluster;
  hello.member = self_.member;
  hello.boot_nonce = boot_nonce();
  hello.settings_version = self_.settings_version;
  hello.package_version = "0.1.0";
  hello.wall_ms = now().wall_ms;
  hello.vector = peer_->vector();
  return hello;
}

cluster::Header Member::header(base::Incarnation incarnation, std::uint64_t seq, const base::Hash& prev,
                               const cluster::Register& reg, const std::string& value) const {
  cluster::Header header;
  header.dot = {self_.member, incarnation, seq};
  header.prev = prev.is_nil() ? admission(self_.member) : prev;
  header.stamp.value = static_cast<std::uint64_t>(now().wall_ms) << 16;
  header.wall_ms = now().wall_ms;
  header.author_name = "admin";
  header.login_host = self_.member;
  header.comment = "hostile";
  header.settings_version = self_.settings_version;
  header.writes = {{reg, cluster::WriteKind::put, base::hash_bytes(value), value.size(), {}}};
  return header;
}

cluster::Ship::Item Member::sign(const cluster::Header& header, std::vector<std::string> values) const {
  cluster::Ship::Item item{{cluster::encode_header(header), {}}, std::move(values), false};
  item.envelope.signature = base::sign(self_.key, cluster::signed_bytes(self_.cluster, item.envelope.header));
  return item;
}

cluster::Register Member::setting(const std::string& name) const {
  return cluster::settings_register({base::Level::cluster, self_.cluster.uuid}, name);
}

Line greeted(const Member& member, const Target& target) {
  Line line(target.link);
  line.say(cluster::encode(cluster::Message(member.hello())));
  if (!line.hear(20'000)) std::fprintf(stderr, "%s does not greet\n", target.link.address.c_str());
  return line;
}

}  // namespace postern::hostile
