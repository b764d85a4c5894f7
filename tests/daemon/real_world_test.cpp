// What the real world tells the machine of its store.
#include "daemon/real_world.h"

#include "tests/store/fixture.h"

#include <boost/asio/executor_work_guard.hpp>

#include <chrono>

namespace postern::daemon {
namespace {

class RealWorldTest : public testing::Test {
 protected:
  /// What came of it, once it is told.
  bool write(std::uint64_t seq) {
    std::optional<bool> stored;
    world.write(store::batch_of(seq), [&stored](const base::Result<void>& result, bool) { stored = result.has_value(); });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!stored && std::chrono::steady_clock::now() < deadline) truth.run_one_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(stored.has_value()) << "nothing is told";
    return stored.value_or(false);
  }

  const store::Folder folder;
  store::Faults faults;
  boost::asio::io_context truth;
  const boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open = boost::asio::make_work_guard(truth);
  RealWorld world{truth,
                  std::make_unique<store::Writer>(store::open_store(folder.file(), std::make_unique<store::FaultyDisk>(faults))),
                  {},
                  {}};
};

// status says so for as long as it is so.
TEST_F(RealWorldTest, AStoreThatTakesChangesAgainHasNoProblemAnyMore) {
  EXPECT_EQ(world.store_problem(), "");
  faults.room = 0;
  EXPECT_FALSE(write(1));
  EXPECT_NE(world.store_problem(), "");
  faults.room = -1;
  EXPECT_TRUE(write(1));
  EXPECT_EQ(world.store_problem(), "");
}

}  // namespace
}  // namespace postern::daemon
