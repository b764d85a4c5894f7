#include "schema/address.h"
#include "schema/modules.h"
#include "schema/yang.h"
#include "tests/schema/loaded.h"

#include <libyang/libyang.h>

#include <filesystem>
#include <set>

/// The style of features' modules: what libyang takes, but we do not want.
namespace postern::schema {
namespace {

using Names = std::set<std::string>;

std::string path_of(const lysc_node* node) {
  std::string path = node->name;
  for (const lysc_node* up = node->parent; up != nullptr; up = up->parent) path = std::string(up->name) + "/" + path;
  return path;
}

LY_ERR give(const char* name, const char*, const char*, const char*, void*, LYS_INFORMAT* format, const char** text,
            ly_module_imp_data_free_clb* free_text) {
  for (std::size_t i = 0; i < module_count; ++i)
    if (std::string_view(modules[i].name) == name) {
      *format = LYS_IN_YANG;
      *text = modules[i].text;
      *free_text = nullptr;
      return LY_SUCCESS;
    }
  return LY_ENOTFOUND;
}

class Style : public testing::Test {
 protected:
  void SetUp() override {
    ly_log_options(LY_LOSTORE);
    ly_ctx* raw = nullptr;
    ASSERT_EQ(ly_ctx_new(nullptr, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIR_CWD, &raw), LY_SUCCESS);
    context_.reset(raw);
    ly_ctx_set_module_imp_clb(raw, give, nullptr);
    for (std::size_t i = 0; i < module_count; ++i)
      ASSERT_NE(ly_ctx_load_module(raw, modules[i].name, nullptr, nullptr), nullptr) << modules[i].name;
  }

  /// Calls `look` with every node of every feature.
  template <class Look>
  void each(Look look) {
    for (const Feature& feature : loaded().features()) walk(root(feature.name), look);
  }
  const lysc_node* root(const std::string& feature) {
    const lys_module* module = ly_ctx_get_module_implemented(context_.get(), ("postern-" + feature).c_str());
    return module != nullptr && module->compiled != nullptr ? module->compiled->data : nullptr;
  }

  yang::Context context_;

