#include "desk/settings/check.h"

#include "features/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <tuple>

namespace postern::desk {
namespace {

class Checker {
 public:
  Checker(State& state, const View& view, const Changed& changed) : state_(state), view_(view) {
    std::set<std::string> involved;
    std::set<std::string> subjects;
    for (const auto& [mode, feature] : changed) {
      subjects.insert(feature);
      for (const std::string& other : state.schema.referred_by(feature)) subjects.insert(other);
    }
    for (const std::string& subject : subjects) {
      involved.insert(subject);
      for (const std::string& other : state.schema.refers_to(subject)) involved.insert(other);
    }
    involved_.assign(involved.begin(), involved.end());
    for (const schema::Feature& feature : state.schema.features())
      if (subjects.contains(feature.name)) subjects_.push_back(feature.name);
  }

  /// The texts that bear on this change, of one machine; those not there are factory settings.
  [[nodiscard]] model::Texts effective_of(const View& view, const base::MemberId& machine) const {
    model::Texts out;
    for (const std::string& feature : involved_)
      if (auto text = model::effective(view.settings, view.layout, machine, feature)) out.emplace(feature, std::move(text));
    return out;
  }

  void check_machine(const model::Layout::Machine& machine) {
    const model::Texts texts = effective_of(view_, machine.id);
    for (const std::string& subject : subjects_)
      for (const schema::Problem& problem : *problems_of(subject, texts))
        add(problem, model::supplier(view_.settings, view_.layout, machine.id, subject), machine.host_name);
  }

  /// The texts that name ports, of one machine.
  [[nodiscard]] model::Texts claims_of(const View& view, const base::MemberId& machine) const {
    model::Texts out;
    for (const auto& each : features::claimants()) {
      const std::string feature(each.feature);
      auto text = model::effective(view.settings, view.layout, machine, feature);
      if (text == nullptr) text = factory_text(*state_.schema.feature(feature));
      out.emplace(feature, std::move(text));
    }
    return out;
  }

  /// Two that want one port on it, whatever features they are of.
  void check_ports(const model::Layout::Machine& machine) {
    gateway::Effective effective;
    for (const auto& [feature, text] : claims_of(view_, machine.id))
      if (auto tree = state_.verdicts.filled(feature, text)) effective.trees[feature] = *tree;
    std::vector<gateway::Claim> claims;
    for (const auto& each : features::claimants())
      for (gateway::Claim& claim : each.claims(effective)) claims.push_back(std::move(claim));
    for (const auto& [first, second] : gateway::clashes(claims)) {
      schema::Problem problem;
      problem.feature = second.feature;
      problem.path = second.path;
      problem.value = fmt::format("{}", second.port);
      problem.text = fmt::format("{} and {} ({}) both want port {} of {}. Give one of them another port.", second.who, first.who,
                                 state_.schema.feature(first.feature)->title, second.port, second.address);
      problem.text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(problem.text[0])));
      add(problem, model::supplier(view_.settings, view_.layout, machine.id, second.feature), machine.host_name);
    }
  }

  /// A definition that no machine uses: as if a machine stood in its mode.
  void check_unused(const model::Settings::Key& key) {
    model::Texts texts;
    for (const std::string& feature : involved_)
      if (const auto from = model::supplier_at(view_.settings, view_.layout, key.first, feature))
        texts.emplace(feature, view_.settings.find(*from, feature));
    for (const schema::Problem& problem : *problems_of(key.second, texts))
      if (!problem.is_reference) add(problem, key.first, {});
  }

  std::vector<Finding> take() {
    std::vector<Finding> out;
    for (const auto& key : order_) out.push_back(std::move(findings_.at(key)));
    return out;
  }

 private:
  using FindingKey = std::tuple<std::string, std::optional<base::Mode>, std::string, std::string, std::string>;

  /// Each distinct combination once: most machines share theirs, and the desk's memory may be shorter than a fleet.
  schema::Verdicts::Problems problems_of(const std::string& subject, const model::Texts& texts) {
    std::pair<std::string, std::vector<const std::string*>> key{subject, {}};
    for (const auto& [feature, text] : texts) key.second.push_back(text.get());
    auto& known = checked_[std::move(key)];
    if (known == nullptr) known = state_.verdicts.check(subject, texts);
    return known;
  }

  void add(const schema::Problem& problem, const std::optional<base::Mode>& mode, const std::string& host) {
    const FindingKey key{problem.feature, mode, problem.path, problem.value, problem.text};
    auto [at, fresh] = findings_.try_emplace(key);
    Finding& finding = at->second;
    if (fresh) {
      order_.push_back(key);
      finding = {problem.feature, mode, problem.path, problem.value, problem.text, problem.is_reference, false, {}};
      finding.warning = !schema::is_error(problem);
    }
    if (!host.empty()) finding.machines.push_back(host);
  }

