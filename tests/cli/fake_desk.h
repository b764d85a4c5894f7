#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "protocol/client.h"
#include "schema/schema.h"

namespace postern::cli::test {

/// A desk of a few lines: it keeps settings for each mode with the real schema and model, so that dialogues
/// see what they changed; everything else answers what a test has put in `answers`.
class FakeDesk : public protocol::Client {
 public:
  explicit FakeDesk(const schema::Schema& schema);
  protocol::Reply<protocol::Json> call(std::string_view method, protocol::JsonObject params) override;

  /// Standalone until it has a name.
  std::string cluster;
  std::string mode = "machine newyork.example.com";
  bool pending = false;
  /// Commands that need a mode: name -> "cluster" or "machine".
  std::map<std::string, std::string> restricted;
  /// Canned answers by method, for command.run by the command's name too; asked before the desk's own.
  std::map<std::string, std::function<protocol::Reply<protocol::Json>(const protocol::JsonObject&)>> answers;
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
  using Answer = protocol::Reply<protocol::Json>;
  Answer hello() const;
  Answer get(const protocol::JsonObject& params) const;
  Answer edit(const protocol::JsonObject& params);
  Answer copy(const protocol::JsonObject& params);
  [[nodiscard]] std::string label(const std::string& of_mode) const;
  [[nodiscard]] std::vector<std::string> modes() const;
  [[nodiscard]] std::string supplier(const std::string& feature) const;

  const schema::Schema& schema_;
};

/// The schema, loaded once.
const schema::Schema& the_schema();
protocol::Refusal refusal(base::ErrorCode code, std::string text, protocol::JsonObject data = {});

}  // namespace postern::cli::test
