#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/printable.h"
#include "cli/shell/filter.h"
#include "protocol/json.h"
#include "hostile.h"
#include "play.h"

/// A hostile member's, or an older version's, texts in any field of any answer of the desk: none comes out as it is.
namespace postern::cli::test {
namespace {

using protocol::Json;
using protocol::JsonObject;
constexpr std::size_t any_length = std::string::npos;

/// Answers as docs/DESK.md has them, every field filled.
std::string answer_to(std::string_view method) {
  static const std::map<std::string, std::string, std::less<>> recorded = {
      {"session.hello", R"({"user":"admin","role":"administrator","host":"newyork.example.com","serial":"S-1",
          "cluster":"americas","mode":"cluster","label":"Cluster americas","pending":true,"other_sessions":1,
          "version":"0.1.0"})"},
      {"session.mode", R"({"mode":"cluster","label":"Cluster americas"})"},
      {"session.command", R"({"allowed":true,"feature":null})"},
      {"feature.get", R"({"feature":"smtp-routes","command":"smtproutes","title":"SMTP routes","mode":"cluster",
          "label":"Cluster americas","defined":true,"data":{"route":[{"domain":"example.com","action":"hosts",
          "destination":[{"host":"mail.example.com","port":25}]}]},"effective":{"route":[{"domain":"example.com",
          "action":"drop"}]},"effective_from":"Cluster americas","effective_mode":"cluster",
          "hidden_from":{"groups":["usa"],"machines":["paris.example.com"]},
          "defined_at":[{"mode":"cluster","label":"Cluster americas","defined":true}],"pending":true})"},
      {"feature.edit", R"({"changed":true,"warnings":["a warning"]})"},
      {"feature.clear", R"({"effective_from":"Cluster americas","warnings":["a warning"]})"},
      {"feature.copy", R"({"to":["Group usa"],"warnings":["a warning"]})"},
      {"changes.show", R"({"changes":[{"feature":"dns","title":"DNS","mode":"cluster","label":"Cluster americas",
          "lines":["+ source: root"]}]})"},
      {"changes.clear", R"({"dropped":1})"},
      {"commit", R"({"commit":"0123456789abcdef","time":"Wed Jun 22 10:02:04 2005 PDT","members":3,"durable":2,
          "missing":[{"host":"paris.example.com","why":"no link"}],"warnings":["a warning"]})"},
      {"commit.check", R"({"problems":[{"feature":"dns","mode":"cluster","label":"Cluster americas","path":"server",
          "value":"x","text":"is wrong","machines":["paris.example.com"]}],"warnings":["a warning"]})"},
      {"commit.resolve", "{}"},
      {"commit.detail", R"({"commit":"0123456789abcdef","time":"Wed Jun 22 10:02:04 2005 PDT","user":"eve",
          "host":"paris.example.com","comment":"a comment","writes":[{"label":"Cluster americas","title":"DNS",
          "feature":"dns","kind":"put","lines":["+ source: root"],"in_effect":false}],
          "machines":[{"host":"paris.example.com","received":true,"applied":false,"problem":"it does not check"}]})"},
      {"commit.wait", R"({"machines":[{"host":"paris.example.com","received":true,"applied":false,
          "problem":"it does not check"}],"done":false})"},
      {"cluster.create", R"({"time":"Wed Jun 22 10:02:04 2005 PDT","warnings":["a warning"]})"},
      {"cluster.add_group", R"({"warnings":["a warning"]})"},
      {"cluster.set_group", "{}"},
      {"cluster.list", R"({"name":"americas","groups":[{"name":"usa","machines":[{"host":"paris.example.com",
          "serial":"S-2","state":"connected","detail":"version 0.1.0"}]}],"joining":["rome.example.com 50 %"]})"},
      {"cluster.connstatus", R"({"machines":[{"host":"paris.example.com","serial":"S-2","self":false,
          "dial":"paris.example.com:22","state":"connected","last_error":"refused","addresses":["192.0.2.3"],
          "reverse":"paris.example.com","resolve_problem":"none","uses":"name","round_trip_ms":"soon","version":"0.1.0",
          "links":["newyork.example.com"]}]})"},
      {"cluster.prejoin", R"({"features":[{"feature":"dns","title":"DNS","data":{"source":"root"}}]})"},
      {"user.keys", R"({"keys":[{"type":"ssh-ed25519","fingerprint":"SHA256:abc","comment":"bob@laptop",
          "line":"ssh-ed25519 AAAA bob@laptop"}]})"},
      {"user.add_key", R"({"fingerprint":"SHA256:abc"})"},
      {"user.delete_key", "{}"},
      {"host.fingerprint", R"({"sha256":"SHA256:abc","md5":"MD5:aa","line":"ssh-ed25519 AAAA"})"},
      {"command.run", R"({"host":"newyork.example.com","serial":"S-1","version":"0.1.0","cluster":"americas","group":"usa",
          "mode_digest":"aa","digest":"bb","generation":3,"data_plane":"in force","notes":["a note"],"mta":true,
          "queue":{"active":2,"deferred":3,"hold":1},"measured_ms_ago":0,"links":{"up":1,"of":2},"sessions":1,"pending":true,"newest_commit":{"commit":"0123456789abcdef",
          "time":"Wed Jun 22 10:02:04 2005 PDT","user":"eve","host":"paris.example.com"}})"},
      {"stats", R"({"counters":{"store.flushes":"twelve"}})"},
  };
  const auto found = recorded.find(method);
  return found == recorded.end() ? "{}" : found->second;
}

