#include "model/settings.h"

#include <gtest/gtest.h>

namespace postern::model {
namespace {

using base::Level;
using base::Mode;

base::Uuid id(std::uint8_t number) {
  base::Uuid uuid;
  uuid.bytes[15] = number;
  return uuid;
}
Text text(const char* value) { return std::make_shared<const std::string>(value); }

/// A cluster "americas" with groups usa (newyork, losangeles), canada (toronto) and the empty
/// brazil.
class Levels : public testing::Test {
 protected:
  Levels() {
    layout_.cluster = {id(1)};
    layout_.cluster_name = "americas";
    layout_.groups = {{{id(10)}, "usa"}, {{id(11)}, "canada"}, {{id(12)}, "brazil"}};
    layout_.machines = {{{id(20)}, "newyork.example.com", {id(10)}},
                        {{id(21)}, "losangeles.example.com", {id(10)}},
                        {{id(22)}, "toronto.example.com", {id(11)}}};
  }
  static constexpr const char* ldap = "ldap";

  std::string effective_on(const base::MemberId& machine) const {
    const Text found = effective(settings_, layout_, machine, ldap);
    return found ? *found : "factory";
  }
  std::string shown(const std::optional<Mode>& mode) const { return mode ? layout_.mode_name(*mode) : "factory"; }

