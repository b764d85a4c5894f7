#pragma once

#include "base/result.h"
#include "hands/master_file.h"

#include <functional>
#include <set>
#include <string>
#include <string_view>

/// What a generation may say: the parameters, values, services and columns of Postern's own
/// gateway, and no others. A name or a value that is not here may have root load a library, run a
/// program or print a file, in this Postfix or the next. What the gateway is to write anew is added
/// here first.
namespace postern::hands {

struct Places {
  std::string mta;         ///< the instance's folder, e.g. DIR/mta
  std::string daemons;     ///< "/usr/lib/postfix/sbin"
  std::string mail_owner;  ///< "postfix"
};
/// Names of the files of the generation that is judged: a lookup file must be one of them.
using FileNames = std::set<std::string, std::less<>>;

/// A parameter of main.cf. Error denied, naming it and what it may be.
base::Result<void> check_parameter(const Parameter& parameter, const Places& places);
/// Parameters whose absence would leave Postfix's own default, which is not this instance's.
const std::set<std::string_view>& parameters_that_must_be_set();

/// A service of master.cf with its options. Error denied, naming it and what it may be.
base::Result<void> check_service(const Service& service, const Places& places, const FileNames& files);

/// 1 to 200 letters, digits, '_', '-' and '.', the first of them none of the last two: good in a
/// file's name.
bool is_plain_name(std::string_view text);

}  // namespace postern::hands
