"""The transcripts' dialogues, typed through `ssh -tt` into real machines: the screens must say the same.

What differs between a fleet in memory and a real one is masked: dates, serial numbers, key fingerprints, commits.
"""
import glob
import os
import pty
import re
import select
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402

PATTERNS = ["tests/transcripts/*.txt", "src/features/*/golden/dialogue.txt", "src/commands/*/golden/dialogue.txt"]
PROMPT = re.compile(r"^(.*?(?:\]> ?|\)> ?|^[\w.-]+> ?)|(?:Old|New) passphrase: ?|The new one again: ?)(.*)$")


def blocks(path):
    """(command, typed lines, output lines) of a transcript file (see transcripts_test.cpp)."""
    out, at = [], "between"
    with open(path) as file:
        for line in file.read().splitlines():
            if at == "between":
                if line and not line.startswith("#"):
                    out.append((line.split(), [], []))
                    at = "input"
            elif line == "----":
                at = "output" if at == "input" else "between"
            else:
                out[-1][1 if at == "input" else 2].append(line)
    return out


def masked(text, net):
    text = text.replace("\r", "").replace(net + ".", "127.0.1.")
    for pattern, word in ((r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} \w+", "<date>"),
                          (r"[0-9A-F]{12}-[A-Z2-7]{12}", "<serial>"), (r"SHA256:\S+", "<sha256>"),
                          (r"MD5:\S+", "<md5>"), (r"\b[0-9a-f]{64}\b", "<hash>"), (r"\b[0-9a-f]{12}\b", "<commit>"),
                          (r"round trip \d+ ms", "round trip <n> ms")):
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


class Terminal:
    """ssh -tt in a pty of its own."""

    def __init__(self, argv):
        self.screen = ""
        self.mark = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.execvp(argv[0], argv)

    def read(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise c.f.Trouble(f"the terminal went silent:\n{self.screen}")
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.screen += data.decode(errors="replace")
        return bool(data)

    def wait_prompt(self, prompt, net):
        deadline = time.monotonic() + 40
        while "\n" not in self.screen[self.mark:] or masked(self.screen.rsplit("\n", 1)[-1], net) != masked(prompt, net):
            if not self.read(deadline):
                raise c.f.Trouble(f"the session ended before \"{prompt}\":\n{self.screen}")

    def wait_question(self, words):
        """Those words came since the last typing, and a prompt after them."""
        deadline = time.monotonic() + 40
        while words not in self.screen[self.mark:] or not self.screen.endswith("]> "):
            if not self.read(deadline):
                raise c.f.Trouble(f"the session ended before \"{words}\":\n{self.screen}")

    def wait_words(self, words):
        """Those words came since the last typing, on a whole line."""
        deadline = time.monotonic() + 40
        while words not in self.screen[self.mark:] or not self.screen.endswith("\n"):
            if not self.read(deadline):
                raise c.f.Trouble(f"the session ended before \"{words}\":\n{self.screen}")

    def type(self, text):
        self.mark = len(self.screen)
        os.write(self.fd, text.encode() + b"\r")

    def finish(self):
        deadline = time.monotonic() + 40
        while self.read(deadline):
            pass
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def same(came, wanted, net, what):
    came, wanted = masked(came, net), masked("\n".join(wanted), net)
    assert came == wanted, f"{what}\n=== came\n{came}\n=== wanted\n{wanted}"


# How the CLI asks for several lines, and what ends them.
BLOCKS = {"Paste the table.": ".", "Enter the text, line by line.": ""}


def cues(typed, wanted):
    """What stands on the screen when each line is typed: (prompt, None), (None, words) for a block's first line, and
    (None, None) for its others."""
    found, ending, words = [], None, None
    for line in wanted:
        if ending is not None:
            found.append((None, words))
            words = None
            ending = None if line == ending else ending
            continue
        asked = PROMPT.match(line)
        if asked:
            found.append((asked.group(1), None))
        for begins, ends in BLOCKS.items():
            if line.startswith(begins):
                words, ending = begins, ends
    assert len(found) == len(typed), (len(found), len(typed), found)
    return found


def play_shell(fleet, name, typed, wanted):
    wanted = [line for line in wanted if not re.fullmatch(r"\(exit \d+\)", line)]
    terminal = Terminal(["ssh", "-F", fleet.ssh_config, "-tt", name])
    for (prompt, words), line in zip(cues(typed, wanted), typed):
        if prompt is not None:
            terminal.wait_prompt(prompt, fleet.net)
        elif words is not None:
            terminal.wait_words(words)
        terminal.type(line.replace("127.0.1.", fleet.net + "."))
    terminal.finish()
    greeting = r"^Postern on [^\n]*\n(?:You have changes that are not committed[^\n]*\n)?"
    screen = re.sub(greeting, "", terminal.screen.replace("\r", ""), count=1)
    same(screen, wanted, fleet.net, f"typed at {name}")


def play_lines(fleet, name, lines, wanted):
    shown = []
    for line in lines:
        real = line.replace("127.0.1.", fleet.net + ".")
        done = c.subprocess.run(["ssh", "-F", fleet.ssh_config, name, real], stdin=c.subprocess.DEVNULL,
                                stdout=c.subprocess.PIPE, stderr=c.subprocess.STDOUT, text=True, timeout=60)
        shown.append((line, done.stdout, done.returncode))
    # errors and output come over two streams: their lines are compared without order between them
    came = sorted(masked("".join(f"$ {a}\n{b}(exit {n})\n" for a, b, n in shown), fleet.net).splitlines())
    expected = sorted(masked("\n".join(wanted), fleet.net).splitlines())
    assert came == expected, (f"lines at {name}", [x for x in came if x not in expected],
                              [x for x in expected if x not in came])


def play(path):
    scenes = blocks(path)
    names = [words[1].split(".")[0] for words, _, _ in scenes if words[0] == "machine"]
    with c.running_fleet(names, domain="example.com", passphrase="ironport") as fleet:
        for words, typed, wanted in scenes:
            name = words[1].split(".")[0] if len(words) > 1 else ""
            if words[0] == "shell":
                play_shell(fleet, name, typed, wanted)
            elif words[0] == "line":
                play_lines(fleet, name, typed, wanted)
            elif words[0] == "wait":
                c.wait_linked(fleet)
    print(f"{os.path.relpath(path, c.ROOT)}: as written")


def main():
    c.require_root()
    paths = [path for pattern in PATTERNS for path in glob.glob(os.path.join(c.ROOT, pattern))]
    for path in sorted(paths):
        # systemsetup's dialogue proposes what this host has: setup_test.py types it; links are cut in elsewhere_test.py
        not_here = any(words[0] in ("unset", "cut") for words, _, _ in blocks(path))
        with open(path) as file:
            in_memory = file.readline().startswith("# In memory:")
        if not not_here and not in_memory and (len(sys.argv) < 2 or any(word in path for word in sys.argv[1:])):
            play(path)


if __name__ == "__main__":
    main()
