#include <fmt/format.h>

#include <algorithm>

#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"

/// systemsetup: what a machine is told about itself, once, at its console.
namespace postern::cli {
namespace {

using base::ErrorCode;

constexpr const char* no_change = "Nothing was changed; systemsetup begins again.";

/// The dialogue's answers as they are collected: the parameters of setup.run.
class SetupInterview {
 public:
  SetupInterview(Session& session, Json proposals) : session_(session), proposals_(std::move(proposals)) {}

  /// False: a question was left, or the desk can go on no more.
  bool ask_all() {
    return ask_names() && ask_address() && ask_ports() && ask_public_listener() && ask_private_listener() && ask_dns() &&
           ask_passphrase();
  }
  void print_summary() const;
  /// The desk refused to go on; told already.
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] const JsonObject& params() const { return params_; }

 private:
  bool ask_names();
  bool ask_address();
  bool ask_ports();
  bool ask_public_listener();
  bool ask_private_listener();
  bool ask_dns();
  bool ask_passphrase();

  /// Asks for one value, which the desk checks.
  bool ask(const char* name, Question question);
  /// Asks for several, separated by commas.
  bool ask_list(const char* name, Question question);
  bool ask_port(const char* name, const std::string& service, const std::string& preset);
  base::Result<std::string> checked(const char* name, std::string_view typed);
  [[nodiscard]] std::string value(const char* name) const { return text_of(params_, name); }
  [[nodiscard]] std::string list(const char* name) const { return join(texts_of(params_, name), ", "); }

