#include "base/ids.h"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

TEST(Ids, a_uuid_has_its_dashes_where_they_belong) {
  const std::string text = "01234567-89ab-cdef-0123-456789abcdef";
  EXPECT_EQ(to_text(parse_uuid(text).value()), text);
  EXPECT_TRUE(parse_uuid("01234567-89AB-CDEF-0123-456789ABCDEF"));
  for (const char* wrong :
       {"01234567-89ab-e10dcf-23-456789abcdef", "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcde",
        "01234567-89ab-cdef-0123-456789abcdeg", "----0123456789abcdef0123456789abcdef", ""})
    EXPECT_FALSE(parse_uuid(wrong)) << wrong;
}

}  // namespace
}  // namespace postern::base
