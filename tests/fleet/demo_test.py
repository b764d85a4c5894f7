"""./run as its user has it: again and again, with machines that were added, stopped and removed, in a folder and a
network of its own."""
import contextlib
import os
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
from common import f  # noqa: E402

DEMO = os.path.join(c.ROOT, "tools", "demo.py")


class Demo:
    def __init__(self, home, net):
        self.net = net
        self.env = dict(os.environ, POSTERN_DEMO_HOME=home, POSTERN_NET=net,
                        POSTERN_BIN=os.environ.get("POSTERN_BIN") or os.path.join(c.ROOT, "build", "dev", "bin"))

    def run(self, *words):
        done = subprocess.run([sys.executable, "-B", DEMO, *words], env=self.env, capture_output=True, text=True, timeout=240)
        return done.returncode, done.stdout + done.stderr

    def must(self, *words):
        code, said = self.run(*words)
        assert code == 0, f"{words}: {code}\n{said}"
        return said

    def refused(self, *words):
        code, said = self.run(*words)
        assert code in (1, 2), f"{words}: {code}\n{said}"
        return said


def main():
    c.require_root()
    with tempfile.TemporaryDirectory(prefix="postern-demo", dir="/var/lib") as home:
        os.chmod(home, 0o755)
        demo = Demo(home, f.free_net())
        try:
            walk(demo, home)
        finally:
            demo.run("stop")
    print("demo: started three times, machines added, stopped and removed")


def walk(demo, home):
    assert "arrives at" in demo.must("start")
    folder = os.path.join(home, os.listdir(home)[0])
    config = os.path.join(folder, "ssh_config")
    ssh = lambda host, line: subprocess.run(["ssh", "-F", config, host, line], stdin=subprocess.DEVNULL,
                                            capture_output=True, text=True, timeout=60)
    assert "standalone gateway" in demo.must("machine", "bern", f"{demo.net}.4")
    assert ssh("bern", "clusterconfig create alps").returncode == 0
    # Somebody took the demo's key away there.
    print_key = ssh("bern", "clustermode cluster; sshconfig userkey print --json")
    assert print_key.returncode == 0, print_key.stderr
    fingerprint = next(word.strip('",') for word in print_key.stdout.split('"') if word.startswith("SHA256:"))
    assert ssh("bern", f"clustermode cluster; sshconfig userkey delete {fingerprint}").returncode == 0
    assert ssh("bern", "status").returncode == 255
    again = demo.must("start")
    assert "arrives at" in again, again
    assert ssh("bern", "status").returncode == 0, "the key is back"
    assert "in the cluster alps" in demo.must("machine", "bern", f"{demo.net}.4")

    # What cannot be a machine leaves nothing behind; one that cannot come up does not stop the others.
    assert "cannot be a machine's name" in demo.refused("machine", "bad name", f"{demo.net}.6")
    assert "cannot be the address" in demo.refused("machine", "rome", "192.0.2.6")
    assert "not set up" not in demo.must("status")
    with socket.create_server((f"{demo.net}.6", f.SSH_PORT)):
        assert "taken by another program" in demo.refused("machine", "ulm", f"{demo.net}.6")
        again = demo.must("start")
        assert "arrives at" in again and "./run remove ulm" in again, again
    assert "is gone" in demo.must("remove", "ulm")

    assert "no machine rome" in demo.refused("stop", "rome")
    assert "own machines" in demo.refused("remove", "paris")
    demo.refused("remove")
    demo.must("stop", "bern")
    status = demo.must("status")
    assert "bern.postern.test" in status and "posternd is down" in status, status
    assert "is gone" in demo.must("remove", "bern")
    assert "bern" not in demo.must("status")
    with contextlib.suppress(FileNotFoundError):
        assert not os.listdir(os.path.join(folder, "bern"))
    assert ssh("newyork", "status").returncode == 0
    demo.must("stop", "paris")
    assert "started again" in demo.must("start")


if __name__ == "__main__":
    main()
