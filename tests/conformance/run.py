#!/usr/bin/env python3
"""The same messages to PostgreSQL and to pgveil: equal traces, whole and cut anywhere; then random sequences; then hostile servers.

usage: run.py [--only TEXT] [--modes shadow,enforce] [--show]
"""
import argparse
import pathlib
import sys

from stage import Stage, world
from language import parse_file
from player import Play, Segments
from suite import Suite
from traces import difference, stable

suite = Suite("conformance")
here = pathlib.Path(__file__).resolve().parent


def play(stage, dialogue, side, segments):
    if "writes" in dialogue.flags:
        stage.renew()
    return Play(dialogue, side, segments).run()


def ways(dialogue, mode):
    found = [Segments("whole")]
    if "whole" in dialogue.flags or (mode == "enforce" and not world.slow):
        return found
    found += [Segments("bytes"), Segments("random", 1)]
    return found + ([Segments("random", n) for n in range(2, 6)] if world.slow else [])


def compare(stage, dialogue, mode, writer, show=False):
    stricter = dialogue.stricter.get(mode, dialogue.stricter.get("any"))
    if stricter is None:
        oracle = play(stage, dialogue, stage.direct(writer), Segments("whole"))
        expected = comparable(oracle, mode)
        assert not oracle.hung, f"{dialogue.where}: PostgreSQL itself waits: {expected[-3:]}"
        if show:
            print("\n".join(expected))
    for segments in ways(dialogue, mode):
        seen = play(stage, dialogue, stage.proxy(mode, writer), segments)
        what = f"{dialogue.where} as {seen.side.user}, {segments.how}"
        if stricter is not None:
            assert seen.short() == stricter, f"{what}: expected {stricter}, saw {seen.short()}"
        elif comparable(seen, mode) != expected:
            raise AssertionError(f"{what}: {difference(expected, comparable(seen, mode))}")


def comparable(played, mode):
    """Where a malformed message is refused by pgveil itself, the code is PostgreSQL's and the words are its own: in
    enforce mode, where such a message is never sent on, and during the login."""
    lines = stable(played.trace())
    ready = next((i for i, l in enumerate(lines) if l.startswith("ReadyForQuery")), len(lines))
    own = range(len(lines)) if mode == "enforce" else range(ready if "raw" in played.dialogue.flags else 0)
    for i in own:
        if lines[i].startswith("ErrorResponse") and any(f"C='{code}'" in lines[i] for code in ("08P01", "22021", "22023")):
            lines[i] = " ".join(w for w in lines[i].split() if w.startswith(("ErrorResponse", "S=", "V=", "C=")))
    return lines


def dialogues(stage, options):
    for path in sorted((here / "dialogues").glob("*.dlg")):
        for dialogue in parse_file(path):
            if options.only and options.only not in f"{dialogue.title} {dialogue.where}":
                continue
            for mode in dialogue.modes():
                if mode not in options.modes:
                    continue
                roles = [True] if mode == "shadow" or "raw" in dialogue.flags else [True, False]
                for writer in roles:
                    title = f"{path.stem}: {dialogue.title} ({mode}{'' if writer else ', reader'})"
                    suite.check(title, compare, stage, dialogue, mode, writer, options.show, limit=120)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only")
    arguments.add_argument("--modes", type=lambda t: t.split(","), default=["shadow", "enforce"])
    arguments.add_argument("--show", action="store_true")
    options = arguments.parse_args()
    stage = None

    def start():
        nonlocal stage
        stage = Stage(options.modes)
    try:
        if suite.check("both sides start", start, limit=180):
            dialogues(stage, options)
    finally:
        if stage:
            stage.close()
        suite.finish()


if __name__ == "__main__":
    sys.exit(main())