void strings_of(Json& value, std::vector<Json*>& out) {
  if (value.is_string()) out.push_back(&value);
  if (value.is_array())
    for (Json& item : value.get_array()) strings_of(item, out);
  if (value.is_object())
    for (auto& member : value.get_object()) strings_of(member.value(), out);
}

/// A desk that plays the recorded answers with one string of them replaced, or refuses everything but hello.
class HostileDesk : public protocol::Client {
 public:
  HostileDesk(std::string text, std::size_t place) : text_(std::move(text)), place_(place) {}

  protocol::Reply<Json> call(std::string_view method, JsonObject) override {
    if (on_notice && !noticed_ && method != "session.hello") {
      noticed_ = true;
      for (const char* kind : {"session.notices", "session.progress"})
        on_notice(kind, JsonObject{{"text", notices ? text_ : std::string("a notice")}});
    }
    if (refuse && method != "session.hello" && method != "session.command") {
      Json data = boost::json::parse(R"({"host":"paris","where":"here","problems":[{"feature":"dns","label":"Cluster",
          "path":"server","value":"x","text":"is wrong","machines":["paris"]}],"conflicts":[{"feature":"dns","mode":"cluster",
          "label":"Cluster americas","yours":["- a"],"theirs":["+ b"],"shown":{"user":"eve","host":"paris","time":1,
          "commit":"abc"},"mergeable":false}]})");
      base::Error error = base::fail(*refuse, "here", "It is refused.");
      if (place_ == seen_++) error.text = text_;
      if (place_ == seen_++) error.where = text_;
      put_text(data);
      return protocol::Refusal{std::move(error), std::move(data)};
    }
    Json answer = boost::json::parse(answer_to(method));
    if (method == "session.hello" && refuse) return answer;
    put_text(answer);
    return answer;
  }
  /// Strings that have been played; the place is passed when there are more.
  [[nodiscard]] std::size_t seen() const { return seen_; }

  std::optional<base::ErrorCode> refuse;
  bool notices = false;

 private:
  void put_text(Json& value) {
    std::vector<Json*> strings;
    strings_of(value, strings);
    for (Json* one : strings)
      if (place_ == seen_++) *one = text_;
  }

  std::string text_;
  std::size_t place_;
  std::size_t seen_ = 0;
  bool noticed_ = false;
};

Ran run_at(HostileDesk& desk, const std::string& line) {
  std::istringstream in("n\n");
  std::ostringstream out;
  std::ostringstream err;
  PlainConsole console(in, out, err);
  const int code = run_line(desk, the_schema(), console, line);
  return {code, out.str(), err.str()};
}

/// Lines, tabs and what is printable.
void expect_clean(const Ran& ran, const std::string& where) {
  for (const std::string* text : {&ran.out, &ran.err}) EXPECT_EQ(base::printable_text(*text, any_length), *text) << where;
}

const std::vector<std::string>& lines() {
  static const std::vector<std::string> all = {
      "status",
      "version",
      "stats",
      "clusterconfig list",
      "clusterconfig listdetail",
      "clusterconfig connstatus",
      "clusterconfig addgroup asia",
      "clusterconfig setgroup paris usa",
      "clusterconfig prejoin print",
      "clustermode cluster",
      "commitdetail",
      "showchanges",
      "clearchanges",
      "commit a comment",
      "wait 0123456789",
      "explain smtproutes",
      "smtproutes print",
      "smtproutes new a.example mail",
      "smtproutes clustershow",
      "smtproutes clusterset copy group usa",
      "sshconfig userkey print",
      "sshconfig userkey new ssh-ed25519 AAAA",
      "logconfig hostkeyconfig fingerprint",
  };
  return all;
}

TEST(Hostile, no_field_of_an_answer_comes_out_raw) {
  std::size_t shown = 0;
  for (const std::string& line : lines())
    for (const char* form : {"", " --json", " | grep x"}) {
      // The first text goes to every place, the others to every third: each kind of place meets each of them.
      const auto& texts = postern::test::hostile_characters();
      const std::size_t tried = std::string_view(form).starts_with(" |") ? 3 : texts.size();
      for (std::size_t t = 0; t < tried; ++t) {
        std::size_t seen = 1;
        for (std::size_t place = t % 3; place < seen; place += t == 0 ? 1 : 3) {
          HostileDesk desk(texts[t], place);
          const Ran ran = run_at(desk, line + form);
          seen = desk.seen();
          expect_clean(ran, line + form + " at " + std::to_string(place));
          shown += (ran.out + ran.err).find(base::printable_line(texts[t], any_length)) != std::string::npos ? 1 : 0;
        }
      }
    }
  EXPECT_GT(shown, 200U) << "hardly any text was shown at all: this proves nothing";
}

