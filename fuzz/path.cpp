// model/edit.h: where in a feature's settings.
#include "fuzz/support/fuzz.h"
#include "model/edit.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const std::string_view text = fuzz::view(data, size);
  const auto op = model::parse_op(text);
  FUZZ_CHECK(!op || model::op_name(*op) == text);
  const auto path = model::parse_path(text);
  fuzz::tell(path.has_value());
  if (!path) return 0;
  const std::string form = model::to_text(*path);
  const auto again = model::parse_path(form);
  FUZZ_CHECK(again && *again == *path);
  FUZZ_CHECK(model::to_text(*again) == form);
  return 0;
}
