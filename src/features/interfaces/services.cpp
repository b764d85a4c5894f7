#include "features/features.h"
#include "features/words.h"

namespace postern::features {
namespace {

bool enabled(const model::Node* service, bool otherwise) {
  return service == nullptr ? otherwise : truth(*service, "enabled", otherwise);
}

std::uint16_t port(const model::Node* service, std::uint16_t otherwise) {
  return service == nullptr ? otherwise : static_cast<std::uint16_t>(number(*service, "port", otherwise));
}

}  // namespace

std::vector<Service> services(const model::Tree& interfaces) {
  std::vector<Service> all;
  for (const model::Node& each : interfaces.entries("interface")) {
    const std::string_view address = each.leaf("address");
    const model::Node* ssh = each.child("ssh");
    const model::Node* ccs = each.child("ccs");
    const model::Node* https = each.child("https");
    Service service;
    service.interface_name = each.leaf("name");
    service.address = address.substr(0, address.find('/'));
    service.host_name = each.leaf("host-name");
    service.ssh = enabled(ssh, true);
    service.ssh_port = port(ssh, 22);
    service.ccs = enabled(ccs, false);
    service.ccs_port = port(ccs, 2222);
    service.https = enabled(https, true);
    service.https_port = port(https, 443);
    all.push_back(std::move(service));
  }
  return all;
}

}  // namespace postern::features
