#pragma once

#include "base/crypto.h"
#include "base/printable.h"
#include "cluster/peer.h"
#include "desk/desk.h"
#include "features/features.h"
#include "schema/schema.h"
#include "tests/commands/fake_site.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// A desk at a real peer whose disk is always willing (unless told otherwise), and people who sit
/// at it.
namespace postern::desk {

namespace json = boost::json;

inline const schema::Schema& loaded_schema() {
  static const auto schema = schema::Schema::load();
  if (!schema) {
    ADD_FAILURE() << base::to_text(schema.error());
    std::abort();
  }
  return **schema;
}

template <class Id>
Id made_id(unsigned char kind, unsigned char number) {
  Id id;
  id.uuid.bytes[0] = kind;
  id.uuid.bytes[15] = number;
  return id;
}
inline base::SigningKey signing_key(unsigned char n) { return base::signing_key({n, 2, 3}); }
/// Of the n-th machine, counted from 1.
inline cluster::MemberIdentity identity_of(unsigned char n) {
  return {"4F21A09C3B7" + std::to_string(n - 1) + "-K3QM7ZT2XW5A",
          base::verify_key(signing_key(n)),
          {},
          {},
          made_id<base::MemberId>(1, n).uuid};
}
inline base::MemberId member_id(unsigned char n) { return cluster::member_of(identity_of(n)); }
inline base::GroupId group_id(unsigned char n) { return made_id<base::GroupId>(2, n); }
inline base::UserId user_id(unsigned char n) { return made_id<base::UserId>(3, n); }
inline const base::ClusterId cluster_id = made_id<base::ClusterId>(4, 1);

class FakeHouse final : public House {
 public:
  /// `hosts` are members (the first is this machine), in `groups` by index; no cluster name:
  /// standalone.
  struct Plan {
    std::string cluster;
    std::vector<std::string> groups{"Main_Group"};
    std::vector<std::pair<std::string, std::size_t>> hosts{{"newyork.example.com", 0}};
  };
  explicit FakeHouse(const Plan& plan) { found(plan); }

  base::Instant now() override { return clock; }
  std::string random_bytes(std::size_t count) override {
    std::string out;
    while (out.size() < count) out += std::to_string(++drawn_) + ".";
    return base::sha256(out).substr(0, count);
  }
  [[nodiscard]] const cluster::Peer& peer() const override { return *peer_; }
  [[nodiscard]] std::string version() const override { return "0.1.0"; }

