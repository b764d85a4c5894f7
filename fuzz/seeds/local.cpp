#include "fuzz/seeds/seeds.h"
#include "fuzz/support/planner.h"
#include "hands/protocol.h"
#include "store/store.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace postern::fuzz {
namespace {

using Inputs = std::vector<std::string>;

std::string body_of(const std::vector<std::string>& fields) { return hands::encode_frame(0, fields).substr(hands::head_bytes); }

Inputs requests() {
  const hands::Stage stage{7, {{"main.cf", "a = b\n", 0644}, {"master.cf", "x\n", 0640}, {"hat_A.cidr", "", 0600}}};
  return {"\1" + body_of(hands::encode_stage(stage)),
          "\2" + body_of({"7"}),
          "\3" + body_of({"12"}),
          "\4",
          "\x08" + body_of({"192.0.2.1", "2001:db8::1"}),
          "\x09" + body_of({"1"}),
          "\x0a" + body_of(hands::encode_login({true, "xterm-256color", 40, 100, {}})),
          "\x0a" + body_of(hands::encode_login({false, "dumb", 24, 80, "status; version"})),
          "\x0b" + body_of(hands::encode_table({"transport", true, {{"a.example", "smtp:[192.0.2.1]:25"}}, {}})),
          "\x0b" + body_of(hands::encode_table({"rat_A", false, {{"b", "OK"}}, {"c"}})),
          "\x0c" + body_of({"transport", "rat_A"}),
          "\x0d",
          "\1" + body_of({"7", "../x", "644", ""}),
          "\2" + body_of({"07"}),
          "\2abc"};
}

Inputs streams() {
  const std::string two = hands::encode_frame(2, {"7"}) + hands::encode_frame(4, {});
  return {std::string(1, '\0') + two, "\xff" + two + "abc", std::string("\1\0\0\0\5\2ab", 8), ""};
}

/// As the planner makes them, and the tricks of Postfix's readers, which no generation may hold.
Inputs generations() {
  Inputs out;
  const std::string nul(1, '\0');
  for (const std::string& settings : plans()) {
    const auto plan = plan_of(settings);
    if (!plan) continue;
    const hands::Stage stage = stage_of(*plan);
    std::string main_file, master_file, others;
    for (const auto& file : stage.files) {
      if (file.name == "main.cf")
        main_file = file.bytes;
      else if (file.name == "master.cf")
        master_file = file.bytes;
      else
        others += nul + file.name + "\n" + file.bytes;
    }
    out.push_back(main_file + nul + master_file + others);
    out.push_back(main_file + nul + master_file + "x unix - - y - - pipe user=root argv=/bin/sh\n" + others);
    out.push_back(main_file + "daemon_directory = /tmp\n" + nul + master_file + others);
    out.push_back(main_file + nul + master_file + "{a b} unix - - y - - smtp\n" + others);
  }
  out.push_back("a" + nul);
  return out;
}

Inputs desk_requests() {
  return {
      R"({"jsonrpc":"2.0","id":1,"method":"session.hello","params":{"protocol":1,"client":"cli"}})",
      R"({"jsonrpc":"2.0","id":"a","method":"feature.edit","params":{"feature":"dns","mode":"cluster","edits":[{"op":"set","path":"source","value":"root","anchor":["a"]}],"start":null}})",
      R"({"jsonrpc":"2.0","id":2,"method":"status"})",
      R"({"jsonrpc":"2.0","method":"status"})",
      R"([{"jsonrpc":"2.0","id":2,"method":"status"}])",
      "{}",
      "[[],[],[[1e300,-0.5,18446744073709551615]]]"};
}

Inputs desk_answers() {
  return {R"({"jsonrpc":"2.0","method":"session.notice","params":{"text":"a"}})"
          "\n"
          R"({"jsonrpc":"2.0","id":1,"result":{"a":[1,"b"]}})"
          "\n",
          R"({"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"No.","data":{"name":"not-found","where":"x"}}})"
          "\n",
          R"({"jsonrpc":"2.0","method":"session.end","params":{"text":"Good bye."}})"
          "\n",
          "junk\n", ""};
}

Inputs pending() {
  return {
      R"({"pending":1,"edits":[]})",
      R"({"pending":1,"edits":[{"level":"group","id":"01234567-89ab-cdef-0123-456789abcdef","feature":"dns","base":[["01234567-89ab-cdef-0123-456789abcdef","18446744073709551615","3"]],"base_text":null,"text":"{}"}]})",
      R"({"pending":2})", ""};
}

Inputs conversations() {
  const std::string good = "220 mail ESMTP\r\n250-mail\r\n250-SIZE\r\n250 DSN\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n";
  return {good + "550 5.7.1 <x>: Recipient address rejected: generation 17.\r\n221 Bye\r\n",
          good + "550 5.7.1 <x>: Recipient address rejected: generation 16.\r\n",
          good + "451 4.3.0 Server error\r\n",
          "554 no\r\n",
          "220",
          "452 4.3.1 no room\r\n",
          ""};
}

/// "KIND LENGTH BYTES" as store_rows reads them.
std::string row(unsigned kind, const std::string& bytes) {
  return std::string{static_cast<char>(kind), static_cast<char>(bytes.size() >> 8U), static_cast<char>(bytes.size())} + bytes;
}

Inputs rows() {
  return {row(0, "header") + row(1, "value") + row(2, "note"),
          row(0x80, "wrong hash"),
          row(0x84, "text"),
          row(0, "a") + row(0x88, "b") + row(0, "c"),
          row(3, ""),
          ""};
}

/// Store files as they are on the disk, whole and cut off.
Inputs store_files() {
  char folder[] = "/tmp/postern-seeds-XXXXXX";
  if (::mkdtemp(folder) == nullptr) return {};
  const std::string path = std::string(folder) + "/store";
  store::Batch batch;
  batch.notes["identity/serial"] = "4F21A09C3B7E-K3QM7ZT2XW5A";
  batch.pending["a"] = "{}";
  batch.in_use["dns"] = "{}";
  Inputs out;
  if (store::Store::create(path, batch)) {
    std::ifstream in(path, std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    out.push_back(out.front().substr(0, 4096));
    out.push_back(out.front().substr(0, 90));
  }
  std::filesystem::remove_all(folder);
  return out;
}

}  // namespace

std::vector<Seeds> local_seeds() {
  return {{"hands_frame", requests()},       {"hands_inbox", streams()},      {"guard", generations()},
          {"desk_request", desk_requests()}, {"desk_answer", desk_answers()}, {"pending", pending()},
          {"smtp_answer", conversations()},  {"store_rows", rows()},          {"store_file", store_files()}};
}

}  // namespace postern::fuzz
