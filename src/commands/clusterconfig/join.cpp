#include <fmt/format.h>

#include "commands/clusterconfig/operations.h"
#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"
#include "cli/dialogue/settings.h"

/// Joining over SSH (spec J4). Nothing secret leaves this process before the fingerprint is confirmed.
namespace postern::cli {
namespace {

using base::ErrorCode;
using Op = model::Edit::Op;

constexpr int usual_ccs_port = 2222;

/// A member that answers, and waits for us to say whether its key is the right one.
struct Dialled {
  Json join;
  std::string address;
  std::string sha256;
  std::string md5;
};

std::optional<Dialled> dial(Session& session, const std::string& address, long port) {
  JsonObject params;
  params["address"] = address;
  params["port"] = port;
  const auto answer = session.call("cluster.join_dial", std::move(params));
  if (!answer) return std::nullopt;
  return Dialled{member_of(*answer, "join"), address, text_of(*answer, "sha256"), text_of(*answer, "md5")};
}

/// The fingerprint as people compare it, whether or not it comes with its "SHA256:".
std::string with_sha256(const std::string& fingerprint) {
  return fingerprint.starts_with("SHA256:") ? fingerprint : "SHA256:" + fingerprint;
}

/// A courtesy: the desk gives up a join that nobody goes on with by itself.
void hang_up(Session& session, const Dialled& member) {
  JsonObject params;
  params["join"] = member.join;
  static_cast<void>(session.try_call("cluster.join_cancel", std::move(params)));
}

std::optional<Json> go(Session& session, const Dialled& member, const std::string& passphrase, bool ccs) {
  JsonObject params;
  params["join"] = member.join;
  params["passphrase"] = passphrase;
  params["ccs"] = ccs;
  params["ccs_port"] = usual_ccs_port;
  return session.call("cluster.join_go", std::move(params));
}

/// "no default, y or n must be typed": the one deliberate change from the source's order.
bool confirmed(Session& session, const Dialled& member) {
  session.line("");
  session.line(fmt::format("Please verify the SSH host key for {}:", member.address));
  session.line("Public host key fingerprint: " + with_sha256(member.sha256));
  session.line("As MD5, for comparison: " + member.md5);
  session.line("");
  return ask_yes_no(session, "Is this a valid key for this host?", std::nullopt,
                    "Compare it with what the member's own CLI shows: logconfig -> hostkeyconfig -> "
                    "fingerprint.")
      .value_or(false);
}

struct Target {
  bool ccs = false;
  std::string address;
  long port = 22;
};

void warn_before_join(Session& session) {
  session.line("");
  session.line(
      "You will be shown the SSH host key of the machine that you join through. To compare it, get\n"
      "the fingerprint on a machine of the cluster: logconfig -> hostkeyconfig -> fingerprint.\n\n"
      "WARNING: This machine's settings will be lost, but for its network settings. It takes those of\n"
      "its group and of the cluster: make sure that they fit this network (dnsconfig, for instance).\n");
}

/// J4's questions up to the pre-shared keys. nullopt: left, or not in this version.
std::optional<Target> ask_target(Session& session, int& code) {
  code = exit_ok;
  Target target;
  const auto ccs =
      ask_yes_no(session, fmt::format("Do you want to enable the Cluster Communication Service on\n{}?", session.host), false);
  if (!ccs) return std::nullopt;
  target.ccs = *ccs;
  const auto address = ask_text(session, {"Enter the IP address of a machine in the cluster.", {}, {}, true, {}, {}});
  if (!address || address->empty()) return std::nullopt;
  target.address = *address;
  Question question{
      "Enter the remote port to connect to. The port must be the normal admin ssh\n"
      "port, not the CCS port.",
      "22",
      {},
      true,
      {},
      {}};
  question.check = [](std::string_view typed) -> base::Result<std::string> {
    const auto number = whole_number(typed);
    if (number && *number >= 1 && *number <= 65535) return std::string(typed);
    return base::fail(ErrorCode::invalid, "A port is a number from 1 to 65535.");
  };
  const auto port = ask_text(session, question);
  if (!port) return std::nullopt;
  target.port = *whole_number(*port);
  const auto keys = ask_yes_no(session, "Would you like to join this appliance to a cluster using pre-shared keys?", false);
  if (!keys) return std::nullopt;
  if (*keys) {
    code = not_in_this_version(session, "Joining with pre-shared keys");
    return std::nullopt;
  }
  return target;
}

/// J10: once the cluster's settings are applied, the two CCS questions come again, J4's answer as default.
void ask_ccs_again(Session& session, bool said_before) {
  const auto* feature = session.schema.feature("interfaces");
  const auto view =
      feature == nullptr ? protocol::Reply<OpenFeature>(OpenFeature{}) : open_feature(session, *feature, session.own_mode());
  if (!view) return;
  std::vector<model::Edit> edits;
  for (const auto& entry : view->shown.entries("interface")) {
    const model::Node none;
    const model::Node* now = entry.child("ccs");
    if (now == nullptr) now = &none;
    const auto on = ask_yes_no(session, "Do you want to enable Cluster Communication Service on this interface?", said_before);
    if (!on) return;
    const model::Path path{{"interface", entry.key_values(1)}, {"ccs", {}}};
    const auto set = [&](const char* leaf, const std::string& value, const char* otherwise) {
      if (now->leaf(leaf, otherwise) == value) return;
      edits.push_back({Op::set, {path[0], path[1], {leaf, {}}}, value, {}});
    };
    set("enabled", *on ? "true" : "false", "false");
    if (!*on) continue;
    const auto port = ask_text(session, {"Which port do you want to use for Cluster Communication Service?",
                                         std::string(now->leaf("port", "2222")),
                                         {},
                                         true,
                                         {},
                                         {}});
    if (!port) return;
    set("port", *port, "2222");
  }
  if (edits.empty()) return;
  const std::string mode = session.mode;
  if (session.switch_mode(session.own_mode()) != exit_ok) return;
  if (send_edits(session, *feature, edits) == exit_ok) {
    session.line("This change of the interface is pending: commit puts it into effect.");
  }
  session.switch_mode(mode);
}

int joined(Session& session, const Json& answer, bool ccs) {
  session.line("");
  session.line(fmt::format("Joining cluster group {}.", text_of(answer, "group")));
  session.line("");
  if (!session.interactive) return arrive_in_cluster(session, "Joining a cluster");
  if (const int code = session.refresh(); code != exit_ok) return code;
  ask_ccs_again(session, ccs);
  return arrive_in_cluster(session, "Joining a cluster");
}

}  // namespace

int join_over_ssh(Session& session) {
  warn_before_join(session);
  int code = exit_ok;
  const auto target = ask_target(session, code);
  if (!target) return code;
  const auto member = dial(session, target->address, target->port);
  if (!member) return session.last_exit;
  session.line("");
  session.line("Enter the admin passphrase for the cluster.");
  const auto passphrase = session.console().ask_secret("[]> ");
  if (!passphrase || passphrase->empty() || !confirmed(session, *member)) {
    hang_up(session, *member);
    session.line("Nothing was changed, and the passphrase was not sent.");
    return exit_failed;
  }
  const auto answer = go(session, *member, *passphrase, target->ccs);
  if (!answer) return session.last_exit;
  return joined(session, *answer, target->ccs);
}

int join_line(Session& session, Arguments& arguments) {
  const auto address = arguments.take();
  const auto port = whole_number(arguments.value("port").value_or("22"));
  const auto expected = arguments.value("fingerprint");
  const bool ccs = arguments.flag("ccs");
  if (!address || !port || !arguments.finished()) {
    return session.fail(ErrorCode::usage,
                        "Use clusterconfig join ADDRESS [--port=N] [--fingerprint=SHA256:...] [--ccs]; the "
                        "passphrase is the next line of input.");
  }
  if (!expected && !session.answered)
    return session.fail(ErrorCode::usage,
                        "Nobody is here to confirm the host key: say --fingerprint=SHA256:..., which \"logconfig hostkeyconfig "
                        "fingerprint\" shows at the member.");
  const auto member = dial(session, *address, *port);
  if (!member) return session.last_exit;
  if (expected && with_sha256(*expected) != with_sha256(member->sha256)) {
    hang_up(session, *member);
    return session.fail(ErrorCode::denied, fmt::format("The host key of {} is {}, not {}: nothing was sent to it.", *address,
                                                       with_sha256(member->sha256), with_sha256(*expected)));
  }
  if (!expected && !confirmed(session, *member)) {
    hang_up(session, *member);
    return session.fail(ErrorCode::denied, "The host key was not confirmed: nothing was changed or sent.");
  }
  const auto passphrase = session.console().ask_secret("");
  if (!passphrase || passphrase->empty()) {
    hang_up(session, *member);
    return session.fail(ErrorCode::usage, "The passphrase is missing: it is the next line of input.");
  }
  const auto answer = go(session, *member, *passphrase, ccs);
  if (!answer) return session.last_exit;
  if (!session.json) return joined(session, *answer, ccs);
  session.line(to_line(*answer));
  if (const int code = session.refresh(); code != exit_ok) return code;
  return session.switch_mode("cluster");
}

}  // namespace postern::cli
