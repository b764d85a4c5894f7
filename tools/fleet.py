"""Gateways on this host: starts, stops and talks to a fleet of Postern machines on loopback addresses.

Used by ./run for the demo fleet and by the fleet tests. Standard library only. Ends only processes that it
started, by process id.
"""
import contextlib
import json
import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SSH_PORT, HTTPS_PORT, PUBLIC_PORT, PRIVATE_PORT, SINK_PORT = 2200, 8443, 2525, 2526, 2625


class Trouble(Exception):
    """Something that the person at the terminal must know."""


def wait_for(what, check, seconds=30.0):
    """Waits until check() is true; raises Trouble with the state's name at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Trouble(f"waited {seconds:.0f} s in vain for: {what}")
        time.sleep(0.02)


def port_open(address, port):
    with contextlib.suppress(OSError):
        socket.create_connection((address, port), 0.5).close()
        return True
    return False


def port_free(address, port, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:  # two UDP sockets with it could share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().split(b"\0")[:-1]
    except OSError:
        return []


def end(pid, seconds=15.0):
    """Ends one process of ours: asks, waits, insists."""
    if not alive(pid):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    try:
        wait_for(f"process {pid} to end", lambda: not reap(pid), seconds)
    except Trouble:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_for(f"process {pid} to die", lambda: not reap(pid), 5)


def reap(pid):
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return alive(pid)


class Machine:
    def __init__(self, fleet, name, address):
        self.fleet, self.name, self.address = fleet, name, address
        self.host = f"{name}.{fleet.domain}"
        self.dir = os.path.join(fleet.dir, name)

    @property
    def socket(self):
        return os.path.join(self.dir, "run", "desk.sock")

    def born(self):
        return os.path.exists(os.path.join(self.dir, "posternd.db"))

    def pid(self, which):
        """Process id of `hands` or `posternd`, or 0 when it does not run."""
        try:
            with open(os.path.join(self.dir, "run", f"{which}.pid")) as file:
                pid = int(file.read().strip() or 0)
        except (OSError, ValueError):
            return 0
        words = command_line(pid)
        ours = alive(pid) and self.host.encode() in words and any(which.encode() in word for word in words[:1])
        return pid if ours else 0

    def make_folder(self):
        """Its own user owns everything in it but what Postfix needs."""
        owner = pwd.getpwnam("postern")
        os.makedirs(self.dir, exist_ok=True)
        os.chown(self.dir, owner.pw_uid, owner.pw_gid)
        os.chmod(self.dir, 0o711)

    def birth(self):
        """Sets the machine up as a standalone gateway."""
        self.make_folder()
        argv = ["setpriv", "--reuid=postern", "--regid=postern", "--clear-groups", "--",
                os.path.join(self.fleet.bin, "posternd"), "init", "--dir", self.dir, "--host-name", self.host,
                "--interface", "Management", "--address", f"{self.address}/8", "--ssh-port", str(SSH_PORT),
                "--https-port", str(HTTPS_PORT), "--public-port", str(PUBLIC_PORT), "--private-port", str(PRIVATE_PORT),
                "--relay", "127.0.0.0/8", "--dns", self.fleet.dns_address, "--bind", self.address]
        done = subprocess.run(argv, input=self.fleet.passphrase + "\n", capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Trouble(f"{self.host} could not be set up: {done.stderr.strip() or done.stdout.strip()}")

    def check_ports(self):
        for port in (SSH_PORT, PUBLIC_PORT, PRIVATE_PORT):
            if not port_free(self.address, port):
                raise Trouble(f"{self.address} port {port}, which {self.host} needs, is taken by another program. "
                              f"End it (ss -ltnp '( sport = :{port} )' shows which) and try again.")

    def start(self):
        if self.pid("hands"):
            return False
        if not self.pid("posternd"):
            self.check_ports()
        log = open(self.fleet.path(f"{self.name}.out"), "ab")  # root's own folder: no other user's links in it
        subprocess.Popen([os.path.join(self.fleet.bin, "postern-hands"), "--machine", self.host, "--dir", self.dir,
                          "--user", "postern", "--cli-user", "postern-cli", "--mta-dir", os.path.join(self.dir, "mta"),
                          "--bin", self.fleet.bin],
                         stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/")
        return True

    def wait_desk(self, seconds=60):
        try:
            wait_for(f"the desk of {self.host}", lambda: os.path.exists(self.socket) and self.pid("posternd"), seconds)
        except Trouble as trouble:
            raise Trouble(f"{trouble}\nIts log, {self.dir}/log/posternd.log, ends with: {self.last_words()}") from None

    def last_words(self):
        with contextlib.suppress(OSError), open(f"{self.dir}/log/posternd.log", encoding="utf-8", errors="replace") as log:
            return log.readlines()[-1].strip()[:600] if os.path.getsize(log.fileno()) else "nothing"
        return "nothing"

    def wait_ready(self, seconds=60):
        self.wait_desk(seconds)
        wait_for(f"{self.host} to answer on port {SSH_PORT}", lambda: port_open(self.address, SSH_PORT), seconds)
        wait_for(f"{self.host} to take mail on port {PRIVATE_PORT}",
                 lambda: port_open(self.address, PRIVATE_PORT), seconds)

    def stop(self):
        hands, posternd = self.pid("hands"), self.pid("posternd")
        if hands:
            end(hands, 40)
        if posternd and self.pid("posternd") == posternd:
            end(posternd)
        self.stop_mail()

    def stop_mail(self):
        """Ends a Postfix master that outlived its hands."""
        pid_file = os.path.join(self.dir, "mta", "queue", "pid", "master.pid")
        try:
            with open(pid_file) as file:
                pid = int(file.read().strip() or 0)
        except (OSError, ValueError):
            return
        with contextlib.suppress(OSError):  # another Postfix may have that number by now
            if pid and os.readlink(f"/proc/{pid}/cwd") == os.path.realpath(os.path.join(self.dir, "mta", "queue")):
                end(pid)

    def console(self, line, stdin=None, timeout=60):
        """Runs one line at the console (uid 0 over the desk's socket). Returns (exit code, output, errors)."""
        return run([os.path.join(self.fleet.bin, "postern"), "--desk", self.socket, "-c", line], stdin, timeout)

    def ssh(self, line, stdin=None, timeout=60):
        """Runs one line as an administrator does: over SSH."""
        return run(["ssh", "-F", self.fleet.ssh_config, self.name, line], stdin, timeout)

    def must(self, line, stdin=None, timeout=60):
        """ssh(), but anything except exit code 0 is Trouble. Returns the output."""
        code, out, err = self.ssh(line, stdin, timeout)
        if code:
            raise Trouble(f"{self.name}: `{line}` ended with {code}: {(out + err).strip()}")
        return out


def run(argv, stdin, timeout):
    done = subprocess.run(argv, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


class Fleet:
    def __init__(self, directory, net="127.0.1", names=("newyork", "losangeles", "paris"), bin_dir=None,
                 domain="postern.test"):
        self.dir, self.net, self.domain = directory, net, domain
        self.built = bin_dir or os.path.join(ROOT, "build", "dev", "bin")
        self.bin = os.path.join(directory, "bin")  # a checkout under a closed home folder is not for every user
        self.dns_address, self.sink_address = f"{net}.53", f"{net}.9"
        self.ssh_config = os.path.join(directory, "ssh_config")
        self.machines = {}
        for number, name in enumerate(names, 1):
            self.add(name, f"{net}.{number}")

    def __getitem__(self, name):
        return self.machines[name]

    def add(self, name, address):
        self.machines[name] = Machine(self, name, address)
        return self.machines[name]

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    # Files

    def prepare(self):
        os.makedirs(self.path("sink"), exist_ok=True)
        os.chmod(self.dir, 0o755)
        self.install_programs()
        self.passphrase = self.keep("admin.passphrase", lambda: "Demo-" + secrets.token_hex(6))
        key = self.path("demo_key")
        if not os.path.exists(key):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "postern demo", "-f", key], check=True)
        nobody = pwd.getpwnam("nobody")
        os.chown(self.path("sink"), nobody.pw_uid, nobody.pw_gid)

    def install_programs(self):
        """Copies what was built to where the machines' own users may run it; what runs keeps its old file."""
        os.makedirs(self.bin, exist_ok=True)
        for name in ("posternd", "postern", "postern-hands"):
            built, here = os.path.join(self.built, name), os.path.join(self.bin, name)
            if not os.path.exists(built):
                raise Trouble(f"{built} is not there: build first.")
            if os.path.exists(here) and os.path.getmtime(here) == os.path.getmtime(built):
                continue
            shutil.copy2(built, here + ".new")
            os.chmod(here + ".new", 0o755)
            os.replace(here + ".new", here)

    def keep(self, name, make):
        path = self.path(name)
        if not os.path.exists(path):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(make() + "\n")
        with open(path) as file:
            return file.read().strip()

    def write_ssh_config(self):
        """Hosts with pinned keys, so that `ssh -F …/ssh_config newyork` just works."""
        known, config = [], []
        for machine in filter(Machine.born, self.machines.values()):
            code, out, err = machine.console("logconfig hostkeyconfig fingerprint --json")
            if code and not machine.pid("posternd"):
                continue  # it was stopped by itself
            if code:
                raise Trouble(f"{machine.name} does not tell its host key: {(out + err).strip()}")
            known.append(f"[{machine.address}]:{SSH_PORT} {json.loads(out)['line']}")
            config.append(f"Host {machine.name} {machine.host}\n  HostName {machine.address}\n  Port {SSH_PORT}\n")
        common = (f"Host *\n  User admin\n  IdentityFile {self.path('demo_key')}\n  IdentitiesOnly yes\n"
                  f"  UserKnownHostsFile {self.path('known_hosts')}\n  StrictHostKeyChecking yes\n  LogLevel ERROR\n")
        for name, text in (("known_hosts", "\n".join(known) + "\n"), ("ssh_config", "".join(config) + common)):
            with open(self.path(name), "w") as file:
                file.write(text)

    def allow_demo_key(self, machine):
        with open(self.path("demo_key.pub")) as file:
            line = file.read().strip()
        code, out, err = machine.console("status --json")
        if code:
            raise Trouble(f"{machine.name} does not answer at its console: {(out + err).strip()}")
        mode = "clustermode cluster; " if json.loads(out).get("cluster") else ""
        code, out, err = machine.console(f"{mode}sshconfig userkey new {shlex.quote(line)} --user=admin")
        if code and "already" not in out + err:
            raise Trouble(f"{machine.name} does not take the demo key: {(out + err).strip()}")

    # Helpers around the machines: names and the world's mail server

    def helper(self, name, argv, ready):
        """A helper process, started once; its process id stands in a file."""
        pid_file = self.path(f"{name}.pid")
        if self.helper_pid(name):
            return False
        log = open(self.path(f"{name}.log"), "ab")
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                   cwd=self.path("sink"))
        with open(pid_file, "w") as file:
            file.write(f"{process.pid} {os.path.basename(argv[0])}\n")
        wait_for(f"{name} to listen", lambda: ready() or (not reap(process.pid) and self.died(name)), 10)
        return True

    def died(self, name):
        with open(self.path(f"{name}.log")) as file:
            raise Trouble(f"{name} did not start: {file.read().strip()[-300:]}")

    def helper_pid(self, name):
        try:
            with open(self.path(f"{name}.pid")) as file:
                pid, program = file.read().split()
        except (OSError, ValueError):
            return 0
        words = command_line(int(pid))
        ours = any(self.dir.encode() in word for word in words)
        return int(pid) if alive(int(pid)) and ours and os.path.basename(words[0]).decode() == program else 0

    def start_helpers(self):
        hosts = self.path("hosts")
        with open(hosts, "w") as file:
            for machine in self.machines.values():
                file.write(f"{machine.address} {machine.host}\n")
        dns = self.helper_pid("dnsmasq")
        if dns:
            os.kill(dns, signal.SIGHUP)
        elif not port_free(self.dns_address, 53, socket.SOCK_DGRAM):
            raise Trouble(f"{self.dns_address} port 53 is taken by another name server. "
                          "End it, or set POSTERN_NET to another 127.x.y network.")
        self.helper("dnsmasq", ["/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                                "--no-hosts", f"--addn-hosts={hosts}", f"--listen-address={self.dns_address}",
                                "--bind-interfaces", f"--local=/{self.domain}/", "--pid-file=", "--user=root"],
                    lambda: not port_free(self.dns_address, 53, socket.SOCK_DGRAM))
        self.start_sink("sink", self.sink_address)

    def start_sink(self, name, address, port=SINK_PORT):
        folder = self.path(name)
        os.makedirs(folder, exist_ok=True)
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        self.helper(name, ["/usr/sbin/smtp-sink", "-u", "nobody", "-d", folder + "/%s.", f"{address}:{port}", "200"],
                    lambda: port_open(address, port))

    def mails(self, name="sink"):
        """What the sink took: a list of {client, sender, recipients, text}."""
        out = []
        for entry in os.scandir(self.path(name)):
            try:
                with open(entry.path, errors="replace") as file:
                    text = file.read()
            except OSError:
                continue
            if "\nX-Rcpt-Args:" not in text and not text.startswith("X-Rcpt-Args:"):
                continue
            mail = {"client": "", "recipients": [], "text": text, "sender": ""}
            for line in text.splitlines():
                head, _, rest = line.partition(":")
                if head == "X-Client-Addr":
                    mail["client"] = rest.strip()
                elif head == "X-Rcpt-Args":
                    mail["recipients"].append(rest.split()[0].strip("<>"))
                elif head == "X-Mail-Args":
                    mail["sender"] = rest.split()[0].strip("<>") if rest.split() else ""
            out.append(mail)
        return out

    def stop_helpers(self):
        for entry in list(os.scandir(self.dir)):
            if entry.name.endswith(".pid"):
                pid = self.helper_pid(entry.name[:-4])
                if pid:
                    end(pid)
                os.unlink(entry.path)

    def stop(self):
        for machine in self.machines.values():
            machine.stop()
        self.stop_helpers()

    def wipe(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def send_mail(address, port, recipient, sender="someone@demo.example", subject="hello", timeout=20):
    """One message by SMTP. Returns the last reply line; raises smtplib's errors."""
    import smtplib
    with smtplib.SMTP(address, port, local_hostname="client.demo.example", timeout=timeout) as smtp:
        smtp.sendmail(sender, [recipient], f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\n{subject}\r\n")


def free_net():
    """A 127.x.y that nobody listens on: POSTERN_NET, or one drawn by process id and tried."""
    chosen = os.environ.get("POSTERN_NET")
    if chosen:
        return chosen
    start = os.getpid()
    for step in range(200):
        number = (start + step * 7) % (126 * 250)
        net = f"127.{2 + number // 250}.{1 + number % 250}"
        if port_free(f"{net}.53", 53, socket.SOCK_DGRAM) and port_free(f"{net}.1", SSH_PORT):
            return net
    raise Trouble("no free 127.x.y network was found; set POSTERN_NET")
