#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cli/session/session.h"
#include "model/edit.h"

namespace postern::cli {

/// A script's edits of one feature, sent together: a desk that stores each line by itself takes the longer for a line
/// the more are pending. Lines that the desk refuses are found by halves, so that each is told as if it had come alone.
class EditQueue {
 public:
  /// Both must outlive this. While it lives, no call of the session passes what waits here.
  EditQueue(Session& session, bool go_on);
  ~EditQueue();
  EditQueue(const EditQueue&) = delete;
  EditQueue& operator=(const EditQueue&) = delete;

  /// The line that comes now, and what it begins with. Sends what waits unless this line goes on with it. False when
  /// a line before it was refused and the script ends with that.
  bool begin_line(std::size_t number, std::string begins_with);
  /// Whether the line that came goes on with what waits.
  [[nodiscard]] bool goes_on() const { return goes_on_; }
  /// As begin_line.
  bool put(const schema::Feature& feature, std::vector<model::Edit> edits, const std::string& start);
  /// As begin_line.
  bool send();
  /// A line was refused and told, and the script ends with that: there is no more to say.
  [[nodiscard]] bool stopped() const { return stopped_; }
  /// Of the first line that was refused, or exit_ok.
  [[nodiscard]] int code() const { return code_; }

 private:
  struct Line {
    std::size_t number = 0;
    std::vector<model::Edit> edits;
  };
  bool send(std::span<const Line> lines);
  void refused(const Line& line, const protocol::Refusal& refusal);

  Session& session_;
  bool go_on_;
  const schema::Feature* feature_ = nullptr;
  std::string start_;
  std::string begins_with_;
  std::size_t number_ = 0;
  bool goes_on_ = false;
  std::vector<Line> lines_;
  bool stopped_ = false;
  int code_ = exit_ok;
};

}  // namespace postern::cli
