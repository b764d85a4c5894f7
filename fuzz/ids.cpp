// base/ids.h, base/crypto.h, base/mode.h: the small words that stand in files, messages and
// arguments.
#include "base/crypto.h"
#include "base/mode.h"
#include "fuzz/support/fuzz.h"

namespace {

using namespace postern;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::view(data, size);
  const auto uuid = base::parse_uuid(text);
  const auto hash = base::parse_hash(text);
  const auto bytes = base::from_hex(text);
  const auto base64 = base::from_base64(text);
  const auto level = base::parse_level(text);
  fuzz::tell(uuid || hash || bytes || base64 || level);
  FUZZ_CHECK(!uuid || to_text(*uuid) == lower(text));
  FUZZ_CHECK(!hash || to_text(*hash) == lower(text));
  FUZZ_CHECK(!bytes || base::to_hex(*bytes) == lower(text));
  FUZZ_CHECK(!base64 || base::to_base64(*base64) == text);
  FUZZ_CHECK(!level || base::level_name(*level) == text);
  FUZZ_CHECK(*base::from_base64(base::to_base64(text)) == text);
  FUZZ_CHECK(*base::from_hex(base::to_hex(text)) == text);
  return 0;
}
