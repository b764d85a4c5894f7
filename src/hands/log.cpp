#include "hands/log.h"

#include "base/printable.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <ctime>

namespace postern::hands {
namespace {

constexpr std::size_t line_most = 2048;

}  // namespace

base::Result<Log> Log::open(const Folder& folder, std::string name, std::size_t bytes_most) {
  auto file = folder.open_log(name);
  if (!file) return file.error();
  return Log(folder, std::move(name), bytes_most, std::move(*file));
}

void Log::line(std::string_view text) const {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  ::gmtime_r(&now.tv_sec, &utc);
  const std::string full =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z {}\n", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                  utc.tm_min, utc.tm_sec, now.tv_nsec / 1'000'000, base::printable_line(text, line_most));
  (void)!::write(file_.get(), full.data(), full.size());
}

void Log::rotate() {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0 || static_cast<std::size_t>(status.st_size) < bytes_most_) return;
  const std::string old = name_ + ".1";
  // Others may make files in this folder, too: what is there may be theirs, and a folder.
  if (!folder_->is_roots(old) && !folder_->remove(old)) return;
  if (!folder_->rename(name_, old)) return;
  auto file = folder_->open_log(name_);
  if (file) file_ = std::move(*file);
}

}  // namespace postern::hands
