#!/usr/bin/env python3
"""Over-mask: how often `pgveil detect` takes for somebody's data what is nobody's. No column name is given.

A thousand random values of each kind beside what Presidio's recognizers find in the like of them (its code run without
a language model, no context, share with any hit at score 0.4 or more; sixteen recognizers that are on by default, and
all 74). Ordinary texts follow. Ends with exit code 1 if a row is over its limit of 1 %.

usage: look_alikes.py [--binary PGVEIL] [--rules DIR] [--values N]
"""
import argparse
import json
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[2]
arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("--binary", default=str(root / "build/test/src/pgveil"))
arguments.add_argument("--rules", default=str(root / "rules"))
arguments.add_argument("--values", type=int, default=1000)
wanted = arguments.parse_args()
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from rows import ROWS  # noqa: E402

# A single nnn-nn-nnnn is a social security number as well as a part number: alone it is masked, on purpose. Bare 16 digits
# with a card's issuer, length and check digit are a card in one of forty random ones. A whole column of them is told
# apart by its vote: tests/recall/columns.py holds both rows to 1 %.
KNOWN = {"part no. nnn-nn-nnnn": 100.0, "16-digit id": 4.0}


def found(values):
    done = subprocess.run([wanted.binary, "detect", "--rules", wanted.rules], input="".join(json.dumps({"id": i, "text": v}) + "\n" for i, v in enumerate(values)),
                          capture_output=True, text=True, check=True)
    return [json.loads(line)["findings"] for line in done.stdout.splitlines()]


made = {name: [make() for _ in range(wanted.values)] for name, make, *_ in ROWS}
everything_found = found([value for values in made.values() for value in values])    # one process: it compiles its rules once
over = 0
print(f"{'value':<24}{'pgveil %':>10}{'Presidio 16':>13}{'all 74':>9}   found as")
for name, _, default, everything in ROWS:
    values = made[name]
    answers, everything_found = everything_found[:len(values)], everything_found[len(values):]
    share = 100.0 * sum(1 for findings in answers if findings) / len(values)
    classes = sorted({f["class"] for findings in answers for f in findings})
    worse = share > KNOWN.get(name, 1.0)
    over += worse
    example = next((v for v, findings in zip(values, answers) if findings), "") if worse else ""
    print(f"{name:<24}{share:>10.1f}{default:>13}{everything:>9}   {', '.join(classes)}{'  OVER: ' + example if worse else ''}")
print(f"{over} rows over their limit")
sys.exit(1 if over else 0)
