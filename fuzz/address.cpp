// Addresses and names as words of settings and arguments: transport/addresses.h, features/words.h.
#include "features/words.h"
#include "fuzz/support/fuzz.h"
#include "transport/addresses.h"

namespace {

using namespace postern;

bool is_address_text(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF.:/") == std::string_view::npos;
}

void check_words(std::string_view text) {
  const std::string name = features::plain_name(text);
  FUZZ_CHECK(name.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == std::string::npos);
  FUZZ_CHECK(features::in_brackets(features::in_brackets(text)) == features::in_brackets(text));
  FUZZ_CHECK(features::lower(features::lower(text)) == features::lower(text));
  FUZZ_CHECK(features::address_and_port(text, 25).ends_with(":25"));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::view(data, size));
  const auto address = transport::parse_address(text, 22);
  const auto network = features::network(text);
  fuzz::tell(address || network);
  if (address && !text.empty() && text != "*") {
    FUZZ_CHECK(is_address_text(text));
    const std::string form = transport::address_text(*address);
    const auto again = transport::parse_address(form, 22);
    FUZZ_CHECK(again && transport::address_text(*again) == form);
    FUZZ_CHECK(transport::address_port_text(*address).ends_with(":22"));
    const base::Source source = transport::source_of(*address);
    FUZZ_CHECK(!source.address.empty() && !source.network.empty() && !source.region.empty());
  }
  if (network) {
    FUZZ_CHECK(is_address_text(text) && is_address_text(*network));
    FUZZ_CHECK(features::network(*network) == network);
  }
  FUZZ_CHECK(!features::is_address(text) || network == text);
  check_words(text);
  return 0;
}
