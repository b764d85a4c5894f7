#include "hands/protocol.h"

#include "base/assert.h"
#include "base/dns.h"
#include "base/printable.h"
#include "hands/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace postern::hands {
namespace {

constexpr std::size_t names_most = 2000;      // files of one generation
constexpr std::size_t rows_most = 1'000'000;  // put or dropped at once
constexpr std::size_t tables_most = 4096;
constexpr std::size_t shown = 128;  // bytes of a name that an error repeats
constexpr std::size_t small = 1024;

// name, least and most fields, bytes, descriptors, touches Postfix
constexpr std::array rules{
    Rule{Verb::stage, "stage", 4, 1 + 3 * names_most, stage_bytes, 0, true},
    Rule{Verb::check, "check", 1, 1, small, 0, true},
    Rule{Verb::switch_to, "switch", 1, 1, small, 0, true},
    Rule{Verb::start, "start", 0, 0, 0, 0, true},
    Rule{Verb::reload, "reload", 0, 0, 0, 0, true},
    Rule{Verb::stop, "stop", 0, 0, 0, 0, true},
    Rule{Verb::running, "running", 0, 0, 0, 0, true},
    Rule{Verb::resolver, "resolver", 0, 8, small, 0, true},
    Rule{Verb::prune, "prune", 1, 1, small, 0, true},
    Rule{Verb::login, "login", 4, 5, line_bytes + small, 1, false},
    Rule{Verb::table, "table", 3, 3 + 2 * rows_most, table_bytes, 0, true},
    Rule{Verb::sweep, "sweep", 0, tables_most, 256 * tables_most, 0, true},
    Rule{Verb::door, "door", 0, 0, 0, 0, true},
    Rule{Verb::queue, "queue", 0, 0, 0, 0, true},
    Rule{Verb::listing, "listing", 0, 0, 0, 0, true},
};

base::Error refuse(std::string text) { return base::fail(base::ErrorCode::usage, std::move(text)); }

void put_length(std::string& into, std::size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) into.push_back(static_cast<char>(length >> shift & 0xff));
}

std::size_t length_at(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return length;
}

template <class Number>
std::optional<Number> number_in(const std::string& field, Number least, Number most, int base = 10) {
  Number number{};
  const char* end = field.data() + field.size();
  const auto [rest, error] = std::from_chars(field.data(), end, number, base);
  if (error != std::errc() || rest != end || number < least || number > most) return std::nullopt;
  if (field.size() > 1 && field[0] == '0') return std::nullopt;
  return number;
}

}  // namespace

const Rule* rule_of(std::uint8_t verb) {
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return static_cast<std::uint8_t>(rule.verb) == verb; });
  return found == rules.end() ? nullptr : &*found;
}

const Rule& rule_of(Verb verb) {
  const Rule* rule = rule_of(static_cast<std::uint8_t>(verb));
  POSTERN_ASSERT(rule != nullptr);
  return *rule;
}

std::string encode_frame(std::uint8_t kind, const std::vector<std::string>& fields) {
  std::size_t length = 0;
  for (const auto& field : fields) length += 4 + field.size();
  POSTERN_ASSERT(length <= UINT32_MAX);
  std::string frame;
  frame.reserve(head_bytes + length);
  put_length(frame, length);
  frame.push_back(static_cast<char>(kind));
  for (const auto& field : fields) {
    put_length(frame, field.size());
    frame += field;
  }
  return frame;
}

Head decode_head(std::string_view bytes) {
  POSTERN_ASSERT(bytes.size() >= head_bytes);
  return {length_at(bytes), static_cast<std::uint8_t>(bytes[4])};
}

base::Result<std::vector<std::string>> decode_fields(std::string_view body, std::size_t least, std::size_t most) {
  std::vector<std::string> fields;
  while (!body.empty()) {
    if (body.size() < 4 || length_at(body) > body.size() - 4) return refuse("A field is cut off.");
    if (fields.size() == most) return refuse("There are too many fields.");
    fields.emplace_back(body.substr(4, length_at(body)));
    body.remove_prefix(4 + fields.back().size());
  }
  if (fields.size() < least) return refuse("There are too few fields.");
  return fields;
}

std::string_view first_field(std::string_view body) {
  if (body.size() < 4 || length_at(body) > body.size() - 4) return {};
  return body.substr(4, length_at(body));
}

std::string encode_error(const base::Error& error) {
  const auto kind = static_cast<std::uint8_t>(1 + static_cast<unsigned>(error.code));
  return encode_frame(kind, {error.where, error.text.substr(0, reply_bytes / 2)});
}

base::Error decode_error(std::uint8_t kind, std::string_view body) {
  auto fields = decode_fields(body, 2, 2);
  if (!fields || kind > 1 + static_cast<unsigned>(base::ErrorCode::internal))
    return base::fail(base::ErrorCode::internal, "postern-hands answered in an unknown way.");
  return base::fail(static_cast<base::ErrorCode>(kind - 1), (*fields)[0], (*fields)[1]);
}

bool is_file_name(std::string_view name) {
  if (name == "main.cf" || name == "master.cf" || name == "plan.sum") return true;
  return name.size() <= 128 && is_plain_name(name) && (name.ends_with(".cidr") || name.ends_with(".regexp"));
}

