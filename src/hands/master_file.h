#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

/// Postfix's two files, read as far as postern-hands must understand them.
namespace postern::hands {

/// One parameter of main.cf(5), not expanded.
struct Parameter {
  std::string name;
  std::string value;
};
/// Errors invalid: a line that is neither.
base::Result<std::vector<Parameter>> read_main_file(std::string_view text);

/// One service of master.cf(5): its eight columns, and what the program is told.
struct Service {
  std::string name;
  std::string type;
  std::string private_;
  std::string unprivileged;
  std::string chroot;
  std::string wakeup;
  std::string max_processes;
  std::string command;
  std::vector<std::string> arguments;  ///< braces taken off, as master(8) does
};
base::Result<std::vector<Service>> read_master_file(std::string_view text);

}  // namespace postern::hands
