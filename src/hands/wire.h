#pragma once

#include "base/result.h"
#include "hands/descriptor.h"
#include "hands/protocol.h"

#include <string>
#include <vector>

/// Frames and descriptors on a unix stream socket.
namespace postern::hands {

/// Sends all of it, the descriptors beside the first byte. Error unreachable; busy when the socket
/// does not take it (a non-blocking socket whose reader sleeps).
base::Result<void> send_frame(int socket, const std::string& frame, const std::vector<int>& descriptors);

/// Collects what arrives.
class Inbox {
 public:
  enum class Got { bytes, nothing, end };
  /// One recvmsg. `nothing`: a non-blocking socket has no more now. `end`: closed, failed, or more
  /// descriptors came than any frame has.
  Got receive(int socket);
  [[nodiscard]] bool has_head() const { return bytes_.size() >= head_bytes; }
  [[nodiscard]] Head head() const { return decode_head(bytes_); }
  [[nodiscard]] bool has_frame() const { return has_head() && bytes_.size() - head_bytes >= head().length; }
  /// Body of the frame that is whole, with all descriptors that came so far. Gives its memory away.
  std::string take(std::vector<Descriptor>& descriptors);
  /// Makes room for the frame whose head is there, so that it is not copied while it grows.
  void make_room() { bytes_.reserve(head_bytes + head().length); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
  std::vector<Descriptor> descriptors_;
};

/// Ends the connection for the other side and takes the descriptors out that are still on their
/// way. Whoever closes the last descriptor of a socket that lingers (SO_LINGER) waits as long as
/// its maker wished: what is taken out here lingers no more, as what an Inbox takes.
void shut(int socket);

}  // namespace postern::hands
