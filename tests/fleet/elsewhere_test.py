"""Commands of another machine over real SSH links: at paris, from newyork's login, while the link between them is cut and
losangeles carries; then with nobody left to carry. In a network namespace of the test's own, where addresses can be cut."""
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
import doors  # noqa: E402
from common import f  # noqa: E402

NOBODY = "nobody.example"


def enter_namespace():
    """Runs this program again, alone with a loopback of its own, where rules about addresses come before the local table."""
    if os.environ.get("POSTERN_ALONE") == str(os.getpid()):
        return
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        print("skipped: no network namespace can be made here")
        sys.exit(c.SKIPPED)
    os.environ["POSTERN_ALONE"] = str(os.getpid())
    os.execvp("unshare", ["unshare", "-n", sys.executable, "-B", *sys.argv])


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def cut(fleet, one, other, is_cut):
    for here, there in ((one, other), (other, one)):
        ip("rule", "add" if is_cut else "del", "pref", "10", "from", fleet[here].address, "to", fleet[there].address, "prohibit")


def at_paris(fleet, line, code=0):
    """What newyork's login says of a command in paris' mode."""
    came, out, err = fleet["newyork"].ssh(f"clustermode machine {fleet['paris'].host}; {line}")
    assert came == code, (line, came, out, err)
    return out + err


def known_way(fleet):
    """Newyork has no link with paris, and knows who has."""
    return c.status(fleet["newyork"])["links"]["up"] == 1 and \
        fleet["newyork"].ssh(f"clustermode machine {fleet['paris'].host}; version")[0] == 0


def asked(fleet):
    newyork, paris = fleet["newyork"], fleet["paris"]
    for ask in (newyork.must, lambda line: newyork.console(line)[1]):
        shown = json.loads(ask(f"clustermode machine {fleet['paris'].host}; status --json"))
        own = c.status(paris)
        assert [shown[key] for key in ("host", "serial", "generation", "digest")] == \
            [own[key] for key in ("host", "serial", "generation", "digest")], (shown, own)
    log = doors.posternd_log(paris).decode()
    for who in ("admin", "console"):
        assert f"{who} at newyork.postern.test asked for status: run" in log, log


def asked_without_end(fleet):
    """Whoever asks paris how it is all the time does not keep its settings from being put in force."""
    newyork, over = fleet["newyork"], threading.Event()

    def ask():
        while not over.is_set():
            newyork.console("; ".join([f"clustermode machine {fleet['paris'].host}; status"] * 20))
    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        began = time.monotonic()
        newyork.must(f'clustermode cluster; smtproutes new busy.example {fleet.net}.9:2625 --start=empty; commit "busy"')
        c.everywhere(newyork)
        took = time.monotonic() - began
    finally:
        over.set()
        for asker in askers:
            asker.join()
    print(f"in force beside four that ask without end: {took:.1f} s")


def suspends(fleet):
    paris = fleet["paris"]
    said = at_paris(fleet, "suspendlistener IncomingMail")
    assert "Receiving suspended for IncomingMail." in said, said
    assert not f.port_open(paris.address, f.PUBLIC_PORT), "told as suspended, and still open"
    assert f.port_open(paris.address, f.PRIVATE_PORT)
    assert f.port_open(fleet["newyork"].address, f.PUBLIC_PORT), "another machine's"
    assert "is suspended" in at_paris(fleet, "status")
    said = at_paris(fleet, "resumelistener all")
    assert "Receiving resumed for IncomingMail." in said, said
    assert f.port_open(paris.address, f.PUBLIC_PORT), "told as resumed, and still closed"


def shows_the_queue(fleet):
    paris = fleet["paris"]
    paris.must(f"clustermode cluster; smtproutes new {NOBODY} {fleet.net}.77:2625; commit")
    for i in range(2):
        f.send_mail(paris.address, f.PRIVATE_PORT, f"someone{i}@{NOBODY}")

    def deferred():
        queue = json.loads(at_paris(fleet, f"hoststatus {NOBODY} --json").splitlines()[-1])["queue"]
        return queue if queue.get("deferred") == 2 else None

    queue = f.wait_for("two deferred recipients in paris' queue", deferred, 60)
    assert queue["messages"] == 2 and queue["active"] == 0 and queue["whole"], queue
    assert "refused" in queue["reason"] or "connect" in queue["reason"], queue
    said = at_paris(fleet, f"hoststatus {NOBODY}")
    assert f"[{fleet.net}.77]:2625" in said and "2 deferred" in said, said
    assert "0 deferred" in at_paris(fleet, "hoststatus other.example")


def main():
    c.require_root()
    enter_namespace()
    ip("link", "set", "lo", "up")
    ip("rule", "add", "pref", "100", "lookup", "local")
    ip("rule", "del", "pref", "0")
    with c.running_fleet() as fleet:
        c.make_cluster(fleet)
        host = fleet["paris"].host
        assert at_paris(fleet, "nslookup " + fleet["newyork"].host).startswith(f"A={fleet['newyork'].address} ")
        asked(fleet)
        asked_without_end(fleet)
        cut(fleet, "newyork", "paris", True)
        f.wait_for("newyork to reach paris over losangeles", lambda: known_way(fleet), 120)
        before = json.loads(fleet["losangeles"].must("stats --json"))["counters"]["cluster.carried"]
        assert at_paris(fleet, "version").count(host) == 1
        assert at_paris(fleet, "nslookup " + fleet["newyork"].host).startswith(f"A={fleet['newyork'].address} ")
        suspends(fleet)
        shows_the_queue(fleet)
        carried = json.loads(fleet["losangeles"].must("stats --json"))["counters"]["cluster.carried"] - before
        assert carried >= 10, carried
        cut(fleet, "losangeles", "paris", True)
        f.wait_for("nobody to reach paris",
                   lambda: c.status(fleet["losangeles"])["links"]["up"] == 1, 120)
        began = time.monotonic()
        said = at_paris(fleet, "suspendlistener all", code=5)
        assert time.monotonic() - began < 5
        assert f"Could not reach {host}" in said, said
        assert f.port_open(fleet["paris"].address, f.PUBLIC_PORT)
        cut(fleet, "losangeles", "paris", False)
        cut(fleet, "newyork", "paris", False)
        c.wait_linked(fleet, 120)
        at_paris(fleet, "version")
    print("hoststatus, nslookup, suspendlistener, resumelistener at paris over losangeles, and refused where nobody reaches it")


if __name__ == "__main__":
    main()
