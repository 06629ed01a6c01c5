"""Verifies the envelope of a signed bundle and prints signer, revision and creation time.

A second implementation, written from crates/bundle/FORMAT.md and RFC 8032 alone. Usage: read_envelope.py FILE
"""

import hashlib
import struct
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    """The sum of two points (x, y) of the curve."""
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P
    return x, y


def times(number, point):
    """A multiple of a point."""
    found = (0, 1)
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def decode(data):
    """The point that 32 bytes stand for."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert y < P and (x * x - square) % P == 0, "no point of the curve"
    return (P - x if x & 1 != sign else x), y


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def verifies(key, message, signature):
    """Whether the key made the signature."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    digest = hashlib.sha512(r + key + message).digest()
    h = int.from_bytes(digest, "little") % L
    return s < L and times(s, BASE) == add(decode(r), times(h, decode(key)))


def read(file):
    """Signer, revision and creation time."""
    magic, version, zero, revision, created = struct.unpack_from("<8sIIQQ", file)
    assert magic == b"\x89CSG\r\n\x1a\n", "not signed"
    assert (version, zero) == (1, 0), "another version"
    digest, key, signature, bundle = file[32:64], file[64:96], file[96:160], file[160:]
    message = b"camshaft bundle signature v1".ljust(32, b"\0") + file[:96]
    assert verifies(key, message, signature), "the signature does not match"
    assert bundle[32:64] == digest, "another bundle"
    return key.hex(), revision, created


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as opened:
        print(*read(opened.read()))
