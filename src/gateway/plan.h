#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/tree.h"

/// From one machine's effective settings to what Postfix must be. Pure: same settings and facts, same plan,
/// byte for byte. Knows no feature: features hand in their parts (features/features.h).
namespace postern::gateway {

/// What a plan needs to know of the machine itself.
struct Facts {
  std::string host_name;     ///< main host name
  std::string instance_dir;  ///< e.g. "/var/lib/postern-demo/…/newyork/mta": etc/, queue/, data/, tables/ in it
  std::string postfix_dir = "/usr/lib/postfix/sbin";
  std::vector<std::string> addresses;  ///< addresses that this host really has
  std::string mail_owner = "postfix";
  std::string bind_address;         ///< source address of outgoing SMTP; empty: the system chooses
  std::string version;              ///< ours, for the comment line on top of generated files
  std::set<std::string> suspended;  ///< listeners that take no connections until they are resumed
};

struct File {
  std::string path;  ///< relative to the generation's folder, e.g. "main.cf"
  std::string bytes;
  std::uint32_t mode = 0644;
  friend bool operator==(const File&, const File&) = default;
};

/// One LMDB map, kept up in place. Rows by key.
struct Table {
  std::string name;  ///< e.g. "transport": file tables/transport.lmdb
  std::map<std::string, std::string> rows;
  friend bool operator==(const Table&, const Table&) = default;
};

/// Asked of each listener after a switch: the refusal of NAME@`probe_domain` names the generation of the smtpd
/// that gave it ("generation 17."), since one of the generation before may still answer. NAME is drawn at random
/// for each generation, so that a stranger is told nothing: who does not know it is refused like anybody.
/// Listeners look it up in the generation's own `probe_file`, a regexp_table(5) that the applier adds.
constexpr std::string_view probe_domain = "postern-probe.invalid";
constexpr std::string_view probe_file = "probe.regexp";
/// `name`: letters and digits only.
std::string probe_table(std::uint64_t generation, std::string_view name);
/// NAME in a `probe_file`'s bytes, or empty.
std::string probe_name(std::string_view table);

/// The master.cf service, private to Postfix, that takes mail for `probe_domain`, and drops it.
constexpr std::string_view door_service = "door";
/// The table of the one route for all domains that the table "transport" does not know, and its key
/// there. Rows of both take effect with the next question that Postfix asks them.
constexpr std::string_view rest_table = "transport_rest";
constexpr std::string_view rest_key = "all";

/// Hosts of one preference share the mail: Postfix tries a row's hosts in their order, so each question draws one of
/// `turns` turns, and each turn has an order of its own. Stage one, the table "transport_shared" (for the rest: `rest_table`
/// under `rest_shared_key`), leads from a domain to the name of a set of orders; stage two, "transport_turns", from
/// "SET,TURN" to the row. The domain's row in "transport" is what remains while one of them is being changed.
constexpr unsigned turns = 60;  // 1 to 6 hosts get just as much each
constexpr std::string_view shared_table = "transport_shared";
constexpr std::string_view turns_table = "transport_turns";
constexpr std::string_view rest_shared_key = "shared";
/// Key of one turn in `turns_table`.
std::string turn_key(std::string_view set, unsigned turn);
/// Whether rows of the table say where mail goes.
bool routes_mail(std::string_view table);

/// A listener to probe after a switch.
struct Probe {
  std::string listener;
  std::string address;
  std::uint16_t port = 25;
  std::string recipient;  ///< an address that must not give a 4xx at RCPT, or empty: EHLO only
  friend bool operator==(const Probe&, const Probe&) = default;
};

/// What people should know of this plan, e.g. a listener that is off because its interface is not here.
struct Note {
  std::string feature;
  std::string text;
  friend bool operator==(const Note&, const Note&) = default;
};

/// A listener that the settings have, whatever becomes of it here.
struct ListenerState {
  std::string name;
  enum class State { open, suspended, off } state = State::open;
  friend bool operator==(const ListenerState&, const ListenerState&) = default;
};

struct Plan {
  std::vector<File> files;    ///< sorted by path
  std::vector<Table> tables;  ///< sorted by name
  std::vector<Probe> probes;
  std::vector<Note> notes;
  std::vector<std::string> listen;  ///< "ADDRESS:PORT" of every SMTP listener
  /// Addresses that Postfix asks for names, on port 53 (resolv.conf knows no other); empty: the host's own.
  std::vector<std::string> resolvers;
  std::vector<ListenerState> listeners = {};  ///< in the settings' order
  friend bool operator==(const Plan&, const Plan&) = default;
};

/// A feature's part: reads `settings` (its own tree; the factory default's when nobody defines it), may look at
/// the others, and adds to the plan under construction.
struct Effective {
  std::map<std::string, model::TreePtr, std::less<>> trees;
  /// The feature's tree; an empty container when it is not there.
  [[nodiscard]] const model::Tree& tree(std::string_view feature) const;
};
struct Draft;  ///< main.cf parameters, master.cf services, tables under construction (gateway/draft.h)
using PlanPart = void (*)(const Effective&, const Facts&, Draft&);
struct Part {
  std::string_view feature;
  PlanPart plan;
};

Plan make_plan(const Effective& effective, const Facts& facts, const std::vector<Part>& parts);

/// What must be done to get from one plan to another: the least that suffices.
struct TableChange {
  std::string table;
  bool whole = false;  ///< new table: make it from all rows
  std::map<std::string, std::string> put;
  std::vector<std::string> drop;
};
struct Actions {
  bool files = false;    ///< a new generation: write, preflight, switch, reload, probe
  bool restart = false;  ///< reload is not enough (inet_interfaces, queue_directory, …)
  bool start = false;    ///< nothing ran before
  std::vector<TableChange> tables;
  [[nodiscard]] bool nothing() const { return !files && !restart && !start && tables.empty(); }
};
Actions difference(const Plan& before, const Plan& after);

/// Value of a parameter in the plan's main.cf, or empty.
std::string parameter(const Plan& plan, std::string_view name);

}  // namespace postern::gateway
