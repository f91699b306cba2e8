"""The look-alikes: what is nobody's data and looks like somebody's. (name, maker, what Presidio's 16 default recognizers and
all 74 find in the like of it in %). Used by look_alikes.py on single values and by tests/recall on columns."""
import base64
import json
import random
import uuid

r = random.Random(52)


def digits(n):
    return r.choice("123456789") + "".join(r.choice("0123456789") for _ in range(n - 1))


def letters(n, of="abcdefghijklmnopqrstuvwxyz"):
    return "".join(r.choice(of) for _ in range(n))


def hexes(n):
    return letters(n, "0123456789abcdef")


def luhn(body):
    total = sum((int(c) * 2 - 9 if int(c) > 4 else int(c) * 2) if i % 2 == 0 else int(c) for i, c in enumerate(reversed(body)))
    return body + str(-total % 10)


def ean13():
    body = digits(12)
    return body + str(-sum(int(c) * (1, 3)[i % 2] for i, c in enumerate(body)) % 10)


WORDS = ("the order was shipped late and customer asked for refund because item arrived broken please check stock level before Monday meeting with team about "
         "invoice number status pending review again error timeout server restarted version update report total price size color Will May Virginia chase bank "
         "account open token count user admin test data key value list map index table row column query plan cost time date day month year").split()


def prose():
    return " ".join(r.choice(WORDS) for _ in range(r.randint(4, 40))).capitalize() + r.choice([".", "!", "?", ""])


def log_line():
    return (f"2024-0{r.randint(1, 9)}-{r.randint(10, 28)}T{r.randint(10, 23)}:{r.randint(10, 59)}:{r.randint(10, 59)}.{digits(3)}Z {r.choice(['INFO', 'WARN', 'ERROR'])} "
            f"[{letters(6)}-{r.randint(1, 20)}] {letters(5)}.{letters(7)}:{r.randint(1, 900)} took {digits(4)} ms, {digits(6)} bytes, trace={hexes(32)} span={hexes(16)} "
            f"status={r.choice([200, 404, 500])}")


def code():
    a, b = letters(5), letters(6)
    return r.choice([f"def {a}({b}, n={digits(3)}): return {b}[{digits(2)}:] + '{letters(8)}'", f"SELECT {a}.id, count(*) FROM {a} JOIN {b} USING (id) WHERE {b}.n > {digits(5)}",
                     f"const {a} = require('{b}@{r.randint(1, 9)}.{r.randint(0, 20)}.{r.randint(0, 9)}');", f"if ({a}->{b} != 0x{hexes(8)}) {{ goto {letters(4)}_{digits(2)}; }}",
                     f"npm i {a}@{r.randint(1, 9)}.{r.randint(0, 9)}.{r.randint(0, 9)} && git checkout {hexes(40)}", f"#define {a.upper()}_{b.upper()} {digits(10)}UL",
                     f"docker pull {a}/{b}:{r.randint(1, 9)}.{r.randint(0, 9)}@sha256:{hexes(64)}", f"@{a}.{b}('/{letters(4)}/<int:{letters(2)}>')"])


def path():
    return r.choice([f"/var/lib/{letters(6)}/{hexes(8)}/{digits(6)}.dat", f"C:\\Users\\{letters(5)}\\{letters(8)}_{digits(8)}.xlsx", f"s3://{letters(8)}/{digits(4)}/{digits(2)}/{uuid.UUID(int=r.getrandbits(128))}.parquet",
                     f"./{letters(5)}/{letters(7)}-{r.randint(1, 9)}.{r.randint(0, 20)}.tar.gz"])


