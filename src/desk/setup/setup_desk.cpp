#include "desk/setup/setup_desk.h"

#include "desk/settings/commit.h"
#include "desk/fleet/passphrase.h"
#include "desk/door/rights.h"
#include "desk/door/state.h"
#include "desk/settings/view.h"
#include "protocol/wire.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;
using Answered = Checked<json::value>;

constexpr const char* first_user = "admin";

/// One call at this desk: everything that an answer needs.
struct Ask {
  const SetupHouse& house;
  const schema::Schema& schema;
  const Who& who;
  std::size_t sessions = 0;
};

Refused refused(base::Error error, json::object data = {}) { return {std::move(error), std::move(data)}; }

Answered hello(const Ask& ask, Params& params) {
  const std::int64_t version = params.number("version", 1, 1'000'000, std::nullopt);
  if (auto trouble = params.trouble()) return refused(*trouble);
  if (version != protocol::protocol_version)
    return refused(fail(ErrorCode::unsupported, fmt::format("This desk speaks version {} of its protocol, you asked for {}.",
                                                            protocol::protocol_version, version)));
  return json::object{{"user", ask.who.name},
                      {"role", cluster::role_name(ask.who.role)},
                      {"host", ""},
                      {"serial", ""},
                      {"cluster", nullptr},
                      {"mode", ""},
                      {"label", ""},
                      {"pending", false},
                      {"other_sessions", ask.sessions - 1},
                      {"version", ask.house.version()},
                      {"unset", true}};
}

Answered describe(const Ask& ask, Params& params) {
  if (auto trouble = params.trouble()) return refused(*trouble);
  const NewMachine usual;
  json::array addresses;
  for (const HostAddress& at : ask.house.host_addresses())
    addresses.push_back(json::object{{"link", at.link}, {"address", at.address}});
  const auto name = check_setup_value(ask.schema, "host_name", ask.house.proposed_host_name());
  return json::object{{"host_name", name ? *name : std::string()},
                      {"interface", usual.interface_name},
                      {"addresses", std::move(addresses)},
                      {"ssh_port", usual.ssh_port},
                      {"https_port", usual.https_port},
                      {"public_port", usual.public_port},
                      {"user", first_user},
                      {"warnings", lines_json(ask.house.warnings())}};
}

Result<void> usable_address(const SetupHouse& house, std::string_view name, const std::string& address) {
  if (house.has_address(without_prefix(address))) return {};
  return fail(ErrorCode::invalid, std::string(name),
              fmt::format("This host does not have the address {}: give one of its own, or give it "
                          "that address first.",
                          without_prefix(address)));
}

/// The web port is not tried: nothing of this version listens there.
Result<void> free_port(const SetupHouse& house, std::string_view name, const std::string& address, std::uint16_t port) {
  if (port == 0 || name == "https_port" || !house.port_taken(without_prefix(address), port)) return {};
  return fail(ErrorCode::invalid, std::string(name),
              fmt::format("Another program listens on port {} of {}: end it (ss -ltnp shows which), or "
                          "choose another port.",
                          port, without_prefix(address)));
}

bool is_address(std::string_view name) { return name == "address" || name == "bind_address"; }

Answered check(const Ask& ask, Params& params) {
  const std::string name = params.text("name");
  const std::string value = params.text("value");
  const std::string address = params.text_if("address").value_or("");
  if (auto trouble = params.trouble()) return refused(*trouble);
  if (name == "passphrase") {
    if (auto weak = weak_passphrase(first_user, value)) return refused(*weak);
    return json::object{{"value", value}};
  }
  const auto checked = check_setup_value(ask.schema, name, value);
  if (!checked) return refused(checked.error());
  Result<void> good;
  if (is_address(name)) good = usable_address(ask.house, name, *checked);
  if (name.ends_with("_port") && !address.empty())
    good = free_port(ask.house, name, address, static_cast<std::uint16_t>(std::stoul(*checked)));
  if (!good) return refused(good.error());
  return json::object{{"value", *checked}};
}

NewMachine read_machine(Params& params) {
  const NewMachine usual;
  const auto port = [&](const char* name, std::int64_t least, std::uint16_t otherwise) {
    return static_cast<std::uint16_t>(params.number(name, least, 65535, otherwise));
  };
  NewMachine machine;
  machine.host_name = params.text("host_name");
  machine.interface_name = params.text_if("interface").value_or(usual.interface_name);
  machine.address = params.text("address");
  machine.ssh_port = port("ssh_port", 1, usual.ssh_port);
  machine.https_port = port("https_port", 1, usual.https_port);
  machine.public_port = port("public_port", 0, usual.public_port);
  machine.private_port = port("private_port", 0, usual.private_port);
  if (params.has("relay")) machine.relay = params.texts("relay");
  if (params.has("dns")) machine.dns_servers = params.texts("dns");
  machine.bind_address = params.text_if("bind_address").value_or("");
  return machine;
}

