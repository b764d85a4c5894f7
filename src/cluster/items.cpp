#include "cluster/items.h"

#include "base/limits.h"
#include "base/printable.h"

#include <fmt/format.h>

namespace postern::cluster {
namespace {

/// The shortest header: its author and number, and one write.
constexpr std::size_t least_header_bytes = 32;
constexpr std::size_t signature_bytes = 64;
/// For each value a header names a register and the value's hash.
constexpr std::size_t header_bytes_a_value = 40;

Ship::Item get_item(std::string_view from, Reader& reader) {
  Ship::Item made;
  Field field;
  std::string_view header;
  std::string_view signature;
  Fields fields(from);
  while (fields.next(field)) {
    if (field.number == 1) header = field.bytes;
    if (field.number == 2) signature = field.bytes;
    if (field.number == 4) made.staged = field.value != 0;
  }
  reader.check(!fields.bad(), "a shipped commit");
  reader.check(header.size() >= least_header_bytes, "a header's length");
  reader.check(signature.size() == signature_bytes, "a signature's length");
  const std::size_t values = count_fields(from, 3);
  reader.check(values * header_bytes_a_value <= header.size(), "a commit's number of values");
  if (!reader.wrong.empty()) return made;
  made.envelope.header = reader.text(header, base::limits::header_bytes, "a header's length");
  reader.bytes(signature, made.envelope.signature.bytes, "a signature");
  made.values.reserve(values);
  for (Fields again(from); again.next(field);) {
    if (field.number == 3 && field.is_bytes)
      made.values.push_back(reader.text(field.bytes, base::limits::value_bytes, "a value's length"));
  }
  return made;
}

}  // namespace

base::Error damaged(std::string_view what) {
  return base::fail(base::ErrorCode::damaged, fmt::format("The received or stored bytes are not valid: {}.", what));
}

std::string Reader::line(std::string_view from, std::size_t limit, const char* what) {
  check(base::is_printable_line(from, limit), what);
  return wrong.empty() ? std::string(from) : std::string();
}

std::vector<Ship::Item> get_items(std::string_view from, std::uint32_t number, Reader& reader) {
  std::vector<Ship::Item> items;
  const std::size_t count = count_fields(from, number);
  reader.check(count * (least_header_bytes + signature_bytes) <= from.size(), "a number of commits");
  if (!reader.wrong.empty()) return items;
  items.reserve(count);
  Field field;
  for (Fields fields(from); reader.wrong.empty() && fields.next(field);) {
    if (field.number == number && field.is_bytes) items.push_back(get_item(field.bytes, reader));
  }
  return items;
}

}  // namespace postern::cluster
