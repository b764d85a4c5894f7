#include "cluster/join.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "base/limits.h"
#include "cluster/fields.h"
#include "cluster/items.h"
#include "cluster/join.pb.h"

namespace postern::cluster {
namespace {

namespace pb = wire::join;
using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::uint32_t part_field = 4;               ///< of Frame, in join.proto
constexpr std::size_t short_frame_bytes = 64U << 10;  ///< every frame but a part

template <std::size_t N>
std::string bytes_of(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

template <std::size_t N>
bool read_bytes(const std::string& from, std::array<std::uint8_t, N>& into) {
  if (from.size() != N) return false;
  std::copy(from.begin(), from.end(), into.begin());
  return true;
}

void write(const JoinRequest& from, pb::Frame& frame) {
  auto& to = *frame.mutable_request();
  to.set_package_version(from.package_version);
  to.set_settings_version(bytes_of(from.settings_version.bytes));
  to.set_host_name(from.host_name);
  to.set_serial(from.identity.serial);
  to.set_signing_key(bytes_of(from.identity.signing_key.bytes));
  to.set_host_key(from.identity.host_key);
  to.set_user_key(from.identity.user_key);
  to.set_dial_host(from.addresses.dial_host);
  to.set_ssh_port(from.addresses.ssh_port);
  to.set_ccs_port(from.addresses.ccs_port);
}
void write(const JoinRefusal& from, pb::Frame& frame) { frame.mutable_refusal()->set_text(from.text); }
void write(const JoinOffer& from, pb::Frame& frame) {
  auto& to = *frame.mutable_offer();
  to.set_cluster(bytes_of(from.cluster.uuid.bytes));
  to.set_cluster_name(from.cluster_name);
  to.set_group_name(from.group_name);
  to.set_member(bytes_of(from.member.uuid.bytes));
  to.set_commits(from.commits);
}
void write(const JoinPart& from, pb::Frame& frame) {
  auto& to = *frame.mutable_part();
  for (const auto& item : from.items) {
    auto& out = *to.add_items();
    out.set_header(item.envelope.header);
    out.set_signature(bytes_of(item.envelope.signature.bytes));
    for (const auto& value : item.values) out.add_values(value);
  }
}
void write(const JoinReady&, pb::Frame& frame) { frame.mutable_ready(); }
void write(const JoinComplete& from, pb::Frame& frame) {
  frame.mutable_complete()->set_admission(bytes_of(from.admission.bytes));
}
void write(const Joined&, pb::Frame& frame) { frame.mutable_joined(); }

Result<JoinFrame> malformed() { return fail(ErrorCode::damaged, "A malformed frame came in a join."); }

Result<JoinFrame> read(const pb::Request& from) {
  JoinRequest out;
  out.package_version = from.package_version();
  out.host_name = from.host_name();
  out.identity.serial = from.serial();
  out.identity.host_key = from.host_key();
  out.identity.user_key = from.user_key();
  out.addresses.dial_host = from.dial_host();
  if (!read_bytes(from.settings_version(), out.settings_version.bytes) ||
      !read_bytes(from.signing_key(), out.identity.signing_key.bytes) || from.ssh_port() > 65535 || from.ccs_port() > 65535 ||
      out.host_name.size() > base::limits::host_name_bytes)
    return malformed();
  out.addresses.ssh_port = static_cast<std::uint16_t>(from.ssh_port());
  out.addresses.ccs_port = static_cast<std::uint16_t>(from.ccs_port());
  return JoinFrame(std::move(out));
}

Result<JoinFrame> read(const pb::Offer& from) {
  JoinOffer out;
  out.cluster_name = from.cluster_name();
  out.group_name = from.group_name();
  out.commits = from.commits();
  if (!read_bytes(from.cluster(), out.cluster.uuid.bytes) || !read_bytes(from.member(), out.member.uuid.bytes))
    return malformed();
  return JoinFrame(std::move(out));
}

/// Parts are long, so they are read without protobuf's objects.
Result<JoinFrame> read_part(std::string_view from) {
  Reader reader;
  JoinPart out;
  out.items = get_items(from, 1, reader);
  for (const auto& item : out.items) reader.check(!item.staged, "a commit of a join that is only staged");
  return reader.finish(JoinFrame(std::move(out)));
}

/// Commits not yet placed, by what they wait for.
struct Waiting {
  std::vector<Header> headers;
  std::map<base::Hash, std::vector<std::size_t>> followers;
  std::vector<std::size_t> missing;  ///< how many of each one's predecessors are not placed
};

std::vector<base::Hash> predecessors(const Header& header) {
  std::vector<base::Hash> out;
  if (!header.prev.is_nil()) out.push_back(header.prev);
  for (const auto& parent : header.parents) out.push_back(parent.hash);
  return out;
}

Result<Waiting> read_headers(const std::vector<StoredCommit>& commits) {
  Waiting out;
  out.missing.resize(commits.size());
  for (std::size_t i = 0; i < commits.size(); ++i) {
    auto header = decode_header(commits[i].envelope.header);
    if (!header) return header.error();
    const auto before = predecessors(*header);
    out.missing[i] = before.size();
    for (const auto& hash : before) out.followers[hash].push_back(i);
    out.headers.push_back(std::move(*header));
  }
  return out;
}

}  // namespace

std::string encode_join(const JoinFrame& frame) {
  pb::Frame out;
  std::visit([&](const auto& what) { write(what, out); }, frame);
  return out.SerializeAsString();
}

Result<JoinFrame> decode_join(std::string_view bytes) {
  Field what;
  Field other;
  Fields fields(bytes);
  const bool one = fields.next(what) && !fields.next(other) && !fields.bad();
  if (one && what.number == part_field && what.is_bytes) return read_part(what.bytes);
  if (!one || bytes.size() > short_frame_bytes || !lengths_are_true(what.bytes)) return malformed();
  pb::Frame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return malformed();
  switch (frame.what_case()) {
    case pb::Frame::kRequest: return read(frame.request());
    case pb::Frame::kRefusal: return JoinFrame(JoinRefusal{frame.refusal().text()});
    case pb::Frame::kOffer: return read(frame.offer());
    case pb::Frame::kPart: return malformed();  // it came in pieces
    case pb::Frame::kReady: return JoinFrame(JoinReady{});
    case pb::Frame::kComplete: {
      JoinComplete out;
      if (!read_bytes(frame.complete().admission(), out.admission.bytes)) return malformed();
      return JoinFrame(out);
    }
    case pb::Frame::kJoined: return JoinFrame(Joined{});
    case pb::Frame::WHAT_NOT_SET: break;
  }
  return fail(ErrorCode::unsupported,
              "The other machine's version says something in a join that this "
              "version does not know.");
}

Result<std::vector<StoredCommit>> order_causally(std::vector<StoredCommit> commits) {
  auto read = read_headers(commits);
  if (!read) return read.error();
  std::deque<std::size_t> ready;
  for (std::size_t i = 0; i < commits.size(); ++i)
    if (read->missing[i] == 0) ready.push_back(i);
  std::vector<StoredCommit> out;
  out.reserve(commits.size());
  std::set<base::Hash> placed;
  while (!ready.empty()) {
    const std::size_t next = ready.front();
    ready.pop_front();
    const base::Hash id = commits[next].envelope.id();
    const auto followers = read->followers.find(id);
    out.push_back(std::move(commits[next]));
    // A commit that came twice is waited for once.
    if (!placed.insert(id).second || followers == read->followers.end()) continue;
    for (const std::size_t follower : followers->second)
      if (--read->missing[follower] == 0) ready.push_back(follower);
  }
  if (out.size() == commits.size()) return out;
  const auto stuck = std::find_if(read->missing.begin(), read->missing.end(), [](std::size_t count) { return count != 0; });
  const auto at = static_cast<std::size_t>(stuck - read->missing.begin());
  return fail(ErrorCode::damaged, "Commit " + to_text(read->headers[at].dot) + " came without the commits it builds on.");
}

}  // namespace postern::cluster
