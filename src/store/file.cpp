#include "store/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace postern::store {
namespace {

constexpr std::int64_t check_most_bytes = 64LL << 20;  // above, opening would wait too long for quick_check

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

base::Error system_error(const std::string& path, std::string_view what) {
  return base::fail(base::ErrorCode::io, path, fmt::format("{}: {}.", what, std::strerror(errno)));
}

base::Error not_ours(const std::string& path, std::string_view how) {
  return base::fail(base::ErrorCode::damaged, path,
                    fmt::format("{} It was left as it is. Put a backup in its place, or move it away "
                                "and let this machine start anew.",
                                how));
}

/// 0: there is none.
base::Result<std::int64_t> log_size(const std::string& path) {
  const std::string log = path + "-wal";
  struct stat status {};
  if (::stat(log.c_str(), &status) == 0) return status.st_size;
  if (errno == ENOENT) return 0;
  return system_error(log, "The store's log cannot be examined");
}

using Head = std::array<unsigned char, 100>;

std::int64_t number_at(const Head& head, std::size_t offset, std::size_t size) {
  std::int64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number = number << 8 | head[offset + i];
  return number;
}

/// The 100 bytes of https://www.sqlite.org/fileformat2.html#the_database_header.
base::Result<void> check_head(const std::string& path, const Head& head, std::int64_t size, bool has_log) {
  if (std::memcmp(head.data(), "SQLite format 3", 16) != 0) return not_ours(path, "This file is not a Postern store.");
  if (number_at(head, 68, 4) != application_id) return not_ours(path, "This is another program's database, not a Postern store.");
  if (number_at(head, 60, 4) > format_version)
    return base::fail(base::ErrorCode::unsupported, path,
                      fmt::format("The store has format {}, and this version knows formats up to {}. It was "
                                  "left as it is. Start the newer version of Postern that wrote it.",
                                  number_at(head, 60, 4), format_version));
  const std::int64_t raw_page = number_at(head, 16, 2);
  const std::int64_t page = raw_page == 1 ? 65536 : raw_page;
  // With a log the file may rightly be shorter: a checkpoint that was cut is finished from the log.
  if (!has_log && (page == 0 || size < page * number_at(head, 28, 4)))
    return not_ours(path, fmt::format("The store is cut off: {} bytes of {} are there.", size, page * number_at(head, 28, 4)));
  return {};
}

base::Result<void> check_content(Sql& sql, const std::string& path, Found found) {
  auto version = sql.number("PRAGMA user_version");
  if (!version) return version.error();
  if (*version > format_version)
    return base::fail(base::ErrorCode::unsupported, path,
                      fmt::format("The store has format {}, and this version knows formats up to {}. It was "
                                  "left as it is.",
                                  *version, format_version));
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_error(path, "The store cannot be examined");
  if (found != Found::store_with_log || status.st_size >= check_most_bytes) return {};
  auto verdict = sql.text("PRAGMA quick_check(1)");
  if (!verdict) return verdict.error();
  if (*verdict != "ok") return not_ours(path, fmt::format("The store is damaged ({}).", *verdict));
  return {};
}

constexpr const char* schema = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE commits(n INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, member BLOB NOT NULL,
  incarnation INTEGER NOT NULL, seq INTEGER NOT NULL, header BLOB NOT NULL, signature BLOB NOT NULL,
  staged INTEGER NOT NULL);
CREATE TABLE dropped(n INTEGER, hash BLOB, header BLOB, signature BLOB, staged INTEGER);
CREATE TABLE blobs(hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);
CREATE TABLE notes(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE pending(key BLOB PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE in_use(key BLOB PRIMARY KEY, value BLOB NOT NULL);
INSERT INTO meta VALUES('warmed', 0);
)sql";

base::Result<void> fill_new(const std::string& path, const char* vfs) {
  auto sql = Sql::open(path, vfs);
  if (!sql) return sql.error();
  const std::string text = fmt::format(
      "PRAGMA page_size=4096; PRAGMA synchronous=FULL; BEGIN; PRAGMA application_id={}; PRAGMA "
      "user_version={}; {} COMMIT;"
      "PRAGMA journal_mode=WAL;",
      application_id, format_version, schema);
  auto locked = sql->run("PRAGMA locking_mode=EXCLUSIVE");
  if (!locked) return locked.error();
  return sql->run(text.c_str());
}

base::Result<void> sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (open.get() < 0 || ::fsync(open.get()) != 0) return system_error(folder, "The folder of the store cannot be flushed");
  return {};
}

/// After SIGKILL the log may hold transactions that the system has but the disk has not: whoever reads them may
/// tell others, so they are made durable before anybody reads.
base::Result<void> sync_log_of(const std::string& path) {
  const std::string log = path + "-wal";
  const Descriptor open(::open(log.c_str(), O_RDONLY | O_CLOEXEC));
  if (open.get() < 0 || ::fsync(open.get()) != 0) return system_error(log, "The store's log cannot be flushed");
  return {};
}

}  // namespace

