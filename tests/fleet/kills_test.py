"""The committing daemon is killed at random moments: what was acknowledged is there afterwards, everywhere."""
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
from common import f  # noqa: E402


def commit_until_killed(machine, prefix, acknowledged, attempted, ending):
    number = 0
    while not ending.is_set():
        domain = f"{prefix}-{number}.example"
        number += 1
        attempted.append(domain)
        code, out, _ = machine.ssh(f"clustermode cluster; clearchanges; smtproutes new {domain} 192.0.2.1; commit {domain}")
        if code == 0 and "Commit " in out:
            acknowledged.append(domain)


def main():
    rounds = int(os.environ.get("POSTERN_KILLS", "15"))
    seed = int(os.environ.get("POSTERN_SEED", str(time.time_ns() % 1000000)))
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    with c.running_fleet() as fleet:
        c.make_cluster(fleet)
        newyork = fleet["newyork"]
        newyork.must("clustermode cluster; smtproutes new start.example 192.0.2.1 --start=empty; commit start")
        acknowledged, attempted = [], []
        for round_ in range(rounds):
            c.wait_linked(fleet)  # without links a start's first commit waits for them, and is killed before it begins
            ending = threading.Event()
            worker = threading.Thread(target=commit_until_killed,
                                      args=(newyork, f"r{round_}", acknowledged, attempted, ending))
            worker.start()
            time.sleep(chance.uniform(0.02, 0.6))  # the moment of the kill, not a wait for anything
            pid = newyork.pid("posternd")
            if pid:
                os.kill(pid, signal.SIGKILL)
            ending.set()
            worker.join()
            f.wait_for("newyork's posternd to come back",
                       lambda: newyork.pid("posternd") not in (0, pid) and newyork.ssh("status")[0] == 0, 60)
        c.wait_linked(fleet)
        c.wait_equal(fleet)
        for machine in fleet.machines.values():
            routes = machine.must("clustermode cluster; smtproutes print")
            lost = [domain for domain in acknowledged if domain not in routes]
            assert not lost, f"{machine.name} lost {lost}"
        print(f"{rounds} kills, {len(attempted)} commits tried, {len(acknowledged)} acknowledged, 0 lost")


if __name__ == "__main__":
    main()
