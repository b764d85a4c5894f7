#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace postern::transport {

/// Lets so many be under way at once, and so many of one guest; who comes later waits, the oldest first. On any thread.
class Seats {
 public:
  Seats(std::size_t most, std::size_t most_of_one) : free_(most), most_of_one_(most_of_one) {}
  Seats(const Seats&) = delete;
  Seats& operator=(const Seats&) = delete;

  /// Takes a seat: `seated` is called at once or when others have left. False when nobody is there any more, who then has none.
  void enter(const std::string& guest, std::function<bool()> seated);
  void leave(const std::string& guest);

 private:
  struct Waiting {
    std::string guest;
    std::function<bool()> seated;
  };
  void fill();
  void put_back(const std::string& guest);

  std::mutex mutex_;
  std::size_t free_;
  const std::size_t most_of_one_;
  std::map<std::string, std::size_t> seated_;  ///< by guest; nobody without a seat
  std::deque<Waiting> waiting_;
};

}  // namespace postern::transport
