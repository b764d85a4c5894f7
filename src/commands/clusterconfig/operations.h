#pragma once

#include "cli/session/session.h"
#include "cli/line/words.h"

/// clusterconfig's parts (spec J1-J13), each in the file of its subject.
namespace postern::cli {

/// "Enter the name of the new cluster." and what follows, up to the new prompt.
int create_cluster(Session& session, const std::string& name);
/// J4's dialogue.
int join_over_ssh(Session& session);
/// `join ADDRESS …`: the passphrase is one line of input, asked for only after the fingerprint is settled.
int join_line(Session& session, Arguments& arguments);

/// The operations menu of a member, until it is left.
int cluster_menu(Session& session);
/// Says that it was at once, and the cluster's name, then the menu.
int arrive_in_cluster(Session& session, std::string_view done);

/// One operation, interactive where arguments are missing and the session is.
int run_cluster_operation(Session& session, const std::string& operation, Arguments& arguments);
/// Names of the operations, in the menu's order.
std::vector<std::string> cluster_operations();

int list_cluster(Session& session, bool detail);
int print_connections(Session& session);
int print_prejoin(Session& session);

}  // namespace postern::cli
