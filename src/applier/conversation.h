#pragma once

#include "base/result.h"
#include "hands/descriptor.h"

#include <chrono>
#include <string>
#include <string_view>

namespace postern::applier {

/// SMTP as a client, on a socket that does not block. Ends with its patience, which begins when it
/// is made.
class Conversation {
 public:
  /// `where` and `who` are the error's place and the subject of its sentence: "The listener In".
  Conversation(std::string where, std::string who, std::chrono::seconds patience)
      : where_(std::move(where)),
        who_(std::move(who)),
        patience_(patience),
        deadline_(std::chrono::steady_clock::now() + patience) {}

  /// Sends a line unless it is empty, and takes the whole reply; its last line. Errors io: no answer
  /// in time, the connection is closed, it is no SMTP.
  base::Result<std::string> say(const std::string& line);
  /// An error io: who, and what it does.
  [[nodiscard]] base::Error failed(std::string_view what) const;

 protected:
  /// Whether poll(2) finds one of `events` before the patience ends.
  [[nodiscard]] bool wait(short events) const;
  hands::Descriptor socket_;

 private:
  base::Result<std::string> line();

  std::string where_, who_;
  std::chrono::seconds patience_;
  std::chrono::steady_clock::time_point deadline_;
  std::string unread_;
};

}  // namespace postern::applier
