#include <algorithm>

#include "cli/commands.h"

namespace postern::cli {
namespace {

constexpr bool asks = true;

constexpr std::string_view shared_forms =
    "\n  print | clear | clusterset copy|move MODE|all-groups | clustershow"
    "\n  --start=empty|copy|copy:MODE begins a definition in a mode that has none";

/// Commands of the source that are known and not built (spec C9-C12).
constexpr std::string_view not_built[] = {
    "alertconfig",     "aliasconfig",      "antispamstatus",   "antispamupdate",  "antivirusstatus",
    "antivirusupdate", "bounceconfig",     "bouncerecipients", "clustercheck",    "clusterdiag",
    "deleterecipients", "delivernow",      "diagnostic",       "dictionaryconfig", "dnsflush",
    "dnslistflush",    "dnslisttest",      "dnsstatus",        "etherconfig",     "featurekey",
    "filters",         "hostrate",         "hoststatus",       "last",            "ldapconfig",
    "ldapflush",       "ldaptest",         "loadconfig",       "nslookup",        "ntpconfig",
    "ping",            "policyconfig",     "quarantineconfig", "rate",            "reboot",
    "resetconfig",     "resetcounters",    "resume",           "resumedel",       "resumelistener",
    "rollbackconfig",  "rollovernow",      "routeconfig",      "saveconfig",      "sbstatus",
    "setgateway",      "sethostname",      "settime",          "settz",           "shutdown",
    "smtpauthconfig",  "supportrequest",   "suspend",          "suspenddel",      "suspendlistener",
    "tail",            "techsupport",      "telnet",           "textconfig",      "tophosts",
    "topin",           "trace",            "unsubscribe",      "upgrade",         "userconfig",
    "vofflush",        "vofstatus",        "who",              "workqueue",
};

std::vector<Command> settings_commands() {
  return {
      {"destconfig", "Configures destination controls: the limits for delivery, for each domain.",
       "destconfig new|edit DOMAIN --max-connections=N [--messages-per-connection=N]\n"
       "destconfig delete DOMAIN",
       run_destconfig, asks},
      {"dnsconfig", "Configures whom the machines ask for names and addresses.",
       "dnsconfig servers IP[:PORT] ...\ndnsconfig root\ndnsconfig system", run_dnsconfig, asks},
      {"interfaceconfig", "Configures this machine's addresses and the services on them.",
       "interfaceconfig new|edit NAME ADDRESS/LEN --hostname=HOST [--ssh=on|off --ssh-port=N]\n"
       "    [--ccs=on|off --ccs-port=N] [--https=on|off --https-port=N]\n"
       "interfaceconfig delete NAME",
       run_interfaceconfig, asks},
      {"listenerconfig", "Configures listeners, with their Host and Recipient Access Tables.",
       "listenerconfig new NAME --type=public|private --interface=IF [--port=N] [--max-size=BYTES]\n"
       "listenerconfig edit NAME [--type=T] [--interface=IF] [--port=N] [--max-size=BYTES]\n"
       "listenerconfig delete NAME\n"
       "listenerconfig rat LISTENER new ADDRESS accept|reject [--text=TEXT]\n"
       "listenerconfig hat LISTENER new ADDRESS accept|relay|reject [--group=NAME] [--text=TEXT]\n"
       "listenerconfig rat|hat LISTENER delete ADDRESS\nlistenerconfig rat|hat LISTENER print",
       run_listenerconfig, asks},
      {"smtproutes", "Configures where mail for a domain goes instead of to its mail exchangers.",
       "smtproutes new|edit DOMAIN DEST[:PORT][/PREFERENCE] ...\n"
       "smtproutes new|edit DOMAIN USEDNS | /dev/null\nsmtproutes delete DOMAIN",
       run_smtproutes, asks},
  };
}

std::vector<Command> cluster_commands() {
  return {
      {"clearchanges", "Drops all your pending changes, of all modes.", "clearchanges (or clear)",
       run_clearchanges},
      {"clusterconfig", "Creates, joins and administers the cluster.",
       "clusterconfig create NAME\n"
       "clusterconfig join ADDRESS [--port=N] [--fingerprint=SHA256:...] [--ccs] (then the passphrase)\n"
       "clusterconfig addgroup NAME\nclusterconfig setgroup HOST[,HOST] GROUP\n"
       "clusterconfig list | listdetail | connstatus\nclusterconfig prejoin print",
       run_clusterconfig, asks},
      {"clustermode", "Switches to another mode.",
       "clustermode cluster\nclustermode group NAME\nclustermode machine HOST", run_clustermode},
      {"commit", "Commits all your pending changes, of all modes.",
       "commit [COMMENT] [--force]\ncommit check\ncommit resolve merge|mine|discard", run_commit},
      {"commitdetail", "Shows what a commit changed, and which machines have it.",
       "commitdetail [COMMIT]", run_commitdetail},
      {"explain", "Shows which mode supplies a feature's settings here.", "explain FEATURE",
       run_explain},
      {"showchanges", "Shows your pending changes.", "showchanges", run_showchanges},
      {"wait", "Waits until every machine that is linked has applied a commit.",
       "wait COMMIT [--seconds=N]", run_wait},
  };
}

std::vector<Command> machine_commands() {
  return {
      {"batch", "Runs the commands of a script on standard input, until the first that fails.",
       "batch [--continue] (then a command a line; # begins a comment)", run_batch},
      {"help", "Shows the commands, or the forms of one.", "help [COMMAND] [--all]", run_help, !asks, true},
      {"logconfig", "Shows the fingerprint of this machine's host key.",
       "logconfig hostkeyconfig fingerprint", run_logconfig},
      {"passwd", "Changes your passphrase.", "passwd", run_passwd, asks},
      {"sshconfig", "Lists, adds and deletes the SSH keys with which users log in.",
       "sshconfig userkey print [--user=NAME]\nsshconfig userkey new KEY [--user=NAME]\n"
       "sshconfig userkey delete FINGERPRINT [--user=NAME]",
       run_sshconfig, asks},
      {"stats", "Shows the daemon's counters.", "stats", run_stats},
      {"status", "Shows the state of the machine.", "status", run_status, asks},
      {"systemsetup", "Sets up a machine that is not set up yet, at its console.",
       "systemsetup (asks)\n"
       "systemsetup --host-name=HOST --address=ADDRESS/LEN [--interface=NAME] [--ssh-port=N] [--https-port=N]\n"
       "    [--public-port=N|0] [--private-port=N|0] [--relay=HOSTS] [--dns=IP,IP] [--bind=ADDRESS]\n"
       "    (then the passphrase)",
       run_systemsetup, !asks, true},
      {"version", "Shows the version and the machine's serial number.", "version", run_version, asks},
  };
}

std::vector<Command> make_commands() {
  std::vector<Command> all;
  for (const auto& part : {settings_commands(), cluster_commands(), machine_commands()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  for (const auto name : not_built) all.push_back({name, "Not in this version.", "", nullptr, false});
  std::ranges::sort(all, {}, &Command::name);
  return all;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = make_commands();
  return all;
}

base::Result<const Command*> find_command(std::string_view typed) {
  if (lower(typed) == "clear") return find_command("clearchanges");
  if (typed == "?") return find_command("help");
  std::vector<std::string> names;
  std::vector<std::string> built;
  for (const auto& command : commands()) {
    names.emplace_back(command.name);
    if (command.run != nullptr) built.emplace_back(command.name);
  }
  // A prefix means what this version can do, as long as that is one thing.
  const auto usable = with_prefix(built, typed);
  const auto name = usable.size() == 1 && with_prefix(names, typed).front() != lower(typed)
                        ? base::Result<std::string>(usable.front())
                        : by_prefix(names, typed, "a command; help lists them");
  if (!name) return name.error();
  const auto& all = commands();
  return &*std::ranges::find(all, *name, &Command::name);
}

std::string_view shared_operations() { return shared_forms; }

}  // namespace postern::cli
