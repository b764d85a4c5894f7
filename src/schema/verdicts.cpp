#include "schema/verdicts.h"

#include <algorithm>

namespace postern::schema {
namespace {

constexpr std::size_t most_texts = 64;         ///< of one feature
constexpr std::size_t most_bytes = 1U << 20U;  ///< of one feature's texts, but for the newest: trees are larger still
constexpr std::size_t most_verdicts = 64;      ///< of one feature

template <class T>
void to_front(std::vector<T>& list, typename std::vector<T>::iterator at) {
  std::rotate(list.begin(), at, at + 1);
}

}  // namespace

Verdicts::Read& Verdicts::read(const std::string& feature, const model::Text& text) {
  auto& known = reads_[feature];
  const auto at = std::find_if(known.begin(), known.end(), [&](const Read& one) { return model::same(one.text, text); });
  if (at != known.end()) {
    to_front(known, at);
    return known.front();
  }
  Read fresh;
  fresh.text = text;
  // A text that is new is mostly the newest one with a few entries changed.
  auto parsed = schema_.parse(feature, *text, known.empty() ? nullptr : known.front().tree.get());
  if (parsed)
    fresh.tree = std::make_shared<const model::Tree>(std::move(*parsed));
  else
    fresh.error = parsed.error();
  return remember(feature, std::move(fresh));
}

Verdicts::Read& Verdicts::remember(const std::string& feature, Read fresh) {
  auto& known = reads_[feature];
  fresh.id = ++last_id_;
  known.insert(known.begin(), std::move(fresh));
  std::size_t bytes = 0;
  std::size_t keep = std::min<std::size_t>(2, known.size());  // what is changed now, and what it was
  while (keep < known.size() && keep < most_texts && (bytes += known[keep].text->size()) <= most_bytes) ++keep;
  known.resize(keep);
  return known.front();
}

base::Result<model::TreePtr> Verdicts::tree(const std::string& feature, const model::Text& text) {
  const Read& found = read(feature, text);
  if (found.tree == nullptr) return found.error;
  return found.tree;
}

base::Result<model::TreePtr> Verdicts::filled(const std::string& feature, const model::Text& text) {
  Read& found = read(feature, text);
  if (found.tree == nullptr) return found.error;
  if (found.filled == nullptr) found.filled = std::make_shared<const model::Tree>(schema_.with_defaults(feature, *found.tree));
  return found.filled;
}

void Verdicts::learn(const std::string& feature, const model::Text& text, model::TreePtr tree) {
  const auto& known = reads_[feature];
  if (std::any_of(known.begin(), known.end(), [&](const Read& one) { return model::same(one.text, text); })) return;
  Read fresh;
  fresh.text = text;
  fresh.tree = std::move(tree);
  remember(feature, std::move(fresh));
}

Verdicts::Problems Verdicts::check(const std::string& feature, const model::Texts& effective) {
  std::vector<std::string> involved{feature};
  for (const auto& other : schema_.refers_to(feature))
    if (other != feature) involved.push_back(other);
  Verdict verdict;
  for (const auto& name : involved) {
    const auto text = effective.find(name);
    verdict.ids.push_back(text == effective.end() || text->second == nullptr ? 0 : read(name, text->second).id);
  }
  auto& known = verdicts_[feature];
  const auto at = std::find_if(known.begin(), known.end(), [&](const Verdict& one) { return one.ids == verdict.ids; });
  if (at != known.end()) {
    to_front(known, at);
    return known.front().problems;
  }
  verdict.problems = examine(feature, involved, verdict.ids, effective);
  known.insert(known.begin(), verdict);
  if (known.size() > most_verdicts) known.pop_back();
  return verdict.problems;
}

/// A tree of the feature that had no problem beside just these other texts, if one is remembered.
model::TreePtr Verdicts::sound_tree(const std::string& feature, const std::vector<std::uint64_t>& ids) const {
  const auto verdicts = verdicts_.find(feature);
  const auto reads = reads_.find(feature);
  if (verdicts == verdicts_.end() || reads == reads_.end()) return nullptr;
  for (const Verdict& one : verdicts->second) {
    if (!one.problems->empty() || !std::equal(ids.begin() + 1, ids.end(), one.ids.begin() + 1)) continue;
    for (const Read& read : reads->second)
      if (read.id == one.ids.front()) return read.tree;
  }
  return nullptr;
}

Verdicts::Problems Verdicts::examine(const std::string& feature, const std::vector<std::string>& involved,
                                     const std::vector<std::uint64_t>& ids, const model::Texts& effective) {
  ++checks_;
  Effective trees;
  std::vector<Problem> problems;
  for (const auto& name : involved) {
    const auto text = effective.find(name);
    if (text == effective.end() || text->second == nullptr) continue;
    const Read& found = read(name, text->second);
    if (found.tree != nullptr) {
      trees.emplace(name, found.tree);
    } else if (name == feature) {
      Problem& problem = problems.emplace_back();
      problem.feature = feature;
      problem.path = found.error.where;
      problem.text = found.error.text;
    }
  }
  const model::TreePtr sound = sound_tree(feature, ids);
  for (auto& problem : schema_.check_feature(feature, trees, sound.get())) problems.push_back(std::move(problem));
  if (const auto own = effective.find(feature); own != effective.end() && own->second != nullptr)
    object(feature, own->second, problems);
  return std::make_shared<const std::vector<Problem>>(std::move(problems));
}

void Verdicts::object(const std::string& feature, const model::Text& text, std::vector<Problem>& problems) {
  const auto objector = objectors_.find(feature);
  if (objector == objectors_.end()) return;
  const auto settings = filled(feature, text);
  if (!settings) return;  // a problem already
  for (model::Objection& objection : objector->second(**settings)) {
    Problem& problem = problems.emplace_back();
    problem.feature = feature;
    problem.path = std::move(objection.path);
    problem.value = std::move(objection.value);
    problem.text = std::move(objection.text);
  }
}

std::vector<std::string> Verdicts::named_by_errors(const model::Texts& effective) {
  std::vector<std::string> out;
  for (const auto& feature : schema_.features()) {
    const auto problems = check(feature.name, effective);
    if (std::any_of(problems->begin(), problems->end(), is_error)) out.push_back(feature.name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool is_error(const Problem& problem) { return !problem.is_reference || problem.dangling == Dangling::error; }

}  // namespace postern::schema
