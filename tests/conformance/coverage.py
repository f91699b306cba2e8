"""Which message met the server in which state: read from PostgreSQL's own trace, whose answers come in order.

A state is the transaction's status (I, T, E: as of the last ReadyForQuery) and where the protocol stands: `ready`, in a
`batch` of the extended protocol, `skip` after an error until Sync, `copy` while the server reads data.
"""
from language import words_of

kinds = "QPBDECSHFdcf"
states = [s + " " + w for s in "ITE" for w in ("ready", "batch", "skip")] + ["I copy", "T copy"]


class Coverage:
    def __init__(self):
        self.pairs = {}

    def add(self, lines, messages):
        answers = [m for m in messages if m.kind not in "NSA"]
        status, where, at = "I", "ready", 0
        for line in lines:
            kind = words_of(line)[0].decode()
            if kind == "msg":
                kind = words_of(line)[1].decode()
            if kind not in kinds:
                continue
            state = f"{status} {where}"
            self.pairs[state, kind] = self.pairs.get((state, kind), 0) + 1
            status, where, at = self.step(kind, status, where, answers, at)

    def step(self, kind, status, where, answers, at):
        if where == "copy":
            return self.after_copy(kind, status, answers, at)
        if kind == "S":
            where = "ready"
            return self.to_ready(status, answers, at)
        if where == "skip" or kind in "Hdcf":
            return status, where, at
        if kind in "QF":
            return self.to_ready(status, answers, at)
        ends = {"P": "1", "B": "2", "D": "Tn", "E": "CIs", "C": "3"}[kind]
        while at < len(answers):
            got = answers[at].kind
            at += 1
            if got == "E":
                return status, "skip", at
            if got == "G":
                self.extended = True
                return status, "copy", at
            if got in ends:
                break
        return status, "batch", at

    def to_ready(self, status, answers, at):
        while at < len(answers):
            got = answers[at]
            at += 1
            if got.kind == "G":
                self.extended = False
                return status, "copy", at
            if got.kind == "Z":
                return got.body.decode(), "ready", at
        return status, "ready", at

    def after_copy(self, kind, status, answers, at):
        if kind not in "cfd":
            return status, "copy", at
        failed = at < len(answers) and answers[at].kind == "E"
        if kind == "d" and not failed:
            return status, "copy", at
        if not self.extended:
            return self.to_ready(status, answers, at)
        return status, "skip" if failed else "batch", at + 1

    def print(self):
        print(f"{'state':8} " + " ".join(f"{k:>7}" for k in kinds))
        for state in states:
            print(f"{state:8} " + " ".join(f"{self.pairs.get((state, k), 0):7}" for k in kinds))
        hit = sum(1 for s in states for k in kinds if self.pairs.get((s, k)))
        print(f"{hit} of {len(states) * len(kinds)} pairs of state and message")
