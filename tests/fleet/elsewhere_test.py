"""Commands of another machine: asked over real links, logged there, and named when nobody is reached."""
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
import doors  # noqa: E402


def at_paris(command):
    return f"clustermode machine paris.postern.test; {command}"


def asked(fleet):
    newyork, paris = fleet["newyork"], fleet["paris"]
    for ask in (newyork.must, lambda line: newyork.console(line)[1]):
        shown = json.loads(ask(at_paris("status --json")))
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
            newyork.console("; ".join([at_paris("status")] * 20))
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


def unreachable(fleet):
    fleet["paris"].stop()
    began = time.monotonic()
    code, out, err = fleet["newyork"].ssh(at_paris("version"))
    took = time.monotonic() - began
    assert code == 5 and (out + err).startswith("Could not reach paris.postern.test: "), (code, out, err)
    assert took < 5, took
    print(f"not reached, said after {took:.1f} s: {(out + err).strip()}")


def main():
    with c.running_fleet() as fleet:
        c.make_cluster(fleet)
        asked(fleet)
        asked_without_end(fleet)
        unreachable(fleet)


if __name__ == "__main__":
    main()
