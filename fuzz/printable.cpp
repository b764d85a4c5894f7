// base/printable.h: what is refused on entry, and what a filter lets out.
#include "base/printable.h"

#include "fuzz/support/fuzz.h"

namespace {

using namespace postern;

/// A page is lines; a line that was cut out of a page is printable by itself.
bool is_printable_page(std::string page) {
  for (char& c : page)
    if (c == '\t' || c == '\n') c = ' ';
  return base::is_printable_line(page, page.size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::view(data, size);
  const bool good = base::is_printable_line(text, size);
  fuzz::tell(good);
  FUZZ_CHECK(good == base::check_line(text, size, "It").has_value());
  const std::size_t most = size % 97;
  const std::string line = base::printable_line(text, most);
  FUZZ_CHECK(base::is_printable_line(line, most));
  FUZZ_CHECK(base::printable_line(line, most) == line);
  FUZZ_CHECK(!good || size > most || line == text);
  const std::string page = base::printable_text(text);
  FUZZ_CHECK(is_printable_page(page));
  FUZZ_CHECK(base::printable_text(page) == page);
  FUZZ_CHECK(!good || page == text);
  return 0;
}
