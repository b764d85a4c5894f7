#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::base {

/// International domain names (RFC 5890). People write "bücher.example"; DNS, the settings and Postfix's files have
/// "xn--bcher-kva.example". libidn2 converts, by UTS #46 without transitional processing. Its tables are its version's: what
/// somebody enters is converted, what another machine has written never is.

/// A domain, ".domain", "user@domain" or "@domain", with "xn--" for labels that are not ASCII. What is ASCII, or has a part
/// before the @ that is not, stays as it is. Error usage: what cannot be a domain, and the mend.
Result<std::string> ascii_domain(const std::string& text);

/// The same as people write it, where that leads back to `text` and can be printed; else as it is.
std::string readable_domain(const std::string& text);

/// A line in which every domain is readable.
std::string readable_domains(std::string_view line);

/// readable_domain(text), or `text` where folding of case makes another domain of it: of "straße" it makes "strasse".
std::string folded_domain(const std::string& text);

}  // namespace postern::base
