"""The demo fleet behind ./run: newyork, losangeles and paris under .postern.test, and the world's mail server."""
import contextlib
import hashlib
import ipaddress
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fleet as f  # noqa: E402

HOME = os.environ.get("POSTERN_DEMO_HOME", "/var/lib/postern-demo")
NET = os.environ.get("POSTERN_NET", "127.0.1")
SINK_ROUTE = "world.example"
CORE = ("newyork", "losangeles", "paris")


def say(text=""):
    print(text, flush=True)


def demo_dir():
    return os.path.join(HOME, hashlib.sha256(f.ROOT.encode()).hexdigest()[:8])


def link_run_folder(directory):
    """.run in the checkout leads there: a clone under a closed home folder works, socket paths stay short."""
    if "POSTERN_DEMO_HOME" in os.environ:
        return
    link = os.path.join(f.ROOT, ".run")
    if os.path.islink(link) and os.readlink(link) == directory:
        return
    if os.path.lexists(link):
        if not os.path.islink(link):
            raise f.Trouble(f"{link} is in the way: move it.")
        os.unlink(link)
    os.symlink(directory, link)


def open_fleet():
    directory = demo_dir()
    fleet = f.Fleet(directory, net=NET, bin_dir=os.environ.get("POSTERN_BIN") or os.path.join(f.ROOT, "build", "release", "bin"))
    if os.path.isdir(directory):
        for entry in sorted(os.listdir(directory)):
            name, _, kind = entry.rpartition(".")
            if kind == "address" and name not in fleet.machines:
                with open(os.path.join(directory, entry)) as file:
                    fleet.add(name, file.read().strip())
    return fleet


def unset_mark(fleet, machine):
    """Exists for a machine that is to be set up by hand."""
    return fleet.path(f"{machine.name}.unset")


def bring_up_unset(fleet, machine):
    """Starts it on an empty folder, to wait for systemsetup."""
    machine.check_ports()
    machine.make_folder()
    machine.start()
    machine.wait_desk()


def bring_up(fleet, machine):
    fresh = not machine.born()
    if fresh and os.path.exists(unset_mark(fleet, machine)):
        bring_up_unset(fleet, machine)
        return False, True
    if fresh:
        machine.check_ports()
        machine.birth()
    started = machine.start()
    if started or fresh:
        machine.wait_ready()
    return fresh, started


def expect(script, *arguments):
    """Types a dialogue as a person would: tools/dialogues/NAME.exp drives ssh on a terminal."""
    path = os.path.join(f.ROOT, "tools", "dialogues", script)
    code, out, err = f.run(["expect", "-f", path, *arguments], None, 180)
    for line in out.replace("\r", "").splitlines():
        say("   | " + line)
    if code:
        raise f.Trouble(f"the dialogue {script} went otherwise than expected (exit {code}). {err.strip()}")


def cluster_of(machine):
    code, out, _ = machine.console("status --json")
    return json.loads(out).get("cluster") if code == 0 else None


def make_cluster(fleet):
    newyork = fleet["newyork"]
    if not cluster_of(newyork):
        say("   The cluster americas is created at newyork, by its own dialogue:")
        expect("create.exp", fleet.ssh_config, "newyork", "americas")
    for name in ("losangeles", "paris"):
        if cluster_of(fleet[name]):
            continue
        say(f"   {name} joins it over SSH:")
        expect("join.exp", fleet.ssh_config, name, newyork.address, str(f.SSH_PORT), fleet.passphrase)


def wait_linked(fleet):
    """A commit right after a start should find everybody: links come up within seconds of the daemons."""
    cluster = cluster_of(fleet["newyork"])
    here = [machine for machine in fleet.machines.values() if machine.born() and cluster_of(machine) == cluster]
    for machine in here:
        f.wait_for(f"{machine.host} to have its links", lambda: links_up(machine) >= len(here) - 1, 60)


def links_up(machine):
    code, out, _ = machine.console("status --json")
    return json.loads(out)["links"]["up"] if code == 0 else -1


def let_in(fleet, machine):
    """The demo's key opens it, whatever was done to it since; machines that were added do not stop the others."""
    if machine.ssh("status")[0] == 0:
        return
    try:
        fleet.allow_demo_key(machine)
    except f.Trouble as trouble:
        if machine.name in CORE:
            raise
        say(f"   Note: {trouble}")


