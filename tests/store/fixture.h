#pragma once

#include "base/crypto.h"
#include "store/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace postern::store {

/// A folder that goes when the test ends.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/postern-store-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name = "store") const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}
inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}

constexpr base::Incarnation incarnation = 0xF234'5678'9ABC'DEF0;  // past INT64_MAX: signed columns must not mind

inline base::MemberId member_of(std::uint8_t n) {
  base::MemberId id;
  id.uuid.bytes.fill(n);
  return id;
}

inline cluster::Header header_of(std::uint64_t seq, const std::string& value, std::uint8_t member = 1) {
  cluster::Header header;
  header.dot = {member_of(member), incarnation, seq};
  header.stamp.value = seq;
  header.author_name = "admin";
  cluster::Write write;
  write.reg.name = "smtp-routes";
  write.value = base::hash_bytes(value);
  write.value_size = value.size();
  header.writes.push_back(write);
  return header;
}

/// Commit `seq` of member 1 with one value, and a note "last" that names it.
inline Batch batch_of(std::uint64_t seq, bool flush = true, std::size_t size = 200, std::uint8_t member = 1) {
  const std::string value = "value " + std::to_string(seq) + std::string(size, 'x');
  Batch batch;
  cluster::StoredCommit commit;
  commit.envelope.header = cluster::encode_header(header_of(seq, value, member));
  commit.envelope.signature.bytes.fill(static_cast<std::uint8_t>(seq));
  batch.persist.flush = flush;
  batch.persist.commits.push_back(commit);
  batch.persist.values[base::hash_bytes(value)] = value;
  batch.notes["last"] = std::to_string(seq);
  return batch;
}

inline std::unique_ptr<Store> open_store(const std::string& path, std::unique_ptr<Disk> disk = nullptr) {
  auto store = disk ? Store::open(path, std::move(disk)) : Store::open(path);
  EXPECT_TRUE(store) << (store ? "" : base::to_text(store.error()));
  return store ? std::move(*store) : nullptr;
}

/// How many batches the store holds, having checked that they are exactly the first so many, each
/// whole.
inline std::uint64_t whole_batches(Store& store) {
  auto contents = store.load();
  EXPECT_TRUE(contents) << (contents ? "" : base::to_text(contents.error()));
  if (!contents) return 0;
  std::uint64_t seq = 0;
  for (const auto& commit : contents->commits) {
    auto header = cluster::decode_header(commit.envelope.header);
    EXPECT_TRUE(header);
    EXPECT_EQ(header->dot.seq, ++seq);
    auto value = store.value(header->writes.at(0).value);
    EXPECT_TRUE(value && value->has_value());
  }
  EXPECT_EQ(contents->notes["last"], seq == 0 ? "" : std::to_string(seq));
  return seq;
}

/// Faults that a test switches on while the store is open.
struct Faults {
  int fail_syncs = 0;    ///< so many syncs fail with EIO
  long room = -1;        ///< bytes until ENOSPC; -1: no limit
  long operations = -1;  ///< writes, truncations and syncs until the power goes; -1: never
  [[nodiscard]] bool dead() const { return operations == 0; }
};

/// A disk that can fail, fill, and lose at a power cut any part of what was written after the last
/// sync.
class FaultyDisk : public Disk {
 public:
  explicit FaultyDisk(Faults& faults) : faults_(faults) {}

  int may_write(const std::string& file, std::uint64_t offset, const char* bytes, std::size_t size) override {
    if (gone()) return EIO;
    if (faults_.room >= 0 && static_cast<long>(size) > faults_.room) return ENOSPC;
    if (faults_.room >= 0) faults_.room -= static_cast<long>(size);
    at(file).unsynced.push_back({offset, std::string(bytes, size), false});
    return 0;
  }
  int may_truncate(const std::string& file, std::uint64_t size) override {
    if (gone()) return EIO;
    at(file).unsynced.push_back({size, "", true});
    return 0;
  }
  int may_sync(const std::string&) override {
    if (gone()) return EIO;
    if (faults_.fail_syncs > 0) return --faults_.fail_syncs, EIO;
    return 0;
  }
  void synced(const std::string& file) override {
    auto& state = at(file);
    for (const auto& change : state.unsynced) apply(state.image, change);
    state.unsynced.clear();
  }

  struct Change {
    std::uint64_t offset;
    std::string bytes;
    bool truncate;
  };
  struct State {
    std::string image;  ///< as of the last sync
    std::vector<Change> unsynced;
  };
  using States = std::map<std::string, State>;
  /// Where the states go when the disk dies with its store.
  States* keep = nullptr;
  ~FaultyDisk() override {
    if (keep != nullptr) *keep = states_;
  }

  /// Rewrites the files: what was synced, and of the rest, each change kept, torn or forgotten.
  static void power_cut(States states, std::mt19937& random) {
    for (auto& [file, state] : states) {
      for (auto& change : state.unsynced) {
        const auto fate = random() % 3;
        if (fate == 0) continue;
        if (fate == 1 && !change.truncate) change.bytes.resize(random() % (change.bytes.size() + 1));
        apply(state.image, change);
      }
      write_file(file, state.image);
    }
  }

 private:
  static void apply(std::string& image, const Change& change) {
    if (change.truncate) return image.resize(std::min<std::size_t>(image.size(), change.offset));
    if (image.size() < change.offset + change.bytes.size()) image.resize(change.offset + change.bytes.size());
    std::memcpy(image.data() + change.offset, change.bytes.data(), change.bytes.size());
  }
  bool gone() {
    if (faults_.operations > 0) --faults_.operations;
    return faults_.dead();
  }
  State& at(const std::string& file) {
    auto [place, fresh] = states_.try_emplace(file);
    if (fresh) place->second.image = read_file(file);
    return place->second;
  }

  Faults& faults_;
  States states_;
};

}  // namespace postern::store
