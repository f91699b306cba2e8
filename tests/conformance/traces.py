"""What a client saw, as lines in the vocabulary of libpq's trace, with what differs from run to run taken out."""
import re
import struct

names = {"R": "Authentication", "K": "BackendKeyData", "S": "ParameterStatus", "Z": "ReadyForQuery", "T": "RowDescription",
         "D": "DataRow", "C": "CommandComplete", "E": "ErrorResponse", "N": "NoticeResponse", "1": "ParseComplete",
         "2": "BindComplete", "3": "CloseComplete", "n": "NoData", "t": "ParameterDescription", "s": "PortalSuspended",
         "I": "EmptyQueryResponse", "A": "NotificationResponse", "G": "CopyInResponse", "H": "CopyOutResponse", "W": "CopyBothResponse",
         "d": "CopyData", "c": "CopyDone", "V": "FunctionCallResponse", "v": "NegotiateProtocolVersion"}
unstable_fields = "FLR"       # file, line and routine of the server's source: of no concern to a client


def line_of(m, role=""):
    try:
        return f"{names.get(m.kind, m.kind)} {detail(m, role)}".rstrip()
    except Exception:
        return f"{names.get(m.kind, m.kind)} undecodable {bytes(m.body)!r}"


def detail(m, role):
    match m.kind:
        case "E" | "N":
            fields = " ".join(f"{k}={v!r}" for k, v in m.fields.items() if k not in unstable_fields)
            return fields.replace(f'"{role}"', '"$USER"') if role else fields
        case "T":
            return " ".join(f'"{c["name"]}"({c["table"]}.{c["attnum"]} {c["type"]} {c["format"]})' for c in m.columns)
        case "D":
            return " ".join("NULL" if c is None else repr(bytes(c)) for c in m.cells)
        case "R":
            code = struct.unpack_from(">i", m.body)[0]
            return f"{code} {m.body[4:]!r}" if code == 10 else f"{code}"
        case "K":
            return f"pid key[{len(m.body) - 4}]"
        case "A":
            return " ".join(repr(p) for p in m.body[4:].split(b"\0")[:2])
        case "v":
            count = struct.unpack_from(">i", m.body, 4)[0]
            return f"{struct.unpack_from('>i', m.body)[0]} {count} {m.body[8:]!r}"
    return repr(bytes(m.body)) if m.body else ""


def settled(lines):
    """The login's ParameterStatus messages come in any order."""
    status = sorted(l for l in lines if l.startswith("ParameterStatus"))
    if not status or not any(l.startswith("BackendKeyData") for l in lines):
        return lines
    end = next(i for i, l in enumerate(lines) if l.startswith("BackendKeyData"))
    before = [l for l in lines[:end] if not l.startswith("ParameterStatus")]
    first = sorted(l for l in lines[:end] if l.startswith("ParameterStatus"))
    return before + first + lines[end:]


def stable(lines):
    """OIDs of what a dialogue made itself become numbers in order of appearance."""
    seen = {}
    name = lambda found: "#" + str(seen.setdefault(found[0], len(seen) + 1))
    return [re.sub(r"(?<=[( ])(?:1[6-9]|[2-9][0-9])[0-9]{3}\b", name, l) if l.startswith("RowDescription") else l for l in lines]


def kinds_of(messages, closed):
    """The short form: kinds, with the SQLSTATE of errors."""
    text = "".join(f"E({m.fields.get('C')})" if m.kind == "E" else m.kind for m in messages if m.kind not in "SN")
    return text + (" closed" if closed else "")


def difference(expected, seen):
    at = next((i for i, (a, b) in enumerate(zip(expected, seen)) if a != b), min(len(expected), len(seen)))
    show = lambda lines: "\n".join(f"    {l[:300]}" for l in lines[max(at - 2, 0):at + 4]) or "    (nothing)"
    return f"differs at message {at + 1}\n  PostgreSQL:\n{show(expected)}\n  pgveil:\n{show(seen)}"
