"""Writes plain.pack and sealed.pack beside itself, and prints the digests that pack.rs has.

Nothing of this project is in it: FastCDC as its paper has it, digests by the program b3sum, streams
by the reference's program brotli, sealing by Python's package cryptography.
"""

import hashlib
import struct
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = Path(__file__).parent
KEY, NONCE = bytes(range(32)), bytes(range(100, 124))
MIN, AVERAGE, MAX = 64, 256, 1024
STRICT, LOOSE = 0x0000_0190_0035_3000, 0x0000_0000_1803_5100
GEAR = [int.from_bytes(hashlib.md5(bytes([value]) * 64).digest()[:8], "big") for value in range(256)]


def run(program, data):
    return subprocess.run(program, input=data, capture_output=True, check=True).stdout


def blake3(data):
    return bytes.fromhex(run(["b3sum", "--no-names"], data).decode().strip())


def brotli(data):
    return run(["brotli", "-c", "-q", "11", "-w", "16"], data)


def noise(seed, length):
    """SplitMix64."""
    mask, data = (1 << 64) - 1, b""
    while len(data) < length:
        seed = (seed + 0x9E37_79B9_7F4A_7C15) & mask
        z = ((seed ^ (seed >> 30)) * 0xBF58_476D_1CE4_E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB) & mask
        data += struct.pack("<Q", z ^ (z >> 31))
    return data[:length]


def cuts(data):
    while data:
        most, value, cut = min(len(data), MAX), 0, None
        for index in range(MIN, most - most % 2):
            value = ((value << 1) + GEAR[data[index]]) & ((1 << 64) - 1)
            if value & (STRICT if index < AVERAGE else LOOSE) == 0:
                cut = index
                break
        cut = most if cut is None else cut
        yield data[:cut]
        data = data[cut:]


def pack(data, key, shorten):
    nonce = NONCE if key else bytes(24)
    aead = key and ChaCha20Poly1305(HKDF(SHA256(), 32, nonce, b"INOSPAK1").derive(key))

    def message(number, last):
        return number.to_bytes(11, "big") + bytes([last])

    numbers, rows, entries, stored = {}, [], [], b""
    for chunk in cuts(data):
        if chunk not in numbers:
            numbers[chunk] = len(numbers)
            stream = shorten(chunk)
            body = min(chunk, stream, key=len)
            length = len(body) + (16 if aead else 0)
            entry = blake3(chunk) + struct.pack("<III", len(chunk), length, body is not chunk)
            stored += aead.encrypt(message(numbers[chunk], 0), body, entry) if aead else body
            entries.append(entry)
        rows.append(numbers[chunk])
    header = b"INOSPAK1" + struct.pack("<QQIIQ", len(data), len(stored), len(entries), len(rows), bool(aead))
    header += nonce
    manifest = b"".join(entries) + struct.pack(f"<{len(rows)}I", *rows)
    end = aead.encrypt(message(len(entries), 1), manifest, header) if aead else manifest + blake3(header + manifest)
    return header + stored + end


FILE = bytes(3000) + noise(5, 700) + b"one two three four. " * 60 + noise(5, 700)
print("the file:", blake3(FILE).hex(), [len(chunk) for chunk in cuts(FILE)])
for name, key in (("plain", None), ("sealed", KEY)):
    (HERE / f"{name}.pack").write_bytes(pack(FILE, key, brotli))
    print(name, "without compression:", blake3(pack(FILE, key, lambda chunk: chunk)).hex())
print("nothing, sealed:", pack(b"", KEY, brotli).hex())
