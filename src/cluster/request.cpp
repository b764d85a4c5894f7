// What a request asks for, so that its key stands for that and nothing else (contract 2.8).
#include "cluster/request.h"

#include <algorithm>
#include <tuple>

namespace postern::cluster {
namespace {

struct Edit {
  const Register* reg;
  WriteKind kind;
  base::Hash value;
};

void append(std::string& out, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(number >> shift & 0xff));
}
template <std::size_t N>
void append(std::string& out, const std::array<std::uint8_t, N>& bytes) {
  out.append(bytes.begin(), bytes.end());
}

base::Hash content(const base::UserId& author, std::vector<Edit> edits) {
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return *a.reg < *b.reg; });
  std::string bytes = "postern request 1";
  bytes.push_back('\0');
  append(bytes, author.uuid.bytes);
  for (const Edit& edit : edits) {
    append(bytes, static_cast<std::uint64_t>(edit.reg->space));
    append(bytes, edit.reg->id.bytes);
    append(bytes, edit.reg->name.size());
    bytes += edit.reg->name;
    append(bytes, static_cast<std::uint64_t>(edit.kind));
    append(bytes, edit.value.bytes);
  }
  return base::hash_bytes(bytes);
}

}  // namespace

base::Hash content_of(const LocalCommit& what) {
  std::vector<Edit> edits;
  for (const LocalCommit::Item& item : what.items) {
    const bool has_value = item.kind == WriteKind::put || (item.kind == WriteKind::remove && !item.value.empty());
    edits.push_back({&item.reg, item.kind, has_value ? base::hash_bytes(item.value) : base::Hash{}});
  }
  return content(what.author, std::move(edits));
}

base::Hash content_of(const Header& header) {
  std::vector<Edit> edits;
  for (const Write& write : header.writes) edits.push_back({&write.reg, write.kind, write.value});
  return content(header.author, std::move(edits));
}

}  // namespace postern::cluster
