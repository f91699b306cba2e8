"""After all of it: the log can be proved, and nothing was changed in the database. Stands last."""
import subprocess

from stage import case, contents, lives, stage
from suite import contains, equal


@case("the log verifies and holds no value of a sensitive column")
def _():
    lives()
    done = stage.proxy.verify()
    equal(done.returncode, 0, done.stdout + done.stderr)
    contains(done.stdout, "integrity")
    words = stage.proxy.dir / "canaries"
    words.write_bytes(b"\n".join(stage.canaries))
    found = subprocess.run(["grep", "-raFo", "-f", words, stage.proxy.audit_dir], capture_output=True)
    equal((found.returncode, found.stdout[:200]), (1, b""), "in the log")


@case("no row, setting or definition of the database was changed")
def _():
    equal(contents() == stage.digest, True)


@case("pgveil ends when told, with nothing on stderr but what an operator should know")
def _():
    equal(stage.proxy.stop(), 0)
    text = stage.proxy.stderr()
    for word in ("Sanitizer", "terminate called", "Assertion"):
        assert word not in text, f"{word} in {text[-2000:]}"