  Session& session_;
  Json proposals_;
  JsonObject params_;
  std::vector<std::pair<std::string, std::string>> ports_;  ///< port, service
  bool stopped_ = false;
};

base::Result<std::string> SetupInterview::checked(const char* name, std::string_view typed) {
  JsonObject params{{"name", name}, {"value", typed}};
  if (params_.contains("address")) params["address"] = params_["address"];
  auto reply = session_.try_call("setup.check", std::move(params));
  if (reply) return text_of(*reply, "value");
  const ErrorCode code = reply.error().error.code;
  if (code == ErrorCode::invalid || code == ErrorCode::usage) return reply.error().error;
  // Set up from another console meanwhile, or the daemon is gone: no answer helps any more.
  session_.refused(reply.error());
  stopped_ = true;
  return std::string(typed);
}

bool SetupInterview::ask(const char* name, Question question) {
  question.may_be_empty = false;
  question.check = [&](std::string_view typed) { return checked(name, typed); };
  const auto answer = ask_text(session_, question);
  if (!answer || stopped_) return false;
  params_[name] = *answer;
  return true;
}

bool SetupInterview::ask_list(const char* name, Question question) {
  question.may_be_empty = false;
  question.check = [&](std::string_view typed) -> base::Result<std::string> {
    std::vector<std::string> values;
    for (const auto& part : split(typed, ", ")) {
      auto one = checked(name, part);
      if (!one) return one;
      if (std::ranges::find(values, *one) == values.end()) values.push_back(std::move(*one));
    }
    return join(values, ", ");
  };
  const auto answer = ask_text(session_, question);
  if (!answer || stopped_) return false;
  const auto values = split(*answer, ", ");
  params_[name] = boost::json::array(values.begin(), values.end());
  return true;
}

bool SetupInterview::ask_port(const char* name, const std::string& service, const std::string& preset) {
  Question question{
      fmt::format("Which port do you want to use for {}?", service), preset, "A TCP port, from 1 to 65535.", false, {}, {}};
  question.check = [&](std::string_view typed) -> base::Result<std::string> {
    auto port = typed == "0" ? base::fail(ErrorCode::invalid, "A port is a number from 1 to 65535.") : checked(name, typed);
    if (!port || stopped_) return port;
    const auto used = std::ranges::find(ports_, *port, &std::pair<std::string, std::string>::first);
    if (used == ports_.end()) return port;
    return base::fail(ErrorCode::invalid, fmt::format("Port {} is for {} already: choose another one.", *port, used->second));
  };
  const auto answer = ask_text(session_, question);
  if (!answer || stopped_) return false;
  ports_.emplace_back(*answer, service);
  params_[name] = whole_number(*answer).value_or(0);
  return true;
}

bool SetupInterview::ask_names() {
  return ask("host_name", {"Enter the host name of this machine.",
                           text_of(proposals_, "host_name"),
                           "A full host name such as mail3.example.com, by which other machines reach this one.",
                           false,
                           {},
                           {}}) &&
         ask("interface", {"Enter a name for its IP interface.",
                           text_of(proposals_, "interface"),
                           "A short name by which listeners refer to the interface; the same name on "
                           "every machine lets them share a listener.",
                           false,
                           {},
                           {}});
}

bool SetupInterview::ask_address() {
  Question question;
  question.text = fmt::format("Enter the IP address and prefix length for {}.", value("interface"));
  std::vector<std::string> shown;
  for (const auto& at : items_of(proposals_, "addresses")) {
    question.completions.push_back(text_of(at, "address"));
    shown.push_back(fmt::format("{} ({})", text_of(at, "address"), text_of(at, "link")));
  }
  if (!shown.empty()) {
    question.text += fmt::format(" This host has: {}.", join(shown, ", "));
    question.preset = question.completions.front();
  }
  question.help =
      "An address that this host has, and the length of its network's prefix: 192.0.2.10/24 or "
      "2001:db8::10/64.";
  return ask("address", std::move(question));
}

bool SetupInterview::ask_ports() {
  return ask_port("ssh_port", "SSH", std::to_string(number_of(proposals_, "ssh_port"))) &&
         ask_port("https_port", "HTTPS", std::to_string(number_of(proposals_, "https_port")));
}

bool SetupInterview::ask_public_listener() {
  const auto wanted =
      ask_yes_no(session_, "Do you want to take mail from the Internet, with a public listener IncomingMail?", true,
                 "It takes mail for the domains of its Recipient Access Table, which listenerconfig fills.");
  if (!wanted) return false;
  params_["public_port"] = 0;
  return !*wanted || ask_port("public_port", "IncomingMail", std::to_string(number_of(proposals_, "public_port")));
}

bool SetupInterview::ask_private_listener() {
  const auto wanted = ask_yes_no(session_, "Do you want to take mail from your own hosts, with a private listener OutgoingMail?",
                                 false, "It takes mail for everyone from the hosts that you name.");
  if (!wanted) return false;
  params_["private_port"] = 0;
  if (!*wanted) return true;
  return ask_port("private_port", "OutgoingMail", "587") &&
         ask_list("relay", {"Enter the hosts that may send through it: IP addresses or networks, separated by commas.",
                            {},
                            "Such as 192.0.2.7, 10.0.0.0/8.",
                            false,
                            {},
                            {}});
}

bool SetupInterview::ask_dns() {
  const auto own = ask_yes_no(session_, "Do you want to use the DNS servers that this host uses?", true,
                              "n: this machine asks servers of its own. dnsconfig changes it later.");
  if (!own || *own) return own.has_value();
  return ask_list("dns", {"Enter the IP addresses of the DNS servers. Several are separated by commas.",
                          {},
                          "With a port if it is not 53: 192.0.2.53:5353.",
                          false,
                          {},
                          {}});
}

bool SetupInterview::ask_passphrase() {
  const std::string user = text_of(proposals_, "user");
  while (true) {
    const auto first = session_.console().ask_secret(fmt::format("New passphrase for the administrator {}: ", user));
    if (!first) return false;
    const auto good = checked("passphrase", *first);
    if (stopped_) return false;
    if (!good) {
      session_.line(good.error().text);
      continue;
    }
    const auto again = session_.console().ask_secret("The new one again: ");
    if (!again) return false;
    if (*first == *again) {
      params_["passphrase"] = *first;
      return true;
    }
    session_.line("The two differ: type both once more.");
  }
}

void SetupInterview::print_summary() const {
  const auto fact = [&](const char* name, const std::string& text) { session_.line(fmt::format("{:<14} {}", name, text)); };
  const auto port = [&](const char* name) { return number_of(params_, name); };
  session_.line("");
  fact("Host name:", value("host_name"));
  fact("Interface:", fmt::format("{}, {}", value("interface"), value("address")));
  fact("SSH:", fmt::format("port {}", port("ssh_port")));
  fact("HTTPS:", fmt::format("port {}", port("https_port")));
  if (port("public_port") != 0) fact("IncomingMail:", fmt::format("port {}, public", port("public_port")));
  if (port("private_port") != 0)
    fact("OutgoingMail:", fmt::format("port {}, private, for {}", port("private_port"), list("relay")));
  if (port("public_port") == 0 && port("private_port") == 0) fact("Listeners:", "none; listenerconfig makes them");
  fact("DNS servers:", list("dns").empty() ? "those of the host" : list("dns"));
  fact("Administrator:", text_of(proposals_, "user"));
  session_.line("");
}

/// Makes the machine; from here on the session is at its own desk.
int set_up(Session& session, const JsonObject& params) {
  const auto answer = session.call("setup.run", params);
  if (!answer) return session.last_exit;
  if (const int code = session.refresh(); code != exit_ok) return code;
  if (session.printed_json(*answer)) return exit_ok;
  session.line("");
  session.line(
      fmt::format("{} is set up (Serial #: {}), as a gateway of its own.", text_of(*answer, "host"), text_of(*answer, "serial")));
  session.line("clusterconfig creates a cluster on it, or joins one.");
  return exit_ok;
}

int ask_system_setup(Session& session, const Json& proposals) {
  if (!session.may_ask()) return exit_usage;
  session.line(
      "What stands in brackets is taken for an empty line, ? explains a question, and Ctrl-C leaves\n"
      "without a change.\n");
  session.warnings(proposals);
  SetupInterview interview(session, proposals);
  if (!interview.ask_all()) {
    if (!interview.stopped()) {
      session.line(no_change);
      return exit_failed;
    }
    const int code = session.last_exit;
    if (!session.over()) session.refresh();
    return code;
  }
  interview.print_summary();
  if (!ask_yes_no(session, "Do you want to set up this machine like this?", true).value_or(false)) {
    session.line(no_change);
    return exit_failed;
  }
  const int code = set_up(session, interview.params());
  if (code != exit_ok && session.unset) session.line(no_change);
  return code;
}

/// One option as a parameter of setup.run.
struct Option {
  const char* name;
  const char* param;
  enum class Kind { text, number, list } kind = Kind::text;
};
constexpr Option options[] = {
    {"host-name", "host_name"},
    {"interface", "interface"},
    {"address", "address"},
    {"ssh-port", "ssh_port", Option::Kind::number},
    {"https-port", "https_port", Option::Kind::number},
    {"public-port", "public_port", Option::Kind::number},
    {"private-port", "private_port", Option::Kind::number},
    {"relay", "relay", Option::Kind::list},
    {"dns", "dns", Option::Kind::list},
    {"bind", "bind_address"},
};

base::Result<JsonObject> params_of(Arguments& arguments) {
  JsonObject params;
  for (const auto& option : options) {
    const auto given = arguments.value(option.name);
    if (!given) continue;
    const auto number = whole_number(*given);
    if (option.kind == Option::Kind::number && !number)
      return base::fail(ErrorCode::usage, fmt::format("--{} needs a number, not \"{}\".", option.name, *given));
    const auto parts = split(*given, ", ");
    switch (option.kind) {
      case Option::Kind::text: params[option.param] = *given; break;
      case Option::Kind::number: params[option.param] = *number; break;
      case Option::Kind::list: params[option.param] = boost::json::array(parts.begin(), parts.end()); break;
    }
  }
  if (auto finished = arguments.finished(); !finished) return finished.error();
  if (!params.contains("host_name") || !params.contains("address"))
    return base::fail(ErrorCode::usage, "Say at least --host-name=HOST and --address=ADDRESS/LEN.");
  return params;
}

int set_up_line(Session& session, JsonObject params) {
  const auto passphrase = session.console().ask_secret(session.interactive ? "New passphrase: " : "");
  if (!passphrase || passphrase->empty())
    return session.fail(ErrorCode::usage, "The administrator's passphrase is missing: it is the next line of input.");
  params["passphrase"] = *passphrase;
  return set_up(session, params);
}

}  // namespace

int run_systemsetup(Session& session, Arguments& arguments) {
  const auto proposals = session.call("setup.describe", {});
  if (!proposals) return session.last_exit;
  if (arguments.empty() && !arguments.has_options()) return ask_system_setup(session, *proposals);
  auto params = params_of(arguments);
  if (!params) return misused(session, params.error(), forms_of(session, *session.commands.find("systemsetup")));
  return set_up_line(session, std::move(*params));
}

}  // namespace postern::cli
