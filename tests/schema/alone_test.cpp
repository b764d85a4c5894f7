#include "schema/library.h"

#include <gtest/gtest.h>

namespace postern::schema {
namespace {

/// Lists of module "m" that stand alone, its container having this body beside list "a" (key k, leaf v).
std::vector<std::string> alone(const std::string& in_entry, const std::string& beside) {
  ly_ctx* raw = nullptr;
  EXPECT_EQ(ly_ctx_new(nullptr, LY_CTX_NO_YANGLIBRARY, &raw), LY_SUCCESS);
  Library library;
  library.context.reset(raw);
  const std::string text =
      "module m { yang-version 1.1; namespace urn:m; prefix m; container c { presence c; list a { "
      "key k; leaf k { type string; } leaf v { type string; } " +
      in_entry + " } " + beside + " } }";
  const lys_module* module = nullptr;
  EXPECT_EQ(lys_parse_mem(raw, text.c_str(), LYS_IN_YANG, const_cast<lys_module**>(&module)), LY_SUCCESS) << text;
  if (module == nullptr) return {"the module is wrong"};
  auto item = make_item(module->compiled->data);
  EXPECT_TRUE(item);
  library.known.emplace_back().feature.name = "c";
  library.known.back().root = std::move(*item);
  find_references(library);
  std::vector<std::string> names;
  for (const Item& child : library.known.back().root.children)
    if (child.stands_alone) names.push_back(child.name);
  return names;
}
using Names = std::vector<std::string>;

TEST(Alone, an_entry_may_look_at_itself) {
  EXPECT_EQ(alone("", ""), Names{"a"});
  EXPECT_EQ(alone("must \"k != 'x' or v\";", ""), Names{"a"});
  EXPECT_EQ(alone("leaf w { type string; must \"../v\"; }", ""), Names{"a"});
  EXPECT_EQ(alone("container d { leaf w { type string; must \"../../v\"; } }", ""), Names{"a"});
  EXPECT_EQ(alone("list b { key k; unique w; leaf k { type string; } leaf w { type string; } }", ""), Names{"a"});
}

TEST(Alone, but_not_at_others_nor_others_at_it) {
  EXPECT_EQ(alone("must \"count(../a) < 5\";", ""), Names{});
  EXPECT_EQ(alone("leaf w { type string; must \"../../a[k='x']\"; }", ""), Names{});
  EXPECT_EQ(alone("must \"/m:c/m:a\";", ""), Names{});
  EXPECT_EQ(alone("must \"../on = 'true'\";", "leaf on { type boolean; }"), Names{});
  EXPECT_EQ(alone("leaf next { type leafref { path \"../../a/k\"; } }", ""), Names{});
  EXPECT_EQ(alone("", "leaf first { type leafref { path \"../a/k\"; } }"), Names{});
  EXPECT_EQ(alone("", "leaf on { type boolean; must \"../a\"; }"), Names{});
  EXPECT_EQ(alone("", "list b { key k; leaf k { type leafref { path \"../../a/k\"; } } }"), Names{});
  EXPECT_EQ(alone("unique v;", ""), Names{});
  EXPECT_EQ(alone("max-elements 3;", ""), Names{});
  EXPECT_EQ(alone("min-elements 1;", ""), Names{});
  EXPECT_EQ(alone("ordered-by user;", ""), Names{});
  EXPECT_EQ(alone("leaf w { when \"../../on = 'true'\"; type string; }", "leaf on { type boolean; }"), Names{});
  EXPECT_EQ(alone("", "must \"a\";"), Names{});
}

}  // namespace
}  // namespace postern::schema
