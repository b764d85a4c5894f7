"""A machine's doors under strangers: administrators from new addresses come in, links stay and come back, guessing is
held up, and nothing of what strangers send reaches the log raw or without bound."""
import os
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
import doors as d  # noqa: E402
from common import f  # noqa: E402

EVIL = b"bye\n2026-11-26T19:11:11.111+00:00 info admin logged in from 203.0.113.9:22\x1b[2J\x1b]0;x\x07\x9b31m"


def packet(payload):
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


def string(text):
    return struct.pack(">I", len(text)) + text


def stranger(machine, source, *parts):
    with socket.socket() as one:
        one.settimeout(20)
        one.bind((source, 0))
        one.connect((machine.address, f.SSH_PORT))
        one.recv(256)
        for part in parts[:-1]:
            one.sendall(part)
            one.recv(4096)  # the other side's answer comes first
        one.sendall(parts[-1])
        try:
            while one.recv(4096):
                pass
        except OSError:
            pass


def no_forged_line(newyork):
    """SSH's disconnect text, two kinds of greeting: each one line of the log, with what is not printable as \\x."""
    stranger(newyork, "127.91.1.1", b"SSH-2.0-x\r\n", packet(b"\x01" + struct.pack(">I", 11) + string(EVIL) + string(b"")))
    stranger(newyork, "127.91.1.2", b"SSH-1.0-\x1b[2Jevil\x1b]0;x\x07\r\n")
    stranger(newyork, "127.91.1.3", b"GET / HTTP/1.0\x1b[2J\r\n\r\n")
    f.wait_for("the lines of three strangers", lambda: d.posternd_log(newyork).count(b"127.91.1.") >= 3, 30)
    log = d.posternd_log(newyork)
    raw = [byte for byte in log if byte < 32 and byte != 10 or byte == 127]
    assert not raw, f"control characters in the log: {raw[:5]}"
    log.decode("utf-8")
    assert not any(line.startswith(b"2026-11-26T19:11:11.111") for line in log.splitlines()), "a forged line"
    assert b"\\x0a2026-11-26T19:11:11" in log, "the stranger's text is not there as text"


def no_compression(newyork):
    said = subprocess.run(["ssh", "-F", newyork.fleet.ssh_config, "-vv", newyork.name, "version"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60).stderr
    offered = [line.split(":", 1)[1] for line in said.splitlines() if "compression ctos" in line or "compression stoc" in line]
    assert len(offered) == 4 and all("zlib" not in line for line in offered[2:]), offered


def comes_in(fleet, newyork, source, passphrase, what):
    """Loose: a loaded test machine is slow, but who is shut out waits for half a minute or for ever."""
    seconds, code, said = d.login(fleet, newyork, source, passphrase)
    assert code == 0 and seconds < 15, f"{what} from {source}: {code} after {seconds:.1f} s: {said}"


def floods(fleet):
    newyork, losangeles = fleet["newyork"], fleet["losangeles"]
    for net, sources in (("127.92", 1), ("127.93", 200)):
        with d.Strangers(newyork, "sdh", 200, net, sources, 60):
            for number in range(3):
                comes_in(fleet, newyork, f"127.94.{sources}.{number + 1}", None, "a key")
                comes_in(fleet, newyork, f"127.95.{sources}.{number + 1}", fleet.passphrase, "a passphrase")
                assert d.links_up(newyork) == 1 and d.links_up(losangeles) == 1, "a link did not stay"
    with d.Strangers(newyork, "sdh", 200, "127.93", 200, 60):
        os.kill(newyork.pid("posternd"), 9)
        f.wait_for("the link after a restart in the flood",
                   lambda: d.links_up(newyork) == 1 and d.links_up(losangeles) == 1, 60)


def guessing(fleet, newyork):
    """Many wrong ones from one network: soon they are not even checked, and the true one comes in by key and, from
    elsewhere, by passphrase."""
    until = time.monotonic() + 60
    source = 0
    said = ""
    while "Too many wrong passphrases" not in said and "too many passphrases" not in said:
        assert time.monotonic() < until, f"guessing was never held up: {said}"
        source += 1
        guesses = [subprocess.Popen(
            ["ssh", "-F", fleet.ssh_config, "-b", f"127.96.1.{source % 20 + 1}", "-o", "PubkeyAuthentication=no", "-o",
             "NumberOfPasswordPrompts=3", newyork.name, "version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={"PATH": os.environ["PATH"], "SSH_ASKPASS": "/bin/true",
                                                      "SSH_ASKPASS_REQUIRE": "force"}) for _ in range(10)]
        said = "".join(guess.communicate(timeout=120)[0] for guess in guesses)
    comes_in(fleet, newyork, "127.96.1.1", None, "a key beside guessers")
    comes_in(fleet, newyork, "127.97.1.1", fleet.passphrase, "a passphrase beside guessers")


def main():
    with c.running_fleet(("newyork", "losangeles")) as fleet:
        newyork = fleet["newyork"]
        c.make_cluster(fleet)
        no_compression(newyork)
        no_forged_line(newyork)
        floods(fleet)
        size = len(d.posternd_log(newyork))
        assert size < 200_000, f"the log has grown to {size} bytes"
        guessing(fleet, newyork)
        assert b"lines about" in d.posternd_log(newyork), "what was left out is not said"
    print("doors hold")


if __name__ == "__main__":
    main()
