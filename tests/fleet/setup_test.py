"""systemsetup at the first console login: an empty folder, postern-hands, a person's typing; then a gateway."""
import json
import os
import pwd
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
import typed_test as typed  # noqa: E402
from common import f  # noqa: E402

SECRET = "open-the-gate"


def console(machine):
    """A person's terminal at the machine's console."""
    return typed.Terminal([os.path.join(machine.fleet.bin, "postern"), "--desk", machine.socket])


def refused(machine, line, code, words, stdin=None):
    came, out, err = machine.console(line, stdin)
    assert came == code, (line, came, out, err)
    assert words in out + err, (line, out, err)


def nothing_before(fleet, machine):
    """Unset: no port, no store, no other command, nobody but root."""
    for port in (f.SSH_PORT, f.HTTPS_PORT, f.PUBLIC_PORT, f.PRIVATE_PORT):
        assert not f.port_open(machine.address, port), f"port {port} is open before systemsetup"
    assert not machine.born()
    for line in ("status", "commit", "clusterconfig create americas", "smtproutes print", "passwd"):
        refused(machine, line, 3, "systemsetup")
    assert machine.console("help")[0] == 0
    refused(machine, "systemsetup --host-name=x", 2, "--address")
    refused(machine, f"systemsetup --host-name={machine.host} --address=192.0.2.77/24", 1, "does not have the address",
            SECRET + "\n")
    refused(machine, f"systemsetup --host-name={machine.host} --address={machine.address}/8 --ssh-port=2200 "
            "--public-port=2200", 1, "2200", SECRET + "\n")
    refused(machine, f"systemsetup --host-name={machine.host} --address={machine.address}/8", 1, "too short", "short\n")
    done = subprocess.run(["setpriv", "--reuid=postern", "--regid=postern", "--clear-groups", "--",
                           os.path.join(fleet.bin, "postern"), "--desk", machine.socket, "-c", "systemsetup"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert done.returncode == 5, done
    assert not machine.born()


def type_at(terminal, net, steps):
    """(the line that the prompt stands on, what is typed there) in turn."""
    for prompt, line in steps:
        terminal.wait_prompt(prompt, net)
        terminal.type(line)


def left(fleet, machine):
    """A dialogue that is refused at its end, or whose terminal goes, changes nothing."""
    terminal = console(machine)
    type_at(terminal, fleet.net, [(f"[{machine.host}]> ", ""), ("[Management]> ", "")])
    os.close(terminal.fd)
    os.waitpid(terminal.pid, 0)
    terminal = console(machine)
    type_at(terminal, fleet.net, [(f"[{machine.host}]> ", ""), ("[Management]> ", "half\x03"),
                                  ("(not set up)> ", "status"), ("(not set up)> ", "exit")])
    terminal.finish()
    assert "Nothing was changed" in terminal.screen, terminal.screen
    assert not machine.born()


def daemon_dies(fleet, machine):
    """In the middle of the dialogue: it says so and ends; the next one begins anew."""
    terminal = console(machine)
    type_at(terminal, fleet.net, [(f"[{machine.host}]> ", "")])
    terminal.wait_prompt("[Management]> ", fleet.net)
    os.kill(machine.pid("posternd"), signal.SIGKILL)
    f.wait_for("posternd to be back", lambda: machine.console("help")[0] == 0, 30)
    terminal.type("")
    terminal.finish()
    assert "The connection to posternd ended" in terminal.screen, terminal.screen
    assert not machine.born()


def dialogue(fleet, machine):
    """Wrong answers are asked again; the screen goes on as the machine's own."""
    net = fleet.net
    terminal = console(machine)
    taken = c.f.socket.create_server((machine.address, 2201))
    terminal.wait_prompt(f"[{machine.host}]> ", net)
    assert "This machine is not set up yet" in terminal.screen
    type_at(terminal, net, [(f"[{machine.host}]> ", "new_york!"), (f"[{machine.host}]> ", ""),
                            ("[Management]> ", "")])
    terminal.wait_question("Enter the IP address and prefix length for Management.")
    terminal.type("192.0.2.77/24")
    terminal.wait_question("This host does not have the address 192.0.2.77")
    terminal.type(f"{machine.address}")
    terminal.wait_question("such as 192.0.2.1/24.")
    terminal.type(f"{machine.address}/8")
    type_at(terminal, net, [("[22]> ", "2201")])
    terminal.wait_question("Another program listens on port 2201")
    taken.close()
    type_at(terminal, net, [("[22]> ", str(f.SSH_PORT)), ("[443]> ", str(f.SSH_PORT))])
    terminal.wait_question(f"Port {f.SSH_PORT} is for SSH already")
    type_at(terminal, net, [
        ("[443]> ", str(f.HTTPS_PORT)),
        ("Do you want to take mail from the Internet, with a public listener IncomingMail? [Y]> ", ""),
        ("[25]> ", str(f.PUBLIC_PORT)),
        ("Do you want to take mail from your own hosts, with a private listener OutgoingMail? [N]> ", "y"),
        ("[587]> ", str(f.PRIVATE_PORT)), ("[]> ", "ALL"), ("[]> ", "127.0.0.0/8"),
        ("Do you want to use the DNS servers that this host uses? [Y]> ", "n"), ("[]> ", fleet.dns_address),
        ("New passphrase for the administrator admin: ", "short"),
        ("New passphrase for the administrator admin: ", SECRET), ("The new one again: ", "otherwise"),
        ("New passphrase for the administrator admin: ", SECRET), ("The new one again: ", SECRET),
        ("Do you want to set up this machine like this? [Y]> ", ""),
        (f"{machine.host}> ", "version"), (f"{machine.host}> ", "systemsetup"), (f"{machine.host}> ", "exit")])
    terminal.finish()
    screen = terminal.screen
    assert SECRET not in screen, "the passphrase stands on the screen"
    for words in ("would let every host send", "too short", "The two differ", "is set up (Serial #: ", "Postern 0.1.0",
                  "This machine is set up already"):
        assert words in screen, (words, screen)


def a_gateway(fleet, machine):
    """SSH with the passphrase, a mail through, and set up for good."""
    c.type_dialogue("password.exp", machine.address, f.SSH_PORT, SECRET, "status")
    fleet.allow_demo_key(machine)
    f.wait_for("the mail engine", lambda: c.status(machine)["mta"], 60)
    machine.must(f'smtproutes new world.example {fleet.sink_address}:{f.SINK_PORT}; commit "the world"')
    c.everywhere(machine)
    c.through(fleet, machine, "world.example", "sink")
    refused(machine, "systemsetup", 1, "set up already")
    code, out, err = machine.ssh(f"systemsetup --host-name=other.example --address={machine.address}/8", SECRET + "\n")
    assert code == 1 and "set up already" in out + err, (code, out, err)


def survives(machine):
    """posternd dies right after: the machine is there again, with its identity."""
    serial = c.status(machine)["serial"]
    os.kill(machine.pid("posternd"), signal.SIGKILL)
    f.wait_for("the machine to be back", lambda: machine.console("status")[0] == 0, 60)
    assert c.status(machine)["serial"] == serial


def lost(fleet, machine):
    """A machine whose store is gone: the console warns, and a new machine takes the old one's mail engine."""
    machine.stop()
    for name in os.listdir(machine.dir):
        if name.startswith("posternd.db"):
            os.unlink(os.path.join(machine.dir, name))
    machine.start()
    f.wait_for("the desk", lambda: machine.console("help")[0] == 0, 30)
    code, out, err = machine.console("systemsetup", "\n")
    assert code == 2 and "--host-name=HOST" in err, (code, out, err)
    terminal = console(machine)
    terminal.wait_question("held a machine before")
    os.close(terminal.fd)
    os.waitpid(terminal.pid, 0)
    by_line(fleet, machine)
    machine.must(f'smtproutes new other.example {fleet.sink_address}:{f.SINK_PORT}; commit "anew"')
    c.everywhere(machine)
    c.through(fleet, machine, "other.example", "sink")


def by_line(fleet, machine):
    """The whole of it as one line, as data."""
    code, out, err = machine.console(
        f"systemsetup --json --host-name={machine.host.upper()} --address={machine.address}/8 --ssh-port={f.SSH_PORT} "
        f"--https-port={f.HTTPS_PORT} --public-port={f.PUBLIC_PORT} --private-port={f.PRIVATE_PORT} --relay=127.0.0.0/8 "
        f"--dns={fleet.dns_address} --bind={machine.address}", SECRET + "\n")
    assert code == 0, (code, out, err)
    assert json.loads(out)["host"] == machine.host, out
    machine.wait_ready(120)
    refused(machine, "systemsetup", 1, "set up already")
    fleet.allow_demo_key(machine)
    fleet.write_ssh_config()


def init_beside(machine):
    """`posternd init` beside a posternd that waits for systemsetup: it goes on as the machine."""
    pid = machine.pid("posternd")
    machine.birth()
    machine.wait_ready(120)
    assert machine.pid("posternd") == pid, "posternd was started again"
    refused(machine, "systemsetup", 1, "set up already")


def damaged(fleet, machine):
    """A store that cannot be opened, or cannot be read, is no machine that is not set up."""
    machine.make_folder()
    store = os.path.join(machine.dir, "posternd.db")
    with open(store, "w") as file:  # root's, as a restored backup is
        file.write("not a store" * 20)
    os.chmod(store, 0o600)
    machine.start()
    log = os.path.join(machine.dir, "log", "posternd.log")

    def complains(words):
        f.wait_for(f"posternd to complain: {words}", lambda: os.path.exists(log) and words in open(log).read(), 30)

    complains("cannot be opened for writing: Permission denied")
    owner = pwd.getpwnam("postern")
    os.chown(store, owner.pw_uid, owner.pw_gid)
    complains("not a Postern store")
    assert not os.path.exists(machine.socket)


def main():
    with c.running_fleet(("newyork", "paris", "losangeles"), passphrase=SECRET, born=False) as fleet:
        newyork, paris = fleet["newyork"], fleet["paris"]
        nothing_before(fleet, newyork)
        left(fleet, newyork)
        daemon_dies(fleet, newyork)
        dialogue(fleet, newyork)
        newyork.wait_ready(120)
        by_line(fleet, paris)
        lost(fleet, paris)
        init_beside(fleet["losangeles"])
        fleet.allow_demo_key(fleet["losangeles"])
        fleet.write_ssh_config()
        a_gateway(fleet, newyork)
        survives(newyork)
        c.make_cluster(fleet)
        fleet.add("rome", f"{fleet.net}.4")
        damaged(fleet, fleet["rome"])
    print("systemsetup: by dialogue, by line, and init beside it; gateways all, and one cluster")


if __name__ == "__main__":
    main()
