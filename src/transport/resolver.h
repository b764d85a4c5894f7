#pragma once

#include "base/dns.h"
#include "transport/loop.h"
#include "transport/seats.h"
#include "transport/transport.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace postern::transport {

/// Resolves `host` by c-ares with `servers` ("127.0.1.53" or with ":port"; empty: as the system is
/// set), both families, in the servers' order; with `reverse` also the name of the first address.
/// An address is its own answer. `done` runs once on `strand`, within 2.5 s; when nothing was found
/// `problem` is a sentence.
void look_up(const Strand& strand, const std::vector<std::string>& servers, const std::string& host, bool reverse,
             std::function<void(Transport::Resolution)> done);

/// What look-ups of records may take.
struct LookUpBounds {
  int deadline_ms = 2'500;       ///< who asks another machine for records waits 3 s, ways included
  int waiting_ms = 2'000;        ///< of those, for a seat: who gets one has time to ask
  std::size_t most = 64;         ///< under way at once: each has a channel and its sockets
  std::size_t most_of_one = 16;  ///< and of one asker
};

/// c-ares has process-wide state: held by every Transport.
class ResolverLibrary {
 public:
  explicit ResolverLibrary(const LookUpBounds& bounds = {});
  ~ResolverLibrary();
  ResolverLibrary(const ResolverLibrary&) = delete;
  ResolverLibrary& operator=(const ResolverLibrary&) = delete;

  /// Records by the same servers; an address as the name stands for its reverse name when the type is PTR. `done` runs once on
  /// `strand`, within the bounds' deadline. Who finds no seat waits, the oldest first, and his time runs.
  void look_up_records(const Strand& strand, const std::vector<std::string>& servers, base::DnsQuestion question,
                       std::function<void(base::DnsAnswer)> done) const;

 private:
  const LookUpBounds bounds_;
  const std::shared_ptr<Seats> seats_;
};

}  // namespace postern::transport