ROWS = [
    ("10-digit id", lambda: digits(10), "87.7", "90.9"), ("Unix time, s", lambda: str(r.randint(10**9, 2 * 10**9)), "81.3", "87.6"),
    ("Unix time, ms", lambda: str(r.randint(10**12, 2 * 10**12)), "9.4", "73.4"), ("Unix time, us", lambda: str(r.randint(10**15, 2 * 10**15)), "9.1", "22.2"),
    ("16-digit id", lambda: digits(16), "6.7", "21.5"), ("9 digits", lambda: digits(9), "0.9", "32"), ("11 digits", lambda: digits(11), "13.2", "44"),
    ("12 digits", lambda: digits(12), "2.7", "35"), ("18-digit snowflake", lambda: "1" + digits(17), "0", "17"),
    ("19 digits, ns", lambda: str(r.randint(10**18, 2 * 10**18)), "0", "17"), ("IMEI", lambda: luhn("35" + digits(12)), "100", "100"), ("EAN-13", ean13, "5.2", "31.6"),
    ("UUID", lambda: str(uuid.UUID(int=r.getrandbits(128), version=4)), "0.6", "3.1"), ("hex 32", lambda: hexes(32), "0.9", "2.2"), ("SHA-1", lambda: hexes(40), "1.1", "3.3"),
    ("SHA-256", lambda: hexes(64), "-", "-"), ("a.b.c.d version", lambda: ".".join(str(r.randint(0, 255)) for _ in range(4)), "100", "100"),
    ("a.b.c version", lambda: f"{r.randint(0, 20)}.{r.randint(0, 30)}.{r.randint(0, 99)}", "33.5", "33.5"), ("10.0.19041.1 build", lambda: f"10.0.{r.randint(10000, 22000)}.{r.randint(1, 9)}", "41.6", "41.6"),
    ("ORD-2024-001234", lambda: f"ORD-2024-{digits(6)}", "100", "100"), ("INV-00123456", lambda: f"INV-00{digits(6)}", "7.4", "7.4"),
    ("part no. nnn-nn-nnnn", lambda: f"{digits(3)}-{digits(2)}-{digits(4)}", "100", "100"), ("part no. nnn-nnn-nnnn", lambda: f"{digits(3)}-{digits(3)}-{digits(4)}", "92.3", "92.3"),
    ("lat,lon", lambda: f"{r.uniform(-90, 90):.6f},{r.uniform(-180, 180):.6f}", "11.3", "11.3"),
    ("timestamp text", lambda: f"20{r.randint(10, 26)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d} {r.randint(0, 23):02d}:{r.randint(0, 59):02d}:07+00", "100", "100"),
    ("file name", lambda: letters(6) + r.choice([".py", ".sh", ".zip", ".md"]), "49.3", "49.3"), ("UPS 1Z", lambda: "1Z" + letters(6, "0123456789ABCDEF") + digits(10), "6.5", "21.8"),
    ("SKU AB1234567", lambda: letters(2, "ABCDEFGH") + digits(7), "7.9", "13.3"),
    ("prose", prose, "-", "-"), ("log line", log_line, "-", "-"), ("code", code, "-", "-"), ("path", path, "-", "-"),
    ("URL", lambda: f"https://{letters(7)}.example.com:8443/{letters(4)}/{digits(7)}?ts={digits(13)}&page={digits(1)}#{letters(4)}", "-", "-"),
    ("base64", lambda: base64.b64encode(r.randbytes(r.randint(12, 60))).decode(), "-", "-"), ("order 12345678-A", lambda: digits(8) + "-A", "-", "-"),
    ("price", lambda: f"{r.uniform(1, 99999):,.2f}", "-", "-"), ("date d.m.y", lambda: f"{r.randint(1, 28):02d}.{r.randint(1, 12):02d}.20{r.randint(10, 26)}", "-", "-"),
    ("range", lambda: f"{digits(4)}-{digits(4)} {digits(4)}-{digits(5)}", "-", "-"), ("tracking number", lambda: digits(r.choice([12, 15, 20, 22])), "-", "-"),
    ("JSON document", lambda: json.dumps({"id": r.getrandbits(40), "at": "2024-05-06T07:08:09Z", "tags": [letters(5), letters(7)], "n": r.random(), "ref": hexes(24)}), "-", "-"),
]
