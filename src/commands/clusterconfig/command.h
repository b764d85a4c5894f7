#pragma once

#include "commands/command.h"

namespace postern::commands::clusterconfig {

inline constexpr Row row{"clusterconfig", Where::cluster, base::Role::administrator,
                         "Creates, joins and administers the cluster.",
                         "clusterconfig create NAME\n"
                         "clusterconfig join ADDRESS [--port=N] [--fingerprint=SHA256:...] [--ccs] (then the passphrase)\n"
                         "clusterconfig addgroup NAME\nclusterconfig setgroup HOST[,HOST] GROUP\n"
                         "clusterconfig list | listdetail | connstatus\nclusterconfig prejoin print"};

}  // namespace postern::commands::clusterconfig
