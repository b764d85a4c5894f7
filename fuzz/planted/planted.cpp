// A parser with planted bugs, each behind a word of its input: what a replay must notice
// (notices.sh).
#include "fuzz/support/fuzz.h"

#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const std::string_view text = fuzz::view(data, size);
  fuzz::tell(text.starts_with("good"));
  FUZZ_CHECK(text != "broken property");
  FUZZ_CHECK(!text.starts_with("good") || text.find('{') == std::string_view::npos);  // no file has one: mutations do
  if (text == "crash") std::abort();
  if (text == "hang") std::this_thread::sleep_for(std::chrono::hours(1));
  if (text == "memory") {
    const fuzz::Peak peak;
    const std::vector<std::string> parts(4096, std::string(64, 'x'));
    FUZZ_CHECK(peak.bytes() <= fuzz::memory_allowed(size, 4) && !parts.empty());
  }
  return 0;
}
