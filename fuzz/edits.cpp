// model/edit.h on the schema's shapes: edits as the desk gets them. The first line names the
// feature, the rest are lines "OP PATH<tab>VALUE<tab>ANCHOR…".
#include "fuzz/support/schema.h"

namespace {

using namespace postern;

std::string_view take_to(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return part;
}

bool edit_of(std::string_view line, model::Edit& out) {
  const auto op = model::parse_op(take_to(line, ' '));
  const auto path = model::parse_path(take_to(line, '\t'));
  if (!op || !path) return false;
  out = {*op, *path, std::string(take_to(line, '\t')), {}};
  while (!line.empty()) out.anchor.emplace_back(take_to(line, '\t'));
  return true;
}

/// As desk/settings/features.cpp does it; an error refuses all of it.
base::Result<model::Tree> edited(const std::string& feature, const model::Tree& from, std::vector<model::Edit> edits) {
  const auto& schema = fuzz::schema();
  auto exact = schema.canonical_edits(feature, std::move(edits));
  if (!exact) return exact.error();
  auto changed = model::apply(from, *exact, schema.shapes(feature));
  if (!changed) return changed.error();
  return schema.canonical(feature, std::move(*changed), &from);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto& schema = fuzz::schema();
  std::string_view rest = fuzz::view(data, size);
  const std::string& feature = fuzz::take_feature(rest);
  model::Tree tree = schema.empty(feature);
  bool taken = false;
  for (int lines = 0; lines < 32 && !rest.empty(); ++lines) {
    model::Edit edit;
    if (!edit_of(fuzz::take_line(rest), edit)) continue;
    const auto next = edited(feature, tree, {edit});
    if (!next) continue;
    taken = true;
    const auto again = schema.parse(feature, schema.print(feature, *next));
    FUZZ_CHECK(again && *again == *next);
    FUZZ_CHECK(model::compare(tree, *next).empty() == (tree == *next));
    const auto merged = model::merge3(tree, *next, tree);
    FUZZ_CHECK(merged && schema.print(feature, *merged) == schema.print(feature, *next));
    tree = *next;
  }
  fuzz::tell(taken);
  return 0;
}
