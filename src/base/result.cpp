#include "base/result.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace postern::base {
namespace {

constexpr std::array<std::pair<ErrorCode, const char*>, 14> names{{
    {ErrorCode::usage, "usage"},
    {ErrorCode::not_found, "not-found"},
    {ErrorCode::exists, "exists"},
    {ErrorCode::invalid, "invalid"},
    {ErrorCode::restricted, "restricted"},
    {ErrorCode::conflict, "conflict"},
    {ErrorCode::unreachable, "unreachable"},
    {ErrorCode::denied, "denied"},
    {ErrorCode::io, "io"},
    {ErrorCode::damaged, "damaged"},
    {ErrorCode::busy, "busy"},
    {ErrorCode::unsupported, "unsupported"},
    {ErrorCode::in_doubt, "in-doubt"},
    {ErrorCode::internal, "internal"},
}};

}  // namespace

const char* error_name(ErrorCode code) {
  for (const auto& [value, name] : names)
    if (value == code) return name;
  return "internal";
}

ErrorCode error_code(std::string_view name) {
  for (const auto& [value, text] : names)
    if (name == text) return value;
  return ErrorCode::internal;
}

std::string to_text(const Error& error) { return error.where.empty() ? error.text : error.where + ": " + error.text; }

void throw_exception_from_error(const Error& error, const boost::source_location& at) {
  std::fprintf(stderr, "postern: a value was taken from an error (%s) at %s:%u\n", to_text(error).c_str(), at.file_name(),
               at.line());
  std::abort();
}

}  // namespace postern::base
