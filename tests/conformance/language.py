"""Dialogues as data: one client message a line. `parse_file` gives Dialogue objects, `encode` the bytes of one line.

    -- title [flag flag]       flags: shadow (not played in enforce mode), raw (nothing was sent before: no login),
                               writes (tables are made new before each play), whole (never cut into segments)
    Q "SELECT 1"               Query                  P name "sql" [oid...]        Parse
    B portal stmt [f=0,1] [r=0,1] [value...]          Bind; NULL is null, other words are values
    D S|P name                 Describe               E portal [limit]             Execute
    C S|P name                 Close                  S H X                        Sync, Flush, Terminate
    d "data"  c  f "why"       CopyData, CopyDone, CopyFail
    F oid ["value"...]         FunctionCall, all in text, result in text
    msg t "body"               a message of any type  len t N "body"               with a length word that may lie
    raw "bytes"                bytes as they are      times N LINE                 LINE N times, {i} counts
    ? kinds                    waits until these messages came, one after the other, whatever is between them
    login [key=value...]       start-up and SCRAM     startup VERSION k v k v...   a StartupMessage; $USER is the role
    tls                        SSLRequest, and TLS if the answer is S
    gap                        reads what is there     pause S                    seconds of silence     eof                          the client shuts down its sending side
    byte                       reads one byte
    !mode "trace"              what pgveil says in this mode (any: in each) where it differs on purpose, in the short form:
                               kinds, SQLSTATE after E; PostgreSQL is then not asked

Words may be in double quotes with Python's escapes; "" is the empty word.
"""
import codecs
import re
import struct

import wire

word = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


class Dialogue:
    def __init__(self, title, flags, where):
        self.title, self.flags, self.where = title, flags, where
        self.lines, self.stricter = [], {}

    def modes(self):
        return ["shadow"] if "shadow" in self.flags else ["shadow", "enforce"]


def words_of(line):
    return [codecs.escape_decode(quoted.encode())[0] if bare == "" else bare.encode() for quoted, bare in word.findall(line)]


def parse_file(path):
    found, current = [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("-- "):
            title, _, flags = line[3:].partition("[")
            current = Dialogue(title.strip(), flags.rstrip("] ").split(), f"{path.name}:{number}")
            found.append(current)
        elif line.startswith("!"):
            mode, _, trace = line[1:].partition(" ")
            current.stricter[mode] = words_of(trace)[0].decode()
        else:
            current.lines += repeated(line)
    return found


def repeated(line):
    match = re.match(r"times (\d+) (.*)", line)
    if not match:
        return [line]
    return [match[2].replace("{i}", str(i)) for i in range(int(match[1]))]


def codes(option):
    return [int(c) for c in option.split(b"=")[1].split(b",") if c]


def encode_bind(words):
    values, formats, results = [], (), ()
    for w in words[2:]:
        if w.startswith(b"f=") and not values:
            formats = codes(w)
        elif w.startswith(b"r=") and not values:
            results = codes(w)
        else:
            values.append(None if w == b"NULL" else w)
    return wire.bind(values, words[1], words[0], formats, results)


def encode_call(words):
    body = struct.pack(">Ihh", int(words[0]), 0, len(words) - 1)
    for value in words[1:]:
        body += struct.pack(">i", len(value)) + value
    return wire.message("F", body + struct.pack(">h", 0))


def encode(line, role=b""):
    """The bytes of one line that sends something; None for the player's own words."""
    verb, *rest = words_of(line)
    match verb.decode():
        case "Q": return wire.query(rest[0])
        case "P": return wire.parse(rest[1], rest[0], [int(o) for o in rest[2:]])
        case "B": return encode_bind(rest)
        case "D": return wire.describe(rest[0].decode(), rest[1])
        case "E": return wire.execute(rest[0], int(rest[1]) if len(rest) > 1 else 0)
        case "C": return wire.close(rest[0].decode(), rest[1])
        case "S": return wire.sync
        case "H": return wire.flush
        case "X": return wire.terminate
        case "d": return wire.message("d", rest[0])
        case "c": return wire.message("c")
        case "f": return wire.message("f", wire.string(rest[0]))
        case "F": return encode_call(rest)
        case "msg": return rest[0] + struct.pack(">i", len(rest[1]) + 4) + rest[1]
        case "len": return rest[0] + struct.pack(">I", int(rest[1], 0)) + rest[2]
        case "raw": return rest[0].replace(b"$USER", role)
        case "startup":
            body = struct.pack(">I", int(rest[0], 0)) + b"".join(w.replace(b"$USER", role) + b"\0" for w in rest[1:]) + b"\0"
            return struct.pack(">i", len(body) + 4) + body
        case "?" | "gap" | "byte" | "login" | "tls" | "pause" | "eof": return None
    raise ValueError(f"no such line: {line}")
