#!/usr/bin/env python3
"""An independent reader of the log, written from RFC 6962, RFC 8032 and the C2SP pages, sharing nothing with pgveil.

usage: log_oracle.py DIR VERIFIER-KEY      prints "<records> <checkpoints>"; exit 1 and a sentence if anything is off
"""
import base64
import hashlib
import json
import pathlib
import sys

# Ed25519, RFC 8032 section 6, verification only.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(n, point):
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, point)
        point, n = add(point, point), n >> 1
    return total


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * I % P
    if (x * x - x2) % P:
        raise ValueError("not a point")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(public, message, signature):
    r, s = decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    left, right = multiply(s, BASE), add(r, multiply(h, decompress(public)))
    return s < Q and (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def root(leaves):
    """RFC 6962 section 2.1, as it is defined."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def main(directory, vkey):
    name, key_id, body = vkey.split("+", 2)
    body = base64.b64decode(body, validate=True)
    assert body[0] == 1 and len(body) == 33, "the key is not Ed25519"
    assert hashlib.sha256(name.encode() + b"\n" + body).digest()[:4].hex() == key_id, "the key's id does not fit"
    lines = []
    for segment in sorted(pathlib.Path(directory, "seg").iterdir()):
        assert int(segment.name[:20]) == len(lines), f"{segment.name} begins elsewhere"
        lines += segment.read_bytes().splitlines()
    for number, line in enumerate(lines):
        record = json.loads(line)
        keys = list(record)
        assert (keys[0], keys[-1], record["i"]) == ("i", "crc", number), f"record {number}"
        assert crc32c(line[: line.rindex(b',"crc":')]) == record["crc"], f"checksum of record {number}"
    leaves = [hashlib.sha256(b"\0" + line).digest() for line in lines]
    checkpoints = 0
    for notes in sorted(pathlib.Path(directory, "ckpt").iterdir()):
        parts = [p for p in notes.read_text().split("\n\n") if p.strip()]
        for text, signature in zip(parts[::2], parts[1::2]):
            origin, size, head = text.strip("\n").split("\n")
            dash, signer, data = signature.strip("\n").split(" ")
            data = base64.b64decode(data, validate=True)
            assert (dash, origin, signer, data[:4].hex()) == ("\u2014", name, name, key_id), f"checkpoint {size} is not the key's"
            assert signed(body[1:], (text.strip("\n") + "\n").encode(), data[4:]), f"signature of checkpoint {size}"
            assert base64.b64decode(head) == root(leaves[: int(size)]), f"root of checkpoint {size}"
            last = int(size)
            checkpoints += 1
    assert last == len(lines), "the end is not signed"
    print(len(lines), checkpoints)


try:
    main(*sys.argv[1:])
except (AssertionError, ValueError, KeyError) as problem:
    sys.exit(f"log_oracle: {problem}")
