#!/usr/bin/python3
"""`pgveil detect` on values of an independent generator: recall, byte offsets, classes; and on look-alikes: over-mask.

A thousand values a class, under a fitting column name whole and within a sentence that names the kind, and, for the
classes that stand alone, without any name. Then whole columns through the proxy (columns.py). Prints a table of all of it.

usage: run.py [--values N] [--table]
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "support"), str(pathlib.Path(__file__).resolve().parents[2] / "bench/masking")]
import columns as whole_columns  # noqa: E402
from suite import Suite  # noqa: E402
from values import CLASSES  # noqa: E402
from world import binary, root  # noqa: E402

arguments = argparse.ArgumentParser()
arguments.add_argument("--values", type=int, default=1000)
wanted = arguments.parse_args()

suite = Suite("recall")
BEFORE = ["", "see ", "the customer wrote: ", "é — ", "(", "\n\t", "on file is ", "id=", "ref: \""]
AFTER = ["", " ok", ", thanks", ". Then", ")", "\n", " — é", ";", "\""]
UNDER_NAME, ALONE = 0.99, 0.95
# A class whose own rule is one of several that fit the value: any of these names it well enough.
KIN = {"API_KEY": {"SECRET"}, "PASSWORD": {"SECRET", "URL"}, "DE_PLZ": {"LOCATION"}, "IT_PASSPORT": {"UK_PASSPORT"},
       "UK_POSTCODE": {"LOCATION"}}


def detect(lines):
    done = subprocess.run([binary, "detect", "--rules", str(root / "rules")], input="\n".join(map(json.dumps, lines)) + "\n", capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return [json.loads(line)["findings"] for line in done.stdout.splitlines()]


def spread(class_name, maker, r, columns, sentence):
    """Lines to ask and the bytes of each that must be covered."""
    lines, spans = [], []
    for i in range(wanted.values):
        value = maker(r)
        before, after = ("", "") if not sentence else (r.choice(BEFORE), r.choice(AFTER))
        if sentence and class_name == "PRIVATE_KEY":
            before = before.rstrip("=") + "\n"
        text = before + value + after
        line = {"id": i, "text": text}
        if columns:
            line["column"] = columns[i % len(columns)]
        lines.append(line)
        start = len(before.encode())
        if class_name == "PASSWORD":       # of a URL the password alone is the secret
            start += len("postgres://app:")
            spans.append((start, start + 12))
        else:
            spans.append((start, start + len(value.encode())))
    return lines, spans


def judge(class_name, lines, spans, answer):
    """Share of values covered byte for byte, share named as their class, examples of what was not."""
    covered = named = exact = 0
    missed = []
    for line, (start, end), findings in zip(lines, spans, answer):
        over = [f for f in findings if f["start"] < end and f["end"] > start]
        whole = any(f["start"] <= start and f["end"] >= end for f in over)
        covered += whole
        exact += any(f["start"] == start and f["end"] == end for f in over)
        named += whole and any(f["class"] in {class_name} | KIN.get(class_name, set()) for f in over)
        if not whole or not any(f["class"] in {class_name} | KIN.get(class_name, set()) for f in over):
            missed.append((line["text"], line.get("column"), findings))
    count = len(lines)
    return covered / count, named / count, exact / count, missed[:3]


rows = []
asked, answers = [], []


def ways(title):
    """How a class is asked for: (columns, in a sentence, least share)."""
    _, columns, alone = CLASSES[title]
    return [(columns, False, UNDER_NAME), (columns, True, UNDER_NAME)] + ([(None, False, ALONE), (None, True, ALONE)] if alone else [])


def one_class(title, parts):
    class_name = title.split(" ")[0]
    row, troubles = [title], []
    for (columns, sentence, least), lines, spans, findings in parts:
        covered, named, exact, missed = judge(class_name, lines, spans, findings)
        row.append(f"{covered:.3f}/{named:.3f}/{exact:.3f}")
        if covered < least or named < least:
            troubles.append(f"{'sentence' if sentence else 'value'} {'under a name' if columns else 'alone'}: {covered:.3f} covered, {named:.3f} named; {missed}")
    rows.append(row)
    if troubles:
        raise AssertionError("\n".join(troubles))


# One process for all: it compiles its rules once.
for title in CLASSES:
    r = random.Random(title)
    for way in ways(title):
        asked.append((title, way, *spread(title.split(" ")[0], CLASSES[title][0], r, way[0], way[1])))
everything = detect([line for part in asked for line in part[2]])
for title, way, lines, spans in asked:
    answers.append((title, way, lines, spans, everything[:len(lines)]))
    everything = everything[len(lines):]
for title in CLASSES:
    suite.check(f"{title} is found", one_class, title, [part[1:] for part in answers if part[0] == title], limit=120)
print("class: covered/named/exact of values under a name, of sentences under a name, and the same without a name")
for row in rows:
    print("  " + " ".join(f"{cell:<24}" for cell in row))
whole_columns.check(suite, min(wanted.values, 1000))
suite.finish()
