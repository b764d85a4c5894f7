#!/usr/bin/env python3
"""One commit at N=3 -> durable everywhere, -> readable in every machine's map, and -> applied everywhere, as ratios to the
floor of the same run.

Rounds are interleaved: the floor (N processes, one SQLite commit each over plain TCP, no crypto, no checks; with the
map built in process for "readable" and "applied"), then Postern's real daemons with SSH links, LMDB rows and Postfix. What is
applied is in force for the next mail to the same recipient too: that costs a message through each Postfix, which the floor does not
have (docs/decisions/0008-in-force-for-the-next-mail.md). Prints one JSON line per metric. Each commit changes one of ROUTES routes (100, as the floor's map has; the whole table is what is
shipped and flushed). usage: bench/commit_everywhere.py [ROUNDS] [COMMITS] [ROUTES] [OTHER_BIN]   (POSTERN_BIN: the
programs; OTHER_BIN: those of another build, run in the same rounds, so that each line also says ours to theirs)
"""
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "fleet"))
os.environ.setdefault("POSTERN_BIN", os.path.join(ROOT, "build", "release", "bin"))
import common as c  # noqa: E402
from rows import Table  # noqa: E402


class Desk:
    """The console's line to one machine's desk (docs/DESK.md)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rwb", buffering=0)
        self.number = 0

    def call(self, method, **params):
        self.number += 1
        line = json.dumps({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}) + "\n"
        self.socket.sendall(line.encode())
        while True:
            answer = json.loads(self.file.readline())
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]


def build_floor():
    out = os.path.join(tempfile.gettempdir(), f"postern-floor-{os.getuid()}")
    subprocess.run(["g++", "-std=c++20", "-O2", "-w", os.path.join(ROOT, "bench", "floor_fanout.cpp"), "-o", out,
                    "-lsqlite3", "-lcdb"], check=True)
    return out


def floor(program, directory, apply):
    out = subprocess.run([program, directory, "3", "60", "10", str(apply), "FULL"], capture_output=True, text=True,
                         check=True).stdout
    return json.loads(out)["p50"]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of(fleet):
    return [cpu_seconds(m.pid("posternd")) for m in fleet.machines.values()]


def prepare(desk, routes):
    edits = [{"op": "set", "path": f"route['r{number}.example']/action", "value": "drop"} for number in range(routes)]
    desk.call("feature.edit", feature="smtp-routes", mode="cluster", start="empty", edits=edits)
    done = desk.call("commit", comment="bench", request=f"prepare-{time.time_ns()}")
    desk.call("commit.wait", commit=done["commit"], seconds=30)


WAYS = {"mx": "smtp:", "drop": "discard:dropped by an SMTP route"}


def wait_for_row(tables, key, value):
    for table in tables:
        while table.row(key) != value:
            time.sleep(0.0001)


def postern(desk, tables, commits, tag, routes):
    durable, readable, applied = [], [], []
    for number in range(tag * commits, (tag + 1) * commits):
        name, action = f"route['r{number % routes}.example']", ("mx", "drop")[number // routes % 2]
        desk.call("feature.edit", feature="smtp-routes", mode="cluster",
                  edits=[{"op": "set", "path": f"{name}/action", "value": action}])
        began = time.perf_counter()
        done = desk.call("commit", comment="bench", request=f"{tag}-{number}-{time.time_ns()}")
        middle = time.perf_counter()
        assert done["durable"] == done["members"] == 3, done
        wait_for_row(tables, f"r{number % routes}.example", WAYS[action])
        there = time.perf_counter()
        waited = desk.call("commit.wait", commit=done["commit"], seconds=30)
        end = time.perf_counter()
        assert waited["done"], waited
        durable.append((middle - began) * 1000)
        readable.append((there - began) * 1000)
        applied.append((end - began) * 1000)
        time.sleep(0.005)
    return durable, readable, applied


def counters(fleet):
    return [json.loads(m.must("stats --json"))["counters"] for m in fleet.machines.values()]


def line(metric, ours, base, ratios, **more):
    print(json.dumps({"bench": "commit_everywhere", "metric": metric, "machines": 3, "unit": "ms",
                      "postern_p50": round(statistics.median(ours), 3), "floor_p50": round(statistics.median(base), 3),
                      "ratio": round(statistics.median(ratios), 2), "ratio_min": round(min(ratios), 2),
                      "ratio_max": round(max(ratios), 2), "rounds": len(ratios), "n": len(ours),
                      "load1": os.getloadavg()[0], **more}), flush=True)


@contextlib.contextmanager
def contestant(programs, routes):
    """A desk line to a cluster of three of those programs, and its fleet."""
    os.environ["POSTERN_BIN"] = programs
    with c.running_fleet() as fleet:
        c.make_cluster(fleet)
        desk = Desk(fleet["newyork"].socket)
        prepare(desk, routes)
        yield desk, [Table(os.path.join(m.dir, "mta", "tables", "transport.lmdb")) for m in fleet.machines.values()], fleet


def main():
    rounds, commits, routes = (int(text) for text in (sys.argv[1:4] + ["5", "40", "100"][len(sys.argv[1:4]):]))
    builds = [os.environ["POSTERN_BIN"], *map(os.path.abspath, sys.argv[4:5])]
    program = build_floor()
    with contextlib.ExitStack() as stack:
        contestants = [stack.enter_context(contestant(build, routes)) for build in builds]
        scratch = stack.enter_context(tempfile.TemporaryDirectory())
        fleet = contestants[0][2]
        fleets = [each[2] for each in contestants]
        before, cpu = counters(fleet), [cpu_of(each) for each in fleets]
        rows = {metric: ([], [], [], []) for metric in ("durable", "readable", "applied")}
        for number in range(rounds):
            for metric, apply in (("durable", 0), ("readable", 3)):
                rows[metric][1].append(floor(program, os.path.join(scratch, f"f{number}{apply}"), apply))
            rows["applied"][1].append(rows["readable"][1][-1])
            turn = [postern(desk, tables, commits, number, routes) for desk, tables, _ in contestants]
            for index, metric in enumerate(rows):
                ours = [statistics.median(times[index]) for times in turn]
                rows[metric][0].extend(turn[0][index])
                rows[metric][2].append(ours[0] / rows[metric][1][-1])
                rows[metric][3].extend(ours[0] / other for other in ours[1:])
        after = counters(fleet)
        total = rounds * commits
        per = {name: [round((b[name] - a[name]) / total, 2) for a, b in zip(before, after)]
               for name in ("store.flushes", "applier.execs", "applier.reloads", "transport.bytes_out")}
        spent = [[round((after_it - was) * 1000 / total, 2) for after_it, was in zip(cpu_of(each), earlier)]
                 for each, earlier in zip(fleets, cpu)]
        for metric, (ours, base, ratios, others) in rows.items():
            more = {"to_other_build": round(statistics.median(others), 2), "to_other_min": round(min(others), 2),
                    "to_other_max": round(max(others), 2), "other_cpu_ms_per_commit": spent[1]} if others else {}
            line(metric, ours, base, ratios, routes=routes, per_commit_and_machine=per, cpu_ms_per_commit=spent[0], **more)


if __name__ == "__main__":
    main()
