#include "daemon/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <mutex>

#include "base/printable.h"
#include "daemon/line_limits.h"

namespace postern::daemon {

namespace {

constexpr std::size_t line_bytes = 2'000;

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (!rate_.pass(steady_ms())) return;
    if (const auto left_out = rate_.take_left_out(); left_out > 0)
      put(message, fmt::format("{} lines were left out before this one: there were too many", left_out));
    put(message, base::printable_line({message.payload.data(), message.payload.size()}, line_bytes));
  }
  void flush_() override {}

 private:
  void put(const spdlog::details::log_msg& like, const std::string& text) {
    auto line = like;
    line.payload = text;
    spdlog::memory_buf_t out;
    formatter_->format(line, out);
    (void)!::write(STDERR_FILENO, out.data(), out.size());  // one call: lines of two threads do not mix
  }

  LineRate rate_;
};

struct Strangers {
  std::mutex mutex;
  StrangerLines lines;
};

Strangers& strangers() {
  static Strangers one;
  return one;
}

}  // namespace

void open_log() {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("posternd", std::make_shared<LineSink>()));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

void log_line(std::string_view level, std::string_view text) {
  spdlog::log(spdlog::level::from_str(std::string(level)), "{}", text);
}

void log_stranger(const std::string& address, std::string_view level, std::string_view text) {
  {
    const std::scoped_lock lock(strangers().mutex);
    if (!strangers().lines.pass(address, steady_ms())) return;
  }
  log_line(level, text);
}

void settle_log() {
  std::vector<std::string> lines;
  {
    const std::scoped_lock lock(strangers().mutex);
    lines = strangers().lines.settle(steady_ms());
  }
  for (const auto& line : lines) spdlog::info("{}", line);
}

}  // namespace postern::daemon
