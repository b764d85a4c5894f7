// hands/protocol.h: what the weak ask of the one process that is root. The first byte is the verb.
#include "fuzz/support/fuzz.h"
#include "fuzz/support/laws.h"
#include "hands/protocol.h"

namespace {

using namespace postern;
using Fields = std::vector<std::string>;

/// Whether the fields say something, which then has one form.
bool means(hands::Verb verb, const Fields& fields) {
  switch (verb) {
    case hands::Verb::stage: {
      const auto stage = hands::decode_stage(fields);
      FUZZ_CHECK(!stage || hands::encode_stage(*stage) == fields);
      return stage.has_value();
    }
    case hands::Verb::login: {
      const auto login = hands::decode_login(fields);
      FUZZ_CHECK(!login || hands::encode_login(*login) == fields);
      return login.has_value();
    }
    case hands::Verb::check:
    case hands::Verb::switch_to:
    case hands::Verb::prune: {
      const auto number = hands::decode_generation(fields.at(0));
      FUZZ_CHECK(!number || std::to_string(*number) == fields[0]);
      return number.has_value();
    }
    case hands::Verb::sweep: return hands::check_tables(fields).has_value();
    case hands::Verb::resolver:
      for (const auto& field : fields)
        if (!hands::check_address(field)) return false;
      return true;
    default: return fields.empty();
  }
}

/// The body of a frame of those fields.
std::string bare(const Fields& fields) { return hands::encode_frame(0, fields).substr(hands::head_bytes); }

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body = fuzz::view(data + 1, size - 1);
  (void)hands::decode_error(data[0], body);
  const hands::Rule* rule = hands::rule_of(data[0]);
  if (rule == nullptr || body.size() > rule->bytes_most) return fuzz::tell(false), 0;
  if (rule->verb == hands::Verb::table) {
    const auto change = hands::decode_table(body);
    FUZZ_CHECK(!change || hands::decode_table(bare(hands::encode_table(*change))).value() == *change);
    return fuzz::tell(change.has_value()), 0;
  }
  const fuzz::Peak peak;
  const auto fields = hands::decode_fields(body, rule->fields_least, rule->fields_most);
  FUZZ_CHECK(peak.bytes() <= fuzz::memory_allowed(size, fuzz::laws::hands_memory));
  if (!fields) return fuzz::tell(false), 0;
  FUZZ_CHECK(fields->size() >= rule->fields_least && fields->size() <= rule->fields_most);
  const std::string frame = hands::encode_frame(data[0], *fields);
  const hands::Head head = hands::decode_head(frame);
  FUZZ_CHECK(head.kind == data[0] && head.length == body.size() && frame.substr(hands::head_bytes) == body);
  fuzz::tell(means(rule->verb, *fields));
  return 0;
}
