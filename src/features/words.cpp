#include "features/words.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

namespace postern::features {
namespace {

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::uint32_t number(const model::Node& node, std::string_view leaf, std::uint32_t otherwise) {
  return parse_number(node.leaf(leaf)).value_or(otherwise);
}

bool truth(const model::Node& node, std::string_view leaf, bool otherwise) {
  return node.leaf(leaf, otherwise ? "true" : "false") == "true";
}

std::string plain_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (is_plain(c)) {
      out += c;
    } else {
      out += fmt::format(".{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string in_brackets(std::string_view host) { return host.starts_with('[') ? std::string(host) : fmt::format("[{}]", host); }

std::string address_and_port(std::string_view address, std::uint32_t port) {
  const bool bare_v6 = address.find(':') != std::string_view::npos && !address.starts_with('[');
  return bare_v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

std::optional<std::string> network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  if (address.find('\0') != std::string::npos) return std::nullopt;  // inet_pton would stop there
  std::array<unsigned char, 16> bytes{};
  const bool v6 = address.find(':') != std::string::npos;
  const int family = v6 ? AF_INET6 : AF_INET;
  if (inet_pton(family, address.c_str(), bytes.data()) != 1) return std::nullopt;
  if (slash == std::string_view::npos) return address;
  const std::optional<std::uint32_t> bits = parse_number(text.substr(slash + 1));
  if (!bits || *bits > (v6 ? 128U : 32U)) return std::nullopt;
  for (std::size_t bit = *bits; bit < (v6 ? 128U : 32U); ++bit)
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] & ~(0x80U >> (bit % 8)));
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (inet_ntop(family, bytes.data(), out.data(), out.size()) == nullptr) return std::nullopt;
  return fmt::format("{}/{}", out.data(), *bits);
}

bool is_address(std::string_view text) { return text.find('/') == std::string_view::npos && network(text).has_value(); }

}  // namespace postern::features
