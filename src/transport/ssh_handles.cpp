#include "transport/ssh_handles.h"

#include <cstring>

namespace postern::transport {

namespace {

/// How libssh's struct of a channel begins (libssh/channels.h, the same from 0.8 to 0.12), for it has no call that
/// tells the greatest packet.
struct Head {
  ssh_session session;
  std::uint32_t local_channel, local_window;
  int local_eof;
  std::uint32_t local_packet, remote_channel, remote_window;
  int remote_eof;
  std::uint32_t remote_packet;
};

}  // namespace

std::uint32_t greatest_packet(ssh_channel channel) {
  Head head{};
  std::memcpy(&head, channel, sizeof head);
  const bool known = head.session == ssh_channel_get_session(channel) && head.remote_window == ssh_channel_window_size(channel);
  return known ? head.remote_packet : 0;
}

}  // namespace postern::transport
