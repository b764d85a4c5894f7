#include "cluster/state.h"

#include <algorithm>
#include <tuple>

namespace postern::cluster {
namespace {

void append(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}
template <std::size_t N>
void append(std::string& out, const std::array<std::uint8_t, N>& bytes) {
  out.append(bytes.begin(), bytes.end());
}
void append(std::string& out, const Register& reg) {
  append(out, static_cast<std::uint64_t>(reg.space));
  append(out, reg.id.bytes);
  append(out, reg.name.size());
  out.append(reg.name);
}
void append(std::string& out, const Dot& dot) {
  append(out, dot.member.uuid.bytes);
  append(out, dot.incarnation);
  append(out, dot.seq);
  if (!dot.branch.is_nil()) append(out, dot.branch.bytes);
}

}  // namespace

bool greater(const Head& a, const Head& b) { return std::tie(b.stamp, b.dot, b.commit) < std::tie(a.stamp, a.dot, a.commit); }

const Head* RegisterState::shown() const {
  const auto found = std::find_if(heads.begin(), heads.end(), [](const Head& head) { return !head.buried; });
  return found == heads.end() ? nullptr : &*found;
}

std::vector<Dot> RegisterState::base() const {
  std::vector<Dot> dots;
  for (const Head& head : heads) dots.push_back(head.dot);
  std::sort(dots.begin(), dots.end());
  return dots;
}

const RegisterState* State::find(const Register& reg) const {
  const auto found = registers_.find(reg);
  return found == registers_.end() ? nullptr : &found->second;
}

const Birth* State::born(const Register& reg) const {
  const auto found = births_.find(reg);
  return found == births_.end() ? nullptr : &found->second;
}

std::shared_ptr<const std::string> State::value(const Register& reg) const {
  const RegisterState* found = find(reg);
  const Head* head = found == nullptr ? nullptr : found->shown();
  return head == nullptr || head->value.is_nil() ? nullptr : blob(head->value);
}

bool State::is_lost(const Register& reg) const {
  const RegisterState* found = find(reg);
  const Head* head = found == nullptr ? nullptr : found->shown();
  return head != nullptr && !head->value.is_nil() && blob(head->value) == nullptr;
}

std::shared_ptr<const std::string> State::blob(const base::Hash& hash) const {
  const auto found = blobs_.find(hash);
  return found == blobs_.end() ? nullptr : found->second;
}

base::Hash State::digest() const {
  if (digest_) return *digest_;
  std::string bytes;
  for (const auto& [reg, state] : registers_) {
    append(bytes, reg);
    append(bytes, state.heads.size());
    for (const Head& head : state.heads) {
      append(bytes, head.dot);
      append(bytes, head.commit.bytes);
      append(bytes, head.stamp.value);
      append(bytes, static_cast<std::uint64_t>(head.kind) << 1 | (head.buried ? 1U : 0U));
      append(bytes, head.value.bytes);
    }
  }
  for (const auto& [reg, birth] : births_) {
    append(bytes, reg);
    append(bytes, birth.stamp.value);
    append(bytes, birth.dot);
  }
  digest_ = base::hash_bytes(bytes);
  return *digest_;
}

}  // namespace postern::cluster
