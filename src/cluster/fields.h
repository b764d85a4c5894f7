#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Walks encoded protobuf without building anything: what other machines wrote is counted and measured before
/// a value of ours is made of it, and a message of many small things costs no more than one of few large ones.
namespace postern::cluster {

struct Field {
  std::uint32_t number = 0;
  std::uint64_t value = 0;  ///< of a varint, fixed64 or fixed32
  std::string_view bytes;   ///< of a text, bytes or message; points into the walked bytes
  bool is_bytes = false;
};

class Fields {
 public:
  /// `bytes` must outlive this.
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  /// The next field; false at the end and where the bytes are no protobuf (then `bad`).
  bool next(Field& field) {
    if (left_.empty() || bad_) return false;
    std::uint64_t tag = 0;
    if (!varint(tag) || tag >> 3 == 0 || tag >> 32 != 0) return fail();
    field = {};
    field.number = static_cast<std::uint32_t>(tag >> 3);
    switch (tag & 7U) {
      case 0: return varint(field.value) || fail();
      case 1: return fixed(8, field.value) || fail();
      case 2: field.is_bytes = true; return text(field.bytes) || fail();
      case 5: return fixed(4, field.value) || fail();
      default: return fail();
    }
  }
  [[nodiscard]] bool bad() const { return bad_; }

 private:
  bool fail() {
    bad_ = true;
    return false;
  }
  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool fixed(std::size_t size, std::uint64_t& value) {
    if (left_.size() < size) return false;
    value = 0;
    for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(left_[i])) << (8 * i);
    left_.remove_prefix(size);
    return true;
  }
  bool text(std::string_view& bytes) {
    std::uint64_t size = 0;
    if (!varint(size) || size > left_.size()) return false;
    bytes = left_.substr(0, static_cast<std::size_t>(size));
    left_.remove_prefix(bytes.size());
    return true;
  }

  std::string_view left_;
  bool bad_ = false;
};

/// The value of a field of type sint64.
inline std::int64_t signed_of(std::uint64_t zigzag) { return static_cast<std::int64_t>(zigzag >> 1 ^ (~(zigzag & 1) + 1)); }

/// How many fields of that number hold bytes; nothing is said of the rest of them.
inline std::size_t count_fields(std::string_view bytes, std::uint32_t number) {
  std::size_t count = 0;
  Field field;
  for (Fields fields(bytes); fields.next(field);) count += field.number == number && field.is_bytes;
  return count;
}

/// protobuf makes room for a text as long as a message announces, if what is around it announced as much, before
/// it looks whether so much is there: nothing is handed to it whose own fields do not end where they say.
inline bool lengths_are_true(std::string_view message) {
  Field field;
  Fields fields(message);
  while (fields.next(field)) {
  }
  return !fields.bad();
}

}  // namespace postern::cluster
