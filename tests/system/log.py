"""The record: written before the effect, without raw literals, verifiable, and not to be altered unseen."""
import json
import shutil

from common import agent, case, shared
from suite import absent, contains, equal
from world import held, temporary, wait_for


def settled():
    return shared.proxy.records()


@case("every statement has its intent and its result, joined, with what they said")
def _():
    with agent() as a:
        a.query("SELECT id AS marker_one FROM orders WHERE id = 77").ok()
        a.extended("SELECT id AS marker_two FROM orders WHERE id = $1", ["78"]).ok()
    wait_for(lambda: sum("marker_" in r.get("sql", "") for r in settled() if r["kind"] == "stmt.intent") >= 2, 5, "two intents")
    records = settled()
    for marker in ("marker_one", "marker_two"):
        intent = [r for r in records if r["kind"] == "stmt.intent" and marker in r.get("sql", "")]
        equal(len(intent), 1, marker)
        equal((intent[0]["agent"], intent[0]["database"], intent[0]["class"], intent[0]["decision"]), ("copilot", "shop", "read", "allow"))
        contains(str(intent[0]["relations"]), "public.orders")


@case("indices run without a gap, keys are in order, each line carries its checksum")
def _():
    raw = b"".join(p.read_bytes() for p in sorted((shared.proxy.audit_dir / "seg").glob("*.jsonl")))
    lines = [line for line in raw.split(b"\n") if line.strip(b"\0")]
    for number, line in enumerate(lines):
        record = json.loads(line)
        keys = list(record)
        equal((keys[0], keys[-1], record["i"]), ("i", "crc", number), line[:80])
        assert len(line) <= 65535


@case("no literal, parameter, password or cell is anywhere in the log or on stderr")
def _():
    with agent() as a:
        a.query("SELECT 1 WHERE 'canary-literal-4711' = 'x'").ok()
        a.extended("SELECT $1::text", ["canary-parameter-4712"]).ok()
        a.query("SELECT 'canary-broken-4713")
        a.query("SELECT $tag$canary-dollar-4714$tag$")
        a.query("/* canary-comment-4715 */ SELECT 1 -- canary-comment-4716")
        a.query('SELECT 1 AS "canary-identifier-4717"')
        held(a.query("UPDATE products SET title = 'canary-write-4718' WHERE id = 70"))
        a.query("SELECT E'\\x63anary', U&'canary-unicode-4719', B'1010', X'c0ffee4720', 47214721472147214721")
    everything = shared.proxy.log_bytes() + shared.proxy.stderr().encode()
    for word in (b"canary-", b"47214721472147214721", b"c0ffee4720"):
        absent(everything, word)


@case("a held write, its approval and its run are records that name the request and the person")
def _():
    with agent() as a:
        sql = "UPDATE products SET stock = 9 WHERE id = 71"
        request = held(a.query(sql))["request"]
        shared.proxy.console(f"APPROVE '{request}' REASON 'seen'").ok()
        a.query(sql).ok()
    about = lambda: [r for r in settled() if r.get("request") == request]  # noqa: E731
    wait_for(lambda: any(r["kind"] == "request.finish" for r in about()), 5, "the request's end, which follows the answer")
    found = about()
    kinds = [r["kind"] for r in found]
    for kind in ("request.file", "request.approve", "request.consume", "stmt.intent", "request.finish"):
        contains(kinds, kind)
    assert kinds.index("request.consume") < len(kinds) - 1
    equal([r["person"] for r in found if r["kind"] == "request.approve"], ["erik"])


@case("log verify passes on the live log with the public key, and prints four verdicts")
def _():
    got = shared.proxy.verify()
    for word in ("integrity", "completeness", "freshness", "anchoring"):
        contains(got.stdout.lower(), word)
    absent(got.stdout.upper().split("COMPLETENESS")[0], "FAIL")
    own = shared.proxy.cli("log", "verify", "--log", shared.proxy.audit_dir)
    equal(own.returncode, 1, "a key out of the log itself proves nothing")
    contains(own.stdout + own.stderr, "self-attested")


def tampered(change):
    copy = temporary("log") / "audit"
    shutil.copytree(shared.proxy.audit_dir, copy)
    segment = sorted((copy / "seg").glob("*.jsonl"))[0]
    segment.write_bytes(change(segment.read_bytes()))
    return shared.proxy.verify(copy)


@case("a changed byte, a removed line, a swapped pair, a cut tail and an added line each fail verify, naming the record")
def _():
    def lines(data):
        return data.rstrip(b"\0").rstrip(b"\n").split(b"\n")
    changes = {
        "byte": lambda d: d.replace(b'"agent":"copilot"', b'"agent":"someone"', 1),
        "removed": lambda d: b"\n".join(lines(d)[:2] + lines(d)[3:]) + b"\n",
        "swapped": lambda d: b"\n".join([*lines(d)[:2], lines(d)[3], lines(d)[2], *lines(d)[4:]]) + b"\n",
        "cut": lambda d: b"\n".join(lines(d)[:-3]) + b"\n",
        "added": lambda d: b"\n".join([*lines(d)[:3], lines(d)[2], *lines(d)[3:]]) + b"\n"}
    for what, change in changes.items():
        got = tampered(change)
        equal(got.returncode, 1, f"{what}: {got.stdout}")
        contains(got.stdout.upper(), "FAIL", what)
    got = tampered(lambda d: b"\n".join([*lines(d), lines(d)[-1]]) + b"\n")
    contains(got.stdout, "no record", "a line behind the last checkpoint counts for nothing, and is named")
    got = tampered(lambda d: d)
    contains(got.stdout.lower(), "integrity")
    absent(got.stdout.upper().split("COMPLETENESS")[0], "FAIL", "an untouched copy")


@case("log show, search and prove answer")
def _():
    show = shared.proxy.cli("log", "show", "--log", shared.proxy.audit_dir, "0")
    contains(show.stdout, "log.start")
    search = shared.proxy.cli("log", "search", "--log", shared.proxy.audit_dir, "--agent", "copilot", "--kind", "stmt.intent")
    equal(search.returncode, 0, search.stderr)
    contains(search.stdout, "stmt.intent")
    proof = shared.proxy.cli("log", "prove", "--log", shared.proxy.audit_dir, "--key", shared.proxy.key_line, "1")
    equal(proof.returncode, 0, proof.stderr)
    assert proof.stdout or proof.stderr
