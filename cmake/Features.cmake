# Each folder of src/features is one feature. What it takes part in is found by its files: plan.cpp defines plan_NAME
# (gateway::PlanPart), warn.cpp warn_NAME (what has no effect), claims.cpp claims_NAME (gateway::ClaimsPart: ports that it has something listen on), line.cpp
# line_NAME (line::Line: what its one-line form has beside the schema). The tables of all four are written here, so that
# a new feature changes no list.
function(postern_features)
  postern_folders(plans features plan.cpp)
  postern_lines(declared "void plan_@WORD@(const gateway::Effective&, const gateway::Facts&, gateway::Draft&);\n" ${plans})
  postern_lines(listed "      {\"@NAME@\", plan_@WORD@},\n" ${plans})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/features/parts.cpp @ONLY CONTENT
"#include \"features/features.h\"

namespace postern::features {

${declared}
const std::vector<gateway::Part>& parts() {
  static const std::vector<gateway::Part> all{
${listed}  };
  return all;
}

}  // namespace postern::features
")
  postern_folders(claims features claims.cpp)
  postern_lines(declared "std::vector<gateway::Claim> claims_@WORD@(const gateway::Effective&);\n" ${claims})
  postern_lines(listed "      {\"@NAME@\", claims_@WORD@},\n" ${claims})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/features/claims.cpp @ONLY CONTENT
"#include \"features/features.h\"

namespace postern::features {

${declared}
const std::vector<ClaimsOf>& claimants() {
  static const std::vector<ClaimsOf> all{
${listed}  };
  return all;
}

}  // namespace postern::features
")
  postern_folders(warners features warn.cpp)
  postern_lines(declared "std::vector<std::string> warn_@WORD@(const model::Tree&);\n" ${warners})
  postern_lines(listed "      {\"@NAME@\", warn_@WORD@},\n" ${warners})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/features/warners.cpp @ONLY CONTENT
"#include \"features/features.h\"

namespace postern::features {

${declared}
const std::vector<WarningsOf>& warners() {
  static const std::vector<WarningsOf> all{
${listed}  };
  return all;
}

}  // namespace postern::features
")
  postern_folders(lines features line.cpp)
  postern_lines(declared "line::Line line_@WORD@();\n" ${lines})
  postern_lines(listed " line_@WORD@()," ${lines})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/features/lines.cpp @ONLY CONTENT
"#include \"features/lines.h\"

#include <algorithm>

namespace postern::features {

${declared}
const line::Line* line_of(std::string_view feature) {
  static const line::Line all[]{${listed} };
  const auto* found = std::ranges::find(all, feature, &line::Line::feature);
  return found == std::end(all) ? nullptr : found;
}

}  // namespace postern::features
")
  # Two libraries: plans are linked into the machine, lines into the CLI.
  postern_room(features USES base model gateway WITHOUT "/line(_[a-z_]+)?\\.cpp$"
               SOURCES ${PROJECT_BINARY_DIR}/generated/features/parts.cpp
                       ${PROJECT_BINARY_DIR}/generated/features/claims.cpp
                       ${PROJECT_BINARY_DIR}/generated/features/warners.cpp)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/features/*/line.cpp
       ${PROJECT_SOURCE_DIR}/src/features/*/line_*.cpp)
  add_library(postern_lines STATIC ${sources} ${PROJECT_BINARY_DIR}/generated/features/lines.cpp)
  target_link_libraries(postern_lines PRIVATE postern_warnings PUBLIC postern_line)
endfunction()
