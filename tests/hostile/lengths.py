"""Messages of the server whose declared length is a lie, or whose insides are."""
import struct

from man import at, before, header
from stage import case, harmless, play, sensitive
from wire import bind, describe, execute, message, parse, sync

lies = {"0": 0, "3": 3, "-1": -1, "-2^31": -(1 << 31), "2^31-1": (1 << 31) - 1, "1 GiB": 1 << 30, "10 MiB": 10 << 20}
batch = [parse(sensitive), bind(), describe("P"), execute(), sync]


def gone(session, data):
    session.quit(data)


for kind in "12TDCZENSA":
    @case(f"{kind} with a length of {', '.join(lies)} and few bytes behind it: the end, without waiting for more than was promised")
    def _(kind=kind):
        for length in lies.values():
            play(at(kind if kind not in "ENSA" else "T", lambda s, _: gone(s, header(kind, length, b"\0\1few"))), parts=batch)


@case("every type a server must not send now, and bytes that are no type")
def _():
    for kind in [chr(n) for n in (0, 1, 9, 10, 31, *range(48, 58), *range(65, 91), *range(97, 123), 127, 128, 255)]:
        if kind not in "DSNAEtT" and kind != "n":
            play(at("T", message_of(kind)))


def message_of(kind):
    return kind.encode("latin-1") + b"\0\0\0\4"


@case("a huge message that is promised and never comes costs nothing, and leaving it is easy")
def _():
    for kind, sql in (("D", sensitive), ("D", harmless), ("E", sensitive), ("N", harmless), ("T", sensitive)):
        play(at("T", lambda s, _: s.quiet(header(kind, 0x3ffffff0, b"\0\6abc"))), sql, end=None)


@case("a row promised to be 1 GiB whose server dies within it: the end")
def _():
    for sql in (sensitive, harmless):
        play(at("D", lambda s, _: s.quit(header("D", 0x3ffffff0, b"\0\2\0\0\0\1x\0\0\0\1"))), sql, end=torn)


def torn(client, got):
    """Of a row that went out in parts the client has a part, then the end; nothing else can be said in the middle of it."""
    assert getattr(got, "closed", False), got
    assert "D" in got.kinds or b"D\x3f\xff" in bytes(client.received) or got.error["C"] == "08006", got


@case("insides that do not fill their length, or overflow it")
def _():
    bad = [("T", b""), ("T", b"\0"), ("T", b"\0\1"), ("T", b"\0\1name\0"), ("T", b"\0\1name\0" + bytes(17)), ("T", b"\0\1name\0" + bytes(19)), ("T", b"\0\1noend"),
           ("T", b"\xff\xff"), ("T", b"\x7f\xff" + b"a\0" + bytes(18)), ("C", b""), ("C", b"SELECT 1"), ("C", b"SELECT 1\0more"), ("Z", b""), ("Z", b"II"),
           ("Z", b"\0"), ("Z", b"Q"), ("Z", b"i"), ("S", b""), ("S", b"a\0"), ("S", b"a\0b"), ("S", b"a\0b\0c\0"), ("A", b""), ("A", bytes(4)), ("A", bytes(4) + b"a\0b"),
           ("A", bytes(4) + b"a\0b\0c"), ("E", b""), ("E", b"SERROR"), ("E", b"SERROR\0C12345"), ("E", b"SERROR\0\0more"), ("N", b""), ("N", b"Mtext"), ("N", b"\0\0")]
    for kind, body in bad:
        play(before("C", message(kind, body)))
    play(at("Z", lambda s, _: message("Z", b"X")))


@case("insides of answers to extended messages that must be empty, or are not what they say")
def _():
    for kind, body in (("t", b"\0\2\0\0\0\x17"), ("t", b"\xff\xff"), ("t", b"\0"), ("T", b"\0\1")):
        play(at("t", message(kind, body)), parts=[parse(sensitive), describe("S"), sync])


@case("more columns than a result can have, and a name of 6 MB")
def _():
    field = b"\0" + struct.pack(">ihihih", 0, 0, 25, -1, -1, 0)
    for count in (1665, 65535):
        play(at("T", message("T", struct.pack(">H", count) + field * count)))
    play(at("T", message("T", struct.pack(">H", 1) + b"n" * (6 << 20) + b"\0" + bytes(18))))