std::vector<std::string> encode_stage(const Stage& stage) {
  std::vector<std::string> fields{std::to_string(stage.generation)};
  for (const auto& file : stage.files) {
    fields.push_back(file.name);
    fields.push_back(fmt::format("{:o}", file.mode));
    fields.push_back(file.bytes);
  }
  return fields;
}

base::Result<Stage> decode_stage(const std::vector<std::string>& fields) {
  Stage stage;
  auto generation = decode_generation(fields.at(0));
  if (!generation) return generation.error();
  stage.generation = *generation;
  if (fields.size() % 3 != 1) return refuse("A staged file needs a name, a mode and its bytes.");
  for (std::size_t i = 1; i < fields.size(); i += 3) {
    const std::string& name = fields[i];
    if (!is_file_name(name))
      return refuse(fmt::format("No generation may hold a file named '{}'.", base::printable_line(name, shown)));
    for (const auto& other : stage.files)
      if (other.name == name) return refuse(fmt::format("The file {} comes twice.", name));
    const auto mode = number_in<std::uint32_t>(fields[i + 1], 0600, 0644, 8);
    if (!mode || (*mode != 0644 && *mode != 0640 && *mode != 0600))
      return refuse(
          fmt::format("The file {} may have mode 644, 640 or 600, not {}.", name, base::printable_line(fields[i + 1], shown)));
    if (fields[i + 2].size() > file_bytes) return refuse(fmt::format("The file {} is larger than {} bytes.", name, file_bytes));
    stage.files.push_back({name, fields[i + 2], *mode});
  }
  return stage;
}

base::Result<std::uint64_t> decode_generation(const std::string& field) {
  const auto number = number_in<std::uint64_t>(field, 1, INT64_MAX);
  if (!number) return refuse(fmt::format("'{}' is not a generation's number.", base::printable_line(field, shown)));
  return *number;
}

base::Result<void> check_address(const std::string& field) {
  if (base::is_ip_address(field)) return {};
  return refuse(fmt::format("'{}' is not the IP address of a name server.", base::printable_line(field, shown)));
}

std::vector<std::string> encode_table(const TableChange& change) {
  std::vector<std::string> fields{change.table, change.whole ? "whole" : "change", std::to_string(change.put.size())};
  fields.reserve(fields.size() + 2 * change.put.size() + change.drop.size());
  for (const auto& [key, value] : change.put) fields.insert(fields.end(), {key, value});
  fields.insert(fields.end(), change.drop.begin(), change.drop.end());
  return fields;
}

base::Result<TableChange> decode_table(std::string_view body) {
  bool good = true;
  const auto next = [&] {
    if (body.size() < 4 || length_at(body) > body.size() - 4) {
      good = false;
      return std::string();
    }
    std::string field(body.substr(4, length_at(body)));
    body.remove_prefix(4 + field.size());
    return field;
  };
  TableChange change;
  change.table = next();
  const std::string kind = next();
  const std::string count = next();
  change.whole = kind == "whole";
  const auto put = number_in<std::size_t>(count, 0, rows_most);
  if (!good || !is_plain_name(change.table) || (!change.whole && kind != "change") || !put)
    return refuse("A change of a table needs its plain name, 'whole' or 'change', and a count.");
  for (std::size_t i = 0; good && i < *put; ++i) {
    std::string key = next();
    change.put.insert_or_assign(change.put.end(), std::move(key), next());
  }
  while (good && !body.empty() && change.drop.size() < rows_most) change.drop.push_back(next());
  if (!good || !body.empty()) return refuse("The rows of a table are cut off, or too many.");
  return change;
}

base::Result<void> check_tables(const std::vector<std::string>& names) {
  for (const auto& name : names)
    if (!is_plain_name(name)) return refuse(fmt::format("'{}' is not the name of a table.", base::printable_line(name, shown)));
  return {};
}

std::vector<std::string> encode_login(const Login& login) {
  std::vector<std::string> fields{login.terminal ? "terminal" : "pipes", login.term, std::to_string(login.rows),
                                  std::to_string(login.columns)};
  if (login.line) fields.push_back(*login.line);
  return fields;
}

bool is_term(std::string_view term) {
  return !term.empty() && term.size() <= 64 && term[0] != '.' && std::all_of(term.begin(), term.end(), [](char c) {
    return c == '+' || c == '-' || is_plain_name("a" + std::string(1, c));
  });
}

base::Result<Login> decode_login(const std::vector<std::string>& fields) {
  Login login;
  login.terminal = fields.at(0) == "terminal";
  if (!login.terminal && fields[0] != "pipes") return refuse("A login wants 'terminal' or 'pipes'.");
  login.term = fields.at(1);
  if (!is_term(login.term)) return refuse("This is not the name of a terminal type.");
  const auto rows = number_in<unsigned>(fields.at(2), 1, terminal_most);
  const auto columns = number_in<unsigned>(fields.at(3), 1, terminal_most);
  if (!rows || !columns) return refuse(fmt::format("A terminal has 1 to {} rows and columns.", terminal_most));
  login.rows = *rows;
  login.columns = *columns;
  if (fields.size() == 5) {
    if (fields[4].size() > line_bytes || fields[4].find('\0') != std::string::npos)
      return refuse("The command line is too long, or holds a NUL.");
    login.line = fields[4];
  }
  return login;
}

}  // namespace postern::hands