  void commit(cluster::LocalCommit what, std::function<void(const cluster::Answer&)> done) override {
    ++commits;
    if (!what.retire.empty()) retired.push_back(what.retire);
    if (answer_instead) {
      cluster::Answer answer = *answer_instead;
      answer.request_key = what.request_key;
      return done(answer);
    }
    if (before_commit) std::exchange(before_commit, nullptr)();
    waiting_[what.request_key] = [this, done = std::move(done)](const cluster::Answer& answer) {
      if (late_answers)
        held_.push_back([done, answer] { done(answer); });
      else
        done(answer);
    };
    step(std::move(what));
  }
  /// Gives the answers that `late_answers` held back.
  void release() {
    for (const auto& answer : std::exchange(held_, {})) answer();
  }
  void save_pending(const std::string& key, std::optional<std::string> bytes,
                    std::function<void(base::Result<void>)> done) override {
    if (refuse_saves) return done(base::fail(base::ErrorCode::io, "The disk is full."));
    if (bytes)
      saved[key] = *bytes;
    else
      saved.erase(key);
    done({});
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> pending() const override { return {saved.begin(), saved.end()}; }
  void hash_passphrase(std::string passphrase, std::function<void(std::string)> done) override {
    done("hash of " + base::printable_line(passphrase));
  }
  void check_passphrase(std::string hash_text, std::string passphrase, std::function<void(base::Result<bool>)> done) override {
    if (!refused_checks.empty()) return done(base::fail(base::ErrorCode::busy, refused_checks));
    done(hash_text == "hash of " + base::printable_line(passphrase));
  }
  void ask(base::MemberId member, std::string body, std::function<void(base::Result<std::string>)> done) override {
    if (on_ask) return on_ask(member, std::move(body), std::move(done));
    done(base::fail(base::ErrorCode::unreachable, "Could not reach it."));
  }
  void log(const std::string& line) override { lines.push_back(line); }
  void join_dial(std::string address, std::uint16_t, std::function<void(base::Result<JoinOffer>)> done) override {
    if (address == "192.0.2.9") return done(base::fail(base::ErrorCode::unreachable, "No answer."));
    if (address == "192.0.2.10") return done(JoinOffer{8, host_fingerprints().sha256, "MD5:h"});
    done(JoinOffer{7, "SHA256:abc", "MD5:00:11"});
  }
  void join_go(JoinRequest request, std::function<void(std::string)> progress,
               std::function<void(base::Result<void>)> done) override {
    joined_with = request;
    progress("Fetching the settings.");
    if (on_join) on_join();
    done({});
  }
  void join_cancel(std::uint64_t join) override { cancelled = join; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> prejoin() const override {
    return {{"dns", R"({"postern-dns:dns":{"source":"root"}})"}};
  }
  [[nodiscard]] std::string host_key() const override { return "ssh-ed25519 AAAA newyork"; }
  [[nodiscard]] HostFingerprints host_fingerprints() const override { return {"SHA256:h", "MD5:h"}; }
  commands::MailEngine& mail_engine() override { return mail; }
  commands::Names& names() override { return dns; }
  commands::test::FakeMail mail;
  commands::test::FakeNames dns;
  void link_status(std::function<void(std::vector<LinkStatus>)> done) override {
    if (!names_are_slow) return done(links);
    looks.push_back(std::move(done));
  }
  bool names_are_slow = false;
  std::vector<std::function<void(std::vector<LinkStatus>)>> looks;  ///< not answered while names are slow
  void stats(std::function<void(Stats)> done) override { done({{"store.flushes", 12}}); }
  [[nodiscard]] std::string store_problem() const override { return {}; }
  [[nodiscard]] std::vector<std::string> host_addresses() const override { return {"127.0.1.1"}; }
  [[nodiscard]] bool has_address(const std::string& address) const override { return address != "192.0.2.99"; }
  void after(std::int64_t ms, std::function<void()> then) override { timers_.emplace(clock.mono_ms + ms, std::move(then)); }
  void stored_values(std::vector<base::Hash> hashes, std::function<void(cluster::Values)> done) override {
    cluster::Values out;
    for (const base::Hash& hash : hashes)
      if (const auto at = values_.find(hash); at != values_.end()) out.insert(*at);
    if (!slow_store) return done(std::move(out));
    reads.push_back([done = std::move(done), out = std::move(out)] { done(out); });
  }
  bool slow_store = false;
  std::deque<std::function<void()>> reads;  ///< stored_values that a slow store has not answered
  void read_one() {
    const auto read = std::move(reads.front());
    reads.pop_front();
    read();
  }

  /// Lets time pass, timers included.
  void pass(std::int64_t ms) {
    const std::int64_t until = clock.mono_ms + ms;
    while (!timers_.empty() && timers_.begin()->first <= until) {
      auto then = std::move(timers_.begin()->second);
      forward(timers_.begin()->first);
      timers_.erase(timers_.begin());
      then();
    }
    forward(until);
    step(cluster::Tick{});
  }
  [[nodiscard]] std::size_t timers() const { return timers_.size(); }
  /// A commit that did not come through the desk, as sync would bring one.
  cluster::Answer elsewhere(std::vector<cluster::LocalCommit::Item> items, std::string author = "eve") {
    cluster::LocalCommit what;
    what.request_key = "elsewhere-" + std::to_string(++drawn_);
    what.author_name = std::move(author);
    what.items = std::move(items);
    cluster::Answer out;
    waiting_[what.request_key] = [&out](const cluster::Answer& answer) { out = answer; };
    step(std::move(what));
    EXPECT_EQ(out.what, cluster::Answer::What::committed) << out.reason;
    return out;
  }
  /// An item on what is there now.
  cluster::LocalCommit::Item item(const cluster::Register& reg, std::string value) const {
    const cluster::RegisterState* found = peer_->state().find(reg);
    return {reg, cluster::WriteKind::put, std::move(value), found == nullptr ? std::vector<cluster::Dot>() : found->base()};
  }
  void step(cluster::Event event) {
    std::vector<cluster::Event> queue{std::move(event)};
    while (!queue.empty()) {
      cluster::Effects effects = peer_->step(queue.front(), clock);
      queue.erase(queue.begin());
      if (effects.persist) {
        values_.insert(effects.persist->values.begin(), effects.persist->values.end());
        if (!effects.persist->retire.empty()) saved.erase(effects.persist->retire);
        if (effects.persist->flush) queue.push_back(cluster::Flushed{effects.persist->token, cluster::Flushed::How::done, 0, {}});
      }
      for (const cluster::Answer& answer : effects.answers) {
        auto done = waiting_.extract(answer.request_key);
        if (!done.empty()) done.mapped()(answer);
      }
      if (desk != nullptr && !effects.changed.empty()) desk->state_changed(effects.changed);
    }
    if (desk != nullptr) desk->progressed();
  }

  base::Instant clock{1'700'000'000'000, 1'000'000};
  Desk* desk = nullptr;
  std::map<std::string, std::string> saved;
  std::vector<std::string> retired;
  std::vector<LinkStatus> links;
  std::string refused_checks;  ///< why passphrases are not checked
  bool refuse_saves = false;
  bool late_answers = false;  ///< commits wait for the other machines: release() ends that
  std::optional<cluster::Answer> answer_instead;
  std::function<void()> before_commit;
  std::function<void()> on_join;
  /// The way to the other machines' desks; without one none is reached.
  std::function<void(base::MemberId, std::string, std::function<void(base::Result<std::string>)>)> on_ask;
  std::vector<std::string> lines;  ///< the log
  std::optional<JoinRequest> joined_with;
  std::uint64_t cancelled = 0;
  int commits = 0;

 private:
  void forward(std::int64_t mono_ms) {
    clock.wall_ms += mono_ms - clock.mono_ms;
    clock.mono_ms = mono_ms;
  }
  void found(const Plan& plan);

  std::unique_ptr<cluster::Peer> peer_;
  std::map<std::string, std::function<void(const cluster::Answer&)>> waiting_;
  std::multimap<std::int64_t, std::function<void()>> timers_;
  std::vector<std::function<void()>> held_;
  cluster::Values values_;
  int drawn_ = 0;
};

/// One person's session. Answers come at once: the fake house never waits.
class Sitter {
 public:
  Sitter(AnyDesk& desk, Who who) : desk_(desk) {
    id = desk.open_session(
        std::move(who), [this](const std::string& line) { hear(line); }, [this] { hung_up = true; });
  }
  ~Sitter() { desk_.close_session(id); }
  Sitter(const Sitter&) = delete;
  Sitter& operator=(const Sitter&) = delete;

  /// Whole response object. `params` is JSON text.
  json::object raw(std::string_view method, std::string_view params = "{}") {
    send(method, params);
    return answers.contains(next_) ? answers.at(next_) : json::object();
  }
  /// The result; a refusal fails the test.
  json::value ok(std::string_view method, std::string_view params = "{}") {
    json::object answer = raw(method, params);
    if (!answer.contains("result")) ADD_FAILURE() << method << ": " << json::serialize(answer);
    return answer.contains("result") ? answer["result"] : json::value(json::object());
  }
  /// The error object; a result fails the test. Its "name" is checked.
  json::object refused(std::string_view name, std::string_view method, std::string_view params = "{}") {
    json::object answer = raw(method, params);
    if (!answer.contains("error")) {
      ADD_FAILURE() << method << " was not refused: " << json::serialize(answer);
      return {{"message", ""}, {"data", json::object()}};
    }
    json::object error = answer["error"].as_object();
    EXPECT_EQ(std::string(error["data"].at("name").as_string()), name) << json::serialize(error);
    return error;
  }
  void send(std::string_view method, std::string_view params = "{}") {
    json::object request{{"jsonrpc", "2.0"}, {"id", ++next_}, {"method", method}};
    request["params"] = json::parse(std::string(params));
    desk_.receive(id, json::serialize(request));
  }
  [[nodiscard]] bool heard(std::string_view method, std::string_view part) const {
    for (const auto& [name, text] : notices)
      if (name == method && text.find(part) != std::string::npos) return true;
    return false;
  }

  SessionId id = 0;
  bool hung_up = false;
  std::map<std::int64_t, json::object> answers;
  std::vector<std::pair<std::string, std::string>> notices;
  json::object last;

 private:
  void hear(const std::string& line) {
    json::object message = json::parse(line).as_object();
    last = message;
    if (message.contains("method"))
      notices.emplace_back(message["method"].as_string(), message["params"].at("text").as_string());
    else if (message["id"].is_int64())
      answers[message["id"].as_int64()] = message;
  }

  AnyDesk& desk_;
  std::int64_t next_ = 0;
};

/// A cluster "americas": newyork (here), losangeles in group usa, paris in group europe; or
/// standalone.
class DeskTest : public testing::Test {
 protected:
  explicit DeskTest(FakeHouse::Plan plan = clustered()) : house(plan) { reopen(); }

  static FakeHouse::Plan clustered() {
    return {"americas",
            {"Main_Group", "usa", "europe"},
            {{"newyork.example.com", 1}, {"losangeles.example.com", 1}, {"paris.example.com", 2}}};
  }
  static Who who(std::string name, unsigned char number, cluster::Role role) {
    return {user_id(number), std::move(name), role, "ssh 127.0.0.1:50022", true};
  }
  static Who admin() { return who("admin", 1, cluster::Role::administrator); }
  static Who bob() { return who("bob", 2, cluster::Role::operator_); }
  static Who gina() { return who("gina", 3, cluster::Role::guest); }
  static Who console() { return {{}, "console", cluster::Role::administrator, "console", false}; }

  void reopen() {
    house.desk = nullptr;
    desk = std::make_unique<Desk>(house, verdicts);
    house.desk = desk.get();
  }

  FakeHouse house;
  schema::Verdicts verdicts{loaded_schema(), features::objectors()};
  std::unique_ptr<Desk> desk;
};

/// Texts of an array.
std::vector<std::string> texts(const json::value& array);
/// First text of an array that holds `part`; empty when none.
std::string with(const json::value& array, std::string_view part);

}  // namespace postern::desk