  State& state_;
  const View& view_;
  std::vector<std::string> subjects_;  ///< in the schema's order
  std::vector<std::string> involved_;
  /// By the texts' places: both views outlive this, and definitions that several machines use are shared.
  std::map<std::pair<std::string, std::vector<const std::string*>>, schema::Verdicts::Problems> checked_;
  std::map<FindingKey, Finding> findings_;
  std::vector<FindingKey> order_;
};

bool same(const model::Texts& a, const model::Texts& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && model::same(x.second, y.second); });
}

bool has_user(const View& view, const model::Settings::Key& key) {
  return !model::supplied_by(view.settings, view.layout, key.first, key.second).empty();
}

/// "Listeners (Cluster americas)".
std::string place_text(const State& state, const std::string& feature, const std::optional<base::Mode>& mode) {
  const schema::Feature* known = state.schema.feature(feature);
  return fmt::format("{} ({})", known == nullptr ? feature : known->title,
                     mode ? mode_label(state.fleet(), *mode) : std::string("factory default"));
}

std::vector<std::string> warnings_at(State& state, const View& view, const model::Settings::Key& key) {
  const auto warner = std::ranges::find(features::warners(), key.second, &features::WarningsOf::feature);
  const model::Text text = view.settings.find(key.first, key.second);
  if (warner == features::warners().end() || text == nullptr) return {};
  const auto tree = state.verdicts.filled(key.second, text);
  return tree ? warner->warn(**tree) : std::vector<std::string>();
}

}  // namespace

std::vector<Finding> check_change(State& state, const View& before, const View& after, const Changed& changed) {
  Checker checker(state, after, changed);
  for (const model::Layout::Machine& machine : after.layout.machines)
    if (!same(checker.effective_of(before, machine.id), checker.effective_of(after, machine.id))) checker.check_machine(machine);
  for (const model::Layout::Machine& machine : after.layout.machines)
    if (!same(checker.claims_of(before, machine.id), checker.claims_of(after, machine.id))) checker.check_ports(machine);
  for (const model::Settings::Key& key : changed)
    if (after.settings.defines(key.first, key.second) && !has_user(after, key)) checker.check_unused(key);
  return checker.take();
}

std::vector<std::string> lost_references(State& state, const View& before, const View& after, const Changed& changed) {
  using Lost = std::tuple<std::string, std::string, std::string, std::string>;
  std::set<Lost> already;
  for (const Finding& finding : check_change(state, after, before, changed))
    for (const std::string& host : finding.machines) already.insert({finding.feature, finding.path, finding.value, host});
  std::vector<std::string> out;
  for (Finding& finding : check_change(state, before, after, changed)) {
    if (!finding.is_reference) continue;
    std::erase_if(finding.machines, [&](const std::string& host) {
      return already.contains({finding.feature, finding.path, finding.value, host});
    });
    if (!finding.machines.empty()) out.push_back(finding_text(state, finding));
  }
  return out;
}

std::vector<std::string> new_warnings(State& state, const View& before, const View& after, const Changed& changed) {
  std::vector<std::string> out;
  for (const model::Settings::Key& key : changed) {
    const auto already = warnings_at(state, before, key);
    for (const std::string& one : warnings_at(state, after, key))
      if (std::ranges::count(already, one) == 0)
        out.push_back(fmt::format("{}: {}", place_text(state, key.second, key.first), one));
  }
  return out;
}

std::string finding_text(const State& state, const Finding& finding) {
  std::string out = place_text(state, finding.feature, finding.mode);
  if (!finding.path.empty()) out += ", " + finding.path;
  out += ": " + finding.text;
  if (out.back() != '.') out += '.';
  if (!finding.machines.empty()) out += fmt::format(" This concerns {}.", join_words(finding.machines));
  if (finding.warning) out += " What refers to it is off there until it resolves.";
  return out;
}

json::object finding_json(const State& state, const Finding& finding) {
  json::object out;
  out["feature"] = finding.feature;
  out["mode"] = finding.mode ? json::value(mode_text(state.fleet(), *finding.mode)) : nullptr;
  out["label"] = finding.mode ? mode_label(state.fleet(), *finding.mode) : "factory default";
  out["path"] = finding.path;
  out["value"] = finding.value;
  out["text"] = finding.text;
  out["machines"] = lines_json(finding.machines);
  return out;
}

json::array problems_json(const State& state, const std::vector<Finding>& problems) {
  json::array out;
  for (const Finding& problem : problems) out.push_back(finding_json(state, problem));
  return out;
}

base::Error problems_error(const State& state, const std::vector<Finding>& problems) {
  std::string text = finding_text(state, problems.front());
  if (problems.size() > 1) text += fmt::format(" There {} {} more.", problems.size() == 2 ? "is" : "are", problems.size() - 1);
  return base::fail(base::ErrorCode::invalid, problems.front().path, std::move(text));
}

}  // namespace postern::desk
