"""What a server says in words: errors, notices, settings, notifications; endless, malformed, and with values in them."""
import struct

from man import at, before
from stage import Watch, any_of, case, ended, harmless, hear, no_canary, play, ready, right, sensitive, stage
from suite import absent, equal
from wire import bind, describe, execute, message, parse, sync

batch = [parse(sensitive), bind(), describe("P"), execute(), sync]


def words(kind="E", **fields):
    return message(kind, b"".join(k.encode() + v.encode() + b"\0" for k, v in fields.items()) + b"\0")


def failed(client, got):
    """PostgreSQL's error, and a session that goes on."""
    assert got.error and got.error["S"] == "ERROR" and got.status == "I", got
    client.session.script = None
    equal(client.query("SELECT 7").value, "7")


def error_of(body_words):
    return lambda session, whole: body_words + message("Z", b"I")


@case("values of sensitive columns in every field of an error and of a notice")
def _():
    secret = f"{stage.email} and {stage.name} and {stage.canaries[3].decode()}"
    for fields in ({"M": secret}, {"M": "x", "D": secret}, {"M": "x", "H": secret}, {"M": "x", "W": secret}, {"M": "x", "D": secret, "H": secret, "W": secret, "q": secret}):
        for code in ("22P02", "23505", "P0001", "XX000"):
            told = words(S="ERROR", V="ERROR", C=code, **fields)
            play(swallowing(told), end=failed)
            play(before("T", words("N", S="NOTICE", V="NOTICE", C="00000", **fields)), end=right)


def swallowing(told):
    """The error in place of every message up to ReadyForQuery."""
    said = [False]

    def script(_, kind, body):
        if kind == "Z":
            return None
        if said[0]:
            return b""
        said[0] = True
        return told
    return script


@case("an address in the words of a server that says good-bye, and in a notice to an idle session")
def _():
    with Watch():
        client = ready()
        client.session.send(words("N", S="NOTICE", V="NOTICE", C="00000", M=f"ask {stage.email}"))
        equal(client.query("SELECT 7").value, "7")
        client.session.send(words(S="FATAL", V="FATAL", C="57P01", M=f"ask {stage.email}", D=stage.email))
        ended(client, hear(client), ("57P01",))
        no_canary(client)


@case("an error without code, severity or message, with fields twice, with letters nobody knows")
def _():
    for body in (b"\0", b"Mx\0\0", b"C\0\0", b"SERROR\0SFATAL\0C22000\0C42000\0Mx\0My\0\0", b"\x01a\0\x7fb\0\0", b"C" + b"9" * 5000 + b"\0\0", b"SERROR\0VERROR\0C\xff\xfe\0M\xff\xfe\0\0"):
        play(swallowing(message("E", body)), end=any_of(ended, lambda c, g: equal((g.kinds.count("E"), g.kinds[-1]), (1, "Z"))))


@case("an error of a million fields")
def _():
    play(swallowing(message("E", b"M\0" * 1_000_000 + b"\0")))
    play(swallowing(message("E", b"SERROR\0VERROR\0C22000\0" + b"Dx\0" * 1_000_000 + b"\0")))
    play(before("T", message("N", b"M\0" * 1_000_000 + b"\0")))


@case("an error, a notice, a setting, a notification of forty megabytes: cut short or the end, but not kept")
def _():
    much = 40 << 20
    for told in (words(S="ERROR", V="ERROR", C="22000", M="m" * much), words("N", S="NOTICE", V="NOTICE", C="00000", M="m" * much), message("S", b"TimeZone\0" + b"z" * much + b"\0"),
                 message("A", bytes(4) + b"c\0" + b"p" * much + b"\0"), message("t", bytes(much)), message("T", b"\0\1" + b"n" * much + b"\0" + bytes(18)), message("V", bytes(much))):
        play(before("T", told), end=any_of(ended, lambda c, g: equal((g.kinds[-1], len(c.received) < (2 << 20)), ("Z", True))))


@case("an error that an agent makes long is not kept either")
def _():
    with Watch():
        client = stage.proxy.agent("reader", "honest")
        got = client.query("SELECT repeat('x', 40000000)::int")
        equal(got.sqlstate, "22P02", str(got)[:200])
        assert len(client.received) < 2 << 20, f"{len(client.received)} bytes"
        equal(client.query("SELECT 7").value, "7")
        client.close()


@case("floods: fifty thousand notices, settings and notifications before the rows")
def _():
    for told in (words("N", S="NOTICE", V="NOTICE", C="00000", M="again"), message("S", b"application_name\0reader/x\0"), message("A", struct.pack(">i", 1) + b"channel\0payload\0"),
                 words(S="ERROR", V="ERROR", C="22000", M="again")):
        play(before("T", told * 50_000), end=any_of(right_rows, failed_often))


def right_rows(client, got):
    equal((got.error, got.rows), (None, stage.expected[sensitive]))


def failed_often(client, got):
    assert got.kinds.count("E") > 40_000, got.kinds[-20:]


@case("a flood to a client that does not read stops at the server")
def _():
    # Notices of a statement that reads masked columns are not given on: nothing of them is kept.
    for told in (message("D", b"\0\6" + b"\xff\xff\xff\xff" * 6), message("S", b"application_name\0reader/x\0")):
        sent = [0]

        def script(session, kind, _, told=told, sent=sent):
            if kind != "D":
                return None
            session.client.settimeout(0.5)
            for _ in range(4000):
                session.send(told * 100)
                sent[0] += len(told) * 100
            return None
        play(script, end=None)
        assert sent[0] < 60 << 20, f"{sent[0]} bytes were taken"


@case("settings that pgveil relies on: another encoding, other strings")
def _():
    for name, value in (("client_encoding", "LATIN1"), ("client_encoding", ""), ("client_encoding", "utf8"), ("standard_conforming_strings", "off"), ("standard_conforming_strings", "")):
        play(before("T", message("S", name.encode() + b"\0" + value.encode() + b"\0")), end=lambda c, g: ended(c, g, ("0A000", "08006")))


@case("settings that only describe the server are given on, and change nothing")
def _():
    for name, value in (("server_version", "99.9"), ("server_version", "0"), ("in_hot_standby", "on"), ("is_superuser", "on"), ("session_authorization", "postgres"), ("integer_datetimes", "off"),
                        ("TimeZone", "Nowhere"), ("DateStyle", "nonsense"), ("IntervalStyle", ""), ("nobody_knows", "this"), ("", ""), ("search_path", "evil"), ("client_encoding", "UTF8"),
                        ("default_transaction_read_only", "off"), ("server_encoding", "LATIN1")):
        play(before("T", message("S", name.encode() + b"\0" + value.encode() + b"\0")), end=right)


@case("a setting, a notification and a tag that carry an address")
def _():
    secret = stage.email.encode()
    for told in (message("S", b"TimeZone\0" + secret + b"\0"), message("S", b"nobody_knows\0" + secret + b"\0"), message("S", b"application_name\0" + secret + b"\0"),
                 message("A", struct.pack(">i", 1) + b"channel\0" + secret + b"\0")):
        play(before("T", told), end=any_of(right_rows, ended))
    play(at("C", message("C", secret + b"\0")), end=any_of(right_rows, ended))


@case("nothing of this stands in the log in clear")
def _():
    absent(stage.proxy.log_bytes(), stage.email.encode())
    play(lambda *_: None, harmless, end=right)