  Settings settings_;
  Layout layout_;
  const Mode cluster_{Level::cluster, id(1)};
  const Mode usa_{Level::group, id(10)};
  const Mode canada_{Level::group, id(11)};
  const Mode brazil_{Level::group, id(12)};
  const Mode newyork_{Level::machine, id(20)};
  const base::MemberId newyork_id_{id(20)};
  const base::MemberId losangeles_id_{id(21)};
  const base::MemberId toronto_id_{id(22)};
};

TEST_F(Levels, M2_nobody_has_to_define_anything) {
  EXPECT_EQ(effective_on(newyork_id_), "factory");
  EXPECT_EQ(shown(supplier(settings_, layout_, newyork_id_, ldap)), "factory");
}

TEST_F(Levels, M3_the_nearest_definition_wins_feature_by_feature) {
  settings_.set(cluster_, ldap, text("a, b, c"));
  EXPECT_EQ(effective_on(newyork_id_), "a, b, c");
  settings_.set(usa_, ldap, text("d"));
  EXPECT_EQ(effective_on(newyork_id_), "d");
  EXPECT_EQ(effective_on(toronto_id_), "a, b, c");
  settings_.set(newyork_, ldap, text("e"));
  EXPECT_EQ(effective_on(newyork_id_), "e");
  EXPECT_EQ(effective_on(losangeles_id_), "d");
  settings_.set(newyork_, "dns", text("root"));
  EXPECT_EQ(effective_on(newyork_id_), "e");
  EXPECT_EQ(shown(supplier(settings_, layout_, losangeles_id_, ldap)), "Group usa");
}

/// The source's example: three queries at the cluster; a new definition at the group starts empty,
/// and its machines inherit that; then the group has a query of its own.
TEST_F(Levels, M4_empty_is_not_unset) {
  settings_.set(cluster_, ldap, text("a, b, c"));
  settings_.set(usa_, ldap, text(""));
  EXPECT_TRUE(settings_.defines(usa_, ldap));
  EXPECT_EQ(effective_on(newyork_id_), "");
  EXPECT_EQ(effective_on(toronto_id_), "a, b, c");
  settings_.set(usa_, ldap, text("d"));
  EXPECT_EQ(effective_on(newyork_id_), "d");
  settings_.clear(usa_, ldap);
  EXPECT_FALSE(settings_.defines(usa_, ldap));
  EXPECT_EQ(effective_on(newyork_id_), "a, b, c");
}

TEST_F(Levels, M7_a_group_without_machines_has_settings) {
  settings_.set(brazil_, ldap, text("f"));
  EXPECT_EQ(shown(supplier_at(settings_, layout_, brazil_, ldap)), "Group brazil");
  EXPECT_TRUE(supplied_by(settings_, layout_, brazil_, ldap).empty());
  layout_.machines[2].group = {id(12)};
  EXPECT_EQ(effective_on(toronto_id_), "f");
}

TEST_F(Levels, seen_from_a_mode_only_what_is_above_counts) {
  settings_.set(newyork_, ldap, text("e"));
  EXPECT_EQ(shown(supplier_at(settings_, layout_, usa_, ldap)), "factory");
  settings_.set(cluster_, ldap, text("a"));
  EXPECT_EQ(shown(supplier_at(settings_, layout_, usa_, ldap)), "Cluster americas");
  EXPECT_EQ(shown(supplier_at(settings_, layout_, cluster_, ldap)), "Cluster americas");
  EXPECT_EQ(shown(supplier_at(settings_, layout_, newyork_, ldap)), "Machine newyork.example.com");
}

TEST_F(Levels, C3_defined_at_lists_every_mode) {
  settings_.set(cluster_, ldap, text("a"));
  settings_.set(canada_, ldap, text("b"));
  std::vector<std::string> lines;
  for (const DefinedAt& at : defined_at(settings_, layout_, ldap))
    lines.push_back(layout_.mode_name(at.mode) + (at.defined ? ": Yes" : ": No"));
  EXPECT_EQ(lines, (std::vector<std::string>{"Cluster americas: Yes", "Group usa: No", "Group canada: Yes", "Group brazil: No",
                                             "Machine newyork.example.com: No", "Machine losangeles.example.com: No",
                                             "Machine toronto.example.com: No"}));
}

TEST_F(Levels, C5_hidden_from) {
  settings_.set(usa_, ldap, text("d"));
  settings_.set(newyork_, ldap, text("e"));
  settings_.set({Level::machine, id(22)}, ldap, text("g"));
  const Hidden at_cluster = hidden_from(settings_, layout_, cluster_, ldap);
  EXPECT_EQ(at_cluster.groups, (std::vector<base::GroupId>{{id(10)}}));
  EXPECT_EQ(at_cluster.machines, (std::vector<base::MemberId>{newyork_id_, toronto_id_}));
  const Hidden at_group = hidden_from(settings_, layout_, usa_, ldap);
  EXPECT_TRUE(at_group.groups.empty());
  EXPECT_EQ(at_group.machines, (std::vector<base::MemberId>{newyork_id_}));
  const Hidden at_machine = hidden_from(settings_, layout_, newyork_, ldap);
  EXPECT_TRUE(at_machine.groups.empty() && at_machine.machines.empty());
}

TEST_F(Levels, supplied_by_lists_who_would_notice) {
  settings_.set(cluster_, ldap, text("a"));
  settings_.set(newyork_, ldap, text("e"));
  EXPECT_EQ(supplied_by(settings_, layout_, cluster_, ldap), (std::vector<base::MemberId>{losangeles_id_, toronto_id_}));
  EXPECT_EQ(supplied_by(settings_, layout_, newyork_, ldap), (std::vector<base::MemberId>{newyork_id_}));
}

TEST_F(Levels, J11_flatten_keeps_what_works) {
  settings_.set(cluster_, ldap, text("a"));
  settings_.set(usa_, "dns", text(""));
  settings_.set(newyork_, "interfaces", text("i"));
  const auto flat = flatten(settings_, layout_, newyork_id_, {"dns", "interfaces", ldap, "smtp-routes"});
  ASSERT_EQ(flat.size(), 3U);
  EXPECT_EQ(*flat.at("dns"), "");
  EXPECT_EQ(*flat.at("interfaces"), "i");
  EXPECT_EQ(*flat.at(ldap), "a");
}

TEST_F(Levels, what_is_gone_has_a_name_and_no_settings) {
  EXPECT_EQ(layout_.mode_name({Level::group, id(99)}), "Group (deleted)");
  EXPECT_EQ(layout_.mode_name({Level::machine, id(99)}), "Machine (deleted)");
  EXPECT_TRUE(layout_.chain({id(99)}).empty());
  settings_.set(cluster_, ldap, text("a"));
  EXPECT_EQ(effective(settings_, layout_, {id(99)}, ldap), nullptr);
}

TEST_F(Levels, setting_nothing_is_clearing) {
  settings_.set(cluster_, ldap, text("a"));
  settings_.set(cluster_, ldap, nullptr);
  EXPECT_TRUE(settings_.all().empty());
}

}  // namespace
}  // namespace postern::model
