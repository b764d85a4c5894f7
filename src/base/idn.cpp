#include "base/idn.h"

#include "base/limits.h"
#include "base/printable.h"

#include <idn2.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

namespace postern::base {
namespace {

constexpr std::size_t shown_bytes = 64;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Where the domain begins: behind the @ and a first dot.
std::size_t domain_at(std::string_view text) {
  const auto at = text.rfind('@');
  const std::size_t begin = at == std::string_view::npos ? 0 : at + 1;
  return begin + (begin < text.size() && text[begin] == '.' ? 1 : 0);
}

using Owned = std::unique_ptr<char, void (*)(void*)>;

/// libidn2's answer, or its reason.
template <class Convert>
Result<std::string> converted(const std::string& text, int flags, Convert convert) {
  char* made = nullptr;
  const int code = convert(text.c_str(), &made, flags);
  const Owned owned(made, idn2_free);
  if (code == IDN2_OK && made != nullptr) return std::string(made);
  return fail(ErrorCode::usage, idn2_strerror(code));
}

Result<std::string> to_ascii(const std::string& domain, int flags = IDN2_NONTRANSITIONAL) {
  return converted(domain, flags | IDN2_NFC_INPUT, idn2_to_ascii_8z);
}

bool is_of_domain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

}  // namespace

Result<std::string> ascii_domain(const std::string& text) {
  const std::size_t begin = domain_at(text);
  if (is_ascii(text) || !is_ascii(std::string_view(text).substr(0, begin)) || text.find('\0') != std::string::npos) return text;
  // What nobody sees is no part of a name, though the mapping would leave it out.
  const bool printable = is_printable_line(text, limits::host_name_bytes * 4);
  auto domain = printable ? to_ascii(text.substr(begin)) : fail(ErrorCode::usage, "it has what cannot be printed");
  if (domain) return text.substr(0, begin) + *domain;
  return fail(ErrorCode::usage, "\"" + printable_line(text, shown_bytes) + "\" cannot be a domain (" + domain.error().text +
                                    "). Check its letters, or enter its form with xn--.");
}

std::string readable_domain(const std::string& text) {
  const std::size_t begin = domain_at(text);
  const std::string domain = text.substr(begin);
  if (domain.find("xn--") == std::string::npos) return text;
  const auto readable = converted(domain, IDN2_NONTRANSITIONAL, idn2_to_unicode_8z8z);
  if (!readable || !is_printable_line(*readable, limits::host_name_bytes * 4)) return text;
  const auto back = to_ascii(*readable);
  return back && *back == domain ? text.substr(0, begin) + *readable : text;
}

std::string readable_domains(std::string_view line) {
  std::string out;
  while (!line.empty()) {
    const auto end = std::find_if_not(line.begin(), line.end(), is_of_domain);
    const auto size = static_cast<std::size_t>(end - line.begin());
    out += readable_domain(std::string(line.substr(0, size)));
    if (size < line.size()) out += line[size];
    line.remove_prefix(std::min(size + 1, line.size()));
  }
  return out;
}

std::string folded_domain(const std::string& text) {
  const std::string readable = readable_domain(text);
  if (readable == text) return text;
  const auto folded = to_ascii(readable.substr(domain_at(readable)), IDN2_TRANSITIONAL);
  return folded && *folded == text.substr(domain_at(text)) ? readable : text;
}

}  // namespace postern::base
