#include "tests/applier/smtp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace postern::test {
namespace {

sockaddr_in at(const std::string& address, unsigned port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &out.sin_addr);
  return out;
}

/// A line without its end; false at the end of the stream, after `wait_ms` or when `stop` is set.
bool take_line(int socket, std::string& unread, std::string& line, int wait_ms, const std::atomic<bool>* stop) {
  std::size_t end = 0;
  int waited = 0;
  while ((end = unread.find("\r\n")) == std::string::npos) {
    pollfd what{socket, POLLIN, 0};
    if (poll(&what, 1, 100) == 0) {
      waited += 100;
      if (waited >= wait_ms || (stop != nullptr && *stop)) return false;
      continue;
    }
    char buffer[8192];
    const ssize_t got = recv(socket, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    unread.append(buffer, static_cast<std::size_t>(got));
  }
  line = unread.substr(0, end);
  unread.erase(0, end + 2);
  return true;
}

/// Whoever writes to a recipient in letters beyond ASCII says so (RFC 6531).
std::string mail_from(const std::string& recipient) {
  const bool ascii = std::ranges::all_of(recipient, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? "MAIL FROM:<sender@example.net>" : "MAIL FROM:<sender@example.net> SMTPUTF8";
}

void put(int socket, const std::string& text) { (void)!send(socket, text.data(), text.size(), MSG_NOSIGNAL); }

}  // namespace

int connect_to(const std::string& from, const std::string& address, unsigned port) {
  const int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in here = at(from, 0);
  const sockaddr_in there = at(address, port);
  bind(one, reinterpret_cast<const sockaddr*>(&here), sizeof here);
  if (connect(one, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0) return one;
  close(one);
  return -1;
}

Client::Client(const std::string& from, const std::string& address, unsigned port) : socket_(connect_to(from, address, port)) {
  greeting_ = reply();
}
Client::~Client() {
  if (socket_ >= 0) close(socket_);
}

std::string Client::reply() {
  whole_.clear();
  std::string line;
  while (socket_ >= 0 && take_line(socket_, unread_, line, 30000, nullptr)) {
    whole_ += line + "\n";
    if (line.size() < 4 || line[3] != '-') return line;
  }
  return {};
}

std::string Client::say(const std::string& line) {
  put(socket_, line + "\r\n");
  return reply();
}

std::string try_recipient(const std::string& from, const std::string& address, unsigned port, const std::string& recipient) {
  Client client(from, address, port);
  if (!client.greeting().starts_with("220")) return client.greeting();
  client.say("EHLO client.example.net");
  const std::string sender = client.say(mail_from(recipient));
  return sender.starts_with("250") ? client.say("RCPT TO:<" + recipient + ">") : sender;
}

std::string send_mail(const std::string& from, const std::string& address, unsigned port, const std::string& recipient) {
  Client client(from, address, port);
  if (!client.greeting().starts_with("220")) return client.greeting();
  client.say("EHLO client.example.net");
  for (const std::string& line : {mail_from(recipient), "RCPT TO:<" + recipient + ">"}) {
    const std::string reply = client.say(line);
    if (!reply.starts_with("250")) return reply;
  }
  if (const std::string reply = client.say("DATA"); !reply.starts_with("354")) return reply;
  return client.say("Subject: test\r\n\r\ntext\r\n.");
}

Sink::Sink(std::string address, unsigned port, bool provoke) : provoke_(provoke) {
  listen_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(listen_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in here = at(address, port);
  if (bind(listen_, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) std::abort();
  listen(listen_, 64);
  thread_ = std::thread([this] { accept_all(); });
}

Sink::~Sink() {
  stop_ = true;
  thread_.join();
  for (std::thread& each : sessions_) each.join();
  close(listen_);
}

void Sink::accept_all() {
  while (!stop_) {
    pollfd what{listen_, POLLIN, 0};
    if (poll(&what, 1, 50) <= 0) continue;
    const int one = accept4(listen_, nullptr, nullptr, SOCK_CLOEXEC);
    if (one >= 0) sessions_.emplace_back([this, one] { serve(one); });
  }
}

void Sink::serve(int socket) {
  std::string unread, line;
  std::vector<std::string> to;
  bool data = false;
  std::size_t messages = 0;
  bool under_way = false;
  put(socket, "220 sink.example ESMTP\r\n");
  while (take_line(socket, unread, line, 60000, &stop_)) {
    if (data) {
      if (line != ".") continue;
      data = false;
      if (provoke_) wait_for_another();
      const std::lock_guard lock(mutex_);
      most_messages_ = std::max(most_messages_, ++messages);
      if (under_way) --under_way_;  // before the answer: only then may the client begin the next
      under_way = false;
      got_.insert(got_.end(), to.begin(), to.end());
      to.clear();
    } else if (line.starts_with("MAIL FROM:") && !under_way) {
      under_way = true;
      const std::lock_guard lock(mutex_);
      most_at_once_ = std::max(most_at_once_, ++under_way_);
    } else if (line.starts_with("RCPT TO:<")) {
      to.push_back(line.substr(9, line.find('>') - 9));
    } else if (line == "DATA") {
      data = true;
      put(socket, "354 go on\r\n");
      continue;
    } else if (line.starts_with("EHLO")) {
      put(socket, "250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n");
      continue;
    } else if (line == "QUIT") {
      break;
    }
    put(socket, "250 ok\r\n");
  }
  const std::lock_guard lock(mutex_);
  if (under_way) --under_way_;
  close(socket);
}

void Sink::wait_for_another() const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (std::chrono::steady_clock::now() < deadline && most_at_once() < 2)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

std::size_t Sink::most_messages() const {
  const std::lock_guard lock(mutex_);
  return most_messages_;
}

std::size_t Sink::most_at_once() const {
  const std::lock_guard lock(mutex_);
  return most_at_once_;
}

std::vector<std::string> Sink::recipients() const {
  const std::lock_guard lock(mutex_);
  return got_;
}

bool Sink::wait_for(const std::string& recipient, int seconds) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (std::chrono::steady_clock::now() < deadline) {
    const std::vector<std::string> all = recipients();
    if (std::find(all.begin(), all.end(), recipient) != all.end()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace postern::test