 private:
  template <class Look>
  void walk(const lysc_node* node, Look look) {
    look(node);
    for (const lysc_node* child = lysc_node_child(node); child != nullptr; child = child->next) walk(child, look);
  }
};

bool is_value(const lysc_node* node) { return (node->nodetype & (LYS_LEAF | LYS_LEAFLIST)) != 0; }

const lysc_type* type_of(const lysc_node* node) {
  return node->nodetype == LYS_LEAF ? reinterpret_cast<const lysc_node_leaf*>(node)->type
                                    : reinterpret_cast<const lysc_node_leaflist*>(node)->type;
}

TEST_F(Style, one_presence_container_a_feature_named_like_it) {
  for (const Feature& feature : loaded().features()) {
    const lysc_node* node = root(feature.name);
    ASSERT_NE(node, nullptr) << feature.name;
    EXPECT_EQ(node->name, feature.name);
    EXPECT_EQ(node->next, nullptr) << feature.name;
    EXPECT_EQ(node->nodetype, LYS_CONTAINER) << feature.name;
    EXPECT_TRUE(node->flags & LYS_PRESENCE) << feature.name;
    EXPECT_EQ(std::string(node->module->ns), "urn:postern:" + feature.name);
    EXPECT_FALSE(feature.command.empty()) << feature.name;
    EXPECT_FALSE(feature.title.empty()) << feature.name;
    EXPECT_TRUE(yang::extension(node, "scope")) << feature.name;
    EXPECT_TRUE(yang::extension(node, "feature")) << feature.name;
    EXPECT_TRUE(yang::extension(node, "menu")) << feature.name;
  }
}

TEST_F(Style, only_the_top_container_has_presence) {
  each([](const lysc_node* node) {
    if (node->parent != nullptr && node->nodetype == LYS_CONTAINER) {
      EXPECT_FALSE(node->flags & LYS_PRESENCE) << path_of(node);
    }
  });
}

TEST_F(Style, every_node_is_described_and_labelled) {
  each([](const lysc_node* node) {
    EXPECT_NE(node->dsc, nullptr) << path_of(node);
    if (node->parent == nullptr) return;
    const auto label = yang::extension(node, "label");
    ASSERT_TRUE(label) << path_of(node);
    EXPECT_TRUE(!label->empty() && std::string_view(".:?!>").find(label->back()) == std::string_view::npos) << *label;
  });
}

TEST_F(Style, every_must_pattern_length_and_range_says_what_is_wanted) {
  each([](const lysc_node* node) {
    for (const lysc_must& must : yang::Array{lysc_node_musts(node)}) EXPECT_NE(must.emsg, nullptr) << path_of(node);
    if (!is_value(node)) return;
    const lysc_type* type = type_of(node);
    if (type->basetype == LY_TYPE_STRING) {
      const auto* string = reinterpret_cast<const lysc_type_str*>(type);
      ASSERT_NE(string->length, nullptr) << path_of(node);
      EXPECT_NE(string->length->emsg, nullptr) << path_of(node);
      for (const lysc_pattern* pattern : yang::Array{string->patterns}) EXPECT_NE(pattern->emsg, nullptr) << path_of(node);
    } else if (type->basetype != LY_TYPE_ENUM && type->basetype != LY_TYPE_BOOL && type->basetype != LY_TYPE_LEAFREF) {
      const auto* number = reinterpret_cast<const lysc_type_num*>(type);
      if (number->range != nullptr) {
        EXPECT_NE(number->range->emsg, nullptr) << path_of(node);
      }
    }
  });
}

TEST_F(Style, no_string_takes_a_line_break_or_what_postfix_expands) {
  each([](const lysc_node* node) {
    if (!is_value(node) || type_of(node)->basetype != LY_TYPE_STRING) return;
    // What no file of Postfix's may hold (pt:text-block) may hold what Postfix would expand.
    const bool block = yang::extension(node, "widget") == "block";
    for (const char* bad : {"a\nb", "a\rb", "a$b", "a`b", "a\tb", "a\x7f", "a\x1b", "a.b\n", "10.0.0.1\n", "10.0.0.1/8\n",
                            "a\xc2\x85z", "a\xe2\x80\xa8z"}) {
      if (block && std::string_view(bad).find_first_of("$`") != std::string_view::npos) continue;
      yang::Complaint complaint;
      EXPECT_FALSE(yang::check_value(node, bad, complaint)) << path_of(node) << " takes " << testing::PrintToString(bad);
    }
  });
}

TEST_F(Style, user_order_only_where_it_means_something) {
  Names ordered;
  each([&](const lysc_node* node) {
    if ((node->nodetype & (LYS_LIST | LYS_LEAFLIST)) != 0 && (node->flags & LYS_ORDBY_USER) != 0) ordered.insert(path_of(node));
  });
  EXPECT_EQ(ordered, (Names{"dns/server", "listeners/listener/hat"}));
}

TEST_F(Style, nothing_that_the_checker_or_the_forms_do_not_know) {
  each([](const lysc_node* node) {
    EXPECT_TRUE(node->nodetype & (LYS_CONTAINER | LYS_LIST | LYS_LEAF | LYS_LEAFLIST)) << path_of(node);
    EXPECT_EQ(LY_ARRAY_COUNT(lysc_node_when(node)), 0U) << path_of(node) << ": use ask-when and a must";
    EXPECT_TRUE(node->flags & LYS_CONFIG_W) << path_of(node);
    EXPECT_FALSE(node->nodetype == LYS_LIST && (node->flags & LYS_KEYLESS) != 0) << path_of(node);
    if (!is_value(node)) return;
    EXPECT_NE(type_of(node)->basetype, LY_TYPE_UNION) << path_of(node) << ": give the string a canonical form";
    if (node->nodetype == LYS_LEAFLIST) {
      EXPECT_EQ(LY_ARRAY_COUNT(reinterpret_cast<const lysc_node_leaflist*>(node)->dflts), 0U) << path_of(node);
    }
  });
}

TEST_F(Style, extensions_have_arguments_that_are_understood) {
  const Names known{"feature", "scope",  "command",  "menu",    "label",      "hint",      "order", "widget",
                    "group",   "secret", "dangling", "factory", "ask-when",   "canonical", "does",  "role",
                    "choose",  "title",  "table",    "summary", "shown-when", "word",      "option"};
  each([&](const lysc_node* node) {
    for (const lysc_ext_instance& ext : yang::Array{node->exts}) EXPECT_TRUE(known.contains(ext.def->name)) << ext.def->name;
    if (const auto form = yang::extension(node, "canonical")) {
      EXPECT_TRUE(is_form(form->substr(0, form->find(' ')))) << path_of(node);
    }
    if (const auto when = yang::extension(node, "ask-when")) {
      const std::string leaf(when->substr(0, when->find('=')));
      const lysc_node* sibling = lys_find_child(node->parent, node->module, leaf.c_str(), 0, 0, 0);
      EXPECT_TRUE(sibling != nullptr && sibling->nodetype == LYS_LEAF) << path_of(node) << " is asked when " << *when;
    }
  });
}

TEST_F(Style, a_reference_that_may_dangle_says_so) {
  each([](const lysc_node* node) {
    if (!is_value(node) || type_of(node)->basetype != LY_TYPE_LEAFREF) return;
    const auto dangling = yang::extension(node, "dangling");
    ASSERT_TRUE(dangling == "warn" || dangling == "error") << path_of(node);
    EXPECT_EQ(reinterpret_cast<const lysc_type_leafref*>(type_of(node))->require_instance, dangling == "error") << path_of(node);
  });
}

TEST(Folders, every_feature_has_its_module_and_every_module_its_feature) {
  Names folders;
  for (const auto& entry : std::filesystem::directory_iterator(POSTERN_SOURCE_DIR "/src/features"))
    if (entry.is_directory()) {
      const std::string name = entry.path().filename();
      EXPECT_TRUE(std::filesystem::exists(entry.path() / (name + ".yang"))) << name;
      folders.insert(name);
    }
  Names features;
  for (const Feature& feature : loaded().features()) features.insert(feature.name);
  EXPECT_EQ(folders, features);
}

}  // namespace
}  // namespace postern::schema