/// A whole machine as it can be made on this host.
Result<NewMachine> possible(const Ask& ask, NewMachine machine, const std::string& passphrase) {
  auto checked = check_new_machine(ask.schema, std::move(machine));
  if (!checked) return checked;
  auto good = usable_address(ask.house, "address", checked->address);
  if (good && !checked->bind_address.empty()) good = usable_address(ask.house, "bind_address", checked->bind_address);
  for (const auto& [name, port] : {std::pair<const char*, std::uint16_t>("ssh_port", checked->ssh_port),
                                   {"public_port", checked->public_port},
                                   {"private_port", checked->private_port}})
    if (good) good = free_port(ask.house, name, checked->address, port);
  if (!good) return good.error();
  if (auto weak = weak_passphrase(first_user, passphrase)) return *weak;
  return checked;
}

std::string not_set_up_line(const json::value& id) {
  return protocol::error_line(id,
                              fail(ErrorCode::restricted,
                                   "This machine is not set up yet: systemsetup sets it up, and nothing else works "
                                   "before."),
                              json::object{{"needs", "setup"}});
}

/// A machine is set up once; what was said then is changed by the commands that the text names.
void set_up_already(State& state, Session&, const Call& call, Params&) {
  call.refuse(fail(ErrorCode::exists, fmt::format("This machine is set up already, as {}. interfaceconfig changes its "
                                                  "address and ports, listenerconfig its listeners, dnsconfig its DNS "
                                                  "servers, passwd the passphrase.",
                                                  host_of(state, state.peer().self().member))));
}

}  // namespace

SetupDesk::SetupDesk(SetupHouse& house, const schema::Schema& schema) : house_(house), schema_(schema) {}

SessionId SetupDesk::open_session(Who who, std::function<void(std::string line)> write, std::function<void()>) {
  seats_.emplace(next_, Seat{std::move(who), std::move(write)});
  return next_++;
}

void SetupDesk::close_session(SessionId session) { seats_.erase(session); }

void SetupDesk::receive(SessionId id, std::string_view line) {
  const auto at = seats_.find(id);
  if (at == seats_.end()) return;
  const Seat seat = at->second;
  auto parsed = protocol::parse_request(line);
  if (const auto* wrong = std::get_if<protocol::WireError>(&parsed)) return seat.write(protocol::error_line(*wrong));
  const protocol::Request& request = std::get<protocol::Request>(parsed);
  const Ask ask{house_, schema_, seat.who, seats_.size()};
  Params params(request.params);
  const auto tell = [&](const Answered& answered) {
    seat.write(answered ? protocol::answer_line(request.id, *answered)
                        : protocol::error_line(request.id, answered.error().error, answered.error().data));
  };
  const Right* right = find_right(request.method);
  const bool here = request.method == "session.hello" || request.method.starts_with("setup.");
  if (right == nullptr || !here) return seat.write(not_set_up_line(request.id));
  if (seat.who.role < cluster::Role::administrator)
    return tell(refused(fail(ErrorCode::denied, "Only the console's administrator may set up a machine.")));
  if (auto wrong = wrong_texts(*right, request.params)) return tell(refused(std::move(*wrong)));
  if (request.method == "session.hello") return tell(hello(ask, params));
  if (request.method == "setup.describe") return tell(describe(ask, params));
  if (request.method == "setup.check") return tell(check(ask, params));
  NewMachine wanted = read_machine(params);
  const std::string passphrase = params.text("passphrase");
  if (auto trouble = params.trouble()) return tell(refused(*trouble));
  const auto machine = possible(ask, std::move(wanted), passphrase);
  if (!machine) return tell(refused(machine.error()));
  house_.set_up(*machine, passphrase,
                [id = request.id, write = seat.write, host = machine->host_name](const Result<std::string>& serial) {
                  write(serial ? protocol::answer_line(id, json::object{{"host", host}, {"serial", *serial}})
                               : protocol::error_line(id, serial.error(), {}));
                });
}

const std::vector<Method>& setup_methods() {
  static const std::vector<Method> methods = {
      {"setup.describe", set_up_already},
      {"setup.check", set_up_already},
      {"setup.run", set_up_already},
  };
  return methods;
}

}  // namespace postern::desk
