#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/session/session.h"

/// The shapes in which the CLI asks. nullopt always means: the question was left, or there is nobody to ask
/// (Session::may_ask); change nothing.
namespace postern::cli {

/// One line of a menu: "- ADDGROUP - Add a cluster group."
struct Operation {
  std::string name;
  std::string text;
};

/// The menu, then "[]> ". Unique prefixes count, in any case; an empty line leaves.
std::optional<std::string> ask_operation(Session& session, const std::vector<Operation>& operations);

/// "1. TEXT" lines, then "[N]> ". `preset` counts from 0; none: "[]> ", and an empty line asks again.
std::optional<std::size_t> ask_number(Session& session, const std::vector<std::string>& lines, std::optional<std::size_t> preset);

/// "QUESTION [Y]> ". Without a preset y or n must be typed.
std::optional<bool> ask_yes_no(Session& session, std::string_view question, std::optional<bool> preset,
                               std::string_view help = {});

/// What an answer is worth: its canonical form, or the error to show before asking again.
using Check = std::function<base::Result<std::string>(std::string_view)>;

/// "QUESTION\n[PRESET]> ", again until `check` is content. An empty line takes the preset.
struct Question {
  std::string text;
  std::string preset;
  std::string help;          ///< shown for "?"
  bool may_be_empty = true;  ///< an empty line with an empty preset is an answer
  Check check;               ///< none: anything goes
  std::vector<std::string> completions;
};
std::optional<std::string> ask_text(Session& session, const Question& question);
/// "QUESTION\n[]> ", again while the line is empty.
std::optional<std::string> ask_needed(Session& session, std::string text);

}  // namespace postern::cli
