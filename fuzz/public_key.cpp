// desk/fleet/keys.h: a user's public key, as it was pasted.
#include "base/printable.h"
#include "desk/fleet/keys.h"
#include "fuzz/support/fuzz.h"
#include "fuzz/support/laws.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const auto key = desk::parse_public_key(fuzz::view(data, size));
  fuzz::tell(key.has_value());
  if (!key) return 0;
  FUZZ_CHECK(key->line.find_first_of("\r\n") == std::string::npos && key->line.find('\0') == std::string::npos);
  FUZZ_CHECK(!fuzz::laws::key_lines_are_printable || base::is_printable_line(key->line, key->line.size()));
  FUZZ_CHECK(key->line.starts_with(key->type + " ") && key->line.ends_with(key->comment));
  FUZZ_CHECK(key->fingerprint.starts_with("SHA256:") && key->fingerprint.size() == 50);
  const auto again = desk::parse_public_key(key->line);
  FUZZ_CHECK(again && again->line == key->line && again->comment == key->comment && again->fingerprint == key->fingerprint);
  return 0;
}
