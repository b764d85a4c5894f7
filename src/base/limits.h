#pragma once

#include <cstddef>

/// Limits that several rooms share. A value past one is refused with an error that names it.
namespace postern::base::limits {

constexpr std::size_t value_bytes = 32U << 20;    ///< one register's value
constexpr std::size_t header_bytes = 256U << 10;  ///< one encoded commit header
constexpr std::size_t message_bytes = 40U << 20;  ///< one message between machines
constexpr std::size_t comment_bytes = 4096;       ///< a commit's comment
constexpr std::size_t name_bytes = 63;            ///< a cluster's, group's or user's name
constexpr std::size_t host_name_bytes = 253;      ///< RFC 1035 §2.3.4
constexpr std::size_t writes_per_commit = 4096;   ///< registers one commit may write
constexpr std::size_t settings_nodes = 200'000;   ///< nodes of one feature's settings, defaults filled in: what is shown fits too
constexpr std::size_t settings_depth = 64;
constexpr std::size_t leaf_bytes = 64U << 10;       ///< one leaf's value
constexpr std::size_t ask_bytes = 64U << 10;        ///< a question to another machine
constexpr std::size_t ask_answer_bytes = 1U << 20;  ///< and its answer
constexpr std::size_t sessions_per_user = 32;       ///< logins of one user on a machine; the console is never refused
constexpr std::size_t calls_per_user = 64;          ///< of one user at the desk that are not answered yet
constexpr std::size_t sessions = 256;               ///< logins on a machine; links between machines never count

}  // namespace postern::base::limits
