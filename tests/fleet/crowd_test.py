"""More logins of one user than the limit: each one too many is told so, and machines link all the same (spec N5)."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
from common import f  # noqa: E402

LIMIT = 32       # base/limits.h, sessions_per_user
CHANNELS = 16    # of one connection


class Crowd:
    """Connections of admin to one machine, and shells on them; ended at the end."""

    def __init__(self, fleet, machine):
        self.fleet, self.machine, self.running = fleet, machine, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            self.end(process)

    def end(self, process):
        process.stdin.close()
        process.terminate()
        process.wait(20)

    def ssh(self, *words):
        process = subprocess.Popen(["ssh", "-F", self.fleet.ssh_config, *words, self.machine.name],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.running.append(process)
        return process

    def connection(self):
        """One without a session; its control socket."""
        path = self.fleet.path(f"control{len(self.running)}")
        self.ssh("-N", "-M", "-S", path)
        f.wait_for("a connection", lambda: os.path.exists(path), 30)
        return path


def sessions(machine):
    code, out, err = machine.console("status --json")
    assert code == 0, out + err
    return json.loads(out)["sessions"] - 1  # without the console's own


def links_up(machine):
    return json.loads(machine.console("status --json")[1])["links"]["up"]


def full_of_sessions(newyork, losangeles, crowd):
    shells = [crowd.ssh("-S", path) for path in (crowd.connection(), crowd.connection()) for _ in range(CHANNELS)]
    f.wait_for(f"{LIMIT} sessions", lambda: sessions(newyork) == LIMIT, 120)
    code, out, err = newyork.ssh("status")
    assert code == 1 and f"admin has {LIMIT} sessions on this machine already" in out + err, (code, out, err)
    losangeles.stop()
    losangeles.start()
    losangeles.wait_ready(120)
    f.wait_for("the link", lambda: links_up(newyork) == 1 and links_up(losangeles) == 1, 60)
    crowd.end(shells[0])
    f.wait_for("one session less", lambda: sessions(newyork) == LIMIT - 1, 30)
    newyork.must("status")


def full_of_connections(newyork, crowd):
    for _ in range(LIMIT):
        crowd.connection()
    code, out, err = newyork.ssh("status")
    assert code == 255 and f"admin is logged in {LIMIT} times already" in out + err, (code, out, err)


def main():
    with c.running_fleet(("newyork", "losangeles")) as fleet:
        newyork, losangeles = fleet["newyork"], fleet["losangeles"]
        c.make_cluster(fleet)
        with Crowd(fleet, newyork) as crowd:
            full_of_sessions(newyork, losangeles, crowd)
        f.wait_for("no sessions", lambda: sessions(newyork) == 0, 60)
        with Crowd(fleet, newyork) as crowd:
            full_of_connections(newyork, crowd)
        f.wait_for("a login again", lambda: newyork.ssh("status")[0] == 0, 30)
    print("crowd: who is one too many is told so")


if __name__ == "__main__":
    main()
