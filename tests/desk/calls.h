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
inline const std::vector<SampleCall> all_sample_calls = {
    {"session.hello", R"({"version":1})"},
    {"session.mode", R"({"mode":"group usa"})"},
    {"session.command", R"({"command":"showchanges"})"},
    {"feature.get", R"({"feature":"interfaces","mode":"machine newyork"})"},
    {"feature.edit",
     R"({"feature":"smtp-routes","mode":"cluster","start":"empty","edits":[
           {"op":"create","path":"route['example.com']","value":"","anchor":[]}]})",
     cluster::Role::operator_},
    {"feature.edit",
     R"({"feature":"interfaces","mode":"machine newyork","start":"empty","edits":[
           {"op":"create","path":"interface['Management']"}]})",
     cluster::Role::administrator},
    {"feature.put", R"({"feature":"dns","mode":"cluster","data":{"source":"servers","server":["192.0.2.53"]}})",
     cluster::Role::operator_},
    {"feature.put", R"({"feature":"interfaces","mode":"machine newyork","data":{"interface":[
           {"name":"Management","address":"192.0.2.10/24","host-name":"newyork.example.com"}]}})",
     cluster::Role::administrator},
    {"feature.clear", R"({"feature":"dns","mode":"cluster"})", cluster::Role::operator_},
    {"feature.clear", R"({"feature":"interfaces","mode":"machine newyork"})", cluster::Role::administrator},
    {"feature.copy", R"({"feature":"dns","mode":"cluster","to":"group usa","move":false})", cluster::Role::operator_},
    {"feature.copy", R"({"feature":"interfaces","mode":"machine newyork","to":"machine paris","move":true})",
     cluster::Role::administrator},
    {"changes.show", "{}"},
    {"changes.clear", "{}", cluster::Role::operator_},
    {"commit", R"({"comment":"a comment","request":"key-1"})", cluster::Role::operator_},
    {"commit.check", "{}", cluster::Role::operator_},
    {"commit.resolve", R"({"how":"merge"})", cluster::Role::operator_},
    {"commit.detail", R"({"commit":"0123456789"})"},
    {"commit.list", R"({"limit":5})"},
    {"commit.wait", R"({"commit":"0123456789","seconds":1})"},
    {"cluster.create", R"({"name":"americas"})", cluster::Role::administrator},
    {"cluster.join_dial", R"({"address":"192.0.2.1","port":22})", cluster::Role::administrator},
    {"cluster.join_go", R"({"join":7,"passphrase":"a passphrase","ccs":false,"ccs_port":2222})", cluster::Role::administrator},
    {"cluster.join_cancel", R"({"join":7})", cluster::Role::administrator},
    {"cluster.add_group", R"({"name":"asia"})", cluster::Role::administrator},
    {"cluster.set_group", R"({"machines":["paris"],"group":"usa"})", cluster::Role::administrator},
    {"cluster.remove_machine", R"({"machines":["paris"]})", cluster::Role::administrator},
    {"cluster.list", "{}"},
    {"cluster.connstatus", "{}"},
    {"cluster.prejoin", "{}", cluster::Role::administrator},
    {"user.passwd", R"({"old":"bob-secret","new":"a longer secret"})"},
    {"user.keys", R"({"user":"bob"})"},
    {"user.keys", R"({"user":"admin"})", cluster::Role::administrator},
    {"user.keys", R"({"user":"gina"})", cluster::Role::administrator},
    {"user.add_key", R"({"user":"bob","line":"ssh-ed25519 AAAA bob@laptop"})"},
    {"user.add_key", R"({"user":"admin","line":"ssh-ed25519 AAAA bob@laptop"})", cluster::Role::administrator},
    {"user.add_key", R"({"user":"gina","line":"ssh-ed25519 AAAA bob@laptop"})", cluster::Role::administrator},
    {"user.delete_key", R"({"user":"bob","fingerprint":"SHA256:abc"})"},
    {"user.delete_key", R"({"user":"admin","fingerprint":"SHA256:abc"})", cluster::Role::administrator},
    {"user.delete_key", R"({"user":"gina","fingerprint":"SHA256:abc"})", cluster::Role::administrator},
    {"command.run", R"({"command":"status","mode":"machine newyork","parameters":{}})"},
    {"command.run", R"({"command":"clusterconfig","mode":"machine newyork"})", cluster::Role::administrator},
    {"host.fingerprint", "{}"},
    {"host.addresses", "{}"},
    {"status", "{}"},
    {"stats", "{}"},
    {"setup.describe", "{}", cluster::Role::administrator},
    {"setup.check", R"({"name":"host_name","value":"mail.example.com","address":"192.0.2.10/24"})", cluster::Role::administrator},
    {"setup.run", sample_machine, cluster::Role::administrator},
};

inline const std::vector<SampleCall>& sample_calls() { return all_sample_calls; }

}  // namespace postern::desk
