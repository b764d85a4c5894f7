#include "cluster/message.h"

namespace postern::cluster {

const char* message_name(const Message& message) {
  static constexpr const char* names[] = {"hello",   "ship", "durable",    "dropped", "ack",  "pull",
                                          "summary", "ping", "link-state", "applied", "relay"};
  return names[message.index()];
}

std::string signed_bytes(const base::ClusterId& cluster, const Relay& what) {
  std::string out = "postern relay 1";
  const auto put = [&out](const auto& bytes) { out.append(bytes.begin(), bytes.end()); };
  const auto put_number = [&out](std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  };
  out.push_back('\0');
  put(cluster.uuid.bytes);
  put(what.from.uuid.bytes);
  put(what.to.uuid.bytes);
  put_number(what.number);
  put_number(what.reply ? 1 : 0);
  put_number(what.from_nonce);
  put_number(what.to_nonce);
  put_number(what.verdict);
  put(what.about.bytes);
  put(what.body);
  return out;
}

}  // namespace postern::cluster
