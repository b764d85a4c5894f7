# Each folder of src/features is one feature. What it takes part in is found by its files: plan.cpp defines plan_NAME
# (gateway::PlanPart), warn.cpp warn_NAME (what has no effect), refuse.cpp refuse_NAME (what must not take
# effect), claims.cpp claims_NAME (gateway::ClaimsPart: ports that it
# has something listen on), line.cpp line_NAME (line::Line: what its one-line form has beside the schema). The tables of
# all are written here, so that a new feature changes no list.

# A table of {name, function} rows for what the features' PART.cpp define: FUNCTION gives it as a vector of TYPE.
function(postern_features_part part file function type returns parameters)
  postern_folders(names features ${part}.cpp)
  postern_lines(declared "${returns} ${part}_@WORD@(${parameters});\n" ${names})
  postern_lines(listed "      {\"@NAME@\", ${part}_@WORD@},\n" ${names})
  postern_table(features/${file}.cpp "#include \"features/features.h\"\n" postern::features "${declared}
const std::vector<${type}>& ${function}() {
  static const std::vector<${type}> all{
${listed}  };
  return all;
}
")
endfunction()

function(postern_features)
  postern_features_part(plan parts parts gateway::Part void "const gateway::Effective&, const gateway::Facts&, gateway::Draft&")
  postern_features_part(claims claims claimants ClaimsOf std::vector<gateway::Claim> "const gateway::Effective&")
  postern_features_part(warn warners warners WarningsOf std::vector<std::string> "const model::Tree&")
  postern_features_part(refuse refusers refusers RefusalsOf std::vector<model::Objection> "const model::Tree&")
  postern_folders(lines features line.cpp)
  postern_lines(declared "line::Line line_@WORD@();\n" ${lines})
  postern_lines(listed " line_@WORD@()," ${lines})
  postern_table(features/lines.cpp "#include \"features/lines.h\"\n" postern::features "${declared}
const line::Line* line_of(std::string_view feature) {
  static const line::Line all[]{${listed} };
  const auto* found = std::ranges::find(all, feature, &line::Line::feature);
  return found == std::end(all) ? nullptr : found;
}
")
  # Two libraries: plans are linked into the machine, lines into the CLI.
  postern_room(features USES base model gateway WITHOUT "/line(_[a-z_]+)?\\.cpp$"
               SOURCES ${PROJECT_BINARY_DIR}/generated/features/parts.cpp
                       ${PROJECT_BINARY_DIR}/generated/features/claims.cpp
                       ${PROJECT_BINARY_DIR}/generated/features/warners.cpp
                       ${PROJECT_BINARY_DIR}/generated/features/refusers.cpp)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/features/*/line.cpp
       ${PROJECT_SOURCE_DIR}/src/features/*/line_*.cpp)
  add_library(postern_lines STATIC ${sources} ${PROJECT_BINARY_DIR}/generated/features/lines.cpp)
  target_link_libraries(postern_lines PRIVATE postern_warnings PUBLIC postern_line)
endfunction()
