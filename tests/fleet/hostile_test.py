"""One member turns against the others: it holds a real machine's keys and speaks the wire (tests/hostile). No other
machine stops, slows, grows or shows what it forged, and it is removed in the middle of it."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
from common import f  # noqa: E402

MIB = 1 << 20
GROWTH_MIB = 100
PEAK_MIB = 300  # while an attack runs; what a message takes while it is read


class Watched:
    """One honest machine, seen from outside: its process and its memory."""

    def __init__(self, machine):
        self.machine, self.pid = machine, machine.pid("posternd")
        assert self.pid, f"{machine.name} does not run"

    def memory(self, which):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(which))

    def begin(self):
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")  # the peak counts from now on
        self.before = self.memory("VmRSS")

    def check(self, attack):
        name = self.machine.name
        assert self.machine.pid("posternd") == self.pid, f"{attack}: {name} was stopped"
        grown = (self.memory("VmRSS") - self.before) / MIB
        peak = (self.memory("VmHWM") - self.before) / MIB
        return grown, peak


class Siege:
    def __init__(self, fleet):
        self.fleet, self.domains, self.commits, self.troubles = fleet, [], 0, []
        self.honest = [fleet["newyork"], fleet["losangeles"]]
        self.mallory = fleet["mallory"]
        self.program = os.path.join(fleet.built, "hostile")
        self.key = fleet.path("mallory_key")
        self.times = os.environ.get("POSTERN_TIMES", "1")

    def attacks(self):
        listed = subprocess.run([self.program, "--list"], capture_output=True, text=True, check=True).stdout
        return [line.split("\t")[0] for line in listed.splitlines()]

    def turn(self):
        """The machine stops, and what it held is now in other hands; a store of its own for each process."""
        self.mallory.stop()
        for machine in self.honest:
            for rest in ("", "-wal"):
                if os.path.exists(self.store() + rest):
                    shutil.copy(self.store() + rest, self.store(machine) + rest)

    def store(self, machine=None):
        return self.fleet.path(f"mallory-{machine.name}.db") if machine else os.path.join(self.mallory.dir, "posternd.db")

    def begin(self, attack):
        """One process against each honest machine, at once."""
        return [subprocess.Popen([self.program, "--store", self.store(machine), "--key",
                                  f"{self.key}.{machine.name}", "--from", self.mallory.address, "--join-key",
                                  self.fleet.path("demo_key"), "--times", self.times, attack, machine.address],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                for machine in self.honest]

    def commit(self):
        """Seconds of one commit at newyork, of a route that must then be there."""
        self.commits += 1
        domain = f"c{self.commits}.example"
        began = time.monotonic()
        self.honest[0].must(f"clustermode cluster; clearchanges; smtproutes new {domain} 192.0.2.1; commit {domain}")
        self.domains.append(domain)
        return time.monotonic() - began

    def run(self, attack, watched, calm):
        for one in watched:
            one.begin()
        processes = self.begin(attack)
        began, taken = time.monotonic(), []
        # Three commits may wait long for one member, on whichever links; from then on one a minute.
        slow = lambda: statistics.median(taken) >= 2 * calm + 0.5
        while len(taken) < 3 or len(taken) < 7 and slow() or any(process.poll() is None for process in processes):
            taken.append(self.commit())
            if time.monotonic() - began > 60 * int(self.times):
                for process in processes:
                    process.kill()
        for process in processes:
            said, _ = process.communicate()
            assert process.returncode == 0, f"{attack} ended with {process.returncode}: {said}"
        figures = [one.check(attack) for one in watched]
        for one, (grown, peak) in zip(watched, figures):
            if grown >= GROWTH_MIB or peak >= PEAK_MIB:
                self.troubles.append(f"{attack}: {one.machine.name} grew by {grown:.0f} MiB, {peak:.0f} MiB at its peak")
        typical = statistics.median(taken)
        print(f"{attack:16} {time.monotonic() - began:5.1f} s  {len(taken):3} commits of {typical:.2f} s  grown "
              + ", ".join(f"{grown:.0f} (peak {peak:.0f}) MiB" for grown, peak in figures), flush=True)
        if slow():
            self.troubles.append(f"{attack}: a commit takes {typical:.2f} s, and {calm:.2f} s without it")

    def calm(self):
        """Seconds of a commit beside as many busy processes as an attack has: those take their share of this host."""
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in self.honest]
        try:
            return statistics.median([self.commit() for _ in range(7)])
        finally:
            for process in busy:
                process.kill()
                process.wait()

    def check_settings(self):
        """Both honest machines are equal and show all that was committed, and nothing that was forged."""
        f.wait_for("equal digests of the honest machines",
                   lambda: len({c.status(machine)["digest"] for machine in self.honest}) == 1, 60)
        for machine in self.honest:
            routes = machine.must("clustermode cluster; smtproutes print")
            lost = [domain for domain in self.domains if domain not in routes]
            assert not lost, f"{machine.name} does not show {lost[:3]}"
            assert "forged" not in routes, f"{machine.name} shows what was forged"

    def refused(self, machine):
        """Its key opens no door any more."""
        done = subprocess.run(["ssh", "-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
                               "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-i",
                               f"{self.key}.{machine.name}", "-p", str(f.SSH_PORT), "-s",
                               f"postern-machine@{machine.address}", "postern-link"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        return "Permission denied" in done.stderr

    def remove(self, serial):
        """In the middle of a flood, by its serial number: of its name it is not sure."""
        flood = self.begin("pings")
        self.honest[1].must(f"clustermode cluster; clusterconfig removemachine {serial}")
        for process in flood:
            process.communicate(timeout=120)
        for machine in self.honest:
            f.wait_for(f"{machine.name} to refuse the removed machine", lambda: self.refused(machine), 30)

    def remove_accomplices(self):
        """Whom it admitted bear honest machines' names: the answer tells them apart."""
        for machine in self.honest:
            code, out, err = self.honest[0].ssh(f"clustermode cluster; clusterconfig removemachine {machine.host}")
            if code == 0 or "names several machines" not in out + err:
                continue
            ids = [word.strip(".,;") for word in (out + err).split() if word.count("-") == 4]
            others = [i for i in ids if self.honest[0].ssh(f"clustermode cluster; clusterconfig removemachine {i}")[0] == 0]
            assert others, out + err


def serial_of(machine, host):
    listed = json.loads(machine.must("clustermode cluster; clusterconfig list --json").splitlines()[-1])
    return next(one["serial"] for group in listed["groups"] for one in group["machines"] if one["host"] == host)


def main():
    with c.running_fleet(names=("newyork", "losangeles", "mallory")) as fleet:
        c.make_cluster(fleet)
        siege = Siege(fleet)
        newyork = siege.honest[0]
        newyork.must("clustermode cluster; smtproutes new start.example 192.0.2.1 --start=empty; commit start")
        siege.domains.append("start.example")
        c.everywhere(newyork)
        serial = serial_of(newyork, siege.mallory.host)
        siege.turn()
        calm = siege.calm()
        watched = [Watched(machine) for machine in siege.honest]
        wanted = [name for name in os.environ.get("POSTERN_ATTACKS", "").split(",") if name] or siege.attacks()
        for attack in wanted:
            siege.run(attack, watched, calm)
        siege.check_settings()
        siege.remove(serial)
        after = siege.commit()
        siege.check_settings()
        for one in watched:
            one.check("the removal")
        assert not siege.troubles, "\n".join(siege.troubles)
        print(f"{len(wanted)} attacks, {siege.commits} commits beside them, 0 lost, calm {calm:.2f} s, after {after:.2f} s, removed")


if __name__ == "__main__":
    main()
