#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the weak may ask of the strong: requests to postern-hands, the only program that runs as
/// root, over its unix stream socket. docs/HANDS.md is the page for people.
///
/// A frame is a 5-byte head (body length, u32 big endian; then one byte: the verb, or in replies
/// the reply code) and a body of fields, each a u32 length and its bytes. One request is answered
/// before the next is read. Descriptors come as SCM_RIGHTS beside a frame's first byte. Whatever is
/// not exactly as the table says is refused and the connection closed.
namespace postern::hands {

enum class Verb : std::uint8_t {
  stage = 1,
  check = 2,
  switch_to = 3,
  start = 4,
  reload = 5,
  stop = 6,
  running = 7,
  resolver = 8,
  prune = 9,
  login = 10,
  table = 11,
  sweep = 12,
  door = 13,
  queue = 14,
  listing = 15,
};

/// One line per verb: all that a client may say.
struct Rule {
  Verb verb;
  const char* name;
  std::size_t fields_least;
  std::size_t fields_most;
  std::size_t bytes_most;   ///< of the body
  std::size_t descriptors;  ///< that must come with it
  bool touches_postfix;     ///< done in a child, one at a time per machine: it may take seconds
};
/// Null: no such verb.
const Rule* rule_of(std::uint8_t verb);
const Rule& rule_of(Verb verb);

constexpr std::size_t head_bytes = 5;
constexpr std::size_t file_bytes = 8U << 20;    ///< one staged file
constexpr std::size_t stage_bytes = 64U << 20;  ///< one generation
constexpr std::size_t table_bytes = 64U << 20;  ///< rows of one change of a table
constexpr std::size_t reply_bytes = 1U << 20;   ///< any reply
constexpr std::size_t descriptors_most = 5;     ///< beside any frame
/// A login's command line: Linux's limit for one variable, less its name and the NUL.
constexpr std::size_t line_bytes = (128U << 10) - 64;

/// Reply codes: 0, or 1 + the number of the ErrorCode; then the fields are `where` and `text`.
constexpr std::uint8_t reply_done = 0;

std::string encode_frame(std::uint8_t kind, const std::vector<std::string>& fields);
struct Head {
  std::size_t length = 0;
  std::uint8_t kind = 0;
};
/// `bytes` holds at least head_bytes.
Head decode_head(std::string_view bytes);
/// Error usage: not whole fields, or more or fewer of them than asked for.
base::Result<std::vector<std::string>> decode_fields(std::string_view body, std::size_t least, std::size_t most);

/// The first field of a body, or nothing when it is cut off.
std::string_view first_field(std::string_view body);

std::string encode_error(const base::Error& error);
/// The error that an error reply's body means.
base::Error decode_error(std::uint8_t kind, std::string_view body);

/// One file of a generation. Names are plain names: main.cf, master.cf, plan.sum, or
/// [A-Za-z0-9_.-]+ ending in .cidr or .regexp; modes 0644, 0640 or 0600.
struct File {
  std::string name;
  std::string bytes;
  std::uint32_t mode = 0644;
  friend bool operator==(const File&, const File&) = default;
};
bool is_file_name(std::string_view name);

struct Stage {
  std::uint64_t generation = 0;
  std::vector<File> files;
};
std::vector<std::string> encode_stage(const Stage& stage);
base::Result<Stage> decode_stage(const std::vector<std::string>& fields);

/// Generations are numbered from 1; decimal without leading zeros.
base::Result<std::uint64_t> decode_generation(const std::string& field);
/// "192.0.2.1" or "2001:db8::1", checked by base::is_ip_address.
base::Result<void> check_address(const std::string& field);

/// Whether it can be a terminal type's name (TERM) in a login: 1 to 64 of [A-Za-z0-9_.+-], no dot
/// first.
bool is_term(std::string_view term);
constexpr unsigned terminal_most = 9999;  ///< rows and columns

/// Rows of one lookup table: all or none. `whole`: the table is made anew and holds only `put`.
struct TableChange {
  std::string table;  ///< a plain name (values.h)
  bool whole = false;
  std::map<std::string, std::string> put;
  std::vector<std::string> drop;
  friend bool operator==(const TableChange&, const TableChange&) = default;
};
/// The body of a request: name, "whole" or "change", how many rows are put, key and value of each,
/// keys to drop.
std::vector<std::string> encode_table(const TableChange& change);
/// Straight from a frame's body: there may be a million rows. Error usage.
base::Result<TableChange> decode_table(std::string_view body);
/// The tables to keep. Error usage: a name that is not plain.
base::Result<void> check_tables(const std::vector<std::string>& names);

/// A command line interpreter for somebody who has logged in. With a terminal: TERM, rows, columns.
/// With a line: that command only; without: the interactive shell.
struct Login {
  bool terminal = false;
  std::string term = "dumb";
  unsigned rows = 24;
  unsigned columns = 80;
  std::optional<std::string> line;
  friend bool operator==(const Login&, const Login&) = default;
};
std::vector<std::string> encode_login(const Login& login);
base::Result<Login> decode_login(const std::vector<std::string>& fields);

}  // namespace postern::hands
