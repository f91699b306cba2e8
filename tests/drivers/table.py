"""The table drivers x operations: which printed step proves which operation, and the judgement of one run, cell by cell.

A cell is what happened in both of a mode's ways, plain and with TLS. An operation that is neither performed nor declared
in the program's `lacks` is a failure, and so is a declared one that is performed after all.
"""
modes = ("shadow", "enforce")

# operation -> the steps that prove it, all of them needed; then steps that are more of the same
operations = {
    "connect": (["connect"], ["valid", "ping", "options"]),
    "query": (["query"], ["types", "array", "raw", "columns", "tables", "keys", "foreign keys", "indexes", "functions", "meta", "table",
                          "select", "describe", "single row", "for each", "quote"]),
    "parameters": (["parameters"], ["unprepared", "text"]),
    "prepared": (["prepared"], ["described"]),
    "binary": (["binary"], []),
    "batch": (["batch"], []),
    "cursor": (["cursor"], ["cursor back", "cursor left", "after cursor", "kept"]),
    "copy": (["copy out", "copy in"], []),
    "cancel": (["cancel", "after cancel"], ["timeout"]),
    "error": (["error"], ["after error"]),
    "transaction": (["commit", "in a block", "failed block", "rollback"], ["savepoint", "same block"]),
    "write": (["write"], []),
    "reconnect": (["reconnect"], ["reset"]),
}
proofs = {operation: needed for operation, (needed, _) in operations.items()}
operation_of = {step: operation for operation, (needed, more) in operations.items() for step in needed + more}
of_the_step_before = ("held", "approved", "again")


def sorted_out(lines):
    """operation -> its lines; a step that the table does not know raises."""
    found, operation = {name: [] for name in operations}, None
    for line in lines:
        step = line.partition(": ")[0]
        if step not in of_the_step_before:
            assert step in operation_of, f"the table knows no step {step!r}"
            operation = operation_of[step]
        found[operation].append(line)
    return found


def judged(lacks, seen, expected):
    """operation -> '' if it ran as expected, None if the driver has no such thing, else what is wrong."""
    seen, expected, cells = sorted_out(seen), sorted_out(expected), {}
    for operation, needed in proofs.items():
        printed = {line.partition(": ")[0] for line in seen[operation]}
        wrong = [f"{step} is neither performed nor declared" for step in needed if step not in printed and step not in lacks]
        wrong += [f"{step} is declared as not there, but performed" for step in needed if step in printed and step in lacks]
        if seen[operation] != expected[operation]:
            wrong.append("lines differ")
        declared = all(step in lacks for step in needed)
        cells[operation] = f"{operation}: {', '.join(wrong)}" if wrong else None if declared else ""
    return cells


class Table:
    def __init__(self, programs):
        self.programs, self.runs = programs, {}

    def record(self, program, mode, tls, cells):
        """What one run showed; if it failed as a whole, every cell says so."""
        self.runs[program.name, mode, tls] = cells

    def cell(self, program, mode, operation):
        ways = [self.runs.get((program.name, mode, tls)) for tls in (False, True)]
        found = [cells[operation] for cells in ways if cells is not None]
        if any(found):
            return "FAIL"
        if len(found) < 2:
            return "?" if program.installed else "skip"
        return "-" if None in found else "ok"

    def lines(self):
        first = max(len(p.name) for p in self.programs)
        for mode in modes:
            yield f"{mode} mode, each cell plain and over TLS:"
            yield "  ".join([" " * first, *operations])
            for p in self.programs:
                cells = [self.cell(p, mode, operation) for operation in operations]
                if set(cells) != {"?"}:     # of what --only left out, nothing is said
                    yield "  ".join([p.name.ljust(first), *(cell.ljust(len(name)) for cell, name in zip(cells, operations))]).rstrip()
            yield ""
        yield "what a driver does not have:"
        for p in self.programs:
            for operation, needed in proofs.items():
                lacking = [step for step in needed if step in p.lacks]
                if lacking:
                    yield f"  {p.name}: no {operation if lacking == needed else ', '.join(lacking)}: {p.lacks[lacking[0]]}"


def check():
    """The judgement itself, on lines that must fail and lines that must not."""
    whole = [f"{step}: x" for needed in proofs.values() for step in needed]
    without = [line for line in whole if not line.startswith("copy")]
    no_copy = {"copy out": "", "copy in": ""}

    def wrong(lacks, seen, expected):
        return [operation for operation, complaint in judged(lacks, seen, expected).items() if complaint]
    assert wrong({}, whole, whole) == [] and wrong(no_copy, without, without) == []
    assert wrong({}, without, without) == ["copy"], "missing, though missing without pgveil too"
    assert wrong({"copy out": ""}, without, without) == ["copy"], "half declared"
    assert wrong(no_copy, whole, whole) == ["copy"], "declared and performed"
    assert wrong({}, [*whole, "held: r"], whole) == ["reconnect"] and wrong({}, whole[:-1], whole) == ["reconnect"]
    assert judged(no_copy, without, without)["copy"] is None
    try:
        judged({}, [*whole, "unheard of: x"], whole)
    except AssertionError:
        return
    raise AssertionError("a step that the table does not know was accepted")
