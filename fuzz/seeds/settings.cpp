#include "fuzz/seeds/seeds.h"

namespace postern::fuzz {
namespace {

using Inputs = std::vector<std::string>;

/// "FEATURE\nJSON" each: the documents of tests/schema.
Inputs documents() {
  return {
      "interfaces\n"
      R"({"interface":[{"ccs":{"port":2222,"enabled":true},"host-name":"Mail.Example.COM","address":"2001:0db8:0::1/64","name":"Public"},{"name":"Management","address":"127.0.1.1/8","host-name":"newyork.postern.test","ssh":{}}]})",
      "listeners\n"
      R"({"listener":[{"name":"In","type":"public","interface":"Management","port":2525,"rat":[{"address":"all","action":"reject","text":"5.7.1 No"},{"address":"Example.com","action":"accept"}],"hat":[{"name":"Z","action":"relay","sender":["10.1.2.3/8","10.0.0.1/32","all"]},{"name":"A","action":"reject"}]}]})",
      "smtp-routes\n"
      R"({"route":[{"domain":"b.example","action":"mx"},{"domain":".Example.com","destination":[{"port":25,"host":"2001:DB8::1"},{"host":"A.example","port":2525,"preference":5}]}]})",
      "destination-controls\n"
      R"({"destination":[{"domain":"x.example","maximum-connections":50,"messages-per-connection":3},{"domain":"default"}]})",
      "dns\n"
      R"({"server":["[2001:DB8::53]:5353","9.9.9.9","127.0.1.53:053"],"source":"servers","domain-server":[{"domain":"Corp.example","server":["10.0.0.2","10.0.0.1"]}]})",
      "dns\n"
      R"({"postern-dns:dns":{"source":"root"}})",
      "smtp-routes\n"
      R"({"smtp-routes":{"route":[{"domain":"ALL","destination":[{"host":"[127.0.1.9]","port":2625}]}]}})",
      "smtp-routes\n"
      R"({"route":[{"domain":"\u0061\ud83d\ude00","action":"drop"},{"domain":"a"},{"domain":"A"}]})",
      "smtp-routes\n"
      R"({"route":[{"domain":"a","action":null}],"x":[1e5,-2,true,false]})",
      "interfaces\n{ }",
      "listeners\n[[]]"};
}

Inputs small_changes() {
  Inputs out;
  for (const std::string& document : documents()) {
    const std::string data = document.substr(document.find('\n') + 1);
    std::string after = data;
    if (const auto at = after.find("xample"); at != std::string::npos) after[at] = 'y';
    out.push_back(document + std::string(1, '\0') + data);
    out.push_back(document + std::string(1, '\0') + after);
    out.push_back(document.substr(0, document.find('\n')) + "\n{}" + std::string(1, '\0') + data);
  }
  return out;
}

Inputs edits() {
  return {
      "smtp-routes\nset route['.Example.com']/action\tmx\ncreate route['b.example']\n"
      "set route['b.example']/destination['127.0.0.9','25']/preference\t5\nremove "
      "route['.example.com']\n",
      "listeners\ncreate listener['In']\nset listener['In']/port\t2525\ncreate "
      "listener['In']/hat['A']\n"
      "create listener['In']/hat['B']\nmove listener['In']/hat['B']\t\tA\n"
      "insert listener['In']/hat['A']/sender\t10.0.0.0/8\nerase "
      "listener['In']/hat['A']/sender\t10.0.0.0/8\n",
      "interfaces\nset interface['M']/address\t127.0.1.1/8\nset interface['M']/ssh/port\t22\nclear "
      "interface['M']/ssh\n",
      "dns\nset source\tservers\ninsert server\t9.9.9.9\ninsert server\t[::1]:53\nerase "
      "server\t9.9.9.9\n",
      "destination-controls\nset destination['Default']/maximum-connections\t5\nclear "
      "destination\n",
      "dns\nset nothing\t1\nlose server\n"};
}

Inputs values() {
  return {"example.com",
          ".Example.COM",
          "ALL",
          "127.0.0.1",
          "127.0.0.1/8",
          "2001:db8::1",
          "[2001:db8::1]:53",
          "192.0.2.53:5353",
          "5",
          "65535",
          "true",
          "public",
          "accept",
          "5.7.1 No such user",
          "IncomingMail",
          "a@b.example",
          "mx",
          "hosts",
          "Default",
          "",
          "$mydomain",
          "`id`",
          "a\nb",
          "\x1b[2J",
          "\xc3\xa9"};
}

}  // namespace

std::vector<std::string> plans() {
  const std::string interfaces =
      "interfaces "
      R"({"interface":[{"name":"Management","address":"192.0.2.1/24","host-name":"newyork.postern.test"},{"name":"Six","address":"2001:db8::1/64","host-name":"six.postern.test"}]})"
      "\n";
  return {
      interfaces +
          "listeners "
          R"({"listener":[{"name":"Incoming Mail","type":"public","interface":"Management","port":2525,"maximum-message-size":104857600,"rat":[{"address":"example.com","action":"accept"},{"address":"Spam@example.com","action":"reject","text":"Go away"},{"address":"ALL","action":"reject"}],"hat":[{"name":"FRIENDS","sender":["10.0.0.0/8","2001:db8::/48"],"action":"relay"},{"name":"REST","sender":["ALL"],"action":"reject","text":"Blocked"}]},{"name":"Out","type":"private","interface":"Six","port":587,"hat":[{"name":"R","sender":["192.0.2.0/24"],"action":"relay"}]}]})"
          "\nsmtp-routes "
          R"({"route":[{"domain":"ALL","destination":[{"host":"127.0.1.9","port":2625}]},{"domain":".x.example","action":"drop"},{"domain":"y.example","action":"mx"}]})"
          "\ndestination-controls "
          R"({"destination":[{"domain":"x.example","maximum-connections":50},{"domain":"Default","messages-per-connection":2}]})"
          "\ndns "
          R"({"source":"servers","server":["127.0.1.53"]})"
          "\n",
      interfaces, "dns {\"source\":\"root\"}\n", "listeners {\"listener\":[{\"name\":\"A\"}]}\n", "dns {\"source\":1}\n"};
}

std::vector<Seeds> settings_seeds() {
  return {
      {"settings", documents()}, {"small_change", small_changes()}, {"edits", edits()}, {"leaf", values()}, {"plan", plans()}};
}

}  // namespace postern::fuzz
