#pragma once

#include "base/source.h"
#include "transport/transport.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace postern::transport {

/// How far a connection has come to being logged in. Only a step to the next stage is progress:
/// bytes are not, or whoever drips them would stay.
enum class Stage {
  greeting,      ///< until the client's KEXINIT
  key_exchange,  ///< until the keys are in use
  login,         ///< until it has shown a key or passphrase
  asked,         ///< it waits for our verdict, so it is not idle
};

/// Which connections that are not logged in may stay, counted by source. When there is no room, one
/// connection of the fullest source goes, that which has used up most of its patience: fullest by
/// region, then by network, then by address. It is never one of a less loaded source than the
/// newcomer's, and one of an equally loaded one only when it has been idle for `idle_ms`.
///
/// Ports for machines alone count their own, so that whoever fills the administrators' ports does
/// not keep members out. Beside the common places, each favoured address (members, and where
/// somebody has logged in from lately) has `reserved_seats` of its own, which others never get,
/// as long as they are `reserved_most` at most together.
/// Machine links are counted no more once they are logged in (spec N5).
///
/// Times are ms of one steady clock. Any thread.
class Admission {
 public:
  static constexpr int reserved_seats = 4;
  static constexpr int reserved_most = 512;  ///< seats of all favoured addresses together
  static constexpr std::int64_t idle_ms = 1'000;
  static constexpr std::size_t remembered_of_network = 4;  ///< it has its own forgotten, not others'
  static constexpr std::size_t remembered = 32;            ///< sources of logins, the latest

  explicit Admission(const Limits& limits) : limits_(limits) {}

  struct Entered {
    std::string refused;                 ///< empty: it has a place now
    std::optional<ConnectionId> leaves;  ///< lost its place for it, and is to be closed
  };
  Entered enter(ConnectionId id, const base::Source& source, bool machine_only, std::int64_t now_ms);
  /// A connection that has lost its place already is not known, and nothing happens.
  void progress(ConnectionId id, Stage stage, std::int64_t now_ms);
  void leave(ConnectionId id);
  /// Those whose patience has ended, and why. They keep their places until they leave.
  struct Overdue {
    ConnectionId id = 0;
    std::string why;
  };
  [[nodiscard]] std::vector<Overdue> overdue(std::int64_t now_ms) const;

  /// Addresses as in Source::address, instead of those given before.
  void set_members(std::set<std::string> addresses);
  /// Somebody has logged in from there. Members need not be remembered.
  void remember(const std::string& address);
  [[nodiscard]] bool favours(const std::string& address) const;

  bool enter_administrator();
  void leave_administrator();
  /// Connections that are not logged in.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    base::Source source;
    bool reserved = false;
    bool machine_only = false;
    Stage stage = Stage::greeting;
    std::int64_t came_ms = 0;
    std::int64_t progress_ms = 0;
    const int* region = nullptr;  // its counts in its pot, so that a look at all entries is cheap
    const int* network = nullptr;
    const int* address = nullptr;
  };
  struct Load {
    int region = 0, network = 0, address = 0;
    friend auto operator<=>(const Load&, const Load&) = default;
  };
  /// Loads by source, and how many there are in all.
  struct Pot {
    std::map<std::string, int> regions, networks, addresses;
    int total = 0;
    void add(Entry& entry);
    void remove(const Entry& entry);
  };
  static Load load(const Entry& entry) { return {*entry.region, *entry.network, *entry.address}; }
  using Entries = std::map<ConnectionId, Entry>;

  Entered find_room(const Entry& entry, std::int64_t now_ms) const;
  [[nodiscard]] Entered take_reserved(const Entry& entry, std::int64_t now_ms) const;
  [[nodiscard]] bool is_favoured(const std::string& address) const;
  [[nodiscard]] bool under_pressure(const Pot& pot) const;
  [[nodiscard]] std::int64_t patience(const Entry& entry) const;
  [[nodiscard]] double impatience(const Entry& entry, std::int64_t now_ms) const;
  void erase(Entries::iterator entry);
  Pot& pot(const Entry& entry) { return entry.machine_only ? machines_ : people_; }
  [[nodiscard]] const Pot& pot(const Entry& entry) const { return entry.machine_only ? machines_ : people_; }

  const Limits& limits_;
  mutable std::mutex mutex_;
  Pot people_, machines_;
  Entries entries_;
  std::map<std::string, int> reserved_;
  int reserved_total_ = 0;
  std::set<std::string> members_;
  std::vector<std::string> remembered_;  ///< latest last
  int administrators_ = 0;
};

}  // namespace postern::transport
