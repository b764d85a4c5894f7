"""Who may do what: the rights of every process of a live machine, read from /proc and printed as a table; logins as
users of their own; what a client chooses of its login; passphrases that are gone once they were used."""
import contextlib
import os
import pty
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
from common import f  # noqa: E402

CAPABILITIES = ("chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable "
                "net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot "
                "sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease "
                "audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read "
                "perfmon bpf checkpoint_restore").split()
HANDS_NEEDS = {"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
               "net_bind_service", "sys_chroot", "sys_ptrace", "sys_resource"}
UIDS = range(70000, 90000)
SANITIZED = any(word in os.environ.get("POSTERN_BIN", "") for word in ("/asan/", "/tsan/", "/clang/"))


class Login:
    """`ssh -tt` on a terminal of its own."""

    def __init__(self, machine, *, term="xterm", options=(), environment=None):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(environment or {}, TERM=term)
            os.execvp("ssh", ["ssh", "-F", machine.fleet.ssh_config, *options, "-tt", machine.name])
        self.shown = ""

    def until(self, text, seconds=60):
        """What came up to and with `text`."""
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise f.Trouble(f"waited {seconds} s in vain for {text!r} after {self.shown[-400:]!r}")
            try:
                self.shown += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:
                raise f.Trouble(f"the login ended before {text!r}: {self.shown[-400:]!r}") from None
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def type(self, text):
        os.write(self.terminal, text.encode())

    def end(self):
        os.close(self.terminal)
        f.wait_for("ssh to end", lambda: not f.reap(self.pid), 30)


def read(path, mode="r"):
    with open(path, mode) as file:
        return file.read()


def status(pid):
    return dict(line.split(":\t", 1) for line in read(f"/proc/{pid}/status").splitlines() if ":\t" in line)


def names(mask):
    mask = int(mask, 16)
    return {name for bit, name in enumerate(CAPABILITIES) if mask >> bit & 1}


def limit(pid, name):
    for line in read(f"/proc/{pid}/limits").splitlines():
        if line.startswith(name + "  "):
            return line[26:].split()[0]
    return "?"


def dumpable(pid):
    """Only of a dumpable process are the files of /proc its own user's; root's own cannot be told apart."""
    owner, uid = os.stat(f"/proc/{pid}/environ").st_uid, int(status(pid)["Uid"].split()[0])
    return "root" if uid == 0 else "yes" if owner == uid else "no"


def children(pid):
    return [int(word) for task in os.listdir(f"/proc/{pid}/task") for word in read(f"/proc/{pid}/task/{task}/children").split()]


def rights(pid):
    of = status(pid)
    return {"pid": pid, "uid": int(of["Uid"].split()[0]), "gid": int(of["Gid"].split()[0]),
            "groups": of.get("Groups", "").split(), "effective": names(of["CapEff"]), "permitted": names(of["CapPrm"]),
            "inheritable": names(of["CapInh"]), "bounding": names(of["CapBnd"]), "ambient": names(of["CapAmb"]),
            "no_new_privs": of["NoNewPrivs"], "seccomp": of["Seccomp"], "umask": of["Umask"], "dumpable": dumpable(pid),
            "core": limit(pid, "Max core file size"), "processes": limit(pid, "Max processes"),
            "files": limit(pid, "Max open files"), "file size": limit(pid, "Max file size"),
            "memory": limit(pid, "Max address space")}


def few(found):
    return "none" if not found else "all" if len(found) > 35 else ",".join(sorted(found)) if len(found) < 3 else str(len(found))


def table(rows):
    heads = ["process", "uid", "capabilities", "bounding", "no_new_privs", "seccomp", "dumpable", "core", "processes",
             "files", "file size", "memory"]
    lines = [heads]
    for name, row in rows:
        lines.append([name, str(row["uid"]), few(row["effective"] | row["ambient"]), few(row["bounding"]),
                      "yes" if row["no_new_privs"] == "1" else "no", "filter" if row["seccomp"] == "2" else "none",
                      *(row[head] for head in heads[6:])])
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def interpreters(machine):
    """Process ids of the logins' interpreters: children of postern-hands of a login's number."""
    out = []
    for pid in children(machine.pid("hands")):
        with contextlib.suppress(OSError, KeyError):
            if int(status(pid)["Uid"].split()[0]) in UIDS:
                out.append(pid)
    return sorted(out)


def check_rights(machine, logins, console):
    rows = [("postern-hands", rights(machine.pid("hands"))), ("posternd", rights(machine.pid("posternd")))]
    rows += [(f"login {number}", rights(pid)) for number, pid in enumerate(logins, 1)]
    rows.append(("console", rights(console)))
    master = int(read(os.path.join(machine.dir, "mta", "queue", "pid", "master.pid")))
    rows.append(("Postfix master", rights(master)))
    for pid in children(master):
        with contextlib.suppress(OSError, KeyError):
            rows.append((f"Postfix {status(pid)['Name'].strip()}", rights(pid)))
    print(table(rows))
    hands, posternd = rows[0][1], rows[1][1]
    assert hands["bounding"] <= HANDS_NEEDS and hands["effective"] <= HANDS_NEEDS, hands
    assert hands["core"] == "0"
    low = {"net_bind_service"} & hands["effective"]
    for what in ("effective", "permitted", "ambient", "bounding"):
        assert posternd[what] == low, (what, posternd)
    assert posternd["no_new_privs"] == "1" and posternd["dumpable"] == "no" and posternd["core"] == "0", posternd
    for name, row in rows:
        if name.startswith("login"):
            for what in ("effective", "permitted", "inheritable", "ambient", "bounding"):
                assert not row[what], (name, what, row)
            assert row["uid"] in UIDS and not set(row["groups"]) - {str(row["gid"])}, row
            assert row["no_new_privs"] == "1" and row["dumpable"] == "no" and row["core"] == "0", row
            assert row["seccomp"] == "2" and row["file size"] == "0" and row["umask"] == "0077", row
            assert SANITIZED or (row["processes"] == "1" and int(row["memory"]) <= 1 << 30), row
            assert int(row["files"]) <= 64, row
        if name == "console":
            assert row["core"] == "0" and row["no_new_privs"] == "1", row
    assert len({row["uid"] for name, row in rows if name.startswith("login")}) == len(logins)


