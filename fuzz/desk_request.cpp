// protocol/wire.h: a line from a client, and its parameters.
#include "protocol/wire.h"
#include "fuzz/support/fuzz.h"
#include "fuzz/support/laws.h"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace {

using namespace postern;
namespace json = boost::json;

bool is_one_line(const std::string& line) { return line.find('\n') == std::string::npos; }

std::string line_of(const protocol::Request& request) {
  return json::serialize(
      json::object{{"jsonrpc", "2.0"}, {"id", request.id}, {"method", request.method}, {"params", request.params}});
}

/// Boost 1.81 writes one with a fraction as text that it reads as another now and then, and an
/// infinite one as text that it refuses. No method takes a fraction.
bool has_fraction(const json::value& value) {
  if (value.is_double()) return true;
  if (const auto* object = value.if_object())
    return std::any_of(object->begin(), object->end(), [](const auto& each) { return has_fraction(each.value()); });
  const auto* array = value.if_array();
  return array != nullptr && std::any_of(array->begin(), array->end(), has_fraction);
}

/// Reading in any way asks for trouble, and never for more.
void read_all(const json::object& params) {
  protocol::Params reader(params);
  for (const auto& [key, value] : params) {
    const std::string_view name = key;
    (void)reader.text(name);
    (void)reader.text_if(name);
    (void)reader.flag(name, true);
    const auto number = reader.number(name, -3, 7, 2);
    FUZZ_CHECK(number >= -3 && number <= 7);
    (void)reader.texts(name);
    FUZZ_CHECK(&reader.any(name) == &value);
  }
  const auto trouble = reader.trouble();
  FUZZ_CHECK(trouble.has_value() != params.empty());  // no value is all of these at once
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Peak peak;
  const auto parsed = protocol::parse_request(fuzz::view(data, size));
  FUZZ_CHECK(peak.bytes() <= fuzz::memory_allowed(size, fuzz::laws::desk_memory));
  const auto* request = std::get_if<protocol::Request>(&parsed);
  fuzz::tell(request != nullptr);
  if (request == nullptr) {
    FUZZ_CHECK(is_one_line(protocol::error_line(std::get<protocol::WireError>(parsed))));
    return 0;
  }
  if (!has_fraction(request->params)) {
    const auto again = protocol::parse_request(line_of(*request));
    const auto* same = std::get_if<protocol::Request>(&again);
    FUZZ_CHECK(same != nullptr && line_of(*same) == line_of(*request));
  }
  FUZZ_CHECK(is_one_line(protocol::answer_line(request->id, request->params)));
  FUZZ_CHECK(is_one_line(protocol::notice_line(request->method, request->method)));
  read_all(request->params);
  return 0;
}