TEST(Hostile, no_refusal_comes_out_raw) {
  for (const std::string& line : lines())
    for (const char* form : {"", " --json"})
      for (const auto code : {base::ErrorCode::invalid, base::ErrorCode::conflict})
        for (const std::string& text : {postern::test::hostile_characters()[0], postern::test::hostile_characters()[7]}) {
          std::size_t seen = 1;
          for (std::size_t place = 0; place < seen; ++place) {
            HostileDesk desk(text, place);
            desk.refuse = code;
            const Ran ran = run_at(desk, line + form);
            seen = desk.seen();
            expect_clean(ran, line + form);
          }
        }
}

TEST(Hostile, notices_and_progress_are_one_line_each) {
  for (const std::string& text : postern::test::hostile_characters()) {
    HostileDesk other(text, any_length);
    other.notices = true;
    const Ran status = run_at(other, "status");
    expect_clean(status, "notices");
    const std::string written = base::printable_line(text, any_length) + "\n";
    EXPECT_NE((status.out + status.err).find(written), std::string::npos) << written;
  }
}

TEST(Hostile, a_field_cannot_add_a_line) {
  for (std::size_t place = 0;; ++place) {
    HostileDesk one("fine\nCommitted on 3 of 3 machines.", place);
    const Ran ran = run_at(one, "commitdetail");
    if (place >= one.seen()) break;
    EXPECT_EQ(ran.out.find("\nCommitted on 3"), std::string::npos) << place;
  }
}

TEST(Hostile, json_stays_json_and_means_the_same) {
  for (const std::string& text : postern::test::hostile_characters()) {
    const Json value(JsonObject{{"text", text}, {text, 1}});
    const std::string line = protocol::to_line(value);
    EXPECT_TRUE(base::is_printable_line(line, any_length)) << line;
    EXPECT_EQ(boost::json::parse(line), value) << line;
  }
  EXPECT_EQ(protocol::to_line(Json("\xc2\x9b"
                                   "2J")),
            R"("\u009b2J")");
  EXPECT_EQ(protocol::to_line(Json("\xf3\xa0\x81\x81")), R"("\udb40\udc41")");
  // The private planes, from end to end: each half of a pair takes each of its bits.
  for (std::uint32_t code = 0xf0000; code < 0x110000; code += 0x155) {
    std::string text;
    for (const unsigned shift : {18U, 12U, 6U, 0U})
      text += static_cast<char>((shift == 18U ? 0xf0U : 0x80U) | (code >> shift & (shift == 18U ? 0x07U : 0x3fU)));
    const std::string line = protocol::to_line(Json(text));
    EXPECT_TRUE(base::is_printable_line(line, any_length)) << line;
    EXPECT_EQ(boost::json::parse(line), Json(text)) << line;
  }
  EXPECT_EQ(protocol::to_line(Json("zürich \xe4\xb8\xad")), "\"zürich \xe4\xb8\xad\"") << "what is printable stays as it is";
}

TEST(Hostile, what_is_typed_is_quoted_printably) {
  for (std::vector<std::string> all : {postern::test::hostile_characters(), postern::test::hostile_bytes()})
    for (const std::string& text : all) {
      FakeDesk desk(the_schema());
      for (const std::string& line : {text, "smtproutes " + text, "smtproutes new '" + text + "' mail", "help " + text,
                                      "status --" + text, "clustermode " + text})
        expect_clean(run(desk, line), line);
    }
}

/// Every way out of a console.
class Heard : public Console {
 public:
  std::optional<std::string> read_block(Ends) override { return std::nullopt; }
  [[nodiscard]] bool ended() const override { return false; }
  std::string text;

 protected:
  std::optional<std::string> ask_line(std::string_view prompt, const Completer&) override {
    text += prompt;
    return std::nullopt;
  }
  std::optional<std::string> ask_hidden(std::string_view prompt) override {
    text += prompt;
    return std::nullopt;
  }
  void show(std::string_view shown) override { text += shown; }
  void show_beside(std::string_view shown) override { text += shown; }
};

TEST(Hostile, every_way_out_of_a_console_is_filtered) {
  std::vector<std::string> all = postern::test::hostile_characters();
  all.insert(all.end(), postern::test::hostile_bytes().begin(), postern::test::hostile_bytes().end());
  for (const std::string& text : all) {
    Heard heard;
    FilterConsole filtered(heard, {});
    for (Console* console : {static_cast<Console*>(&heard), static_cast<Console*>(&filtered)}) {
      console->print(text + "\n");
      console->complain(text + "\n");
      console->ask(text);
      console->ask_secret(text);
    }
    EXPECT_EQ(base::printable_text(heard.text, any_length), heard.text);
    EXPECT_NE(heard.text, "");
  }
  Heard heard;
  heard.print("a\tb\nzürich\n");
  EXPECT_EQ(heard.text, "a\tb\nzürich\n");
}

}  // namespace
}  // namespace postern::cli::test
