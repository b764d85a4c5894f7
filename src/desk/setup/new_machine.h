#pragma once

#include "base/result.h"
#include "schema/schema.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::desk {

/// What a new machine is told about itself, by `posternd init` or at the console by systemsetup.
struct NewMachine {
  std::string host_name;
  std::string interface_name = "Management";
  std::string address;  ///< "192.0.2.10/24"
  std::uint16_t ssh_port = 22;
  std::uint16_t https_port = 443;
  std::uint16_t public_port = 25;        ///< listener IncomingMail; 0: none
  std::uint16_t private_port = 0;        ///< listener OutgoingMail; 0: none
  std::vector<std::string> relay;        ///< who may send through OutgoingMail: addresses or CIDR
  std::vector<std::string> dns_servers;  ///< empty: the host's own
  std::string bind_address;              ///< source of outgoing SSH and SMTP; empty: the system chooses
};

/// One value on its own, by its parameter's name in setup.run (docs/DESK.md); one entry of a list.
/// Returns its canonical form. Errors: usage for an unknown name; invalid, saying what is expected.
base::Result<std::string> check_setup_value(const schema::Schema& schema, std::string_view name, std::string_view value);

/// All values, and that they go together. Returns them in canonical form. Error invalid: `where` names
/// the parameter.
base::Result<NewMachine> check_new_machine(const schema::Schema& schema, NewMachine machine);

/// "192.0.2.10" of "192.0.2.10/24".
std::string without_prefix(const std::string& address);

}  // namespace postern::desk
