"""A suite of cases: `case("a sentence")` registers, `main()` runs them and prints one line for each.

The last line printed is `== SUITE N passed N failed`; scripts/test adds these up. A case fails by raising.
Each case may have a limit in seconds (default 60): one that hangs is a failure, not a hung run.
"""
import argparse
import faulthandler
import signal
import sys
import time
import traceback


class Skip(Exception):
    """Raised where a case cannot run here for a reason that is printed; counts as failed unless allowed."""


class Suite:
    def __init__(self, name):
        self.name = name
        self.cases = []
        self.passed = self.failed = 0

    def case(self, title, limit=60):
        def register(function):
            self.cases.append((title, limit, function))
            return function
        return register

    def check(self, title, function, *args, limit=60):
        """Runs one case now; for suites that generate their cases."""
        started = time.monotonic()

        def too_long(*_):
            raise TimeoutError(f"case took more than {limit} s")
        signal.signal(signal.SIGALRM, too_long)
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            function(*args)
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.passed += 1
            print(f"ok   {self.name}: {title} ({time.monotonic() - started:.2f} s)", flush=True)
            return True
        except Exception as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.failed += 1
            print(f"FAIL {self.name}: {title}", flush=True)
            for line in describe(error).splitlines():
                print(f"       {line}", flush=True)
            return False

    def run(self, only=None):
        for title, limit, function in self.cases:
            if only and only not in title:
                continue
            self.check(title, function, limit=limit)

    def finish(self):
        print(f"== {self.name} {self.passed} passed {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)

    def main(self, before=None, after=None):
        faulthandler.enable()
        arguments = argparse.ArgumentParser()
        arguments.add_argument("--only", help="run cases whose title contains this")
        options = arguments.parse_args()
        try:
            if before and not self.check("the suite's world starts", before, limit=180):
                return
            self.run(options.only)
        finally:
            if after:
                after()
            self.finish()


def describe(error):
    if isinstance(error, AssertionError):
        frames = traceback.extract_tb(error.__traceback__)
        at = frames[-1]
        where = f"{at.filename.rsplit('/', 1)[-1]}:{at.lineno}: {at.line}"
        return f"{where}\n{error}" if str(error) else where
    return "".join(traceback.format_exception(error)[-6:]).rstrip()


def equal(seen, expected, what=""):
    assert seen == expected, f"{what + ': ' if what else ''}expected {expected!r}, saw {seen!r}"


def contains(text, part, what=""):
    assert part in text, f"{what + ': ' if what else ''}expected {part!r} in {str(text)[:2000]!r}"


def absent(text, part, what=""):
    if part in text:
        around = text if not isinstance(text, (str, bytes)) else text[max(text.index(part) - 60, 0):][:160]
        raise AssertionError(f"{what + ': ' if what else ''}{part!r} must not be in it, is at {around!r}")
