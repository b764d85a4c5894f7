// What is written for others, and the records: all that knows protobuf's objects. A record's fields are flat, so that no
// length in it announces more than there is.
#include "base/limits.h"
#include "cluster/fleet.h"
#include "cluster/items.h"
#include "cluster/message.h"
#include "cluster/postern.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace postern::cluster {
namespace {

constexpr std::size_t text_bytes = 4096;

template <std::size_t N>
std::string raw(const std::array<std::uint8_t, N>& bytes) {
  const bool nil = std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
  return nil ? std::string() : std::string(bytes.begin(), bytes.end());
}

std::string serialized(const google::protobuf::MessageLite& message) {
  std::string out;
  out.reserve(message.ByteSizeLong());
  message.AppendToString(&out);
  return out;
}

bool parse(google::protobuf::MessageLite& message, std::string_view bytes) {
  if (bytes.size() > base::limits::header_bytes) return false;
  return lengths_are_true(bytes) && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void put(const Dot& from, wire::Dot& to) {
  to.set_member(raw(from.member.uuid.bytes));
  to.set_incarnation(from.incarnation);
  to.set_seq(from.seq);
  to.set_branch(raw(from.branch.bytes));
}

void put(const Write& from, wire::Write& to) {
  to.mutable_reg()->set_space(static_cast<std::uint32_t>(from.reg.space));
  to.mutable_reg()->set_id(raw(from.reg.id.bytes));
  to.mutable_reg()->set_name(from.reg.name);
  to.set_kind(static_cast<std::uint32_t>(from.kind));
  to.set_value(raw(from.value.bytes));
  to.set_value_size(from.value_size);
  for (const Dot& dot : from.base) put(dot, *to.add_base());
}

void put(const Header& from, wire::Header& to) {
  put(from.dot, *to.mutable_dot());
  to.set_stamp(from.stamp.value);
  to.set_wall_ms(from.wall_ms);
  to.set_prev(raw(from.prev.bytes));
  for (const ParentRef& parent : from.parents) {
    wire::Parent& added = *to.add_parents();
    put(parent.dot, *added.mutable_dot());
    added.set_hash(raw(parent.hash.bytes));
  }
  to.set_author(raw(from.author.uuid.bytes));
  to.set_author_name(from.author_name);
  to.set_login_host(raw(from.login_host.uuid.bytes));
  to.set_comment(from.comment);
  to.set_settings_version(raw(from.settings_version.bytes));
  to.set_request_key(from.request_key);
  for (const Write& write : from.writes) put(write, *to.add_writes());
  to.set_trial_minutes(from.trial_minutes);
  to.set_outcome(static_cast<std::uint32_t>(from.outcome));
  if (from.outcome_of != Dot{}) put(from.outcome_of, *to.mutable_outcome_of());
}

template <class Tips>
void put_vector(const Vector& from, Tips* to) {
  for (const Tip& tip : from) {
    wire::Tip& added = *to->Add();
    added.set_member(raw(tip.member.uuid.bytes));
    added.set_incarnation(tip.incarnation);
    added.set_seq(tip.seq);
    added.set_hash(raw(tip.hash.bytes));
    added.set_branch(raw(tip.branch.bytes));
  }
}

void put(const Hello& from, wire::Message& message) {
  wire::Hello& to = *message.mutable_hello();
  to.set_protocol(from.protocol);
  to.set_cluster(raw(from.cluster.uuid.bytes));
  to.set_member(raw(from.member.uuid.bytes));
  to.set_boot_nonce(from.boot_nonce);
  to.set_settings_version(raw(from.settings_version.bytes));
  to.set_package_version(from.package_version);
  to.set_wall_ms(from.wall_ms);
  put_vector(from.vector, to.mutable_vector());
  put_vector(from.durable, to.mutable_durable());
  put_vector(from.applied, to.mutable_applied());
}

void put(const Ship& from, wire::Message& message) {
  wire::Ship& to = *message.mutable_ship();
  for (const Ship::Item& item : from.items) {
    wire::Item& added = *to.add_items();
    added.set_header(item.envelope.header);
    added.set_signature(item.envelope.signature.bytes.data(), item.envelope.signature.bytes.size());
    for (const std::string& value : item.values) added.add_values(value);
    added.set_staged(item.staged);
  }
  to.set_more(from.more);
}

void put(const Durable& from, wire::Message& message) {
  message.mutable_durable()->set_incarnation(from.incarnation);
  message.mutable_durable()->set_seq(from.seq);
  message.mutable_durable()->set_hash(raw(from.hash.bytes));
}
void put(const Dropped& from, wire::Message& message) {
  message.mutable_dropped()->set_incarnation(from.incarnation);
  message.mutable_dropped()->set_seq(from.seq);
}
void put(const Ack& from, wire::Message& message) { put_vector(from.stored, message.mutable_ack()->mutable_stored()); }
void put(const Pull& from, wire::Message& message) { put_vector(from.vector, message.mutable_pull()->mutable_vector()); }
void put(const Summary& from, wire::Message& message) { put_vector(from.vector, message.mutable_summary()->mutable_vector()); }

void put(const Ping& from, wire::Message& message) {
  wire::Ping& to = *message.mutable_ping();
  to.set_number(from.number);
  to.set_answer(from.answer);
  to.set_wall_ms(from.wall_ms);
  to.set_vector_digest(raw(from.vector_digest.bytes));
  to.set_state_digest(raw(from.state_digest.bytes));
}

void put(const LinkState& from, wire::Message& message) {
  wire::LinkState& to = *message.mutable_link_state();
  to.set_boot_nonce(from.boot_nonce);
  to.set_version(from.version);
  to.set_member(raw(from.member.uuid.bytes));
  for (const base::MemberId& id : from.live) to.add_live(raw(id.uuid.bytes));
  for (const std::string& line : from.joining) to.add_joining(line);
}

void put(const Applied& from, wire::Message& message) {
  wire::Applied& to = *message.mutable_applied();
  to.set_member(raw(from.member.uuid.bytes));
  put_vector(from.covers, to.mutable_covers());
  to.set_problem(from.problem.substr(0, problem_bytes));
  put_vector(from.tried, to.mutable_tried());
}

void put(const Relay& from, wire::Message& message) {
  wire::Relay& to = *message.mutable_relay();
  to.set_from(raw(from.from.uuid.bytes));
  to.set_to(raw(from.to.uuid.bytes));
  to.set_number(from.number);
  to.set_reply(from.reply);
  to.set_body(from.body);
  to.set_from_nonce(from.from_nonce);
  to.set_to_nonce(from.to_nonce);
  to.set_verdict(from.verdict);
  to.set_about(raw(from.about.bytes));
  to.set_hops(from.hops);
  to.set_signature(raw(from.signature.bytes));
}

}  // namespace

std::string encode_header(const Header& header) {
  wire::Header out;
  put(header, out);
  return serialized(out);
}

std::string encode(const Message& message) {
  wire::Message out;
  std::visit([&out](const auto& what) { put(what, out); }, message);
  return serialized(out);
}

std::string encode(const MemberIdentity& value) {
  wire::MemberIdentity out;
  out.set_serial(value.serial);
  out.set_signing_key(raw(value.signing_key.bytes));
  out.set_host_key(value.host_key);
  out.set_user_key(value.user_key);
  out.set_drawn(raw(value.drawn.bytes));
  return serialized(out);
}

base::MemberId member_of(const base::Hash& identity) {
  base::MemberId id;
  std::copy_n(identity.bytes.begin(), id.uuid.bytes.size(), id.uuid.bytes.begin());
  return id;
}

base::MemberId member_of(const MemberIdentity& identity) { return member_of(base::hash_bytes(encode(identity))); }

std::string encode(const MemberAddresses& value) {
  wire::MemberAddresses out;
  out.set_dial_host(value.dial_host);
  out.set_ssh_port(value.ssh_port);
  out.set_ccs_port(value.ccs_port);
  return serialized(out);
}

base::Result<MemberIdentity> decode_identity(std::string_view bytes) {
  wire::MemberIdentity in;
  if (!parse(in, bytes)) return damaged("a machine's identity that does not parse");
  Reader reader;
  MemberIdentity out;
  out.serial = reader.text(in.serial(), text_bytes, "a serial number");
  reader.bytes(in.signing_key(), out.signing_key.bytes, "a signing key");
  out.host_key = reader.text(in.host_key(), text_bytes, "a host key");
  out.user_key = reader.text(in.user_key(), text_bytes, "a user key");
  reader.bytes(in.drawn(), out.drawn.bytes, "the random part of an identity");
  return reader.finish(std::move(out));
}

base::Result<MemberAddresses> decode_addresses(std::string_view bytes) {
  wire::MemberAddresses in;
  if (!parse(in, bytes)) return damaged("a machine's addresses that do not parse");
  Reader reader;
  MemberAddresses out;
  out.dial_host = reader.text(in.dial_host(), base::limits::host_name_bytes, "a host name");
  reader.check(in.ssh_port() <= 65535 && in.ccs_port() <= 65535, "a port");
  out.ssh_port = static_cast<std::uint16_t>(in.ssh_port());
  out.ccs_port = static_cast<std::uint16_t>(in.ccs_port());
  return reader.finish(std::move(out));
}

}  // namespace postern::cluster
