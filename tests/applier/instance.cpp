#include "tests/applier/instance.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

namespace postern::test {

using namespace trees;

void Instance::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "Postfix can only be started by root: run this test as root.";
  if (access("/usr/lib/postfix/sbin/master", X_OK) != 0) GTEST_SKIP() << "Postfix is not installed.";
  char name[] = "/tmp/postern-applier-XXXXXX";
  root_ = mkdtemp(name);
  chmod(root_.c_str(), 0755);
  dir_ = root_ + "/mta";
  std::filesystem::create_directory(dir_);
  net_ = fmt::format("127.{}.{}.", 64 + getpid() / 250 % 128, getpid() % 250);
  facts_.host_name = "newyork.postern.test";
  facts_.instance_dir = dir_;
  facts_.bind_address = host(1);
  facts_.version = "0.1.0";
  new_applier(std::make_unique<Direct>(dir_));
}

void Instance::TearDown() {
  if (dir_.empty()) return;
  applier_.reset();
  if (HasFailure()) std::fprintf(stderr, "---- mail.log\n%s\n", log().c_str());
  if (std::filesystem::exists(dir_ + "/etc/main.cf")) run({"postfix", "-c", dir_ + "/etc", "stop"});
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

void Instance::new_applier(std::unique_ptr<applier::Privileged> privileged) {
  applier_.reset();
  setup_.instance_dir = dir_;
  applier_ = std::make_unique<applier::Applier>(setup_, std::move(privileged));
}

model::Node Instance::both_listeners(Access access) const {
  return listeners(
      {listener("IncomingMail", "public", "Management", incoming, std::move(access)),
       listener("OutgoingMail", "private", "Management", outgoing, {{}, {hat("RELAYLIST", {host(20), host(2)}, "relay")}})});
}

gateway::Plan Instance::plan(std::vector<Node> all_routes, std::vector<Node> more) const {
  std::vector<Node> all{
      interfaces({interface("Management", host(1) + "/8")}),
      both_listeners({{rat("example.com", "accept"), rat("bad@example.com", "reject", "No such person")},
                      {hat("BLOCKLIST", {host(66)}, "reject", "Go away")}}),
      routes(std::move(all_routes)),
      destinations({destination("Default", 500, 50)}),
      container("dns", {leaf("source", "servers"), leaf_list("server", {host(53)})}),
  };
  for (Node& each : more) all.push_back(std::move(each));
  return gateway::make_plan(effective(std::move(all)), facts_, features::parts());
}

applier::Outcome Instance::apply(const gateway::Plan& wanted) {
  std::promise<applier::Outcome> told;
  applier_->apply(wanted, [&](applier::Outcome outcome) { told.set_value(std::move(outcome)); });
  return told.get_future().get();
}

std::string Instance::log() const {
  std::ifstream file(dir_ + "/log/mail.log");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t Instance::log_lines() const {
  const std::string all = log();
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
}

pid_t Instance::master() const {
  std::ifstream file(dir_ + "/queue/pid/master.pid");
  pid_t pid = -1;
  return file >> pid ? pid : -1;
}

Told::Told(applier::Applier& applier) {
  applier.watch([state = state_](const applier::Outcome& outcome) {
    {
      const std::lock_guard lock(state->mutex);
      state->outcomes.push_back(outcome);
    }
    state->changed.notify_all();
  });
}

bool Told::wait_for(const std::function<bool(const applier::Outcome&)>& is) {
  std::unique_lock lock(state_->mutex);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (true) {
    while (!state_->outcomes.empty()) {
      const applier::Outcome one = state_->outcomes.front();
      state_->outcomes.pop_front();
      if (is(one)) return true;
    }
    if (state_->changed.wait_until(lock, deadline) == std::cv_status::timeout) return false;
  }
}

bool Told::wait_for_trouble(const std::string& part) {
  return wait_for([&](const applier::Outcome& one) {
    const std::string text = one.result ? one.not_proved : base::to_text(one.result.error());
    return text.find(part) != std::string::npos;
  });
}

bool Told::wait_for_good() {
  return wait_for([](const applier::Outcome& one) { return one.result && one.not_proved.empty(); });
}

std::string Instance::postmap(const std::string& table, const std::string& key) const {
  std::string out = run({"postmap", "-c", dir_ + "/etc", "-q", key, "lmdb:" + dir_ + "/tables/" + table}).output;
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace postern::test
