#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Forms in which equal values are byte-equal (postern-ext `canonical`). Inside schema/ only.
namespace postern::schema {

/// `form` is one of the extension's: domain, ip, prefix, interface, host, endpoint. None when the
/// value is not of that form; `words` are taken as they are, in any case. An empty form changes
/// nothing.
std::optional<std::string> in_form(std::string_view form, const std::vector<std::string>& words, std::string_view value);
/// Whether the extension knows that form.
bool is_form(std::string_view form);

}  // namespace postern::schema
