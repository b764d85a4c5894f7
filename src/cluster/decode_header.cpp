// A commit's header, read without protobuf's objects: these make room for as much as a length inside announces.
#include <limits>

#include "base/limits.h"
#include "cluster/commit.h"
#include "cluster/items.h"

namespace postern::cluster {
namespace {

constexpr std::size_t least_dot_bytes = 18 + 2;
constexpr std::size_t least_parent_bytes = 34 + 2;
/// A register of one letter, and the kind: what is shorter is none, and would make room for many.
constexpr std::size_t least_write_bytes = 7 + 2;

Dot get_dot(std::string_view from, Reader& reader) {
  Dot dot;
  Field field;
  Fields fields(from);
  while (fields.next(field)) {
    if (field.number == 1) reader.bytes(field, dot.member.uuid.bytes, "a dot's member");
    if (field.number == 2) dot.incarnation = field.value;
    if (field.number == 3) dot.seq = field.value;
    if (field.number == 4) reader.bytes(field, dot.branch.bytes, "a dot's branch");
  }
  reader.check(!fields.bad(), "a dot");
  return dot;
}

Register get_register(std::string_view from, Reader& reader) {
  Register reg;
  Field field;
  Fields fields(from);
  while (fields.next(field)) {
    if (field.number == 1) {
      reader.check(field.value <= static_cast<std::uint64_t>(Space::user), "a register's space");
      reg.space = static_cast<Space>(field.value);
    }
    if (field.number == 2) reader.bytes(field, reg.id.bytes, "a register's id");
    if (field.number == 3) reg.name = reader.text(field.bytes, base::limits::name_bytes, "a register's name");
  }
  reader.check(!fields.bad() && !reg.name.empty(), "a register without a name");
  return reg;
}

void check_write(const Write& write, Reader& reader) {
  reader.check(write.value_size <= base::limits::value_bytes, "a value's size");
  const bool life = !is_settings(write.reg) && write.reg.name == "life";
  reader.check(life == (write.kind == WriteKind::remove), "a delete outside of a life register");
  reader.check(write.kind != WriteKind::put || !write.value.is_nil(), "a write without its value");
  reader.check(write.kind != WriteKind::clear || write.value.is_nil(), "a clear with a value");
  reader.check(!write.value.is_nil() || write.value_size == 0, "a size without a value");
  reader.check(strictly_sorted(write.base), "a base out of order");
}

Write get_write(std::string_view from, Reader& reader) {
  Write write;
  write.base.reserve(count_fields(from, 5));
  bool named = false;
  Field field;
  Fields fields(from);
  while (reader.wrong.empty() && fields.next(field)) {
    if (field.number == 1 && field.is_bytes) {
      write.reg = get_register(field.bytes, reader);
      named = true;
    }
    if (field.number == 2) {
      reader.check(field.value <= static_cast<std::uint64_t>(WriteKind::remove), "a write's kind");
      write.kind = static_cast<WriteKind>(field.value);
    }
    if (field.number == 3) reader.bytes(field, write.value.bytes, "a value's hash");
    if (field.number == 4) write.value_size = field.value;
    if (field.number == 5 && field.is_bytes) write.base.push_back(get_dot(field.bytes, reader));
  }
  reader.check(!fields.bad() && named, "a write");
  if (reader.wrong.empty()) check_write(write, reader);
  return write;
}

ParentRef get_parent(std::string_view from, Reader& reader) {
  ParentRef parent;
  Field field;
  Fields fields(from);
  while (fields.next(field)) {
    if (field.number == 1 && field.is_bytes) parent.dot = get_dot(field.bytes, reader);
    if (field.number == 2) reader.bytes(field, parent.hash.bytes, "a parent's hash");
  }
  reader.check(!fields.bad() && !parent.hash.is_nil(), "a parent without its hash");
  return parent;
}

/// What is there once, by its number.
void get_single(const Field& field, Header& header, Reader& reader) {
  constexpr std::uint64_t most_minutes = std::numeric_limits<std::uint32_t>::max();
  switch (field.number) {
    case 1: header.dot = get_dot(field.bytes, reader); break;
    case 2: header.stamp.value = field.value; break;
    case 3: header.wall_ms = signed_of(field.value); break;
    case 4: reader.bytes(field, header.prev.bytes, "the previous commit's hash"); break;
    case 6: reader.bytes(field, header.author.uuid.bytes, "the author's id"); break;
    case 7: header.author_name = reader.text(field.bytes, base::limits::name_bytes, "the author's name"); break;
    case 8: reader.bytes(field, header.login_host.uuid.bytes, "the login host's id"); break;
    case 9: header.comment = reader.text(field.bytes, base::limits::comment_bytes, "the comment's length"); break;
    case 10: reader.bytes(field, header.settings_version.bytes, "the settings version"); break;
    case 11: header.request_key = reader.text(field.bytes, request_key_bytes, "the request key's length"); break;
    case 13:
      reader.check(field.value <= most_minutes, "a trial's minutes");
      header.trial_minutes = static_cast<std::uint32_t>(field.value);
      break;
    case 14:
      reader.check(field.value <= static_cast<std::uint64_t>(Outcome::revert), "a trial's outcome");
      header.outcome = static_cast<Outcome>(field.value);
      break;
    case 15: header.outcome_of = get_dot(field.bytes, reader); break;
    default: break;
  }
}

/// What a header repeats is counted before any of it is made.
bool counts_are_small(std::string_view bytes) {
  const std::size_t parents = count_fields(bytes, 5);
  if (parents > parents_per_commit) return false;
  std::size_t writes = 0;
  std::size_t bases = 0;
  Field field;
  for (Fields fields(bytes); fields.next(field);) {
    if (field.number != 12 || !field.is_bytes) continue;
    if (++writes > base::limits::writes_per_commit) return false;
    const std::size_t base = count_fields(field.bytes, 5);
    if (base > heads_per_base) return false;
    bases += base;
  }
  return parents * least_parent_bytes + writes * least_write_bytes + bases * least_dot_bytes <= bytes.size();
}

Header get_header(std::string_view from, Reader& reader) {
  Header header;
  header.parents.reserve(count_fields(from, 5));
  header.writes.reserve(count_fields(from, 12));
  Field field;
  Fields fields(from);
  while (reader.wrong.empty() && fields.next(field)) {
    if (field.number == 5 && field.is_bytes)
      header.parents.push_back(get_parent(field.bytes, reader));
    else if (field.number == 12 && field.is_bytes)
      header.writes.push_back(get_write(field.bytes, reader));
    else
      get_single(field, header, reader);
  }
  reader.check(!fields.bad(), "a commit header that does not parse");
  reader.check(!header.dot.member.is_nil() && header.dot.seq >= 1, "a commit without its dot");
  reader.check(strictly_sorted(header.parents), "parents out of order");
  const auto by_register = [](const Write& a, const Write& b) { return !(a.reg < b.reg); };
  reader.check(std::adjacent_find(header.writes.begin(), header.writes.end(), by_register) == header.writes.end(),
               "writes out of order");
  return header;
}

}  // namespace

base::Result<Header> decode_header(std::string_view bytes) {
  if (bytes.size() > base::limits::header_bytes) return damaged("a commit header that is too long");
  if (!counts_are_small(bytes)) return damaged("a commit header that names too much");
  Reader reader;
  Header header = get_header(bytes, reader);
  if (!reader.wrong.empty()) return damaged(reader.wrong);
  if (encode_header(header) != bytes) return damaged("a commit header that is not in its one form");
  return header;
}

}  // namespace postern::cluster
