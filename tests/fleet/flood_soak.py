"""The long proof of ./soak flood: 1,000 silent, 1,000 dripping and 1,000 half-open connections from 1, 8 and 200
addresses for 30 s, alone and beside 200 logins a second. An administrator comes in from a new address each time, by key
30 times and by passphrase 10 times; the links stay, and come back after a restart in the flood. Prints one line."""
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
import doors as d  # noqa: E402
from common import f  # noqa: E402

SECONDS = int(os.environ.get("POSTERN_FLOOD_SECONDS", 30))
COUNT = int(os.environ.get("POSTERN_FLOOD_COUNT", 1000))
RATE = int(os.environ.get("POSTERN_FLOOD_LOGINS", 200))
KEY_MOST, PASSPHRASE_MOST, BACK_MOST = 1.0, 3.0, 10.0


def build_logins():
    out = os.path.join(tempfile.mkdtemp(prefix="postern-logins"), "logins")
    subprocess.run(["g++", "-std=c++20", "-O1", "-w", os.path.join(c.ROOT, "bench", "logins.cpp"), "-o", out, "-lssh",
                    "-lpthread"], check=True)
    return out


def p95(values):
    return sorted(values)[int(0.95 * (len(values) - 1))] if values else 0.0


class Proof:
    def __init__(self, fleet, logins):
        self.fleet, self.logins, self.new, self.problems = fleet, logins, 0, []
        self.target = fleet["newyork"]

    def address(self):
        self.new += 1
        return f"127.{110 + self.new // 40_000}.{1 + self.new // 200 % 200}.{1 + self.new % 200}"

    def come_in(self, name, passphrase=None):
        seconds, code, said = d.login(self.fleet, self.target, self.address(), passphrase)
        if code:
            self.problems.append(f"{name}: {code} after {seconds:.1f} s: {said[:100]}")
        return seconds

    def load(self):
        return subprocess.Popen([self.logins, self.target.address, str(f.SSH_PORT), "admin", self.fleet.path("demo_key"),
                                 "127.105", "8", str(RATE), str(SECONDS)], stdout=subprocess.PIPE, text=True)

    def one(self, sources, with_logins):
        name = f"{sources} sources{' and logins' if with_logins else ''}"
        loads = self.load() if with_logins else None
        keys, passphrases, links = [], [], []
        with d.Strangers(self.target, "sdh", COUNT, f"127.{101 + sources % 7}", sources, SECONDS) as strangers:
            since = time.monotonic()
            while (len(keys) < 30 or len(passphrases) < 10) and time.monotonic() - since < SECONDS:
                if len(keys) < 30:
                    keys.append(self.come_in(name))
                if len(keys) % 3 == 0 and len(passphrases) < 10:
                    passphrases.append(self.come_in(name, self.fleet.passphrase))
                links.append(min(d.links_up(machine) for machine in self.fleet.machines.values()))
            spent = time.monotonic() - since
            told = strangers.end() if spent >= SECONDS else {}
        made = json.loads(loads.communicate(timeout=120)[0]) if loads else {}
        if not keys or p95(keys) > KEY_MOST:
            self.problems.append(f"{name}: key p95 {p95(keys):.2f} s of {len(keys)}")
        if not passphrases or max(passphrases) > PASSPHRASE_MOST:
            self.problems.append(f"{name}: passphrase {max(passphrases, default=0):.2f} s of {len(passphrases)}")
        if min(links) < len(self.fleet.machines) - 1:
            self.problems.append(f"{name}: links fell to {min(links)}")
        row = {"sources": sources, "keys": len(keys), "key_p95": round(p95(keys), 2), "passphrases": len(passphrases),
               "passphrase_most": round(max(passphrases, default=0), 2), "links_least": min(links)}
        if told:
            row["opened"] = told["opened"]
        if made:
            row["logins"] = {"a_second": round(made["begun"] / SECONDS), "in": made["in"], "p95": made["p95"]}
        print(json.dumps(row), file=sys.stderr, flush=True)
        return row

    def restart(self):
        with d.Strangers(self.target, "sdh", COUNT, "127.109", 200, 60):
            os.kill(self.target.pid("posternd"), 9)
            since = time.monotonic()
            f.wait_for("the links after a restart in the flood",
                       lambda: min(d.links_up(machine) for machine in self.fleet.machines.values()) == 2, 50)
            seconds = time.monotonic() - since
        if seconds > BACK_MOST:
            self.problems.append(f"links came back after {seconds:.1f} s only")
        return seconds


def main():
    logins = build_logins()
    with c.running_fleet() as fleet:
        c.make_cluster(fleet)
        proof = Proof(fleet, logins)
        quiet = p95([proof.come_in("quiet") for _ in range(10)])
        rows = [proof.one(sources, with_logins) for with_logins in (False, True) for sources in (1, 8, 200)]
        back = proof.restart()
        for problem in proof.problems:
            print(problem, file=sys.stderr)
        alone, beside = rows[:3], rows[3:]
        print(f"{3 * COUNT} strangers from 1, 8, 200 addresses: key p95 {[r['key_p95'] for r in alone]} s, passphrase at most "
              f"{[r['passphrase_most'] for r in alone]} s; beside {[r['logins']['a_second'] for r in beside]} logins a second: "
              f"{[r['key_p95'] for r in beside]} s, {[r['passphrase_most'] for r in beside]} s; without any: {quiet:.2f} s; "
              f"links back after {back:.1f} s; {len(proof.problems)} limits missed")
        return 1 if proof.problems else 0


if __name__ == "__main__":
    sys.exit(main())