def occurrences(pid, secret):
    """How often the bytes stand in the memory of that process; where, for a person who looks for the reason."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in read(f"/proc/{pid}/maps").splitlines():
            area, mode = line.split()[:2]
            if "r" not in mode or "[v" in line:
                continue
            first, last = (int(part, 16) for part in area.split("-"))
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(first)
                kept = b""
                while first < last:
                    part = memory.read(min(1 << 20, last - first))
                    if not part:
                        break
                    at = (kept + part).find(secret)
                    if at >= 0:
                        around = (kept + part)[max(0, at - 48):at + len(secret) + 48]
                        found.append(f"{first:x} {line.split()[-1]} {around!r}")
                    kept, first = part[-len(secret):], first + len(part)
    return found


def check_odd_requests(machine):
    """None of them costs another login anything, or reaches a log raw."""
    other = Login(machine)
    other.until("> ")
    for term in ("x" * 300, "../../etc/passwd", "vt\x1b[2J", "no-such-terminal", "", "é", "a b"):
        login = Login(machine, term=term)
        login.until("> ")
        login.type("version\r")
        login.until("Postern")
        login.end()
        other.type("version\r")
        other.until("Postern")
    hands = read(os.path.join(machine.dir, "log", "hands.log"))
    assert "refused" not in hands, [line for line in hands.splitlines() if "refused" in line]
    f.wait_for("one interpreter left", lambda: len(interpreters(machine)) == 1)
    other.end()
    f.wait_for("no interpreter left", lambda: not interpreters(machine))


def check_wiping(machine):
    """A passphrase that somebody logs in with, and one that is set, is in no memory once it was used."""
    old, new = machine.fleet.passphrase, "Fresh-passphrase-of-a-test-4711"
    helper = machine.fleet.path("askpass")
    with open(helper, "w") as file:
        file.write(f"#!/bin/sh\necho '{old}'\n")
    os.chmod(helper, 0o755)
    login = Login(machine, options=("-o", "PubkeyAuthentication=no", "-o", "IdentityFile=none"),
                  environment={"SSH_ASKPASS": helper, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"})
    login.until("> ")
    cli, posternd = interpreters(machine)[0], machine.pid("posternd")
    try:
        f.wait_for("the passphrase of a login to be gone from posternd",
                   lambda: not occurrences(posternd, old.encode()), 20)
    except f.Trouble:
        raise f.Trouble(f"a login's passphrase stays in posternd: {occurrences(posternd, old.encode())}") from None
    login.type("passwd\r")
    for question, answer in (("Old passphrase:", old), ("New passphrase:", new), ("new one again:", new)):
        login.until(question)
        login.type(answer + "\r")
    login.until("is changed")
    for secret in (old, new):
        found = occurrences(cli, secret.encode())
        assert not found, f"a passphrase is still in the memory of the interpreter: {found}"
    found = occurrences(posternd, old.encode())
    assert not found, f"the old passphrase is still in the memory of posternd: {found}"
    # What was typed last stays in libssh's buffer of the channel until the next keys or the end.
    login.end()
    f.wait_for("the new passphrase to be gone from posternd", lambda: not occurrences(posternd, new.encode()), 20)
    assert occurrences(os.getpid(), new.encode()), "the search itself finds what is there"


def main():
    with c.running_fleet(("newyork",)) as fleet:
        machine = fleet["newyork"]
        logins = [Login(machine), Login(machine)]
        for login in logins:
            login.until("> ")
        console = subprocess.Popen([os.path.join(fleet.bin, "postern"), "--desk", machine.socket], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL)
        f.wait_for("two interpreters", lambda: len(interpreters(machine)) == 2)
        f.wait_for("a console", lambda: status(console.pid)["NoNewPrivs"] == "1")
        check_rights(machine, interpreters(machine), console.pid)
        console.communicate(timeout=30)
        for login in logins:
            login.end()
        f.wait_for("no interpreter left", lambda: not interpreters(machine))
        check_odd_requests(machine)
        if not SANITIZED:  # their allocators keep what was freed
            check_wiping(machine)
        fleet.stop()
        left = [pid for pid in os.listdir("/proc") if pid.isdigit() and program_of(pid).startswith(fleet.bin)]
        assert not left, f"processes are left: {left}"
    print("logins: each for itself")


def program_of(pid):
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/exe")
    return ""


if __name__ == "__main__":
    main()
