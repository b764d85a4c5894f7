// desk/door/pending.h: pending changes as the store kept them.
#include "desk/door/pending.h"

#include "fuzz/support/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const auto pending = desk::decode_pending(fuzz::view(data, size));
  fuzz::tell(pending.has_value());
  if (!pending) return 0;
  const std::string form = desk::encode_pending(*pending);
  const auto again = desk::decode_pending(form);
  FUZZ_CHECK(again && desk::encode_pending(*again) == form);
  FUZZ_CHECK(again->edits.size() == pending->edits.size());
  model::Settings settings;
  desk::overlay(settings, *pending);
  for (const auto& [key, edit] : pending->edits) FUZZ_CHECK(settings.defines(key.first, key.second) == (edit.text != nullptr));
  return 0;
}
