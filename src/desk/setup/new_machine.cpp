#include "desk/setup/new_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

/// Which setting a parameter becomes: its type is the parameter's.
struct Leaf {
  std::string_view name;
  std::string_view feature;
  std::vector<std::string> path;
  bool or_zero = false;  ///< 0 means that there shall be none
};

const std::vector<Leaf>& leaves() {
  static const std::vector<Leaf> all = {
      {"host_name", "interfaces", {"interface", "host-name"}, false},
      {"interface", "interfaces", {"interface", "name"}, false},
      {"address", "interfaces", {"interface", "address"}, false},
      {"ssh_port", "interfaces", {"interface", "ssh", "port"}, false},
      {"https_port", "interfaces", {"interface", "https", "port"}, false},
      {"public_port", "listeners", {"listener", "port"}, true},
      {"private_port", "listeners", {"listener", "port"}, true},
      {"relay", "listeners", {"listener", "hat", "sender"}, false},
      {"dns", "dns", {"server"}, false},
      {"bind_address", "interfaces", {"interface", "address"}, false},
  };
  return all;
}

Result<void> check_relay(const std::string& value) {
  if (value != "ALL" && !value.ends_with("/0")) return {};
  return fail(ErrorCode::invalid, "relay",
              fmt::format("{} would let every host send mail to everyone through this machine. Enter "
                          "the addresses or networks of your own hosts.",
                          value));
}

/// An address without its prefix, by the type of an address with one.
Result<std::string> check_bare_address(const schema::Schema& schema, const Leaf& leaf, std::string_view value) {
  const bool six = value.find(':') != value.npos;
  auto checked = schema.check_leaf(leaf.feature, leaf.path, fmt::format("{}/{}", value, six ? 128 : 32));
  if (!checked || value.find('/') != value.npos)
    return fail(ErrorCode::invalid, "Enter an IPv4 or IPv6 address such as 192.0.2.10.");
  return without_prefix(*checked);
}

/// Takes an error's place in the settings away and names the parameter instead.
base::Error at(std::string_view name, base::Error error) {
  error.where = std::string(name);
  return error;
}

/// A parameter and where its value stands.
struct Text {
  std::string_view name;
  std::string* value;
};

Result<void> check_texts(const schema::Schema& schema, NewMachine& machine) {
  std::vector<Text> texts = {
      {"host_name", &machine.host_name}, {"interface", &machine.interface_name}, {"address", &machine.address}};
  if (!machine.bind_address.empty()) texts.push_back({"bind_address", &machine.bind_address});
  for (auto& value : machine.relay) texts.push_back({"relay", &value});
  for (auto& value : machine.dns_servers) texts.push_back({"dns", &value});
  for (const auto& text : texts) {
    auto checked = check_setup_value(schema, text.name, *text.value);
    if (!checked) return checked.error();
    *text.value = std::move(*checked);
  }
  return {};
}

Result<void> check_ports(const NewMachine& machine) {
  std::map<std::uint16_t, std::string_view> taken;
  for (const auto& [name, port] : {std::pair<std::string_view, std::uint16_t>("ssh_port", machine.ssh_port),
                                   {"https_port", machine.https_port},
                                   {"public_port", machine.public_port},
                                   {"private_port", machine.private_port}}) {
    const bool listener = name.starts_with("p");
    if (port == 0 && listener) continue;
    if (port == 0) return fail(ErrorCode::invalid, std::string(name), "A port is a number from 1 to 65535.");
    const auto [before, fresh] = taken.emplace(port, name);
    if (!fresh)
      return fail(ErrorCode::invalid, std::string(name),
                  fmt::format("Port {} cannot be both {} and {}: choose another one.", port, before->second, name));
  }
  return {};
}

}  // namespace

std::string without_prefix(const std::string& address) { return address.substr(0, address.find('/')); }

Result<std::string> check_setup_value(const schema::Schema& schema, std::string_view name, std::string_view value) {
  const auto leaf = std::ranges::find(leaves(), name, &Leaf::name);
  if (leaf == leaves().end())
    return fail(ErrorCode::usage, std::string(name), fmt::format("Setting up has no value \"{}\".", name));
  if (leaf->or_zero && value == "0") return std::string(value);
  auto checked =
      name == "bind_address" ? check_bare_address(schema, *leaf, value) : schema.check_leaf(leaf->feature, leaf->path, value);
  if (!checked) return at(name, checked.error());
  if (name == "relay")
    if (auto good = check_relay(*checked); !good) return good.error();
  return checked;
}

Result<NewMachine> check_new_machine(const schema::Schema& schema, NewMachine machine) {
  if (auto good = check_texts(schema, machine); !good) return good.error();
  if (auto good = check_ports(machine); !good) return good.error();
  if (machine.private_port != 0 && machine.relay.empty())
    return fail(ErrorCode::invalid, "relay",
                "A private listener needs hosts that may send through it: give their addresses or networks.");
  if (machine.private_port == 0 && !machine.relay.empty())
    return fail(ErrorCode::invalid, "private_port", "Hosts that may relay need a private listener: give it a port.");
  return machine;
}

}  // namespace postern::desk
