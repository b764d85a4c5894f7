#include "base/limits.h"
#include "base/printable.h"
#include "hostile.h"
#include "loaded.h"

/// The one law of texts holds for every leaf of every feature, whatever its type's pattern lets through.
namespace postern::schema {
namespace {

struct Walk {
  std::size_t leaves = 0;

  void form(const std::string& feature, const Form& at, std::vector<std::string> path) {
    for (const Form& child : at.children) {
      auto below = path;
      below.push_back(child.name);
      const bool is_value = child.kind == model::Node::Kind::leaf || child.kind == model::Node::Kind::leaf_list;
      if (is_value) leaf(feature, below);
      form(feature, child, below);
    }
  }
  void leaf(const std::string& feature, const std::vector<std::string>& path) {
    ++leaves;
    std::vector<std::string> all = test::hostile_characters();
    all.insert(all.end(), test::hostile_bytes().begin(), test::hostile_bytes().end());
    for (const std::string& text : all) {
      const auto checked = loaded().check_leaf(feature, path, text);
      ASSERT_FALSE(checked.has_value()) << feature << " " << path.back() << ": " << base::printable_line(text);
      EXPECT_TRUE(base::is_printable_line(base::to_text(checked.error()), base::limits::leaf_bytes))
          << feature << " " << path.back();
    }
  }
};

TEST(Texts, NoLeafTakesWhatIsNotPrintable) {
  Walk walk;
  for (const Feature& feature : loaded().features()) walk.form(feature.name, loaded().form(feature.name), {});
  EXPECT_GT(walk.leaves, 30U);
}

}  // namespace
}  // namespace postern::schema
