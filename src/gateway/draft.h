#pragma once

#include "gateway/plan.h"

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::gateway {

/// One line of master.cf(5). Empty columns are written "-", Postfix's default.
struct MasterService {
  std::string private_ = "-";
  std::string chroot = "y";
  std::string wakeup = "-";
  std::string max_processes = "-";
  std::string command;
  std::vector<std::pair<std::string, std::string>> options;  ///< "-o { NAME = VALUE }", in this order
};

/// A plan under construction: what features add to, and what make_plan renders in the end.
/// Everything is kept sorted, so the order in which features speak does not show in the bytes.
struct Draft {
  struct ServiceKey {
    std::string name;  ///< "127.0.0.1:25", "[::1]:25" or a unix socket's name
    std::string type;  ///< "inet", "unix", "unix-dgram"
    friend auto operator<=>(const ServiceKey&, const ServiceKey&) = default;
  };

  std::map<std::string, std::string, std::less<>> parameters;        ///< main.cf: single-line values
  std::map<ServiceKey, MasterService> services;                      ///< master.cf
  std::map<std::string, std::map<std::string, std::string>> tables;  ///< LMDB rows by table
  std::map<std::string, std::string> files;                          ///< other files of a generation
  std::vector<Probe> probes;
  std::vector<Note> notes;
  std::vector<std::string> listen;
  std::vector<ListenerState> listeners;
  std::vector<std::string> resolvers;

  void note(std::string_view feature, std::string text);
  /// "lmdb:DIR/tables/NAME": how a parameter names a table of this instance.
  [[nodiscard]] static std::string map_name(const Facts& facts, std::string_view table);
};

/// What every instance has whatever its settings: no mailboxes, no relaying, everything in
/// instance_dir.
void add_base(const Facts& facts, Draft& draft);

/// The draft as a plan, sorted; broken lines in values are a broken belief.
Plan render(const Draft& draft, const Facts& facts);

}  // namespace postern::gateway
