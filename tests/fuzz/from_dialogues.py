#!/usr/bin/env python3
"""Makes inputs of the relay's fuzz target from the conformance dialogues: what the client sends, and what answers it.

usage: from_dialogues.py DIRECTORY

Of each dialogue four inputs: the target's own small server answers, or the bytes that a real PostgreSQL gave to this
dialogue do; each in enforce and in shadow mode. Startup is the relay's owner's business: raw dialogues are left out.
"""
import pathlib
import struct
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "conformance"))

from stage import Stage  # noqa: E402
from language import encode, parse_file  # noqa: E402
from player import Play, Segments  # noqa: E402

import wire  # noqa: E402

longest_step, longest_input = 0xffff, 16_384
everything_happens = b"e\x00\x02\x00\x02"       # what was appended is durable, and written


def step(letter, data):
    return b"".join(letter + struct.pack(">H", len(part)) + part for part in (data[i:i + longest_step] for i in range(0, len(data), longest_step)))


class Heard(Play):
    """One line after the other, each with all that answers it, as inputs."""

    def run(self):
        self.wire = self.side.connect()
        self.lines = []
        for line in [*self.dialogue.lines, "S"]:
            data = encode(line, self.side.user.encode())
            if data is None:
                continue
            self.lines.append([data, b""])
            try:
                self.wire.socket.sendall(data)
                self.read_what_is_there()
            except (wire.Closed, OSError):
                self.closed = True
            self.lines[-1][1] = b"".join(m.kind.encode() + struct.pack(">i", len(m.body) + 4) + m.body for m in self.seen)
            self.seen = []
            if self.closed:
                break
        self.wire.socket.close()
        return self.lines


def inputs(lines):
    by_the_target = b"".join(step(b"c", sent) + everything_happens + step(b"a", bytes([1, 2, 1, 3])) for sent, _ in lines)
    by_postgresql = b"".join(step(b"c", sent) + everything_happens + step(b"s", heard) for sent, heard in lines)
    return [shadow + body for shadow in (b"", b"w") for body in (by_the_target, by_postgresql)]


def main(directory):
    directory.mkdir(parents=True, exist_ok=True)
    stage, made = Stage([]), 0
    try:
        for path in sorted((here.parent / "conformance" / "dialogues").glob("*.dlg")):
            for dialogue in parse_file(path):
                if "raw" in dialogue.flags:
                    continue
                stage.renew()
                for number, made_of in enumerate(inputs(Heard(dialogue, stage.direct(), Segments("whole")).run())):
                    if len(made_of) <= longest_input:
                        (directory / f"{dialogue.where.replace(':', '-')}-{number}").write_bytes(made_of)
                        made += 1
    finally:
        stage.close()
    print(f"{made} inputs")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
