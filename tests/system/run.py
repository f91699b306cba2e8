#!/usr/bin/env python3
"""The system suite: pgveil before a real PostgreSQL, asked over the wire. usage: run.py [--only PART-OF-A-TITLE]"""
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support"), str(here)]
from common import start, stop, suite  # noqa: E402
import approval  # noqa: E402,F401
import binding  # noqa: E402,F401
import budgets  # noqa: E402,F401
import console  # noqa: E402,F401
import copy_rows  # noqa: E402,F401
import grants  # noqa: E402,F401
import login  # noqa: E402,F401
import log  # noqa: E402,F401
import masks  # noqa: E402,F401
import memory  # noqa: E402,F401
import names  # noqa: E402,F401
import network  # noqa: E402,F401
import nulls  # noqa: E402,F401
import protocol  # noqa: E402,F401
import reload  # noqa: E402,F401
import replace  # noqa: E402,F401
import search_path  # noqa: E402,F401
import shadow  # noqa: E402,F401
import transactions  # noqa: E402,F401
import votes  # noqa: E402,F401
import warm  # noqa: E402,F401

suite.main(start, stop)
