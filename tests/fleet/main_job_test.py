"""The main job: three gateways, one cluster, one change at three levels, real mail; a daemon is killed and comes back."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
from common import f  # noqa: E402


def by_dialogue(fleet):
    """Create and join as a person types them through ssh -tt."""
    shown = c.type_dialogue("create.exp", fleet.ssh_config, "newyork", "americas")
    assert "Creating a cluster takes effect immediately, there is no need to commit." in shown, shown
    for name in ("losangeles", "paris"):
        shown = c.type_dialogue("join.exp", fleet.ssh_config, name, fleet["newyork"].address, f.SSH_PORT,
                                fleet.passphrase)
        assert "Joining a cluster takes effect immediately, there is no need to commit." in shown, shown
        assert "(Cluster americas)>" in shown, shown
    c.wait_linked(fleet)


def listing(fleet):
    """The layout of spec J12, with a key and with the passphrase alike."""
    wanted = ["cluster = americas", "Group Main_Group:"]
    wanted += [f"    Machine {host}.postern.test (Serial #: " for host in ("losangeles", "newyork", "paris")]
    out = fleet["newyork"].must("clustermode cluster; clusterconfig list").splitlines()
    assert len(out) == len(wanted) and all(a.startswith(b) for a, b in zip(out, wanted)), out
    shown = c.type_dialogue("password.exp", fleet["newyork"].address, f.SSH_PORT, fleet.passphrase,
                            "clustermode cluster; clusterconfig list")
    for line in out:
        assert line in shown, (line, shown)


def levels(fleet):
    """A route at cluster, machine and group level: each machine's mail takes the nearest."""
    newyork, losangeles, paris = (fleet[name] for name in ("newyork", "losangeles", "paris"))
    for number, sink in enumerate(("sink2", "sink3"), 1):
        fleet.start_sink(sink, f"{fleet.net}.{9 - number}")
    to = {"sink": f"{fleet.net}.9:2625", "sink2": f"{fleet.net}.8:2625", "sink3": f"{fleet.net}.7:2625"}
    newyork.must(f'clustermode cluster; smtproutes new world.example {to["sink"]} --start=empty; commit "the world"')
    c.everywhere(newyork)
    with c.MailFlow(fleet, "world.example", [newyork, losangeles, paris]) as flow:
        takes(fleet, {newyork: "sink", losangeles: "sink", paris: "sink"})
        paris.must(f'smtproutes new world.example {to["sink2"]} --start=empty; commit "paris differs"')
        c.everywhere(paris)
        takes(fleet, {newyork: "sink", losangeles: "sink", paris: "sink2"})
        newyork.must('clustermode machine paris.postern.test; smtproutes clear; commit "inherit again"')
        c.everywhere(newyork)
        takes(fleet, {newyork: "sink", losangeles: "sink", paris: "sink"})
        newyork.must("clustermode cluster; clusterconfig addgroup west; clusterconfig setgroup losangeles.postern.test west")
        newyork.must(f'clustermode group west; smtproutes new world.example {to["sink3"]} --start=empty; commit "the west"')
        c.everywhere(newyork)
        takes(fleet, {newyork: "sink", losangeles: "sink3", paris: "sink"})
        newyork.must("clustermode group west; smtproutes clear; commit")
        c.everywhere(newyork)
        takes(fleet, {newyork: "sink", losangeles: "sink", paris: "sink"})
    count = flow.check(("sink", "sink2", "sink3"))
    print(f"levels: {count} messages, each arrived once")


def takes(fleet, wanted):
    for machine, sink in wanted.items():
        c.through(fleet, machine, "world.example", sink)


def killed_and_back(fleet, commits):
    """kill -9 of posternd at losangeles while newyork commits: nothing acknowledged is lost, mail goes on."""
    newyork, losangeles, paris = (fleet[name] for name in ("newyork", "losangeles", "paris"))
    acknowledged = []
    with c.MailFlow(fleet, "world.example", [newyork, losangeles, paris]) as flow:
        for number in range(commits):
            if number == commits // 3:
                os.kill(losangeles.pid("posternd"), signal.SIGKILL)
            domain = f"d{number}.example"
            newyork.must(f'clustermode cluster; smtproutes new {domain} {fleet.net}.9:2625; commit "{number}"')
            acknowledged.append(domain)
        c.wait_linked(fleet)
        c.wait_equal(fleet)
    count = flow.check()
    for machine in (newyork, losangeles, paris):
        routes = machine.must("smtproutes print")
        lost = [domain for domain in acknowledged if domain not in routes]
        assert not lost, f"{machine.name} lost {lost[:5]}"
    c.everywhere(newyork)
    c.through(fleet, losangeles, acknowledged[-1], "sink")
    print(f"killed and back: {len(acknowledged)} commits, 0 lost, {count} messages, each arrived once")


def one_flush_no_exec(fleet):
    """A route costs one flush and no process on every machine."""
    import json
    def counters():
        return {name: json.loads(m.must("stats --json"))["counters"] for name, m in fleet.machines.items()}
    c.everywhere(fleet["newyork"])
    before = counters()
    fleet["newyork"].must(f"clustermode cluster; smtproutes new counted.example {fleet.net}.9:2625")
    middle = counters()
    fleet["newyork"].must("commit counted")
    c.everywhere(fleet["newyork"])
    after = counters()
    for name in after:
        flushes = after[name]["store.flushes"] - middle[name]["store.flushes"]
        execs = after[name]["applier.execs"] - before[name]["applier.execs"]
        reloads = after[name]["applier.reloads"] - before[name]["applier.reloads"]
        assert (flushes, execs, reloads) == (1, 0, 0), (name, flushes, execs, reloads)


def main():
    with c.running_fleet() as fleet:
        by_dialogue(fleet)
        listing(fleet)
        levels(fleet)
        one_flush_no_exec(fleet)
        killed_and_back(fleet, int(os.environ.get("POSTERN_COMMITS", "100")))


if __name__ == "__main__":
    main()
