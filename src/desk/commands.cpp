#include "desk/commands.h"

#include "desk/view.h"

#include <algorithm>

namespace postern::desk {

namespace {

using enum cluster::Role;
using enum Where;
constexpr bool commits = true;
constexpr bool built = true;

const Command every_command[] = {
    {"alertconfig", any, operator_, commits, !built, "", "Configures who gets alerts."},
    {"aliasconfig", any, operator_, commits, !built, "", "Configures aliases."},
    {"antispamstatus", machine, guest, !commits, !built, "",
     "Shows the state of the anti-spam rules."},
    {"antispamupdate", machine, operator_, !commits, !built, "",
     "Updates the anti-spam rules now."},
    {"antivirusstatus", machine, guest, !commits, !built, "",
     "Shows the state of the virus definitions."},
    {"antivirusupdate", machine, operator_, !commits, !built, "",
     "Updates the virus definitions now."},
    {"batch", any, guest, !commits, built, "", "Runs the commands of a script."},
    {"bounceconfig", any, operator_, commits, !built, "", "Configures bounce profiles."},
    {"bouncerecipients", machine, operator_, !commits, !built, "",
     "Bounces messages out of the queue."},
    {"clear", any, operator_, !commits, built, "", "Drops all pending changes."},
    {"clearchanges", any, operator_, !commits, built, "", "Drops all pending changes."},
    {"clustercheck", Where::cluster, administrator, !commits, !built, "",
     "Compares the settings of all machines."},
    {"clusterconfig", Where::cluster, administrator, !commits, built, "",
     "Creates, joins and administers the cluster."},
    {"clusterdiag", any, administrator, !commits, !built, "",
     "Examines every link of the cluster."},
    {"clustermode", any, guest, !commits, built, "", "Switches to another mode."},
    {"commit", any, operator_, !commits, built, "", "Commits all pending changes."},
    {"commitdetail", any, guest, !commits, built, "",
     "Shows what a commit changed, and where it is applied."},
    {"deleterecipients", machine, operator_, !commits, !built, "",
     "Deletes messages from the queue."},
    {"delivernow", machine, operator_, !commits, !built, "",
     "Tries to deliver queued messages now."},
    {"destconfig", any, operator_, commits, built, "destination-controls",
     "Configures destination controls."},
    {"diagnostic", machine, administrator, !commits, !built, "",
     "Checks and mends the machine's services."},
    {"dictionaryconfig", any, operator_, commits, !built, "", "Configures content dictionaries."},
    {"dnsconfig", any, operator_, commits, built, "dns", "Configures the DNS."},
    {"dnsflush", machine, operator_, !commits, !built, "", "Forgets all DNS answers."},
    {"dnslistflush", machine, operator_, !commits, !built, "", "Forgets all DNS list answers."},
    {"dnslisttest", machine, guest, !commits, !built, "", "Asks a DNS list about an address."},
    {"dnsstatus", machine, guest, !commits, !built, "", "Shows DNS counters."},
    {"etherconfig", machine, administrator, commits, !built, "",
     "Configures Ethernet interfaces."},
    {"exit", any, guest, !commits, built, "", "Ends the session."},
    {"explain", any, guest, !commits, built, "",
     "Shows which mode supplies a feature's settings."},
    {"featurekey", machine, administrator, !commits, !built, "", "Manages feature keys."},
    {"filters", any, operator_, commits, !built, "", "Configures message filters."},
    {"help", any, guest, !commits, built, "", "Shows the commands."},
    {"hostrate", machine, guest, !commits, !built, "", "Watches delivery to one host."},
    {"hoststatus", machine, guest, !commits, !built, "", "Shows delivery to one host."},
    {"interfaceconfig", machine, administrator, commits, built, "interfaces",
     "Configures network interfaces and the services on them."},
    {"last", login_host, administrator, !commits, !built, "", "Shows who was logged in."},
    {"ldapconfig", any, operator_, commits, !built, "", "Configures LDAP servers and queries."},
    {"ldapflush", machine, operator_, !commits, !built, "", "Forgets all LDAP answers."},
    {"ldaptest", machine, operator_, !commits, !built, "", "Asks an LDAP query."},
    {"listenerconfig", any, operator_, commits, built, "listeners",
     "Configures listeners with their HAT and RAT."},
    {"loadconfig", any, administrator, commits, !built, "", "Loads a configuration file."},
    {"logconfig", any, administrator, commits, built, "",
     "Configures logs; HOSTKEYCONFIG shows the host key's fingerprint."},
    {"nslookup", machine, guest, !commits, !built, "", "Asks the DNS."},
    {"ntpconfig", any, operator_, commits, !built, "", "Configures time servers."},
    {"passwd", Where::cluster, guest, !commits, built, "", "Changes your passphrase."},
    {"ping", login_host, guest, !commits, !built, "", "Pings a host."},
    {"policyconfig", any, operator_, commits, !built, "", "Configures mail policies."},
    {"quarantineconfig", machine, administrator, commits, !built, "", "Configures quarantines."},
    {"quit", any, guest, !commits, built, "", "Ends the session."},
    {"rate", machine, guest, !commits, !built, "", "Watches the rate of messages."},
    {"reboot", machine, administrator, !commits, !built, "", "Restarts the machine."},
    {"resetconfig", login_host, administrator, !commits, !built, "",
     "Resets the machine to its factory state."},
    {"resetcounters", machine, operator_, !commits, !built, "", "Sets the counters to zero."},
    {"resume", machine, operator_, !commits, !built, "", "Resumes receiving and delivering."},
    {"resumedel", machine, operator_, !commits, !built, "", "Resumes delivering."},
    {"resumelistener", machine, operator_, !commits, !built, "", "Resumes receiving."},
    {"rollbackconfig", any, administrator, !commits, !built, "",
     "Goes back to an earlier commit."},
    {"rollovernow", machine, operator_, !commits, !built, "", "Rolls the log files over."},
    {"routeconfig", machine, administrator, commits, !built, "", "Configures network routes."},
    {"saveconfig", any, administrator, !commits, !built, "",
     "Writes the configuration to a file."},
    {"sbstatus", machine, guest, !commits, !built, "", "Shows the state of sender reputation."},
    {"setgateway", machine, administrator, commits, !built, "", "Sets the default gateway."},
    {"sethostname", machine, administrator, commits, !built, "", "Sets the machine's host name."},
    {"settime", machine, administrator, !commits, !built, "", "Sets the clock."},
    {"settz", any, operator_, commits, !built, "", "Sets the time zone."},
    {"showchanges", any, guest, !commits, built, "", "Shows the pending changes."},
    {"shutdown", machine, administrator, !commits, !built, "", "Stops the machine."},
    {"smtpauthconfig", any, operator_, commits, !built, "", "Configures SMTP authentication."},
    {"smtproutes", any, operator_, commits, built, "smtp-routes", "Configures SMTP routes."},
    {"sshconfig", Where::cluster, administrator, !commits, built, "",
     "Lists, adds and deletes the users' SSH keys."},
    {"stats", any, guest, !commits, built, "", "Shows the daemon's counters."},
    {"status", machine, guest, !commits, built, "", "Shows the state of the machine."},
    {"supportrequest", login_host, administrator, !commits, !built, "",
     "Sends a request to the support."},
    {"suspend", machine, operator_, !commits, !built, "", "Suspends receiving and delivering."},
    {"suspenddel", machine, operator_, !commits, !built, "", "Suspends delivering."},
    {"suspendlistener", machine, operator_, !commits, !built, "", "Suspends receiving."},
    {"systemsetup", any, administrator, !commits, built, "",
     "Sets up a machine that is not set up yet, at its console."},
    {"tail", login_host, operator_, !commits, !built, "", "Shows the end of a log file."},
    {"techsupport", machine, administrator, !commits, !built, "", "Lets the support log in."},
    {"telnet", login_host, guest, !commits, !built, "", "Opens a TCP connection to a host."},
    {"textconfig", any, operator_, commits, !built, "", "Configures text resources."},
    {"tophosts", machine, guest, !commits, !built, "",
     "Shows the hosts with most recipients queued."},
    {"topin", machine, guest, !commits, !built, "",
     "Shows the hosts with most incoming connections."},
    {"trace", machine, operator_, !commits, !built, "", "Shows what would happen to a message."},
    {"unsubscribe", any, operator_, commits, !built, "",
     "Configures the global unsubscribe list."},
    {"upgrade", login_host, administrator, !commits, !built, "", "Installs a new version."},
    {"userconfig", Where::cluster, administrator, !commits, !built, "", "Manages the users."},
    {"version", machine, guest, !commits, built, "", "Shows the version."},
    {"vofflush", machine, operator_, !commits, !built, "", "Forgets the outbreak rules."},
    {"vofstatus", machine, guest, !commits, !built, "", "Shows the outbreak rules."},
    {"wait", any, guest, !commits, built, "", "Waits until a commit is applied."},
    {"who", login_host, guest, !commits, !built, "", "Shows who is logged in."},
    {"workqueue", machine, operator_, !commits, !built, "", "Shows and pauses the work queue."},
  };

}  // namespace

const std::vector<Command>& command_table() {
  static const std::vector<Command> table(std::begin(every_command), std::end(every_command));
  return table;
}

const Command* find_command(std::string_view name) {
  const std::string wanted = lower(name);
  const std::vector<Command>& table = command_table();
  const auto at = std::find_if(table.begin(), table.end(),
                               [&](const Command& command) { return command.name == wanted; });
  return at == table.end() ? nullptr : &*at;
}

}  // namespace postern::desk
