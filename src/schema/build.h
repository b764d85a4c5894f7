#pragma once

#include "schema/library.h"

#include <vector>

/// Inside schema/ only.
namespace postern::schema {

/// libyang's forest of these features' effective settings, with factory settings for those not there and
/// with the schema's defaults. A value that its type does not take is left out and told in
/// `problems`.
yang::Tree build_forest(const Library& library, const std::vector<const Known*>& features, const Effective& effective,
                        std::vector<Problem>& problems);

}  // namespace postern::schema
