#include "cli/session/edits.h"

namespace postern::cli {
namespace {

Json to_json(const model::Edit& edit) {
  JsonObject object;
  object["op"] = model::op_name(edit.op);
  object["path"] = model::to_text(edit.path);
  if (!edit.value.empty()) object["value"] = edit.value;
  if (!edit.anchor.empty()) {
    boost::json::array anchor;
    for (const auto& key : edit.anchor) anchor.emplace_back(key);
    object["anchor"] = std::move(anchor);
  }
  return object;
}

}  // namespace

protocol::Reply<Json> edit_feature(Session& session, const schema::Feature& feature, const std::vector<model::Edit>& edits,
                                   const std::string& start) {
  JsonObject params;
  params["feature"] = feature.name;
  boost::json::array list;
  for (const auto& edit : edits) list.push_back(to_json(edit));
  params["edits"] = std::move(list);
  if (!start.empty()) params["start"] = start;
  return session.try_call("feature.edit", std::move(params));
}

}  // namespace postern::cli
