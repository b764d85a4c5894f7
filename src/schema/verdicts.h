#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/hold.h"
#include "model/objection.h"
#include "schema/schema.h"

namespace postern::schema {

/// What one thread has read and checked, remembered: the same settings come by at each step of their way (typed,
/// committed, taken over by this machine), and a commit leaves most features as they were. A text is parsed once, and
/// a feature checked once with what it refers to, as long as they are remembered. Answers are those of Schema.
/// Not for several threads at once.
class Verdicts {
 public:
  using Problems = std::shared_ptr<const std::vector<Problem>>;

  /// What a feature objects to in its own settings, beyond what its schema says.
  using Objectors = std::map<std::string, model::Objects, std::less<>>;

  explicit Verdicts(const Schema& schema, Objectors objectors = {}) : schema_(schema), objectors_(std::move(objectors)) {}
  [[nodiscard]] const Schema& schema() const { return schema_; }

  /// Schema::parse. `text` must not be null.
  base::Result<model::TreePtr> tree(const std::string& feature, const model::Text& text);
  /// The tree with defaults filled in, as plans read it. Errors as tree().
  base::Result<model::TreePtr> filled(const std::string& feature, const model::Text& text);
  /// `text` is known to be the canonical text of `tree`: it need not be parsed.
  void learn(const std::string& feature, const model::Text& text, model::TreePtr tree);

  /// Schema::check_feature of a machine's effective texts (a feature not there: its factory settings), and what the
  /// feature itself objects to. A text that cannot be read is a problem of its own feature.
  Problems check(const std::string& feature, const model::Texts& effective);
  /// The features that errors (not mere warnings) name, sorted: what model::hold_back asks.
  std::vector<std::string> named_by_errors(const model::Texts& effective);

  /// How many checks were really made.
  [[nodiscard]] std::uint64_t checks() const { return checks_; }

 private:
  struct Read {
    std::uint64_t id = 0;  ///< never used again for another text
    model::Text text;
    model::TreePtr tree;    ///< null: `error` says why
    model::TreePtr filled;  ///< made when first asked for
    base::Error error;
  };
  struct Verdict {
    std::vector<std::uint64_t> ids;  ///< of the texts checked together; 0: factory settings
    Problems problems;
  };

  Read& read(const std::string& feature, const model::Text& text);
  Read& remember(const std::string& feature, Read fresh);
  Problems examine(const std::string& feature, const std::vector<std::string>& involved, const std::vector<std::uint64_t>& ids,
                   const model::Texts& effective);
  [[nodiscard]] model::TreePtr sound_tree(const std::string& feature, const std::vector<std::uint64_t>& ids) const;

  void object(const std::string& feature, const model::Text& text, std::vector<Problem>& problems);

  const Schema& schema_;
  const Objectors objectors_;
  std::map<std::string, std::vector<Read>, std::less<>> reads_;        ///< newest first
  std::map<std::string, std::vector<Verdict>, std::less<>> verdicts_;  ///< newest first
  std::uint64_t last_id_ = 0;
  std::uint64_t checks_ = 0;
};

/// Whether a problem keeps settings from taking effect (the others only warn).
bool is_error(const Problem& problem);

}  // namespace postern::schema
