// A target as a plain test, where libFuzzer is not: every file of its corpus, then inputs near
// them.
//   TARGET FOLDER [--mutations=N] [--milliseconds=N] [--keep=FILE]    TARGET FILE
// An input that breaks the target is kept in FILE. Exit codes: 0; 1 (the corpus proves nothing); a
// signal otherwise.
#include "fuzz/support/fuzz.h"
#include "fuzz/support/mutate.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace postern::fuzz {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t longest = 16U << 10U;

/// An input may take that long; under a sanitizer on a loaded machine most take a thousandth of it.
unsigned seconds_an_input() {
  const char* const set = std::getenv("POSTERN_FUZZ_SECONDS");
  return set == nullptr ? 30 : static_cast<unsigned>(std::atoi(set));
}

std::string keep_path = "fuzz-finding";
std::string under_way;

/// Calls only what a signal handler may.
void keep() {
  const int file = ::open(keep_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file >= 0) (void)!::write(file, under_way.data(), under_way.size());
  constexpr char text[] = "fuzz: the input is kept in ";
  (void)!::write(STDERR_FILENO, text, sizeof text - 1);
  (void)!::write(STDERR_FILENO, keep_path.data(), keep_path.size());
  (void)!::write(STDERR_FILENO, "\n", 1);
}

void on_signal(int number) {
  keep();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void watch() {
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep);
  for (const int number : {SIGABRT, SIGALRM, SIGFPE, SIGILL}) std::signal(number, on_signal);
  if (__sanitizer_set_death_callback != nullptr) return;  // it has these two itself
  for (const int number : {SIGSEGV, SIGBUS}) std::signal(number, on_signal);
}

void run(std::string input) {
  under_way = std::move(input);
  ::alarm(seconds_an_input());
  // A block of exactly this size, so that a sanitizer sees a byte behind it.
  const std::vector<std::uint8_t> bytes(under_way.begin(), under_way.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  ::alarm(0);
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// In an order that does not depend on the file system.
std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> paths;
  if (DIR* const open = ::opendir(folder.c_str())) {
    while (const dirent* const entry = ::readdir(open))
      if (entry->d_name[0] != '.') paths.push_back(folder + "/" + entry->d_name);
    ::closedir(open);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

struct Options {
  std::string from;
  long mutations = 3000;
  long milliseconds = 1500;
};

Options options_of(int count, char** words) {
  Options out;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word.starts_with("--mutations="))
      out.mutations = std::atol(words[i] + 12);
    else if (word.starts_with("--milliseconds="))
      out.milliseconds = std::atol(words[i] + 15);
    else if (word.starts_with("--keep="))
      keep_path = word.substr(7);
    else
      out.from = word;
  }
  return out;
}

int replay(const Options& options) {
  struct stat status {};
  if (::stat(options.from.c_str(), &status) != 0) return std::fprintf(stderr, "fuzz: no such corpus\n"), 1;
  if (S_ISREG(status.st_mode)) return run(read(options.from)), 0;
  std::vector<std::string> corpus;
  for (const std::string& path : files_of(options.from)) {
    corpus.push_back(read(path));
    run(corpus.back());
  }
  const Told of_corpus = told();
  if (of_corpus.taken == 0 || of_corpus.refused == 0) {
    std::fprintf(stderr, "fuzz: of %zu files %llu were taken and %llu refused; a corpus needs both\n", corpus.size(),
                 static_cast<unsigned long long>(of_corpus.taken), static_cast<unsigned long long>(of_corpus.refused));
    return 1;
  }
  Mutator mutator(corpus, longest);
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(options.milliseconds);
  long done = 0;
  while (done < options.mutations && Clock::now() < end) {
    run(mutator.next());
    ++done;
  }
  std::printf("%zu files, %ld mutations: %llu taken, %llu refused\n", corpus.size(), done,
              static_cast<unsigned long long>(told().taken), static_cast<unsigned long long>(told().refused));
  return 0;
}

}  // namespace
}  // namespace postern::fuzz

int main(int count, char** words) {
  using namespace postern::fuzz;
  const Options options = options_of(count, words);
  watch();
  return replay(options);
}
