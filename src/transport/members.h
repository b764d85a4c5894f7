#pragma once

#include "transport/hub.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace postern::transport {

/// Which addresses the members of the cluster have, so that seats are kept for them: literal ones at
/// once, names as they resolve, again each minute. A name that stops resolving keeps what it had.
class Members : public std::enable_shared_from_this<Members> {
 public:
  explicit Members(Hub& hub) : hub_(hub), strand_(hub.loop.strand()), again_(strand_) {}
  /// Any thread.
  void set(std::vector<std::string> hosts);

 private:
  void look();
  void found(const std::string& host, const std::vector<std::string>& addresses);
  void tell();

  Hub& hub_;
  const Strand strand_;
  Timer again_;
  std::vector<std::string> hosts_;
  std::map<std::string, std::set<std::string>> addresses_;
};

}  // namespace postern::transport
