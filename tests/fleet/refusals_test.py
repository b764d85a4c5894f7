"""Wrong answers over SSH: each its own message and exit code; nothing half-joined, nothing created unasked."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common as c  # noqa: E402
from common import f  # noqa: E402


def refused(machine, line, code, *words, stdin=None):
    got, out, err = machine.ssh(line, stdin=stdin)
    text = out + err
    assert got == code, f"`{line}` ended with {got}, not {code}: {text}"
    for word in words:
        assert word.lower() in text.lower(), f"`{line}` does not say \"{word}\": {text}"


def main():
    with c.running_fleet(("newyork", "losangeles")) as fleet:
        newyork, losangeles = fleet["newyork"], fleet["losangeles"]
        right = fleet.passphrase + "\n"
        join = f"clusterconfig join {newyork.address} --port={f.SSH_PORT}"
        refused(losangeles, f"clusterconfig join {fleet.net}.77 --port={f.SSH_PORT} --fingerprint=SHA256:x", 5,
                f"{fleet.net}.77", stdin=right)
        refused(losangeles, f"clusterconfig join nowhere.invalid --port={f.SSH_PORT} --fingerprint=SHA256:x", 5,
                "nowhere.invalid", stdin=right)
        refused(losangeles, f"{join} --fingerprint=SHA256:wrong", 1, "host key", stdin=right)
        code, out, _ = newyork.ssh("logconfig hostkeyconfig fingerprint --json")
        import json
        join += f" --fingerprint={json.loads(out)['sha256']}"
        refused(losangeles, join, 1, "in no cluster", stdin=right)
        newyork.must("clusterconfig create americas")
        refused(losangeles, join, 1, "passphrase", stdin="wrong passphrase\n")
        assert c.status(losangeles)["cluster"] is None
        assert newyork.must("clustermode cluster; clusterconfig list").count("Machine ") == 1
        losangeles.must(join, stdin=right)
        c.wait_linked(fleet)
        refused(losangeles, f"clustermode cluster; {join}", 1, "americas", stdin=right)
        refused(newyork, "smtproutes new a.example 192.0.2.1", 3, "Machine newyork.postern.test")
        assert "Cluster: No" in newyork.must("smtproutes clustershow")
        refused(newyork, "clusterconfig list", 3, "cluster")
        refused(newyork, "smtproutes new", 2)
        refused(newyork, "nonsense", 2)
        refused(newyork, "clustermode group nowhere", 1, "nowhere")
        refused(newyork, "clustermode cluster; clusterconfig disconnect losangeles.postern.test", 1, "not in this version")
        for line in ("scp", "sftp"):
            code = os.system(f"{line} -F {fleet.ssh_config} -q newyork:/etc/passwd /dev/null >/dev/null 2>&1 </dev/null")
            assert code != 0, f"{line} was let in"
    print("refusals: each with its own message")


if __name__ == "__main__":
    main()
