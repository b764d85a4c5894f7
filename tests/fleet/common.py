"""Real fleets for tests: daemons, Postfix, SSH, on a free loopback network beside anything else that runs."""
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import fleet as f  # noqa: E402

SKIPPED = 77


def require_root():
    if os.geteuid() != 0:
        print("skipped: a real fleet needs root")
        sys.exit(SKIPPED)


@contextlib.contextmanager
def running_fleet(names=("newyork", "losangeles", "paris"), domain="postern.test", passphrase=None, born=True):
    """A fleet of standalone machines, started; stopped and wiped at the end, its logs shown on a failure. Not born:
    they run on empty folders and wait for systemsetup."""
    require_root()
    directory = tempfile.mkdtemp(prefix="postern-t", dir="/var/lib")
    fleet = f.Fleet(directory, net=f.free_net(), names=names, domain=domain,
                    bin_dir=os.environ.get("POSTERN_BIN") or os.path.join(ROOT, "build", "dev", "bin"))
    try:
        if passphrase:
            fleet.keep("admin.passphrase", lambda: passphrase)
        fleet.prepare()
        fleet.start_helpers()
        for machine in fleet.machines.values():
            machine.birth() if born else machine.make_folder()
            machine.start()
        for machine in fleet.machines.values():
            machine.wait_ready(120) if born else machine.wait_desk()
            if born:
                fleet.allow_demo_key(machine)
        if born:
            fleet.write_ssh_config()
        yield fleet
        fleet.stop()  # what a sanitizer finds at the end counts too
        assert_sane(fleet)
    except BaseException:
        traceback.print_exc()
        show_logs(fleet)
        raise
    finally:
        fleet.stop()
        fleet.wipe()


def assert_sane(fleet):
    """No sanitizer has complained in any daemon: one that is started again by postern-hands hides its end."""
    words = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error:")
    for machine in fleet.machines.values():
        for name in ("posternd.log", "hands.log"):
            path = os.path.join(machine.dir, "log", name)
            if os.path.exists(path):
                with open(path, errors="replace") as log:
                    found = [line for line in log if any(word in line for word in words)]
                assert not found, f"{machine.name} {name}: {found[0]}"


def show_logs(fleet):
    for machine in fleet.machines.values():
        for name in ("posternd.log", "hands.log"):
            path = os.path.join(machine.dir, "log", name)
            if os.path.exists(path):
                with open(path, errors="replace") as file:
                    print(f"--- {machine.name} {name}\n" + "".join(file.readlines()[-25:]), file=sys.stderr)


def type_dialogue(name, *arguments, timeout=120):
    """Runs tools/dialogues/NAME.exp: a person's typing through ssh -tt. Returns what the terminal showed."""
    done = subprocess.run(["expect", "-f", os.path.join(ROOT, "tools", "dialogues", name), *map(str, arguments)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    shown = done.stdout.replace("\r", "")
    if done.returncode:
        raise f.Trouble(f"the dialogue {name} ended with {done.returncode}:\n{shown}{done.stderr}")
    return shown


def make_cluster(fleet, name="americas"):
    """Creates at the first machine, joins the others over it; returns when all links are up."""
    machines = list(fleet.machines.values())
    machines[0].must(f"clusterconfig create {name}")
    code, out, err = machines[0].ssh("logconfig hostkeyconfig fingerprint --json")
    fingerprint = json.loads(out)["sha256"]
    for machine in machines[1:]:
        machine.must(f"clusterconfig join {machines[0].address} --port={f.SSH_PORT} --fingerprint={fingerprint}",
                     stdin=fleet.passphrase + "\n")
    wait_linked(fleet)


def wait_linked(fleet, seconds=60):
    machines = list(fleet.machines.values())
    for machine in machines:
        f.wait_for(f"all links of {machine.name}",
                   lambda: status(machine)["links"]["up"] == len(machines) - 1, seconds)


def status(machine):
    return json.loads(machine.must("status --json"))


def digests(fleet):
    return {machine.name: status(machine)["digest"] for machine in fleet.machines.values()}


def wait_equal(fleet, seconds=90):
    f.wait_for("equal digests on all machines", lambda: len(set(digests(fleet).values())) == 1, seconds)


def commit_of(machine):
    return json.loads(machine.must("commitdetail --json"))["commit"]


def everywhere(machine, seconds=60):
    """Waits until the newest commit at that machine is applied wherever it can be."""
    machine.must(f"wait {commit_of(machine)}", timeout=seconds)


class MailFlow:
    """Ten messages a second, in turn over the given machines' private listeners, until the block ends."""

    def __init__(self, fleet, domain, machines, per_second=10):
        self.fleet, self.domain, self.machines = fleet, domain, machines
        self.pause, self.sent, self.refused = 1 / per_second, [], []
        self.tag = f"{time.monotonic_ns():x}"
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def run(self):
        number = 0
        while not self.ending.wait(self.pause):
            machine = self.machines[number % len(self.machines)]
            recipient = f"m{number}-{self.tag}-{machine.name}@{self.domain}"
            number += 1
            try:
                f.send_mail(machine.address, f.PRIVATE_PORT, recipient)
                self.sent.append((recipient, machine))
            except Exception as error:  # what kind does not matter: a refused message is a finding
                self.refused.append((recipient, repr(error)))

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()

    def check(self, sinks=("sink",), seconds=60):
        """Every accepted message arrived exactly once, by the machine that took it."""
        def arrived():
            counts = {}
            for sink in sinks:
                for mail in self.fleet.mails(sink):
                    for recipient in mail["recipients"]:
                        counts[recipient] = counts.get(recipient, 0) + 1
            return counts
        wanted = {recipient for recipient, _ in self.sent}
        f.wait_for(f"{len(wanted)} messages at the sinks", lambda: wanted <= arrived().keys(), seconds)
        counts = arrived()
        assert not self.refused, f"refused: {self.refused[:3]}"
        twice = [recipient for recipient in wanted if counts[recipient] != 1]
        assert not twice, f"arrived more than once: {twice[:3]}"
        return len(wanted)


def through(fleet, machine, domain, sink, tries=1):
    """Sends one message into that machine and waits for it at that sink."""
    recipient = f"probe-{machine.name}-{time.monotonic_ns()}@{domain}"
    f.send_mail(machine.address, f.PRIVATE_PORT, recipient)
    f.wait_for(f"a mail through {machine.name} at {sink}",
               lambda: any(recipient in mail["recipients"] for mail in fleet.mails(sink)), 30)
