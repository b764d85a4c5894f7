#include "hands/log.h"

#include <fmt/format.h>

#include <ctime>
#include <string>

namespace postern::hands {

void Log::line(std::string_view text) const {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  ::gmtime_r(&now.tv_sec, &utc);
  std::string flat(text);
  for (char& c : flat)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  const std::string full = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z {}\n",
                                       utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                                       utc.tm_min, utc.tm_sec, now.tv_nsec / 1'000'000, flat);
  (void)!::write(file_.get(), full.data(), full.size());
}

}  // namespace postern::hands
