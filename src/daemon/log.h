#pragma once

#include <string>
#include <string_view>

/// posternd's log: all that is written by spdlog, from whatever room, goes through one sink, which makes each line
/// printable (base/printable.h), cuts it, and bounds how many there are.
namespace postern::daemon {

/// To standard error, from now on. Once, before anything is logged.
void open_log();

/// `level` as spdlog names it: "info", "warning", "error".
void log_line(std::string_view level, std::string_view text);

/// What somebody who is not logged in has caused. One line of each address in 10 s, and a bounded number in all; how
/// many were left out is said afterwards. Any thread.
void log_stranger(const std::string& address, std::string_view level, std::string_view text);

/// Says what is still to be said about lines that were left out; to be called every few seconds.
void settle_log();

}  // namespace postern::daemon