namespace {

base::Error not_writable(const std::string& path, std::string_view what, int why) {
  std::string_view mend = "";
  if (why == EACCES || why == EPERM) mend = " Give the file to the user postern, mode 0600.";
  if (why == EROFS) mend = " Mount its file system for writing.";
  if (why == EISDIR) mend = " Put this folder elsewhere.";
  return base::fail(base::ErrorCode::io, path,
                    fmt::format("{} is there and cannot be opened for writing: {}.{}", what, std::strerror(why), mend));
}

bool is_link(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

/// Why it cannot be opened for writing; 0: it can, or is not there.
int closed_to_us(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  return file.get() < 0 && errno != ENOENT ? errno : 0;
}

}  // namespace

base::Result<Found> inspect(const std::string& path) {
  // For writing, too: SQLite says of a file that is to be read only what nobody understands.
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  const int why = file.get() < 0 ? errno : 0;
  if (why != 0 && why != ENOENT) return not_writable(path, "The store", why);
  if (why == ENOENT && is_link(path))
    return not_ours(path, "This is a link, and what it leads to is not there: mount its disk, or put the store back.");
  // SQLite says of these only that the store cannot be opened.
  for (const auto& [ending, what] : {std::pair{"-wal", "The store's log"}, {"-journal", "The store's journal"}})
    if (const int closed = closed_to_us(path + ending); closed != 0) return not_writable(path + ending, what, closed);
  const auto log = log_size(path);
  if (!log) return log.error();
  const bool has_log = *log > 0;
  if (why == ENOENT) {
    if (has_log) return not_ours(path + "-wal", "This is the log of a store whose main file is gone.");
    return Found::nothing;
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(path, "The store cannot be examined");
  if (!S_ISREG(status.st_mode)) return not_ours(path, "This is not a plain file.");
  Head head{};
  const ssize_t count = ::pread(file.get(), head.data(), head.size(), 0);
  if (count < 0) return system_error(path, "The store cannot be read");
  if (count == 0) return not_ours(path, "The store is empty: its content is lost.");
  if (static_cast<std::size_t>(count) < head.size()) return not_ours(path, "This file is too short to be a Postern store.");
  auto good = check_head(path, head, status.st_size, has_log);
  if (!good) return good.error();
  return has_log ? Found::store_with_log : Found::store;
}

base::Result<void> make_file(const std::string& path, const char* vfs) {
  const std::string beside = path + ".new";
  for (const char* rest : {"", "-journal", "-wal"}) ::unlink((beside + rest).c_str());
  {
    const Descriptor file(::open(beside.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) return system_error(beside, "A new store cannot be made");
  }
  auto filled = fill_new(beside, vfs);
  if (!filled) {
    ::unlink(beside.c_str());
    return filled.error();
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return system_error(path, "A new store cannot be put into its place");
  return sync_folder_of(path);
}

base::Result<void> put_in_place(const std::string& beside, const std::string& path) {
  // The main file alone is the store only when nothing is left in a log.
  const auto log = log_size(beside);
  if (!log) return log.error();
  if (*log > 0) return base::fail(base::ErrorCode::io, beside, "The new store's log could not be moved into it.");
  if (::link(beside.c_str(), path.c_str()) != 0) {
    if (errno != EEXIST) return system_error(path, "A new store cannot be put into its place");
    return base::fail(base::ErrorCode::exists, path, "A store is there already; it was left as it is.");
  }
  ::unlink(beside.c_str());
  return sync_folder_of(path);
}

base::Result<Sql> open_file(const std::string& path, const char* vfs, Found found) {
  auto sql = Sql::open(path, vfs);
  if (!sql) return sql.error();
  // Closing a refused file must not copy its log into it.
  sqlite3_db_config(sql->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(sql->handle(), 0);
  auto good = sql->run("PRAGMA locking_mode=EXCLUSIVE");
  if (good && found == Found::store_with_log) good = sync_log_of(path);
  if (good) good = check_content(*sql, path, found);
  if (!good) return good.error();
  sqlite3_db_config(sql->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  good = sql->run(
      "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=16777216; PRAGMA cache_size=-16384;"
      "PRAGMA temp_store=MEMORY; PRAGMA synchronous=FULL;");
  if (!good) return good.error();
  return sql;
}

void prepare_log(const std::string& path) {
  const auto log = log_size(path);
  const std::int64_t size = log ? *log : 0;
  if (size == 0 || size >= prepared_log_bytes) return;
  const Descriptor open(::open((path + "-wal").c_str(), O_WRONLY | O_CLOEXEC));
  if (open.get() < 0) return;
  const std::string zeros(static_cast<std::size_t>(prepared_log_bytes - size), '\0');
  const ssize_t put = ::pwrite(open.get(), zeros.data(), zeros.size(), size);
  const bool whole = put == static_cast<ssize_t>(zeros.size()) && ::fsync(open.get()) == 0;
  if (!whole && ::ftruncate(open.get(), size) != 0) return;  // zeros at the end hurt nobody
}

}  // namespace postern::store
