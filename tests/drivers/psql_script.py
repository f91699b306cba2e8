# psql through pgveil, one process that reads its script line by line; programs.py says what each line means and compares them.
import re
import signal
import subprocess
import sys
import tempfile

from shared import copy_lines, copy_rows, endless, other_product, out, product, tagged, wrongs

command = ["psql", "-X", "-q", "-A", "-t", "-F", "|", "-R", ";", "-P", "null=NULL", "-v", "VERBOSITY=verbose"]
describe_family = r"\l \dn \dt \d \dv+ \df \di \ds \dT+ \du \dp \dx \ddp \dRp \db \dD".split(" ")


class Psql:
    def __init__(self):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)

    def run(self, *script):
        """What it says to this. psql flushes its output before it writes to the standard error stream, as \\warn does."""
        print(*script, r"\warn END :SQLSTATE :ROW_COUNT", sep="\n", file=self.process.stdin, flush=True)
        said = []
        for line in self.process.stdout:
            if line.startswith("END "):
                _, sqlstate, count = line.split()
                self.outcome = count if sqlstate == "00000" else sqlstate
                return "\n".join(said)
            said.append(line.rstrip("\n"))
        raise SystemExit(f"psql ended: {said}")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def attempt(psql, step, statement):
    said = psql.run(statement)
    out(step, psql.outcome)
    if psql.outcome != "PV001":
        return
    out("held", said)
    sys.stdin.readline()
    for next_step in ("approved", "again"):
        psql.run(statement)
        out(next_step, psql.outcome)


def cancel():
    # With the terminal's interrupt key; a psql that reads a script ends by it. \warn says that its handler is in place.
    process = subprocess.Popen([*command, "-c", r"\warn ready", "-c", endless], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stderr.readline()
    while True:
        try:
            _, complaint = process.communicate(timeout=0.1)
            return re.search(r"ERROR:  (\w{5}: .*)", complaint)[1]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)


def main():
    psql = Psql()
    out("connect", psql.run("SELECT 1;"))
    out("query", psql.run(f"{tagged} <= 3 ORDER BY id;"))
    out("columns", psql.run(f"{tagged} <= 3 \\gdesc"))
    for what in (*describe_family, r"\d customers", r"\d+ orders", r"\sf close_order", r"\sv customer_contacts", r"\encoding"):
        out("describe", what, psql.run(what))
    out("parameters", psql.run(r"\set low 4", r"\set high 5", f"{tagged} BETWEEN :low AND :'high' ORDER BY id;"))
    psql.run(f"PREPARE one (int) AS {tagged} = $1;")
    for i in range(1, 6):
        out("prepared", psql.run(f"EXECUTE one ({i});"))
    with tempfile.NamedTemporaryFile() as file:
        psql.run(f"\\copy ({tagged} <= 3 ORDER BY id) TO '{file.name}' WITH (FORMAT binary)")
        for row in copy_rows(file.read()):
            out("binary", "|".join(map(str, row)).replace("None", "NULL"))
    out("batch", psql.run(f"SELECT 1\\; SELECT 2\\; {tagged} = 7;"))
    out("batch", psql.run("SELECT format('SELECT %s * 2', i) FROM generate_series(1, 3) i \\gexec"))
    out("cursor", psql.run(r"\set FETCH_COUNT 7", f"{tagged} <= 20 ORDER BY id;", r"\unset FETCH_COUNT"))
    for line in copy_lines(psql.run(f"\\copy ({tagged} <= 3 ORDER BY id) TO STDOUT", f"COPY ({tagged} <= 3 ORDER BY id) TO STDOUT;")):
        out("copy out", line)
    attempt(psql, "copy in", r"\copy order_log (order_id) FROM PROGRAM 'seq 3'")
    out("cancel", cancel())
    out("after cancel", psql.run("SELECT 2;"))
    for wrong in wrongs:
        out("error", psql.run(f"{wrong};"))
    out("commit", psql.run("BEGIN ISOLATION LEVEL SERIALIZABLE;", "SHOW transaction_isolation;", "COMMIT;"))
    psql.run("BEGIN;")
    out("savepoint", psql.run(r"\set ON_ERROR_ROLLBACK on", "SELECT 1/0;", "SELECT 3;", r"\unset ON_ERROR_ROLLBACK"))
    for step, statement in (("in a block", f"UPDATE products SET stock = 0 WHERE id = {other_product};"), ("failed block", "SELECT 4;")):
        psql.run(statement)
        out(step, psql.outcome)
    psql.run("ROLLBACK;")
    out("rollback", psql.run("SELECT 5;"))
    attempt(psql, "write", f"UPDATE products SET stock = stock + 1 WHERE id = {product};")
    out("reconnect", psql.run(r"\c", "SELECT 6;"))
    psql.end()


main()
