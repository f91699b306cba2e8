#!/usr/bin/env python3
"""The hostile suite: pgveil before a server that lies, and before clients that do. usage: run.py [--only PART-OF-A-TITLE]"""
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support"), str(here)]
from stage import start, stop, suite  # noqa: E402
import lengths  # noqa: E402,F401
import rows  # noqa: E402,F401
import order  # noqa: E402,F401
import words  # noqa: E402,F401
import ends  # noqa: E402,F401
import logins  # noqa: E402,F401
import clients  # noqa: E402,F401
import log  # noqa: E402,F401

suite.main(start, stop)
