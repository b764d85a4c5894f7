#include "cluster/message.h"

namespace postern::cluster {

const char* message_name(const Message& message) {
  static constexpr const char* names[] = {"hello",      "ship",    "durable", "dropped",
                                          "ack",        "pull",    "summary", "ping",
                                          "link-state", "applied", "relay"};
  return names[message.index()];
}

}  // namespace postern::cluster
