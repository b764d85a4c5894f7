// Messages from others, read without protobuf's objects: counted first, so that they cost what they hold.
#include "base/limits.h"
#include "base/printable.h"
#include "cluster/items.h"
#include "cluster/message.h"

namespace postern::cluster {
namespace {

constexpr std::size_t vector_tips = 1U << 18;
constexpr std::size_t text_bytes = 4096;
constexpr std::size_t lines = 1024;
constexpr std::size_t most_members = 1U << 14;
constexpr std::size_t join_line_bytes = 512;
/// A tip has at least its member and the hash of its commit.
constexpr std::size_t least_tip_bytes = 2 + 18 + 34;
/// Number of the last kind of message that this version knows.
constexpr std::uint32_t last_kind = 11;

Tip get_tip(std::string_view from, Reader& reader) {
  Tip tip;
  Field field;
  Fields fields(from);
  while (fields.next(field)) {
    if (field.number == 1) reader.bytes(field, tip.member.uuid.bytes, "a tip's member");
    if (field.number == 2) tip.incarnation = field.value;
    if (field.number == 3) tip.seq = field.value;
    if (field.number == 4) reader.bytes(field, tip.hash.bytes, "a tip's hash");
    if (field.number == 5) reader.bytes(field, tip.branch.bytes, "a tip's branch");
  }
  reader.check(!fields.bad(), "a tip");
  reader.check(!tip.member.is_nil() && !tip.hash.is_nil(), "a tip of nothing");
  return tip;
}

/// All tips in fields of this number, in their order.
Vector get_vector(std::string_view from, std::uint32_t number, Reader& reader) {
  Vector tips;
  const std::size_t count = count_fields(from, number);
  reader.check(count <= vector_tips && count * least_tip_bytes <= from.size(), "a vector's length");
  if (!reader.wrong.empty()) return tips;
  tips.reserve(count);
  Field field;
  for (Fields fields(from); reader.wrong.empty() && fields.next(field);) {
    if (field.number == number && field.is_bytes) tips.push_back(get_tip(field.bytes, reader));
  }
  reader.check(strictly_sorted(tips), "a vector out of order");
  return tips;
}

Message get_hello(std::string_view from, Reader& reader) {
  Hello to;
  to.protocol = 0;
  Field field;
  for (Fields fields(from); fields.next(field);) {
    if (field.number == 1) to.protocol = static_cast<std::uint32_t>(field.value);
    if (field.number == 2) reader.bytes(field, to.cluster.uuid.bytes, "the cluster's id");
    if (field.number == 3) reader.bytes(field, to.member.uuid.bytes, "the member's id");
    if (field.number == 4) to.boot_nonce = field.value;
    if (field.number == 5) reader.bytes(field, to.settings_version.bytes, "the settings version");
    if (field.number == 6) to.package_version = reader.line(field.bytes, text_bytes, "the package version");
    if (field.number == 7) to.wall_ms = signed_of(field.value);
  }
  to.vector = get_vector(from, 8, reader);
  to.durable = get_vector(from, 9, reader);
  to.applied = get_vector(from, 10, reader);
  return to;
}

Message get_ship(std::string_view from, Reader& reader) {
  Ship to;
  to.items = get_items(from, 1, reader);
  Field field;
  for (Fields fields(from); fields.next(field);) {
    if (field.number == 2) to.more = field.value != 0;
  }
  return to;
}

Message get_durable(std::string_view from, Reader& reader) {
  Durable to;
  Field field;
  for (Fields fields(from); fields.next(field);) {
    if (field.number == 1) to.incarnation = field.value;
    if (field.number == 2) to.seq = field.value;
    if (field.number == 3) reader.bytes(field, to.hash.bytes, "a durable commit's hash");
  }
  return to;
}
Message get_dropped(std::string_view from) {
  Dropped to;
  Field field;
  for (Fields fields(from); fields.next(field);) {
    if (field.number == 1) to.incarnation = field.value;
    if (field.number == 2) to.seq = field.value;
  }
  return to;
}
Message get_ping(std::string_view from, Reader& reader) {
  Ping to;
  Field field;
  for (Fields fields(from); fields.next(field);) {
    if (field.number == 1) to.number = field.value;
    if (field.number == 2) to.answer = field.value != 0;
    if (field.number == 3) to.wall_ms = signed_of(field.value);
    if (field.number == 4) reader.bytes(field, to.vector_digest.bytes, "a vector's digest");
    if (field.number == 5) reader.bytes(field, to.state_digest.bytes, "a state's digest");
  }
  return to;
}

Message get_link_state(std::string_view from, Reader& reader) {
  LinkState to;
  const std::size_t live = count_fields(from, 4);
  reader.check(live <= most_members && live * sizeof(base::MemberId) <= from.size(), "a link state's length");
  reader.check(count_fields(from, 5) <= lines, "a number of joins");
  if (!reader.wrong.empty()) return to;
  to.live.reserve(live);
  Field field;
  for (Fields fields(from); reader.wrong.empty() && fields.next(field);) {
    if (field.number == 1) to.boot_nonce = field.value;
    if (field.number == 2) to.version = field.value;
    if (field.number == 3) reader.bytes(field, to.member.uuid.bytes, "a member's id");
    if (field.number == 4 && field.is_bytes) {
      reader.bytes(field, to.live.emplace_back().uuid.bytes, "a member's id");
      reader.check(!to.live.back().is_nil(), "a member's id");
    }
    if (field.number == 5 && field.is_bytes)
      to.joining.push_back(reader.line(field.bytes, join_line_bytes, "a line about a join"));
  }
  return to;
}

Message get_applied(std::string_view from, Reader& reader) {
  Applied to;
  Field field;
  for (Fields fields(from); fields.next(field);) {
    if (field.number == 1) reader.bytes(field, to.member.uuid.bytes, "a member's id");
    if (field.number == 3)
      to.problem = base::printable_text(reader.text(field.bytes, problem_bytes, "a problem's text"), problem_bytes);
  }
  to.covers = get_vector(from, 2, reader);
  to.tried = get_vector(from, 4, reader);
  return to;
}

Message get_relay(std::string_view from, Reader& reader) {
  Relay to;
  Field field;
  for (Fields fields(from); fields.next(field);) {
    if (field.number == 1) reader.bytes(field, to.from.uuid.bytes, "a member's id");
    if (field.number == 2) reader.bytes(field, to.to.uuid.bytes, "a member's id");
    if (field.number == 3) to.number = field.value;
    if (field.number == 4) to.reply = field.value != 0;
    if (field.number == 5) to.body = reader.text(field.bytes, base::limits::ask_answer_bytes, "a question's body");
    if (field.number == 6) to.from_nonce = field.value;
    if (field.number == 7) to.to_nonce = field.value;
    if (field.number == 8) to.verdict = static_cast<std::uint32_t>(field.value);
    if (field.number == 9) reader.bytes(field, to.about.bytes, "a question's hash");
    if (field.number == 10) to.hops = static_cast<std::uint32_t>(field.value);
    if (field.number == 11) reader.bytes(field, to.signature.bytes, "a question's signature");
  }
  reader.check(to.reply || to.body.size() <= base::limits::ask_bytes, "a question's body");
  reader.check(!to.from.is_nil() && !to.to.is_nil(), "a question of nobody");
  return to;
}

/// By the number of the kind's field.
Message get(const Field& kind, Reader& reader) {
  switch (kind.number) {
    case 1: return get_hello(kind.bytes, reader);
    case 2: return get_ship(kind.bytes, reader);
    case 3: return get_durable(kind.bytes, reader);
    case 4: return get_dropped(kind.bytes);
    case 5: return Ack{get_vector(kind.bytes, 1, reader)};
    case 6: return Pull{get_vector(kind.bytes, 1, reader)};
    case 7: return Summary{get_vector(kind.bytes, 1, reader)};
    case 8: return get_ping(kind.bytes, reader);
    case 9: return get_link_state(kind.bytes, reader);
    case 10: return get_applied(kind.bytes, reader);
    default: return get_relay(kind.bytes, reader);
  }
}

/// Is every byte of it protobuf? What the fields hold is looked at by who reads them.
bool well_formed(std::string_view bytes) {
  Field field;
  Fields fields(bytes);
  while (fields.next(field)) {
  }
  return !fields.bad();
}

}  // namespace

base::Result<Message> decode(std::string_view bytes) {
  if (bytes.size() > base::limits::message_bytes) return damaged("a message that is too long");
  Field kind;
  Field other;
  Fields fields(bytes);
  const bool one = fields.next(kind) && !fields.next(other) && !fields.bad();
  if (!one) return damaged("a message that is not one message");
  if (kind.number > last_kind || !kind.is_bytes) {
    return base::fail(base::ErrorCode::unsupported, "The other machine sent a kind of message that this version does not know.");
  }
  if (!well_formed(kind.bytes)) return damaged("a message that does not parse");
  Reader reader;
  Message message = get(kind, reader);
  return reader.finish(std::move(message));
}

}  // namespace postern::cluster
