#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "desk/client.h"
#include "schema/schema.h"

namespace postern::cli::test {

/// A desk of a few lines: it keeps settings for each mode with the real schema and model, so that dialogues
/// see what they changed; everything else answers what a test has put in `answers`.
class FakeDesk : public desk::Client {
 public:
  explicit FakeDesk(const schema::Schema& schema);
  desk::Reply<desk::Json> call(std::string_view method, desk::JsonObject params) override;

  /// Standalone until it has a name.
  std::string cluster;
  std::string mode = "machine newyork.example.com";
  bool pending = false;
  /// Commands that need a mode: name -> "cluster" or "machine".
  std::map<std::string, std::string> restricted;
  /// Canned answers by method; asked before the desk's own.
  std::map<std::string, std::function<desk::Reply<desk::Json>(const desk::JsonObject&)>> answers;
  /// Canonical text of (mode, feature).
  std::map<std::pair<std::string, std::string>, std::string> settings;
  std::vector<std::string> groups{"Main_Group"};
  /// Every call as "METHOD PARAMS".
  std::vector<std::string> calls;

  /// Settings of one feature in a mode, or "none".
  [[nodiscard]] std::string text(const std::string& in_mode, const std::string& feature) const;
  /// Calls of one method.
  [[nodiscard]] std::vector<std::string> calls_of(std::string_view method) const;

 private:
  using Answer = desk::Reply<desk::Json>;
  Answer hello() const;
  Answer get(const desk::JsonObject& params) const;
  Answer edit(const desk::JsonObject& params);
  Answer copy(const desk::JsonObject& params);
  [[nodiscard]] std::string label(const std::string& of_mode) const;
  [[nodiscard]] std::vector<std::string> modes() const;
  [[nodiscard]] std::string supplier(const std::string& feature) const;

  const schema::Schema& schema_;
};

/// The schema, loaded once.
const schema::Schema& the_schema();
desk::Refusal refusal(base::ErrorCode code, std::string text, desk::JsonObject data = {});

}  // namespace postern::cli::test
