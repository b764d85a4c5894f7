"""What the tests of a machine's doors share: strangers beside it, and administrators who come in all the same."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import f  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


class Strangers:
    """flood.py against a machine, until the block ends or its seconds are over."""

    def __init__(self, machine, kinds, count, net, sources, seconds):
        self.argv = [sys.executable, "-B", os.path.join(HERE, "flood.py"), machine.address, str(f.SSH_PORT), kinds,
                     str(count), net, str(sources), str(seconds)]
        self.told = {}

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if first.strip() != "full":
            raise f.Trouble(f"the flood did not come about: {first}")
        return self

    def end(self):
        if self.process.poll() is None:
            self.told = json.loads(self.process.communicate(timeout=120)[0].strip().splitlines()[-1])
        return self.told

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def login(fleet, machine, source, passphrase=None, words="version"):
    """Logs in from `source` and runs one line. Returns (seconds, exit code, output and errors)."""
    argv = ["ssh", "-F", fleet.ssh_config, "-b", source, "-o", "ConnectTimeout=20"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SSH_")}
    if passphrase is not None:
        ask = fleet.path("ask")
        with open(os.open(ask, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700), "w") as file:
            file.write(f"#!/bin/sh\necho '{passphrase}'\n")
        environment.update(SSH_ASKPASS=ask, SSH_ASKPASS_REQUIRE="force")
        argv += ["-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]
    since = time.monotonic()
    done = subprocess.run([*argv, machine.name, words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, env=environment)
    return time.monotonic() - since, done.returncode, (done.stdout + done.stderr).strip()


def links_up(machine):
    code, out, err = machine.console("status --json")
    return json.loads(out)["links"]["up"] if code == 0 else -1


def posternd_log(machine):
    with open(os.path.join(machine.dir, "log", "posternd.log"), "rb") as file:
        return file.read()