def show_change_and_mail(fleet):
    newyork, paris = fleet["newyork"], fleet["paris"]
    sink = f"{fleet.sink_address}:{f.SINK_PORT}"
    if SINK_ROUTE not in newyork.must("clustermode cluster; smtproutes print"):
        start = " --start=empty" if "Cluster: No" in newyork.must("clustermode cluster; smtproutes clustershow") else ""
        line = f'clustermode cluster; smtproutes new {SINK_ROUTE} {sink}{start}; commit "mail for {SINK_ROUTE} goes to the sink"'
        say(f"   newyork> {line}")
        for text in newyork.must(line).strip().splitlines():
            say("   | " + text)
    commit = last_commit(newyork)
    newyork.must(f"wait {commit}")
    recipient = f"visitor-{os.getpid()}@{SINK_ROUTE}"
    say(f"   A mail to {recipient} is injected at paris ({paris.address} port {f.PRIVATE_PORT}) …")
    f.send_mail(paris.address, f.PRIVATE_PORT, recipient)
    f.wait_for("the mail at the sink", lambda: [m for m in fleet.mails() if recipient in m["recipients"]], 30)
    came = [m for m in fleet.mails() if recipient in m["recipients"]][0]
    say(f"   … and arrives at {sink}, sent by {came['client'] or paris.address}: the route that newyork committed.")


def last_commit(machine):
    return json.loads(machine.must("commitdetail --json"))["commit"]


def show_bring_up(fleet, machine):
    fresh, started = bring_up(fleet, machine)
    state = "set up and started" if fresh else "started again" if started else "runs"
    state = state if machine.born() else "waits for systemsetup"
    say(f"   {machine.host} ({machine.address}): {state}")
    if fresh:
        fleet.allow_demo_key(machine)


def start():
    fleet = open_fleet()
    os.makedirs(fleet.dir, exist_ok=True)
    link_run_folder(fleet.dir)
    fleet.prepare()
    say("== 3 of 4: three machines")
    fleet.start_helpers()
    for machine in fleet.machines.values():
        try:
            show_bring_up(fleet, machine)
        except f.Trouble as trouble:
            if machine.name in CORE:
                raise
            say(f"   Note: {trouble}\n   ./run remove {machine.name} forgets it.")
    fleet.write_ssh_config()
    say("== 4 of 4: one cluster, one change, one mail")
    make_cluster(fleet)
    for machine in filter(f.Machine.born, fleet.machines.values()):
        let_in(fleet, machine)
    wait_linked(fleet)
    show_change_and_mail(fleet)
    say()
    say("The fleet is up. Log in at any machine; each administers all:")
    say("   ssh -F .run/ssh_config newyork")
    say(f"   ssh -p {f.SSH_PORT} admin@{fleet['newyork'].address}      passphrase: {fleet.passphrase} (.run/admin.passphrase)")
    say("Try:  clustermode cluster   smtproutes   commit   clusterconfig list   help")
    say("End it with ./run stop; ./run again starts what died.")


def status():
    fleet = open_fleet()
    if not os.path.isdir(fleet.dir):
        say("Nothing was ever started here. ./run starts the demo fleet.")
        return
    running = 0
    for machine in fleet.machines.values():
        hands, posternd = machine.pid("hands"), machine.pid("posternd")
        mail = f.port_open(machine.address, f.PRIVATE_PORT)
        running += bool(hands) + bool(posternd) + mail
        words = [f"posternd {posternd}" if posternd else "posternd is down",
                 f"postern-hands {hands}" if hands else "postern-hands is down",
                 "mail listens" if mail else "mail is down"]
        say(f"{machine.host} ({machine.address}): {', '.join(words)}" if machine.born() else f"{machine.host}: not set up")
    for name in ("dnsmasq", "sink"):
        pid = fleet.helper_pid(name)
        running += bool(pid)
        say(f"{name}: {'runs, ' + str(pid) if pid else 'is down'}")
    say("Nothing runs." if not running else "ssh -F .run/ssh_config newyork")


def known(fleet, name):
    if name not in fleet.machines or not os.path.isdir(fleet.dir):
        raise f.Trouble(f"there is no machine {name} here; ./run status lists them.")
    return fleet[name]


