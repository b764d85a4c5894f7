#include "schema/address.h"

#include "base/words.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace postern::schema {
namespace {

using Text = std::optional<std::string>;

using base::lower;

struct Address {
  int family = AF_INET;
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] unsigned bits() const { return family == AF_INET ? 32 : 128; }
};

std::optional<Address> parse_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;  // inet_pton would stop there
  Address address;
  address.family = text.find(':') == std::string_view::npos ? AF_INET : AF_INET6;
  if (inet_pton(address.family, std::string(text).c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::string print_address(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.family, address.bytes.data(), text.data(), text.size());
  return text.data();
}

/// A decimal number without sign, or none when it is not one or above `most`.
std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > most) return std::nullopt;
  return number;
}

void clear_host_bits(Address& address, unsigned length) {
  for (unsigned i = 0; i < address.bits(); ++i)
    if (i >= length) address.bytes[i / 8] &= static_cast<std::uint8_t>(~(0x80U >> (i % 8)));
}

/// No name ends in a number (RFC 3696, 2): what does is an address, perhaps in disguise (127.1, 0x7f000001). In lower case.
bool ends_in_number(std::string_view name) {
  const std::string_view last = name.substr(name.find_last_of(".@") + 1);
  const bool hexadecimal = last.starts_with("0x") && last.find_first_not_of("0123456789abcdef", 2) == last.npos;
  return hexadecimal || (!last.empty() && last.find_first_not_of("0123456789") == last.npos);
}

/// Mail to an address is for user@[192.0.2.1], which no domain is.
Text domain(std::string_view value) {
  std::string name = lower(value);
  return ends_in_number(name) ? std::nullopt : Text(std::move(name));
}

Text ip(std::string_view value) {
  const auto address = parse_address(value);
  return address ? Text(print_address(*address)) : std::nullopt;
}

/// Address and length; `length` is none without a slash.
struct Network {
  Address address;
  std::optional<unsigned> length;
};
std::optional<Network> parse_network(std::string_view value) {
  const std::size_t slash = value.find('/');
  const auto address = parse_address(value.substr(0, slash));
  if (!address) return std::nullopt;
  Network network{*address, std::nullopt};
  if (slash == std::string_view::npos) return network;
  network.length = parse_number(value.substr(slash + 1), address->bits());
  return network.length ? std::optional(network) : std::nullopt;
}

/// IPv4 in an IPv6 address (RFC 4291, 2.5.5.2) as what it is: hosts connect by IPv4, and are known by that.
void unmap(Network& network) {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  Address& address = network.address;
  if (address.family != AF_INET6 || network.length.value_or(128) < 96 ||
      !std::equal(mapped.begin(), mapped.end(), address.bytes.begin()))
    return;
  std::copy(address.bytes.begin() + 12, address.bytes.end(), address.bytes.begin());
  address.family = AF_INET;
  if (network.length) *network.length -= 96;
}

Text prefix(std::string_view value) {
  auto network = parse_network(value);
  if (!network) return std::nullopt;
  unmap(*network);
  if (!network->length || *network->length == network->address.bits()) return print_address(network->address);
  clear_host_bits(network->address, *network->length);
  return fmt::format("{}/{}", print_address(network->address), *network->length);
}

Text interface(std::string_view value) {
  const auto network = parse_network(value);
  if (!network || !network->length) return std::nullopt;
  return fmt::format("{}/{}", print_address(network->address), *network->length);
}

Text host(std::string_view value) {
  const bool bracketed = value.size() > 2 && value.front() == '[' && value.back() == ']';
  if (bracketed) value = value.substr(1, value.size() - 2);
  if (bracketed || value.find(':') != std::string_view::npos) {
    const auto address = parse_address(value);
    if (!address || address->family != AF_INET6) return std::nullopt;
    return fmt::format("[{}]", print_address(*address));
  }
  std::string name = lower(value);
  return ends_in_number(name) ? ip(value) : Text(std::move(name));
}

Text endpoint(std::string_view value) {
  std::string_view address_text = value;
  std::string_view port_text;
  if (!value.empty() && value.front() == '[') {
    const std::size_t end = value.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    address_text = value.substr(1, end - 1);
    if (end + 1 < value.size()) port_text = value.substr(end + 2);
  } else if (std::count(value.begin(), value.end(), ':') == 1) {
    address_text = value.substr(0, value.find(':'));
    port_text = value.substr(value.find(':') + 1);
  }
  const auto address = parse_address(address_text);
  if (!address || (value.front() == '[' && address->family != AF_INET6)) return std::nullopt;
  if (port_text.empty()) return print_address(*address);
  const auto port = parse_number(port_text, 65535);
  if (!port || *port == 0) return std::nullopt;
  return address->family == AF_INET6 ? fmt::format("[{}]:{}", print_address(*address), *port)
                                     : fmt::format("{}:{}", print_address(*address), *port);
}

struct FormOf {
  std::string_view name;
  Text (*convert)(std::string_view);
};
constexpr std::array<FormOf, 6> forms{
    {{"domain", domain}, {"ip", ip}, {"prefix", prefix}, {"interface", interface}, {"host", host}, {"endpoint", endpoint}}};

const FormOf* find_form(std::string_view name) {
  const auto* found = std::find_if(forms.begin(), forms.end(), [&](const FormOf& f) { return f.name == name; });
  return found == forms.end() ? nullptr : found;
}

}  // namespace

bool is_form(std::string_view form) { return find_form(form) != nullptr; }

std::optional<std::string> in_form(std::string_view form, const std::vector<std::string>& words, std::string_view value) {
  if (form.empty()) return std::string(value);
  for (const std::string& word : words)
    if (lower(word) == lower(value)) return word;
  const FormOf* known = find_form(form);
  return known != nullptr ? known->convert(value) : std::nullopt;
}

}  // namespace postern::schema
