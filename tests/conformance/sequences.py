#!/usr/bin/env python3
"""Random sequences, compared with PostgreSQL; what differs is shrunk and printed as a dialogue.

usage: sequences.py [--mode shadow|enforce|held] [--count N] [--seed N] [--keep-going]
  held: enforce mode with writes in the mix. PostgreSQL gets, in their place, a statement that fails at the same point.
"""
import argparse
import os
import sys
import time

from stage import Stage, world  # noqa: F401  (also makes the support modules importable)
from coverage import Coverage
from generator import Generator, held, shrunk
from language import Dialogue
from player import Play, Segments

import wire

failing_stand_in = "SELECT 1/0"


class Session:
    """One side's connection, used again as long as it lives: reset between sequences."""

    def __init__(self, side):
        self.side, self.wire, self.pid = side, None, None

    def play(self, lines, segments):
        if self.wire is None:
            self.wire = self.side.connect()
            self.pid = self.wire.key[0]
        played = Replay(Dialogue("random", [], "random"), self.side, segments, self.wire)
        played.dialogue.lines = lines
        played.run()
        if played.closed or played.hung:
            self.wire = None
        else:
            self.reset()
        return played

    def reset(self):
        for text in ("ROLLBACK", "DISCARD ALL"):
            if self.wire.query(text).error:
                self.wire.socket.close()
                self.wire = None
                return


class Replay(Play):
    def __init__(self, dialogue, side, segments, connection):
        super().__init__(dialogue, side, segments)
        self.wire = connection

    def run(self):
        self.wire.socket.settimeout(10)
        try:
            for line in self.dialogue.lines:
                self.step(line)
            self.finish(False)
        except (wire.Closed, BrokenPipeError, ConnectionResetError):
            self.rest()
        except TimeoutError:
            self.hung = True
        if self.hung or self.closed:
            self.wire.socket.close()
        return self


def more_before_the_end(expected, got):
    """PostgreSQL ends without a word on a bad length, and answers of the extended protocol it kept back are lost with it."""
    common = expected[:-1]
    kept_back = ("ParseComplete", "BindComplete", "CloseComplete", "NoData", "RowDescription", "ParameterDescription", "DataRow", "CommandComplete",
                 "PortalSuspended", "EmptyQueryResponse")
    return got[:len(common)] == common and all(l.startswith(kept_back) for l in got[len(common):-1])


class Comparison:
    def __init__(self, stage, mode, writer):
        self.mode = mode
        self.stage, self.cut = stage, "whole"
        self.direct = Session(stage.direct(writer))
        self.proxy = Session(stage.proxy("shadow" if mode == "shadow" else "enforce", writer))
        self.deaths = {"directly": 0, "behind pgveil": 0}     # of PostgreSQL, by its own fault: there is nothing to compare then

    def play(self, lines):
        from run import comparable
        for _ in range(3):     # a server that waits for another session's lock is not what is compared
            if self.mode == "shadow":
                self.stage.renew()
            oracle = self.direct.play([self.stand_in(l) for l in lines], Segments("whole"))
            if self.server_died(self.direct, oracle, "directly"):
                return oracle, oracle, [], []
            if self.mode == "shadow":
                self.stage.renew()
            seen = self.proxy.play(lines, Segments(self.cut, 1))
            if self.server_died(self.proxy, seen, "behind pgveil"):
                return oracle, oracle, [], []
            if not oracle.hung:
                break
        expected, got = ([self.reduced(l) for l in comparable(p, "shadow" if self.mode == "shadow" else "enforce")] for p in (oracle, seen))
        if oracle.closed and seen.closed and more_before_the_end(expected, got):
            expected = got
        return oracle, seen, expected, got

    def server_died(self, session, played, where):
        """15.20 executes the portal of a failed simple query from freed memory: it dies by luck, on either side."""
        died = played.closed and self.stage.died(session.pid)
        if died:
            self.deaths[where] += 1
            self.direct.wire = self.proxy.wire = None
        return died

    def stand_in(self, line):
        if self.mode == "held":
            for text in held:
                line = line.replace(f'"{text}"', f'"{failing_stand_in}"')
        return line

    def reduced(self, line):
        if self.mode == "held" and line.startswith("ErrorResponse") and ("C='PV0" in line or "C='22012'" in line or "C='25001'" in line):
            return "ErrorResponse held or failed"
        return line

    def differs(self, lines):
        _, _, expected, got = self.play(lines)
        return expected != got


def run(stage, mode, count, seed, writer=True, keep_going=False, coverage=None, seconds=None):
    """Gives the dialogues that differ, shrunk; each a text."""
    from traces import difference
    comparison, generator, found = Comparison(stage, mode, writer), Generator(mode, seed), []
    coverage = coverage or Coverage()
    end = time.monotonic() + seconds if seconds else None
    done = 0
    while done < count and (end is None or time.monotonic() < end):
        done += 1
        if done % 10_000 == 0:
            print(f"     {done} sequences", flush=True)
        comparison.cut = ("whole", "random", "bytes")[generator.random.choices([0, 1, 2], [6, 2, 1])[0]]
        lines = generator.sequence()
        oracle, seen, expected, got = comparison.play(lines)
        coverage.add(lines, oracle.seen)
        if expected == got:
            continue
        lines = shrunk(lines, comparison.differs)
        _, _, expected, got = comparison.play(lines)
        found.append(f"-- found by chance: {mode}, seed {seed}, number {done}\n" + "\n".join(lines) + "\n" + difference(expected, got))
        print(found[-1], flush=True)
        if not keep_going or len(found) > 12:
            break
    if any(comparison.deaths.values()):
        print(f"PostgreSQL itself died {comparison.deaths}: those sequences could not be compared")
    return done, found


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--mode", default="shadow", choices=["shadow", "enforce", "held"])
    arguments.add_argument("--count", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--reader", action="store_true")
    arguments.add_argument("--keep-going", action="store_true")
    options = arguments.parse_args()
    stage, coverage = Stage(["shadow" if options.mode == "shadow" else "enforce"]), Coverage()
    try:
        started = time.monotonic()
        done, found = run(stage, options.mode, options.count, options.seed, not options.reader, options.keep_going, coverage)
        print(f"{done} sequences in {time.monotonic() - started:.0f} s, {len(found)} differences, seed {options.seed}")
        coverage.print()
        stage.end()
    finally:
        stage.close()
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
