#pragma once

#include "applier/privileged.h"

#include <string>

namespace postern::test {

/// Privileged without postern-hands: this process is root itself.
class Direct : public applier::Privileged {
 public:
  explicit Direct(std::string instance_dir) : dir_(std::move(instance_dir)) {}

  base::Result<void> stage(std::uint64_t generation, const std::vector<gateway::File>& files) override;
  base::Result<void> check(std::uint64_t generation) override;
  base::Result<void> switch_to(std::uint64_t generation) override;
  base::Result<void> resolver(const std::vector<std::string>& addresses) override;
  base::Result<void> start() override;
  base::Result<void> reload() override;
  base::Result<void> stop() override;
  base::Result<bool> running() override;
  base::Result<void> prune(std::uint64_t oldest) override;
  base::Result<void> table(const gateway::TableChange& change) override;
  base::Result<hands::Descriptor> door() override;
  base::Result<hands::Descriptor> listing() override;
  base::Result<hands::Queue> queue() override;
  base::Result<void> sweep(const std::vector<std::string>& keep) override;

 private:
  base::Result<hands::Descriptor> service(const std::string& name);
  base::Result<void> postfix(const char* verb);
  std::string dir_;
};

}  // namespace postern::test
