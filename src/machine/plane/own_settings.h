#pragma once

#include <map>
#include <string>
#include <vector>

#include "machine/world/truth.h"
#include "machine/world/world.h"
#include "model/hold.h"
#include "model/settings.h"
#include "schema/verdicts.h"

namespace postern::machine {

/// What is in effect on this machine: the nearest definitions of the fleet's settings, and what was last in force where
/// those are lost, damaged or do not check.
class OwnSettings {
 public:
  /// All of it must outlive this.
  OwnSettings(World& world, const schema::Schema& schema, schema::Verdicts& verdicts, const Truth& truth)
      : world_(world), schema_(schema), verdicts_(verdicts), truth_(truth) {}

  /// As the store was read; before anything else.
  void load(std::vector<store::DamagedCommit> damaged, std::map<std::string, std::string> in_use);

  /// Admitted once, and removed since.
  [[nodiscard]] bool removed() const;
  /// Whether commits are missing that were in effect here before.
  [[nodiscard]] bool mends() const;
  /// Why the data plane is not as the settings are, or empty.
  [[nodiscard]] std::string why_kept(const model::Mix& mix) const;
  /// What is to be put in force: what is in effect, but for what does not check here.
  [[nodiscard]] model::Mix wanted();

  /// The register's text; null when it has none, or was lost and never in force.
  [[nodiscard]] model::Text at(const cluster::Register& reg) const;
  /// The nearest definition's text; null: nobody defines the feature.
  [[nodiscard]] model::Text effective(const std::string& feature) const;
  /// What was last in force; null: nothing was.
  [[nodiscard]] model::Text in_use(const std::string& feature) const;
  [[nodiscard]] const model::Texts& in_use() const { return in_use_; }
  /// With defaults filled in; the factory default's for no text, or one that cannot be read.
  model::TreePtr tree_of(const std::string& feature, const model::Text& text);
  /// These are in force now.
  void save_in_use(const model::Texts& texts);

 private:
  [[nodiscard]] model::Texts all() const;

  World& world_;
  const schema::Schema& schema_;
  schema::Verdicts& verdicts_;
  const Truth& truth_;
  std::vector<store::DamagedCommit> damaged_;  ///< as the store was read
  model::Texts in_use_;
  std::map<std::string, model::TreePtr> factory_;  ///< with defaults, made when first needed
};

/// Whether the schema takes it as a host name.
bool is_host_name(const schema::Schema& schema, const std::string& name);

}  // namespace postern::machine
