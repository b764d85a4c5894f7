#include "cli/shell/completion.h"

#include <algorithm>

#include "cli/shell/commands.h"
#include "cli/dialogue/settings.h"
#include "line/forms.h"

namespace postern::cli {
namespace {

/// A form taken apart: words in their places, and options, which may stand anywhere.
struct Form {
  std::vector<std::string> words;  ///< without the command; alternatives divided by |
  std::vector<std::string> options;
  bool repeats = false;  ///< the last word may come again
};

std::string without_brackets(std::string word) {
  std::erase_if(word, [](char c) { return c == '[' || c == ']'; });
  return word;
}

/// "list | connstatus" is one word with two alternatives, like "new|edit".
std::string joined_alternatives(std::string form) {
  for (auto at = form.find(" | "); at != std::string::npos; at = form.find(" | ", at)) form.replace(at, 3, "|");
  return form;
}

Form form_of(const std::string& text) {
  Form form;
  for (const auto& part : split(joined_alternatives(text), " ")) {
    if (part.starts_with('(')) break;
    if (part == "...") {
      form.repeats = true;
    } else if (const std::string word = without_brackets(part); word.starts_with("--")) {
      form.options.push_back(word.substr(0, word.find('=') == std::string::npos ? word.size() : word.find('=') + 1));
    } else {
      form.words.push_back(part.starts_with('[') ? word : part.substr(0, part.find('[')));
    }
  }
  if (!form.words.empty()) form.words.erase(form.words.begin());
  return form;
}

bool is_placeholder(std::string_view word) {
  return !word.empty() &&
         std::ranges::all_of(word, [](char c) { return (c >= 'A' && c <= 'Z') || c == '/' || c == '-' || c == ':'; });
}

/// Whether what was typed can stand where the form has `word`.
bool fits(const std::string& word, const std::string& typed) {
  const auto alternatives = split(word, "|");
  return std::ranges::any_of(alternatives,
                             [&](const std::string& one) { return is_placeholder(one) || !with_prefix({one}, typed).empty(); });
}

std::vector<std::string> keys_of(const model::Node* list, std::size_t keys) {
  std::vector<std::string> names;
  if (list == nullptr) return names;
  for (const auto& entry : list->children)
    if (const auto key = entry.key_values(keys); key.size() == 1) names.push_back(quoted(key.front()));
  return names;
}

class Completion {
 public:
  Completion(Session& session, std::vector<std::string> typed) : session_(session), typed_(std::move(typed)) {}

  std::vector<std::string> run() {
    const auto command = find_command(session_.commands, typed_.front());
    if (!command) return {};
    command_ = *command;
    typed_.erase(typed_.begin());
    std::erase_if(typed_, [](const std::string& word) { return word.starts_with("--"); });
    for (const auto& text : forms()) take(form_of(text));
    std::ranges::sort(found_);
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return found_;
  }

 private:
  /// Continued lines of help belong to the line before.
  [[nodiscard]] std::vector<std::string> forms() const {
    std::vector<std::string> whole;
    for (const auto& line : forms_of(session_, *command_)) {
      if (line.starts_with(' ') && !whole.empty()) {
        whole.back() += line;
      } else if (line.starts_with(command_->name)) {
        whole.push_back(line);
      }
    }
    return whole;
  }

  void take(const Form& form) {
    const std::size_t at = typed_.size();
    const bool again = form.repeats && !form.words.empty() && at >= form.words.size();
    if (at > form.words.size() && !again) return;
    for (std::size_t i = 0; i < at && i < form.words.size(); ++i)
      if (!fits(form.words[i], typed_[i])) return;
    // Options come when it is said what is to be done.
    const auto literal = std::ranges::find_if(form.words, is_placeholder) - form.words.begin();
    if (at >= static_cast<std::size_t>(literal)) found_.insert(found_.end(), form.options.begin(), form.options.end());
    if (at == form.words.size() && !again) return;
    for (const auto& one : split(again ? form.words.back() : form.words[at], "|"))
      is_placeholder(one) ? named(one) : found_.push_back(one);
  }

  void named(const std::string& placeholder) {
    if (placeholder == "MODE") {
      found_.insert(found_.end(), {"cluster", "group", "machine"});
    } else if (placeholder == "GROUP" || placeholder == "HOST") {
      add_members(placeholder == "GROUP");
    } else if (command_->name == "clustermode" && placeholder == "NAME") {
      add_members(true);
    } else if (placeholder == "FEATURE" || placeholder == "COMMAND") {
      for (const auto& command : session_.commands.all())
        if (command.built && (placeholder == "COMMAND" || command.feature != nullptr)) found_.push_back(command.name);
    } else if (command_->feature != nullptr) {
      add_entries();
    }
  }

  void add_members(bool groups) {
    const auto list = session_.try_call("cluster.list", {});
    if (!list) return;
    for (const auto& group : items_of(*list, "groups")) {
      if (groups) found_.push_back(quoted(text_of(group, "name")));
      for (const auto& machine : items_of(group, "machines"))
        if (!groups) found_.push_back(text_of(machine, "host"));
    }
  }

  /// Keys where a form names an entry that is there: behind edit and delete, and the one that holds a table.
  void add_entries() {
    const auto view = open_feature(session_, *command_->feature);
    if (!view || typed_.empty()) return;
    const schema::Form& form = session_.schema.form(command_->feature->name);
    const schema::Form* main = line::main_list(*command_->feature, form);
    const auto changes = [](const std::string& verb) { return verb == "edit" || verb == "delete"; };
    const schema::Form* table = form.child(typed_.front());
    if (table != nullptr && table != main && !table->keys.empty() && typed_.size() == 2 && changes(typed_[1]))
      found_ = keys_of(view->shown.child(table->name), table->keys.size());
    if (main == nullptr) return;
    const schema::Form* nested = main->child(typed_.front());
    if (nested == nullptr && changes(typed_.front()) && typed_.size() == 1)
      found_ = keys_of(view->shown.child(main->name), main->keys.size());
    if (nested == nullptr) return;
    const model::Node* list = view->shown.child(main->name);
    if (typed_.size() == 1) found_ = keys_of(list, main->keys.size());
    const model::Node* entry = list == nullptr || typed_.size() < 2 ? nullptr : list->entry({typed_[1]});
    if (entry != nullptr && typed_.size() == 3 && changes(typed_[2]))
      found_ = keys_of(entry->child(nested->name), nested->keys.size());
  }

  Session& session_;
  std::vector<std::string> typed_;  ///< whole words, without the one that is being typed
  const commands::Command* command_ = nullptr;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> completions(Session& session, std::string_view before) {
  const auto cut = before.find_last_of(';');
  auto typed = split(cut == before.npos ? before : before.substr(cut + 1), " \t");
  if (!typed.empty() && !before.ends_with(' ')) typed.pop_back();
  if (!typed.empty()) return Completion(session, std::move(typed)).run();
  std::vector<std::string> names;
  for (const auto& command : session.commands.all()) {
    if (command.built) names.push_back(command.name);
    if (command.built && command.alias.size() > 1) names.emplace_back(command.alias);
  }
  return names;
}

}  // namespace postern::cli
