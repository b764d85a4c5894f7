#pragma once

#include "house.h"

#include <string_view>
#include <vector>

/// One call of every method, as a client would make it, with who may make it written out.
namespace postern::desk {

struct SampleCall {
  std::string_view method;
  std::string_view params;
  cluster::Role least = cluster::Role::guest;  ///< the least role that is not denied
  std::string_view mode = "cluster";           ///< the session's
};

inline constexpr std::string_view sample_machine =
    R"({"host_name":"mail.example.com","interface":"Management","address":"192.0.2.10/24",
        "passphrase":"a secret one","relay":["192.0.2.7"],"dns":["192.0.2.53"],"bind_address":"192.0.2.10"})";

/// In the order of docs/DESK.md; the settings' methods twice, for a feature whose command is an operator's and
/// for one whose command is an administrator's.
inline const std::vector<SampleCall>& sample_calls() {
  using enum cluster::Role;
  static const std::vector<SampleCall> calls = {
      {"session.hello", R"({"version":1})"}, {"session.mode", R"({"mode":"group usa"})"},
      {"session.command", R"({"command":"showchanges"})"},
      {"feature.get", R"({"feature":"interfaces","mode":"machine newyork"})"},
      {"feature.edit",
       R"({"feature":"smtp-routes","mode":"cluster","start":"empty","edits":[
           {"op":"create","path":"route['example.com']","value":"","anchor":[]}]})",
       operator_},
      {"feature.edit",
       R"({"feature":"interfaces","mode":"machine newyork","start":"empty","edits":[
           {"op":"create","path":"interface['Management']"}]})",
       administrator},
      {"feature.put", R"({"feature":"dns","mode":"cluster","data":{"source":"servers","server":["192.0.2.53"]}})",
       operator_},
      {"feature.put", R"({"feature":"interfaces","mode":"machine newyork","data":{"interface":[
           {"name":"Management","address":"192.0.2.10/24","host-name":"newyork.example.com"}]}})",
       administrator},
      {"feature.clear", R"({"feature":"dns","mode":"cluster"})", operator_},
      {"feature.clear", R"({"feature":"interfaces","mode":"machine newyork"})", administrator},
      {"feature.copy", R"({"feature":"dns","mode":"cluster","to":"group usa","move":false})", operator_},
      {"feature.copy", R"({"feature":"interfaces","mode":"machine newyork","to":"machine paris","move":true})",
       administrator},
      {"changes.show", "{}"}, {"changes.clear", "{}", operator_},
      {"commit", R"({"comment":"a comment","request":"key-1"})", operator_},
      {"commit.check", "{}", operator_},
      {"commit.resolve", R"({"how":"merge"})", operator_},
      {"commit.detail", R"({"commit":"0123456789"})"},
      {"commit.list", R"({"limit":5})"},
      {"commit.wait", R"({"commit":"0123456789","seconds":1})"},
      {"cluster.create", R"({"name":"americas"})", administrator},
      {"cluster.join_dial", R"({"address":"192.0.2.1","port":22})", administrator},
      {"cluster.join_go", R"({"join":7,"passphrase":"a passphrase","ccs":false,"ccs_port":2222})", administrator},
      {"cluster.join_cancel", R"({"join":7})", administrator},
      {"cluster.add_group", R"({"name":"asia"})", administrator},
      {"cluster.set_group", R"({"machines":["paris"],"group":"usa"})", administrator},
      {"cluster.remove_machine", R"({"machines":["paris"]})", administrator},
      {"cluster.list", "{}"}, {"cluster.connstatus", "{}"},
      {"cluster.prejoin", "{}", administrator},
      {"user.passwd", R"({"old":"bob-secret","new":"a longer secret"})"},
      {"user.keys", R"({"user":"bob"})"},
      {"user.keys", R"({"user":"admin"})", administrator},
      {"user.keys", R"({"user":"gina"})", administrator},
      {"user.add_key", R"({"user":"bob","line":"ssh-ed25519 AAAA bob@laptop"})"},
      {"user.add_key", R"({"user":"admin","line":"ssh-ed25519 AAAA bob@laptop"})", administrator},
      {"user.add_key", R"({"user":"gina","line":"ssh-ed25519 AAAA bob@laptop"})", administrator},
      {"user.delete_key", R"({"user":"bob","fingerprint":"SHA256:abc"})"},
      {"user.delete_key", R"({"user":"admin","fingerprint":"SHA256:abc"})", administrator},
      {"user.delete_key", R"({"user":"gina","fingerprint":"SHA256:abc"})", administrator},
      {"command.run", R"({"command":"status","mode":"machine newyork","parameters":{}})"},
      {"command.run", R"({"command":"clusterconfig","mode":"machine newyork"})", administrator},
      {"host.fingerprint", "{}"}, {"host.addresses", "{}"},
      {"status", "{}"}, {"stats", "{}"},
      {"setup.describe", "{}", administrator},
      {"setup.check", R"({"name":"host_name","value":"mail.example.com","address":"192.0.2.10/24"})", administrator},
      {"setup.run", sample_machine, administrator},
  };
  return calls;
}

}  // namespace postern::desk
