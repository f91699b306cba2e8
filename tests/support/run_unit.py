#!/usr/bin/env python3
"""Runs the programs a build registered as tests and prints each doctest case.

usage: run_unit.py BUILD-DIR SUITE      suite `unit` or another that meson knows (`tables`, `fuzz`, ...)
Programs made of doctest cases are counted case by case; any other by its exit code.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from suite import Suite  # noqa: E402


def registered(build, suite):
    listing = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, text=True, check=True)
    for test in json.loads(listing.stdout):
        if test["suite"][-1].split(":")[-1] == suite:
            yield test


def run_doctest(suite, test):
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        done = subprocess.run(test["cmd"] + ["-r=junit", "-o=" + report.name], cwd=test["workdir"], env=os.environ | test["env"],
                              capture_output=True, text=True, errors="replace", timeout=test["timeout"] or 300)
        try:
            cases = list(xml.parse(report.name).getroot().iter("testcase"))
        except xml.ParseError:
            cases = []
    failures = 0
    for case in cases:
        bad = case.findall("failure") + case.findall("error")
        failures += bool(bad)
        record(suite, f"{test['name']}: {case.get('name')}", "\n".join(f"{b.get('message')} {b.text or ''}".strip() for b in bad))
    if not cases or (done.returncode != 0 and not failures):
        record(suite, f"{test['name']}: the program ends well", f"exit {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")


def record(suite, title, trouble):
    def body():
        if trouble:
            raise AssertionError(trouble)
    suite.check(title, body)


def run(suite, test):
    try:
        if pathlib.Path(test["cmd"][0]).name.startswith(("unit-", "tables-")):
            run_doctest(suite, test)
            return
        done = subprocess.run(test["cmd"], cwd=test["workdir"], env=os.environ | test["env"], capture_output=True, text=True,
                              errors="replace", timeout=test["timeout"] or 300)
        record(suite, test["name"], "" if done.returncode == 0 else f"exit {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    except subprocess.TimeoutExpired as late:
        record(suite, test["name"], f"took more than {late.timeout} s")


def main():
    build, name = sys.argv[1:3]
    suite = Suite(name)
    for test in registered(build, name):
        run(suite, test)
    suite.finish()


main()
