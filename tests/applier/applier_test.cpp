#include <filesystem>

#include <fmt/format.h>

#include "tests/applier/instance.h"

namespace postern::test {
namespace {

using namespace trees;

std::string at(const std::string& host, unsigned port) { return fmt::format("{}:{}", host, port); }

#define ASSERT_APPLIED(outcome) \
  ASSERT_TRUE((outcome).result.has_value()) << base::to_text((outcome).result.error())

TEST_F(Instance, MailGoesWhereARouteSaysAndAChangedRowNeedsNoReload) {
  const Sink first(host(9), sink_port);
  const Sink second(host(10), sink_port);
  const applier::Outcome start = apply(plan({route("example.com", {at(host(9), sink_port)})}));
  ASSERT_APPLIED(start);
  EXPECT_EQ(start.generation, 1U);
  EXPECT_TRUE(send_mail(host(30), host(1), incoming, "one@example.com").starts_with("250"));
  EXPECT_TRUE(first.wait_for("one@example.com"));

  const applier::Counters before = applier_->counters();
  const applier::Outcome row = apply(plan({route("example.com", {at(host(10), sink_port)})}));
  ASSERT_APPLIED(row);
  EXPECT_FALSE(row.reloaded);
  EXPECT_EQ(row.rows_written, 1U);
  EXPECT_EQ(row.generation, 1U);
  EXPECT_EQ(applier_->counters().execs, before.execs);
  EXPECT_TRUE(send_mail(host(30), host(1), incoming, "two@example.com").starts_with("250"));
  EXPECT_TRUE(second.wait_for("two@example.com"));
  EXPECT_EQ(first.recipients().size(), 1U);
  EXPECT_EQ(postmap("transport", "example.com"), fmt::format("smtp:[{}]:{}", host(10), sink_port));
  EXPECT_EQ(postmap("rat_IncomingMail", "example.com"), "OK");
}

}  // namespace
}  // namespace postern::test
