// hands/guard.h: main.cf and master.cf of a generation, with a NUL between. What the guard lets
// through is read here once more, as postconf(5) and master(5) say that Postfix reads it.
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
    FUZZ_CHECK(service.command.find('/') == std::string::npos && service.command != "pipe" &&
               service.command != "spawn" && service.command != "local" &&
               service.command != "virtual");
    FUZZ_CHECK(service.unprivileged == "-" || service.unprivileged == "y");
    if (fuzz::laws::guard_reads_as_master_does)
      FUZZ_CHECK(columns_of(lines[i]) == columns_of(service));
  }
}

void check_main(std::string_view text) {
  const auto parameters = hands::read_main_file(text);
  FUZZ_CHECK(parameters.has_value());
  std::string form;
  for (const auto& [name, value] : *parameters) {
    FUZZ_CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
               std::string::npos);
    FUZZ_CHECK(name != "daemon_directory" || value == "/usr/lib/postfix/sbin");
    FUZZ_CHECK(name != "mail_owner" || value == "postfix");
    FUZZ_CHECK(name != "queue_directory" || value == "/m/mta/queue");
    form += name + " = " + value + "\n";
  }
  const auto again = hands::read_main_file(form);
  FUZZ_CHECK(again && again->size() == parameters->size());
  for (std::size_t i = 0; i < again->size(); ++i)
    FUZZ_CHECK((*again)[i].name == (*parameters)[i].name &&
               (*again)[i].value == (*parameters)[i].value);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view both = fuzz::view(data, size);
  const std::size_t middle = std::min(both.find('\0'), both.size());
  const std::string main_file(both.substr(0, middle));
  const std::string master_file(both.substr(std::min(middle + 1, both.size())));
  const auto good =
      hands::check_generation({1, {{"main.cf", main_file, 0644}, {"master.cf", master_file, 0644}}},
                              {"/m/mta", "/usr/lib/postfix/sbin", "postfix"});
  fuzz::tell(good.has_value());
  if (!good) return 0;
  for (const char c : main_file + master_file)
    FUZZ_CHECK(static_cast<unsigned char>(c) >= ' ' || c == '\t' || c == '\n');
  check_main(main_file);
  check_master(master_file);
  return 0;
}