def stop(name=""):
    fleet = open_fleet()
    if name:
        one = known(fleet, name)
        one.stop()
        say(f"Nothing of {one.host} runs any more. Its settings are kept; ./run starts it again.")
        return
    if os.path.isdir(fleet.dir):
        fleet.stop()
    say("Nothing of the demo fleet runs any more. Its settings are kept; ./run starts it again.")


def remove(name):
    """Ends a machine that was added and forgets all of it; the cluster is told by whoever administers it."""
    fleet = open_fleet()
    one = known(fleet, name)
    if name in CORE:
        raise f.Trouble(f"{name} is one of the demo's own machines: ./run stop {name} stops it.")
    cluster = cluster_of(one) if one.pid("posternd") else None
    one.stop()
    shutil.rmtree(one.dir, ignore_errors=True)  # it may never have been set up
    for kind in ("address", "unset", "out"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fleet.path(f"{name}.{kind}"))
    del fleet.machines[name]
    if fleet.helper_pid("dnsmasq"):
        fleet.prepare()
        fleet.start_helpers()
        fleet.write_ssh_config()
    say(f"{one.host} is gone, with its settings.")
    if cluster:
        say(f"The cluster {cluster} still counts it as a member: clusterconfig removemachine {one.host} there ends that.")


def check_new(name, address):
    """What cannot become a machine is refused before anything of it is kept: ./run would trip over it ever after."""
    if not re.fullmatch("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
        raise f.Trouble(f'"{name}" cannot be a machine\'s name: use letters, digits and hyphens, as in rome.')
    try:
        loopback = ipaddress.IPv4Address(address).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise f.Trouble(f'"{address}" cannot be the address of a machine of this fleet: give one that begins with 127, such '
                        f"as {NET}.4.")


def machine(name, address, how=""):
    check_new(name, address)
    fleet = open_fleet()
    if not os.path.isdir(fleet.dir):
        raise f.Trouble("start the demo fleet first: ./run")
    if name in fleet.machines and fleet[name].address != address:
        raise f.Trouble(f"{name} is a machine of this fleet already, at {fleet[name].address}.")
    if any(m.address == address and m.name != name for m in fleet.machines.values()):
        raise f.Trouble(f"{address} belongs to another machine of this fleet.")
    fleet.prepare()
    one = fleet.machines.get(name) or fleet.add(name, address)
    with open(fleet.path(f"{name}.address"), "w") as file:
        file.write(address + "\n")
    fleet.start_helpers()
    if how == "--unset":
        return machine_unset(fleet, one)
    if os.path.exists(unset_mark(fleet, one)):
        os.unlink(unset_mark(fleet, one))
    bring_up(fleet, one)
    fleet.write_ssh_config()
    let_in(fleet, one)
    cluster = cluster_of(one)
    say(f"{one.host} ({address}) runs {'in the cluster ' + cluster if cluster else 'as a standalone gateway'}. To administer it:")
    say(f"   ssh -F .run/ssh_config {name}      then: {'clustermode' if cluster else 'clusterconfig creates or joins a cluster'}")


def machine_unset(fleet, one):
    if one.born():
        raise f.Trouble(f"{one.host} is set up already.")
    open(unset_mark(fleet, one), "w").close()
    bring_up_unset(fleet, one)
    say(f"{one.host} runs and is not set up. Its console, where systemsetup begins at once:")
    say(f"   {os.path.join(fleet.bin, 'postern')} --desk {one.socket}")
    say(f"Give it {one.address}/8 and the ports {f.SSH_PORT} (SSH), {f.HTTPS_PORT}, {f.PUBLIC_PORT} and {f.PRIVATE_PORT}, "
        "as the others have; then ./run lets the demo's key in.")


def main(arguments):
    if os.geteuid() != 0:
        raise f.Trouble("run this as root: it starts mail gateways under several users.")
    forms = {"start": (start, 0, 0), "status": (status, 0, 0), "stop": (stop, 0, 1), "remove": (remove, 1, 1),
             "machine": (machine, 2, 3)}
    verb, least, most = forms.get(arguments[0] if arguments else "start", (None, 0, 0))
    words = arguments[1:]
    if verb is None or not least <= len(words) <= most or words[2:] not in ([], ["--unset"]):
        print("usage: ./run [status | stop [NAME] | remove NAME | machine NAME ADDRESS [--unset]]", file=sys.stderr)
        return 2
    verb(*words)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except f.Trouble as trouble:
        print(f"postern: {trouble}", file=sys.stderr)
        sys.exit(1)
