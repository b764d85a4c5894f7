#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/crypto.h"
#include "commands/site.h"
#include "support/memory_fleet.h"

/// What the tests of this room share: a fleet in memory and words for what its administrators do.
namespace postern::machine::test {

using support::MemoryFleet;

inline const schema::Schema& the_schema() {
  static const auto schema = [] {
    base::crypto_start();
    auto loaded = schema::Schema::load();
    EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : to_text(loaded.error()));
    return std::move(*loaded);
  }();
  return *schema;
}

class Fleets : public testing::Test {
 protected:
  Fleets() : fleet(the_schema()) {}

  protocol::Json must(protocol::Client& client, std::string_view method, protocol::JsonObject params) {
    auto reply = client.call(method, std::move(params));
    EXPECT_TRUE(reply.has_value()) << method << ": " << (reply ? "" : to_text(reply.error().error));
    return reply ? *reply : protocol::Json(nullptr);
  }

  base::Result<void> join(const std::string& host, const std::string& address, std::string_view secret = support::passphrase) {
    auto client = fleet.client(host);
    auto dialed = client->call("cluster.join_dial", {{"address", address}, {"port", 2200}});
    if (!dialed) return dialed.error().error;
    auto joined = client->call("cluster.join_go", {{"join", dialed->at("join")}, {"passphrase", secret}, {"ccs", false}});
    if (!joined) return joined.error().error;
    return {};
  }

  void three() {
    fleet.add(a, "127.0.1.1");
    fleet.add(b, "127.0.1.2");
    fleet.add(c, "127.0.1.3");
    must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
    ASSERT_TRUE(join(b, "127.0.1.1").has_value());
    ASSERT_TRUE(join(c, "127.0.1.2").has_value());
    ASSERT_TRUE(fleet.run_until([&] { return linked(a) == 2 && linked(b) == 2 && linked(c) == 2; }));
  }

  std::size_t linked(const std::string& host) {
    std::size_t count = 0;
    for (const auto& link : fleet.machine(host).peer().links()) count += link.live;
    return count;
  }

  base::Hash digest(const std::string& host) { return fleet.machine(host).peer().state().digest(); }
  bool equal() { return digest(a) == digest(b) && digest(b) == digest(c); }

  protocol::Json route(protocol::Client& client, std::string_view mode, const std::string& domain, const std::string& host) {
    const std::string at = "route['" + domain + "']";
    const boost::json::array edits{
        protocol::JsonObject{{"op", "set"}, {"path", at + "/action"}, {"value", "hosts"}},
        protocol::JsonObject{{"op", "set"}, {"path", at + "/destination['" + host + "','2625']/preference"}, {"value", "0"}}};
    auto reply = client.call("feature.edit", {{"feature", "smtp-routes"}, {"mode", mode}, {"edits", edits}});
    if (!reply)
      reply = client.call("feature.edit", {{"feature", "smtp-routes"}, {"mode", mode}, {"edits", edits}, {"start", "empty"}});
    EXPECT_TRUE(reply.has_value()) << (reply ? "" : to_text(reply.error().error));
    return must(client, "commit", {{"comment", "a route"}, {"request", "r" + std::to_string(++requests)}});
  }

  /// All machines ask that one.
  void name_dns_server(protocol::Client& client, std::string_view server) {
    const boost::json::array edits{protocol::JsonObject{{"op", "set"}, {"path", "source"}, {"value", "servers"}},
                                   protocol::JsonObject{{"op", "insert"}, {"path", "server"}, {"value", server}}};
    must(client, "feature.edit", {{"feature", "dns"}, {"mode", "cluster"}, {"edits", edits}, {"start", "empty"}});
    must(client, "commit", {{"comment", ""}, {"request", "dns"}});
  }

  std::string transport_row(const std::string& host, const std::string& domain) {
    for (const auto& table : fleet.world(host).plan.tables)
      if (table.name == "transport")
        if (const auto row = table.rows.find(domain); row != table.rows.end()) return row->second;
    return {};
  }

  MemoryFleet fleet;
  int requests = 0;
  const std::string a = "newyork.example.com";
  const std::string b = "losangeles.example.com";
  const std::string c = "paris.example.com";
};

}  // namespace postern::machine::test
