"""In force means in force: what a commit changed is so for the very next mail, to the same recipient, from the same client.

Routes, the route for the rest, recipient and host access tables and destination controls change in turn on a machine that
is otherwise idle; each time one mail (or one RCPT) comes within 100 ms of "applied". No answer may be the old one, and no
change of rows may cost a reload or a process."""
import json
import os
import re
import smtplib
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
from common import f  # noqa: E402

RECIPIENT = "same@world.example"
# A route after a route, the rest after the rest: the mail between them was for the same recipient.
ROUND = ("route", "route", "rat", "route", "rest", "rest", "rat", "control", "route", "hat")
ROWS = ("route", "rest", "rat")  # a host access table is a file; so is a limit that no destination had


class Changes:
    """One machine, its two mail servers, and what was committed last."""

    def __init__(self, fleet):
        self.fleet, self.machine = fleet, fleet["newyork"]
        self.sinks = ("sink", "sink2")
        fleet.start_sink("sink2", f"{fleet.net}.8")
        self.at = {"sink": f"{fleet.net}.9:2625", "sink2": f"{fleet.net}.8:2625"}
        self.state = dict.fromkeys(ROUND, 0)
        self.delays = []
        self.sent = 0  # to RECIPIENT

    def commit(self, line):
        """Commits; returns when it is applied, and how many reloads and processes that cost."""
        before = self.costs()
        self.machine.must(f"{line}; commit --wait=60")
        self.applied = time.monotonic()
        return before

    def costs(self):
        counters = json.loads(self.machine.must("stats --json"))["counters"]
        return counters["applier.reloads"], counters["applier.execs"]

    def asked(self):
        self.delays.append(time.monotonic() - self.applied)

    def counts(self):
        return {sink: len(self.fleet.mails(sink)) for sink in self.sinks}

    def mail(self, recipient):
        """Where one mail goes, and by which service of Postfix."""
        before = self.before
        self.asked()
        self.sent += recipient == RECIPIENT
        f.send_mail(self.machine.address, f.PRIVATE_PORT, recipient)
        try:
            f.wait_for(f"a mail for {recipient}", lambda: sum(self.counts().values()) > sum(before.values()), 10)
        except f.Trouble:
            return "nowhere"
        after = self.counts()
        return next(sink for sink in self.sinks if after[sink] > before[sink])

    def rcpt(self, client, recipient):
        """The first reply that is no success, or RCPT's."""
        self.asked()
        smtp = smtplib.SMTP(local_hostname="client.example", timeout=20, source_address=(client, 0))
        code, _ = smtp.connect(self.machine.address, f.PUBLIC_PORT)
        if code == 220:
            smtp.ehlo()
            smtp.mail("someone@demo.example")
            code, _ = smtp.rcpt(recipient)
        smtp.close()
        return code

    def change(self, kind):
        """One change of that kind and its next mail. Whether it went the new way, and what the rows cost."""
        now = self.state[kind] = self.state[kind] + 1
        self.before = self.counts()
        sink = self.sinks[now % 2]
        word = "edit" if now > 1 else "new"
        if kind == "route":
            before = self.commit(f"smtproutes {word} world.example {self.at[sink]}")
            new = self.mail(RECIPIENT) == sink
        elif kind == "rest":
            before = self.commit(f"smtproutes {word} ALL {self.at[sink]}")
            new = self.mail("same@elsewhere.example") == sink
        elif kind == "rat":
            how = "new world.example accept" if now % 2 else "delete world.example"
            before = self.commit(f"listenerconfig rat IncomingMail {how}")
            new = self.rcpt(f"{self.fleet.net}.60", RECIPIENT) == (250 if now % 2 else 554)
        elif kind == "hat":
            client = f"{self.fleet.net}.61"
            how = f"new {client} reject" if now % 2 else f"delete {client}"
            before = self.commit(f"listenerconfig hat IncomingMail {how}")
            new = self.greeted(client) == (554 if now % 2 else 220)
        else:
            f.wait_for("all lines of the mails before", lambda: len(self.deliveries()) == self.sent)
            before = self.commit(f"destconfig {word} world.example --max-connections={5 + now % 3}")
            self.mail(RECIPIENT)
            new = self.service(self.sent - 1) == f"dc{5 + now % 3}m50"
        after = self.costs()
        return new, (after[0] - before[0], after[1] - before[1])

    def greeted(self, client):
        self.asked()
        smtp = smtplib.SMTP(local_hostname="client.example", timeout=20, source_address=(client, 0))
        code, _ = smtp.connect(self.machine.address, f.PUBLIC_PORT)
        smtp.close()
        return code

    def deliveries(self):
        """The processes that delivered to the recipient, in order."""
        with open(os.path.join(self.machine.dir, "mta", "log", "mail.log"), encoding="utf-8") as log:
            return re.findall(rf"postfix/smtp\[(\d+)\]: \w+: to=<{RECIPIENT}>.*status=sent", log.read())

    def service(self, before):
        """The master.cf service whose process delivered the mail after `before` others."""
        f.wait_for("the delivery's line", lambda: len(self.deliveries()) > before)
        with open(f"/proc/{self.deliveries()[before]}/cmdline", encoding="utf-8") as words:
            return re.search(r"-n\0(\w+)\0", words.read()).group(1)


def measured(changes):
    """The queue is counted, and a port that SSH has is refused with both named."""
    machine = changes.machine
    changes.commit(f"smtproutes new dead.example {changes.fleet.net}.77:2625")  # nobody is there
    for number in range(3):
        f.send_mail(machine.address, f.PRIVATE_PORT, f"{number}@dead.example")
    f.wait_for("three deferred messages in status", lambda: c.status(machine)["queue"]["deferred"] == 3)
    seen = c.status(machine)
    assert seen["mta"] and seen["measured_ms_ago"] < 1000, seen
    for line in (f"listenerconfig edit IncomingMail --port={f.SSH_PORT}; commit check", "commit"):
        code, out, err = machine.ssh(line)
        assert code == 1 and "SSH of the interface Management" in out + err, (code, out, err)
    machine.must("clearchanges")


def main():
    count = int(os.environ.get("POSTERN_COMMITS", "200"))
    with c.running_fleet(("newyork",)) as fleet:
        changes, old, dear = Changes(fleet), [], []
        changes.commit(f"smtproutes new counted.example {changes.at['sink']}")
        for number in range(count):
            kind = ROUND[number % len(ROUND)]
            new, cost = changes.change(kind)
            if not new:
                old.append((number, kind))
            if kind in ROWS and cost != (0, 0):
                dear.append((number, kind, cost))
        measured(changes)
        late = sum(delay > 0.1 for delay in changes.delays)
        worst = max(changes.delays) * 1000
        kinds = {kind: sum(one == kind for _, one in old) for kind in sorted(set(ROUND))}
        print(f"in force: {count} changes, {len(old)} old ways {kinds}, {len(dear)} with a reload or process for rows; "
              f"asked {worst:.0f} ms after \"applied\" at most, {late} later than 100 ms")
        assert not old, f"the old way: {old[:5]}"
        assert not dear, f"rows cost (reloads, processes): {dear[:5]}"
        assert late <= count // 50, f"{late} of {count} were asked later than 100 ms after \"applied\""


if __name__ == "__main__":
    main()
