// store/store.h: a database file that somebody else wrote. The input is the file.
#include "fuzz/support/folder.h"
#include "store/store.h"

#include <unistd.h>

#include <fstream>

namespace {

using namespace postern;

const std::string& path() {
  static const fuzz::Folder folder;
  static const std::string file = folder.file("store");
  return file;
}

void remove_all() {
  for (const char* rest : {"", "-wal", "-shm", "-journal", ".new"}) ::unlink((path() + rest).c_str());
}

/// Everything that a start and a life may ask of it.
void use(store::Store& store) {
  const auto contents = store.load();
  if (!contents) return;
  for (const auto& one : contents->damaged) FUZZ_CHECK(one.stored != one.found);
  std::vector<base::Hash> hashes;
  for (const auto& commit : contents->commits) hashes.push_back(commit.envelope.id());
  const auto items = store.commits(hashes, 1U << 20U);
  FUZZ_CHECK(!items || items->size() <= hashes.size());
  for (const auto& commit : contents->commits)
    if (const auto header = cluster::decode_header(commit.envelope.header))
      for (const auto& write : header->writes) {
        const auto value = store.value(write.value);
        FUZZ_CHECK(!value || !*value || base::hash_bytes(**value) == write.value);
      }
  store::Batch batch;
  batch.notes["fuzz"] = "a";
  bool unknown = false;
  (void)store.write({batch}, &unknown);
  (void)store.checkpoint();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  remove_all();
  std::ofstream(path(), std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto exists = store::Store::exists(path());
  FUZZ_CHECK(!exists || *exists);
  {
    const auto store = store::Store::open(path());
    FUZZ_CHECK(exists || !store);
    fuzz::tell(store.has_value());
    if (store) use(**store);
  }
  remove_all();
  return 0;
}
