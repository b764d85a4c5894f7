#include "cli/session/edit_queue.h"

#include <fmt/format.h>

#include <utility>

#include "cli/session/edits.h"

namespace postern::cli {
namespace {

constexpr std::size_t lines_most = 1'000;  ///< that wait: a refused one is found in ten calls

}  // namespace

EditQueue::EditQueue(Session& session, bool go_on) : session_(session), go_on_(go_on) { session_.queue = this; }

EditQueue::~EditQueue() { session_.queue = nullptr; }

bool EditQueue::begin_line(std::size_t number, std::string begins_with) {
  number_ = number;
  goes_on_ = !lines_.empty() && begins_with == begins_with_ && lines_.size() < lines_most;
  if (goes_on_) return true;
  begins_with_ = std::move(begins_with);
  return send();
}

bool EditQueue::put(const schema::Feature& feature, std::vector<model::Edit> edits, const std::string& start) {
  if ((feature_ != &feature || start_ != start) && !send()) return false;
  feature_ = &feature;
  start_ = start;
  lines_.push_back({number_, std::move(edits)});
  return true;
}

bool EditQueue::send() {
  const std::vector<Line> lines = std::exchange(lines_, {});  // the session's calls look for what waits
  return lines.empty() || send(lines);
}

/// False when one of them was refused and the script ends there; those before it are pending.
bool EditQueue::send(std::span<const Line> lines) {
  std::vector<model::Edit> edits;
  for (const Line& line : lines) edits.insert(edits.end(), line.edits.begin(), line.edits.end());
  const auto reply = edit_feature(session_, *feature_, edits, start_);
  if (reply) {
    session_.warnings(*reply);
    return true;
  }
  if (lines.size() == 1 || session_.over()) {
    refused(lines.front(), reply.error());
    stopped_ = !go_on_ || session_.over();
    return !stopped_;
  }
  const std::size_t half = lines.size() / 2;
  return send(lines.first(half)) && send(lines.subspan(half));
}

void EditQueue::refused(const Line& line, const protocol::Refusal& refusal) {
  const int code = session_.refused(refusal);
  if (code_ == exit_ok) code_ = code;
  session_.warn(fmt::format("Line {} failed.{}", line.number, go_on_ ? "" : " The lines after it were not run."));
}

}  // namespace postern::cli
