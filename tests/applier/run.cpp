#include "tests/applier/run.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace postern::test {

// The output goes to a file: a daemon that stays behind must not keep us waiting for the end of a
// pipe.
Ran run(const std::vector<std::string>& command, const std::string& folder, const std::string& environment) {
  char name[] = "/tmp/postern-run-XXXXXX";
  const int file = mkstemp(name);
  unlink(name);
  std::vector<char*> words;
  for (const std::string& each : command) words.push_back(const_cast<char*>(each.c_str()));
  words.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, 0);
    dup2(file, 1);
    dup2(file, 2);
    close(file);
    if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(126);
    if (!environment.empty()) putenv(const_cast<char*>(environment.c_str()));
    execvp(words[0], words.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Ran ran;
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  lseek(file, 0, SEEK_SET);
  char buffer[4096];
  for (ssize_t got = 0; (got = read(file, buffer, sizeof buffer)) > 0;) ran.output.append(buffer, static_cast<std::size_t>(got));
  close(file);
  return ran;
}

}  // namespace postern::test
