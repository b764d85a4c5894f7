#pragma once

#include "base/words.h"
#include "model/tree.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Small readings of settings that several features share.
namespace postern::features {

/// The leaf as a number; `otherwise` when it is absent or, which the schema forbids, not a number.
std::uint32_t number(const model::Node& node, std::string_view leaf, std::uint32_t otherwise);
/// The leaf "true" or "false"; `otherwise` when it is absent.
bool truth(const model::Node& node, std::string_view leaf, bool otherwise);

using base::lower;  // Postfix folds what it looks up

/// Letters, digits, '-' and '_' stay, every other byte becomes '.' and two hexadecimal digits: a
/// name that is good in file names and master.cf, and as different as the names it was made of.
std::string plain_name(std::string_view name);

/// "[HOST]": how Postfix writes a host that is not to be looked up as a mail domain; "[v6]" stays
/// as it is.
std::string in_brackets(std::string_view host);
/// "ADDRESS:PORT", with an IPv6 address in brackets.
std::string address_and_port(std::string_view address, std::uint32_t port);

/// "10.1.2.3/8" as "10.0.0.0/8", "10.1.2.3" as itself: cidr_table(5) skips rules with host bits
/// set. None for what is no address.
std::optional<std::string> network(std::string_view text);
bool is_address(std::string_view text);

}  // namespace postern::features
