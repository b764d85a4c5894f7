// hands/guard.h: the files of a generation, with a NUL between: main.cf, master.cf, then any with their names in a
// line before them. What the guard lets through is read here once more, as postconf(5) and master(5) say that
// Postfix reads it.
#include "hands/guard.h"

#include "fuzz/support/fuzz.h"
#include "fuzz/support/laws.h"
#include "hands/master_file.h"

#include <algorithm>

namespace {

using namespace postern;
using Words = std::vector<std::string>;

constexpr std::string_view blanks = " \t\r\n";

/// Postfix's logical lines: blank and comment lines do not count, a line that starts with a blank
/// goes on.
Words lines_of(std::string_view text) {
  Words out;
  while (!text.empty()) {
    const std::string_view line = fuzz::take_line(text);
    const std::size_t first = line.find_first_not_of(blanks);
    if (first == std::string_view::npos || line[first] == '#') continue;
    if (first == 0 || out.empty()) out.emplace_back();
    out.back() += line;
  }
  return out;
}

/// The first eight columns, which master(8) divides at blanks and nothing else.
Words columns_of(std::string_view line) {
  Words out;
  while (out.size() < 8) {
    const std::size_t first = line.find_first_not_of(blanks);
    if (first == std::string_view::npos) break;
    line.remove_prefix(first);
    const std::size_t size = std::min(line.find_first_of(blanks), line.size());
    out.emplace_back(line.substr(0, size));
    line.remove_prefix(size);
  }
  return out;
}

Words columns_of(const hands::Service& service) {
  return {service.name,   service.type,   service.private_,      service.unprivileged,
          service.chroot, service.wakeup, service.max_processes, service.command};
}

void check_master(std::string_view text) {
  const auto services = hands::read_master_file(text);
  const Words lines = lines_of(text);
  FUZZ_CHECK(services && services->size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const hands::Service& service = (*services)[i];
    FUZZ_CHECK(service.command.find('/') == std::string::npos && service.command != "pipe" && service.command != "spawn" &&
               service.command != "local" && service.command != "virtual");
    FUZZ_CHECK(service.unprivileged == "-" || service.unprivileged == "y");
    if (fuzz::laws::guard_reads_as_master_does) FUZZ_CHECK(columns_of(lines[i]) == columns_of(service));
  }
}

void check_main(std::string_view text) {
  const auto parameters = hands::read_main_file(text);
  FUZZ_CHECK(parameters.has_value());
  std::string form;
  for (const auto& [name, value] : *parameters) {
    FUZZ_CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos);
    FUZZ_CHECK(name != "daemon_directory" || value == "/usr/lib/postfix/sbin");
    FUZZ_CHECK(name != "mail_owner" || value == "postfix");
    FUZZ_CHECK(name != "queue_directory" || value == "/m/mta/queue");
    form += name + (value.empty() ? " =" : " = " + value) + "\n";
  }
  const auto again = hands::read_main_file(form);
  FUZZ_CHECK(again && again->size() == parameters->size());
  for (std::size_t i = 0; i < again->size(); ++i)
    FUZZ_CHECK((*again)[i].name == (*parameters)[i].name && (*again)[i].value == (*parameters)[i].value);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::view(data, size);
  hands::Stage stage{1, {}};
  while (!rest.empty() && stage.files.size() < 32) {
    std::string_view file = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(file.size() + 1, rest.size()));
    const std::size_t number = stage.files.size();
    const std::string name(number == 0 ? "main.cf" : number == 1 ? "master.cf" : fuzz::take_line(file));
    stage.files.push_back({name, std::string(file), 0644});
  }
  const auto good = hands::check_generation(stage, {"/m/mta", "/usr/lib/postfix/sbin", "postfix"});
  fuzz::tell(good.has_value());
  if (!good) return 0;
  for (const auto& file : stage.files)
    for (const char c : file.bytes) FUZZ_CHECK(static_cast<unsigned char>(c) >= ' ' || c == '\n');
  check_main(stage.files[0].bytes);
  check_master(stage.files[1].bytes);
  return 0;
}
