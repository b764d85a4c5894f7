#include "applier/applier.h"
#include "applier/privileged.h"
#include "hands/client.h"

#include <utility>

namespace postern::applier {
namespace {

/// postern-hands on the other end of its unix socket.
class HandsPrivileged : public Privileged {
 public:
  explicit HandsPrivileged(std::string socket) : client_(std::move(socket)) {}

  base::Result<void> stage(std::uint64_t generation, const std::vector<gateway::File>& files) override {
    hands::Stage stage{generation, {}};
    for (const gateway::File& each : files) stage.files.push_back({each.path, each.bytes, each.mode});
    return client_.stage(stage);
  }
  base::Result<void> check(std::uint64_t generation) override { return client_.check(generation); }
  base::Result<void> switch_to(std::uint64_t generation) override {
    auto done = client_.switch_to(generation);
    if (done || done.error().code != base::ErrorCode::restricted) return done;
    // A postern-hands that was started since does not know what the one before has checked.
    auto checked = client_.check(generation);
    if (!checked) return checked;
    return client_.switch_to(generation);
  }
  base::Result<void> resolver(const std::vector<std::string>& addresses) override { return client_.resolver(addresses); }
  base::Result<void> start() override { return client_.start(); }
  base::Result<void> reload() override { return client_.reload(); }
  base::Result<void> stop() override { return client_.stop(); }
  base::Result<bool> running() override { return client_.running(); }
  base::Result<void> prune(std::uint64_t oldest) override { return client_.prune(oldest); }
  base::Result<void> table(const gateway::TableChange& change) override {
    return client_.table({change.table, change.whole, change.put, change.drop});
  }
  base::Result<hands::Descriptor> door() override { return client_.door(); }
  base::Result<hands::Descriptor> listing() override { return client_.listing(); }
  base::Result<hands::Queue> queue() override { return client_.queue(); }
  base::Result<void> sweep(const std::vector<std::string>& keep) override { return client_.sweep(keep); }

 private:
  hands::Client client_;
};

}  // namespace

Applier::Applier(const Options& options) : Applier(options, std::make_unique<HandsPrivileged>(options.hands_socket)) {}

}  // namespace postern::applier
