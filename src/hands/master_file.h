#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

/// Postfix's two files in the one form that the gateway writes them (docs/HANDS.md, "The grammar").
/// main.cf has three readers in Postfix and master.cf two, which differ in braces, comments and
/// continued lines; whatever they could take differently is refused, so that what is judged here is
/// what all of them read.
namespace postern::hands {

/// One parameter, "NAME = VALUE"; not expanded.
struct Parameter {
  std::string name;
  std::string value;
};
/// Lines "NAME = VALUE" and "NAME =", each name once; comment lines at the top only. Errors
/// invalid, naming the line.
base::Result<std::vector<Parameter>> read_main_file(std::string_view text);

/// One service: its eight columns, and the options "-o { NAME = VALUE }" on the lines below it.
struct Service {
  std::string name;
  std::string type;
  std::string private_;
  std::string unprivileged;
  std::string chroot;
  std::string wakeup;
  std::string max_processes;
  std::string command;
  std::vector<Parameter> options;
};
/// Each name and type once, each option of a service once. Errors invalid, naming the line.
base::Result<std::vector<Service>> read_master_file(std::string_view text);

}  // namespace postern::hands
