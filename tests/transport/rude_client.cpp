#include "transport/rude_client.h"

#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "base/crypto.h"
#include "transport/station.h"

namespace postern::transport::test {
namespace {

constexpr const char* version = "SSH-2.0-rude";
constexpr std::size_t tag_bytes = crypto_onetimeauth_BYTES;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string number(std::uint64_t value, unsigned bytes = 4) {
  std::string out;
  for (unsigned shift = 8 * bytes; shift > 0; shift -= 8) out.push_back(static_cast<char>(value >> (shift - 8) & 0xff));
  return out;
}

std::uint32_t number_at(std::string_view text) {
  std::uint32_t out = 0;
  for (int i = 0; i < 4; ++i) out = out << 8 | static_cast<unsigned char>(text[static_cast<std::size_t>(i)]);
  return out;
}

std::string take_text(std::string_view& from) {
  const std::string out(from.substr(4, number_at(from)));
  from.remove_prefix(4 + out.size());
  return out;
}

/// RFC 4251's mpint of a positive number.
std::string mpint(std::string_view bytes) {
  while (!bytes.empty() && bytes[0] == '\0') bytes.remove_prefix(1);
  const bool negative = !bytes.empty() && static_cast<unsigned char>(bytes[0]) >= 0x80;
  return RudeClient::text((negative ? std::string(1, '\0') : std::string()) + std::string(bytes));
}

std::string kexinit() {
  std::string out = '\x14' + std::string(16, 'r');
  for (const auto* names : {"curve25519-sha256", "ssh-ed25519", "chacha20-poly1305@openssh.com", "chacha20-poly1305@openssh.com",
                            "hmac-sha2-256-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "none", "none", "", ""})
    out += RudeClient::text(names);
  return out + std::string(5, '\0');
}

/// 64 bytes (RFC 4253 §7.2), of which the second half is for lengths.
std::string derived(const std::string& secret, const std::string& hash, char letter) {
  const std::string first = base::sha256(secret + hash + letter + hash);
  return first + base::sha256(secret + hash + first);
}

/// ChaCha20 with the packet's number (PROTOCOL.chacha20poly1305 of OpenSSH).
std::string stream(std::string_view text, std::uint64_t packet, std::uint64_t block, std::string_view key) {
  std::string out(text);
  const std::string nonce = number(packet, 8);
  crypto_stream_chacha20_xor_ic(bytes_of(out), bytes_of(out), out.size(), bytes_of(nonce), block, bytes_of(key));
  return out;
}

}  // namespace

RudeClient::RudeClient(const std::string& address, std::uint16_t port) : fd_(tcp_connect(address, port)) {
  base::crypto_start();
  if (!exchange_keys()) {
    ::close(fd_);
    fd_ = -1;
  }
}

RudeClient::~RudeClient() {
  if (fd_ >= 0) ::close(fd_);
}

std::string RudeClient::text(std::string_view bytes) { return number(bytes.size()) + std::string(bytes); }

std::string RudeClient::open(std::uint32_t number_here, std::uint32_t packet_bytes) {
  return '\x5a' + text("session") + number(number_here) + number(1U << 21) + number(packet_bytes);
}
std::string RudeClient::request(std::uint32_t channel, std::string_view kind, std::string_view body) {
  return '\x62' + number(channel) + text(kind) + '\x01' + std::string(body);
}
std::string RudeClient::data(std::uint32_t channel, std::string_view bytes) { return '\x5e' + number(channel) + text(bytes); }
std::string RudeClient::extended(std::uint32_t channel, std::string_view bytes) {
  return '\x5f' + number(channel) + number(1) + text(bytes);
}
std::string RudeClient::close(std::uint32_t channel) { return '\x61' + number(channel); }

bool RudeClient::fill(std::size_t bytes) {
  std::array<char, 65536> buffer;
  while (fd_ >= 0 && in_.size() < bytes) {
    pollfd one{fd_, POLLIN, 0};
    if (poll(&one, 1, 20'000) <= 0) return false;
    const auto count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    in_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return fd_ >= 0;
}

bool RudeClient::write(std::string_view bytes) {
  while (fd_ >= 0 && !bytes.empty()) {
    pollfd one{fd_, POLLOUT, 0};
    if (poll(&one, 1, 20'000) <= 0) return false;
    const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return fd_ >= 0;
}

std::string RudeClient::sealed(std::string_view payload) {
  const bool secret = !key_out_.empty();
  const std::size_t counted = payload.size() + (secret ? 1 : 5);
  const std::size_t rest = 8 - counted % 8;
  const std::size_t padding = rest < 4 ? rest + 8 : rest;
  const std::string body = static_cast<char>(padding) + std::string(payload) + std::string(padding, '\0');
  const std::uint64_t packet = number_out_++;
  if (!secret) return number(body.size()) + body;
  const std::string_view key(key_out_);
  const std::string out = stream(number(body.size()), packet, 0, key.substr(32)) + stream(body, packet, 1, key);
  const std::string once = stream(std::string(crypto_onetimeauth_KEYBYTES, '\0'), packet, 0, key);
  std::string tag(tag_bytes, '\0');
  crypto_onetimeauth(bytes_of(tag), bytes_of(out), out.size(), bytes_of(once));
  return out + tag;
}

bool RudeClient::send(std::string_view payload) { return write(sealed(payload)); }

bool RudeClient::send_all(const std::vector<std::string>& payloads) {
  std::string all;
  for (const auto& payload : payloads) all += sealed(payload);
  return write(all);
}

std::string RudeClient::next() {
  if (!fill(4)) return {};
  const std::uint64_t packet = number_in_++;
  const bool secret = !key_in_.empty();
  const std::string_view key(key_in_);
  const std::size_t length = number_at(secret ? stream(in_.substr(0, 4), packet, 0, key.substr(32)) : in_.substr(0, 4));
  if (!fill(4 + length + (secret ? tag_bytes : 0))) return {};
  std::string body = in_.substr(4, length);
  in_.erase(0, 4 + length + (secret ? tag_bytes : 0));
  if (secret) body = stream(body, packet, 1, key);
  const auto padding = static_cast<std::size_t>(static_cast<unsigned char>(body[0]));
  return body.substr(1, body.size() - 1 - padding);
}

std::string RudeClient::receive(std::string_view kinds) {
  for (auto payload = next(); !payload.empty(); payload = next())
    if (kinds.find(payload[0]) != std::string_view::npos) return payload;
  return {};
}

bool RudeClient::closes(int within_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(within_ms);
  std::array<char, 65536> buffer;
  while (fd_ >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd one{fd_, POLLIN, 0};
    if (left.count() <= 0 || poll(&one, 1, static_cast<int>(left.count())) <= 0) return false;
    if (recv(fd_, buffer.data(), buffer.size(), 0) <= 0) return true;
  }
  return true;
}

bool RudeClient::exchange_keys() {
  if (!write(std::string(version) + "\r\n")) return false;
  while (in_.find('\n') == std::string::npos)
    if (!fill(in_.size() + 1)) return false;
  server_version_ = in_.substr(0, in_.find_first_of("\r\n"));
  in_.erase(0, in_.find('\n') + 1);
  const std::string ours = kexinit();
  std::string scalar(crypto_scalarmult_SCALARBYTES, '\0');
  std::string point(crypto_scalarmult_BYTES, '\0');
  randombytes_buf(scalar.data(), scalar.size());
  crypto_scalarmult_base(bytes_of(point), bytes_of(scalar));
  if (!send(ours)) return false;
  const std::string theirs = receive("\x14");
  if (theirs.empty() || !send('\x1e' + text(point))) return false;
  const std::string reply = receive("\x1f");
  if (reply.empty()) return false;
  std::string_view rest = std::string_view(reply).substr(1);
  const std::string host_key = take_text(rest);
  const std::string their_point = take_text(rest);
  std::string shared(crypto_scalarmult_BYTES, '\0');
  if (crypto_scalarmult(bytes_of(shared), bytes_of(scalar), bytes_of(their_point)) != 0) return false;
  const std::string secret = mpint(shared);
  const std::string hash = base::sha256(text(version) + text(server_version_) + text(ours) + text(theirs) + text(host_key) +
                                        text(point) + text(their_point) + secret);
  if (receive("\x15").empty() || !send("\x15")) return false;
  key_out_ = derived(secret, hash, 'C');
  key_in_ = derived(secret, hash, 'D');
  return true;
}

bool RudeClient::login(std::string_view user, std::string_view passphrase) {
  if (!send('\x05' + text("ssh-userauth")) || receive("\x06").empty()) return false;
  if (!send('\x32' + text(user) + text("ssh-connection") + text("password") + std::string(1, '\0') + text(passphrase)))
    return false;
  const auto answer = receive("\x33\x34");
  return !answer.empty() && answer[0] == '\x34';
}

std::uint32_t RudeClient::opened(std::uint32_t number_here) {
  if (!send(open(number_here, 32768))) return 0;
  const auto answer = receive("\x5b\x5c");
  return answer.size() < 9 || answer[0] != '\x5b' ? 0 : number_at(std::string_view(answer).substr(5));
}

}  // namespace postern::transport::test
