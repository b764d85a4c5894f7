#pragma once

#include "model/tree.h"

#include <map>
#include <string>

/// Who may connect to a listener and whom it takes mail for, as Postfix's access(5) tables.
namespace postern::features {

/// The host access table as two cidr_table(5) texts with the same first match.
struct HostAccess {
  std::string connect;  ///< at connect: OK or REJECT
  std::string relay;    ///< at RCPT: OK for groups that may relay
};
HostAccess host_access(const model::Node& listener, bool is_public);

/// The recipient access table. Two tables because Postfix asks for "user@" after domains, and here
/// it is the more specific.
struct RecipientAccess {
  std::map<std::string, std::string> users;    ///< "user@domain" and "user@"
  std::map<std::string, std::string> domains;  ///< "domain" and ".domain"
  std::string all;                             ///< action for everything else, or empty: refused as relaying
  bool all_accepted = false;                   ///< the table says ALL accept, which no public listener may do
  /// A "user@" is accepted, which counts at the domains that the table names.
  bool user_everywhere = false;
  std::string sample;  ///< a recipient domain that is accepted, or empty
  /// Domains that the second lock (relay_domains) must let through.
  std::map<std::string, std::string> relay_domains;
};
RecipientAccess recipient_access(const model::Node& listener);

}  // namespace postern::features
