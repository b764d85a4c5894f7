#!/usr/bin/env python3
"""A model of registers that merge by entry: which rule keeps what the contract promises, over random schedules.

Commits of one register, made by members that see what they hold, exchanged in pairs at random. Stamps come from clocks that
are wrong. Usage: sim/models/entries.py [SCHEDULES] [SEED]. Prints, for each rule, in how many schedules it broke a promise:

  order     two members with the same commits show different values
  informed  an entry shows what somebody changed who had not seen a change that had seen his
  alone     a change that nobody else touched meanwhile is not shown
  latest    of concurrent changes of one entry, not the one with the greatest stamp is shown
  seen      what a person committed after seeing everything is not what is shown
  cut       computed from the last common write on, it differs from the definition
"""
import random
import sys

ENTRIES = "abcd"


class Commit:
    def __init__(self, number, member, stamp, context, value):
        self.number, self.member, self.stamp, self.context, self.value = number, member, stamp, context, value
        self.order = (stamp, member, number)


def heads(commits):
    return [c for c in commits if not any(c in d.context for d in commits)]


def put(value, entry, what):
    out = dict(value)
    out.pop(entry, None)
    if what is not None:
        out[entry] = what
    return out


class ByEntry:
    """The rule of the decision: each entry is as a register of its own, whose writes are the commits that changed it."""

    settles = False

    def __init__(self):
        self.changed_by, self.views = {}, {}

    def changed(self, commit):
        if commit not in self.changed_by:
            before = self.view(commit.context)
            out = {e for e in ENTRIES if commit.value.get(e) != before.get(e)}
            if self.settles:
                out |= {e for e in ENTRIES if self.is_open(commit.context, e)}
            self.changed_by[commit] = out
        return self.changed_by[commit]

    def writers(self, commits, entry):
        return heads([c for c in commits if entry in self.changed(c)])

    def is_open(self, commits, entry):
        return len({c.value.get(entry) for c in self.writers(commits, entry)}) > 1

    def view(self, commits):
        commits = frozenset(commits)
        if commits not in self.views:
            out = {}
            for entry in ENTRIES:
                writers = self.writers(commits, entry)
                if writers:
                    out = put(out, entry, max(writers, key=lambda c: c.order).value.get(entry))
            self.views[commits] = out
        return self.views[commits]


class FromTheCut(ByEntry):
    """The same, from the last commit that all heads have seen and that was alone then."""

    def view(self, commits):
        commits = frozenset(commits)
        if commits in self.views:
            return self.views[commits]
        tops = heads(commits)
        if len(tops) <= 1:
            out = tops[0].value if tops else {}
        else:
            common = frozenset.intersection(*(t.context for t in tops))
            # Alone: everything here is in its past or has seen it.
            cuts = [c for c in common if all(d in c.context or d is c or c in d.context for d in commits)]
            cut = max(cuts, key=lambda c: len(c.context), default=None)
            later = [c for c in commits if cut is None or cut in c.context]
            out = dict(cut.value) if cut else {}
            for entry in ENTRIES:
                writers = heads([c for c in later if entry in self.changed(c)])
                if writers:
                    out = put(out, entry, max(writers, key=lambda c: c.order).value.get(entry))
        self.views[commits] = out
        return out

    def is_open(self, commits, entry):
        tops = heads(commits)
        return len(tops) > 1 and super().is_open(commits, entry)


class Settles(ByEntry):
    """A commit is a word about all entries that are open, though it changed others."""

    settles = True


class WholeValue:
    """As before: the greatest head's value."""

    def view(self, commits):
        tops = heads(commits)
        return max(tops, key=lambda c: c.order).value if tops else {}


class ThreeWay(WholeValue):
    """Heads over what all had seen; an entry that several changed is as in the greatest head that changed it."""

    def view(self, commits):
        tops = sorted(heads(commits), key=lambda c: c.order)
        if len(tops) <= 1:
            return tops[0].value if tops else {}
        base = self.view(frozenset.intersection(*(t.context for t in tops)))
        out = dict(base)
        for top in tops:  # the greatest last
            for entry in ENTRIES:
                if top.value.get(entry) != base.get(entry):
                    out = put(out, entry, top.value.get(entry))
        return out


class Fold(WholeValue):
    """Two heads at a time, each over what both had seen."""

    def view(self, commits):
        tops = sorted(heads(commits), key=lambda c: c.order)
        if not tops:
            return {}
        seen, out, order = tops[0].context | {tops[0]}, tops[0].value, {}
        for top in tops[1:]:
            base = self.view(seen & (top.context | {top}))
            merged = dict(out)
            for entry in ENTRIES:
                if top.value.get(entry) != base.get(entry):
                    merged = put(merged, entry, top.value.get(entry))
            seen, out = seen | top.context | {top}, merged
        return out


def schedule(rule, rng):
    members = [set() for _ in range(rng.randint(2, 4))]
    skew = [rng.randint(-50, 50) for _ in members]
    number = 0
    committed = []
    for step in range(rng.randint(4, 14)):
        at = rng.randrange(len(members))
        if rng.random() < 0.55:
            context = frozenset(members[at])
            value = dict(rule.view(context))
            for entry in rng.sample(ENTRIES, rng.choice((1, 1, 1, 2))):
                value = put(value, entry, None if rng.random() < 0.25 else f"v{number}")
            if value == rule.view(context):
                continue
            number += 1
            stamp = max([10 * step + skew[at]] + [1 + c.stamp for c in context])
            commit = Commit(number, at, stamp, context, value)
            members[at].add(commit)
            committed.append(commit)
        else:
            other = rng.randrange(len(members))
            both = members[at] | members[other]
            members[at], members[other] = set(both), set(both)
    for one in members:
        for other in members:
            one |= other
    return committed


def broken(rule, commits):
    """What of the promises the rule breaks for this set; changes are told by what each author was shown."""
    exact = ByEntry()
    out = set()
    everything = frozenset(commits)
    shown = rule.view(everything)
    changes = {c: {e for e in ENTRIES if c.value.get(e) != rule.view(c.context).get(e)} for c in commits}
    for entry in ENTRIES:
        of_entry = [c for c in commits if entry in changes[c]]
        last = heads(of_entry)
        if not last:
            continue
        values = {c.value.get(entry) for c in last}
        if shown.get(entry) not in values:
            out.add("informed")
        if len(last) == 1 and shown.get(entry) != last[0].value.get(entry):
            out.add("alone")
        greatest = max(last, key=lambda c: c.order)
        if len(values) > 1 and shown.get(entry) != greatest.value.get(entry):
            out.add("latest")
    for commit in commits:
        if rule.view(commit.context | {commit}) != commit.value:
            out.add("seen")
    if isinstance(rule, FromTheCut) and shown != exact.view(everything):
        out.add("cut")
    shuffled = list(commits)
    random.Random(7).shuffle(shuffled)
    if type(rule)().view(frozenset(shuffled)) != shown:
        out.add("order")
    return out


def main():
    schedules = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for kind in (WholeValue, ThreeWay, Fold, Settles, ByEntry, FromTheCut):
        counts = {}
        for one in range(schedules):
            rule = kind()
            for what in broken(rule, schedule(rule, random.Random(seed * 1_000_003 + one))):
                counts[what] = counts.get(what, 0) + 1
        print(f"{kind.__name__:12}", "  ".join(f"{k} {v}" for k, v in sorted(counts.items())) or "nothing broken", f"of {schedules}")


if __name__ == "__main__":
    main()
