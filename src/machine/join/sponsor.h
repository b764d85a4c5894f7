#pragma once

#include <map>
#include <memory>
#include <string>

#include "cluster/join.h"
#include "machine/world/terms.h"
#include "machine/world/truth.h"
#include "machine/world/world.h"
#include "schema/schema.h"

namespace postern::machine {

/// This machine letting others join over it (spec J4, J9). Until the joiner holds everything, nothing is
/// recorded; then the admission is committed, and removed again when it is not taken up in time.
class SponsorSide {
 public:
  /// All outlive it.
  struct Parts {
    World& world;
    const schema::Schema& schema;
    const Terms& terms;
    Truth& truth;
    std::map<std::string, std::string>& notes;  ///< the store's
  };
  explicit SponsorSide(const Parts& parts);
  ~SponsorSide();

  void open(transport::ConnectionId connection, const std::string& user);
  void receive(transport::ConnectionId connection, cluster::JoinFrame frame);
  void closed(transport::ConnectionId connection);
  /// A joiner's first commit may have come.
  void state_changed();
  /// After a restart: admissions that were open then get their full time again.
  void resume();

 private:
  struct Guest;

  void take(transport::ConnectionId connection, Guest& guest, cluster::JoinRequest request);
  [[nodiscard]] std::string objection(const Guest& guest, const cluster::JoinRequest& request) const;
  void refuse(transport::ConnectionId connection, const std::string& text);
  void send_next(transport::ConnectionId connection);
  void sent_all(transport::ConnectionId connection, Guest& guest);
  void admit(transport::ConnectionId connection, Guest& guest);
  void tell_progress();
  void watch_guest(transport::ConnectionId connection);
  void watch(const base::MemberId& member);
  void settle_admission(const base::MemberId& member);
  void lapse(const base::MemberId& member);

  const Parts parts_;
  std::map<transport::ConnectionId, std::unique_ptr<Guest>> guests_;
};

}  // namespace postern::machine
