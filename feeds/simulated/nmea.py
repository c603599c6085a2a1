"""How does a report become an NMEA sentence, fast enough for a whole sea?

Position reports (ITU-R M.1371-5 types 1, 3 and 18) are packed here, ten times as fast as by a general encoder; static
reports are rare and go through pyais. Every line carries a TAG block that names the station and the millisecond.
"""

from __future__ import annotations

from base64 import b64encode

from pyais import encode_dict

STATION = b"s:SIM,c:"
"""The receiver's name in the TAG block: who reads the raw lines sees as well that nobody sailed here."""

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ARMOUR = bytes(code + 48 if code < 40 else code + 56 for code in range(64))
_TO_ARMOUR = bytes.maketrans(_BASE64, _ARMOUR)
_HEX = [b"%02X" % number for number in range(256)]
_NO_ROTATION = 0x80
_NO_HEADING = 511
_LON = 0xFFFFFFF
_LAT = 0x7FFFFFF


def checksum(text: bytes) -> int:
    """All bytes joined by exclusive or: halves are folded onto each other, which needs no loop over bytes."""
    number = int.from_bytes(text, "big")
    width = 1 << max(3, (len(text) * 8 - 1).bit_length())
    while width > 8:
        width >>= 1
        number = (number >> width) ^ (number & ((1 << width) - 1))
    return number


def class_a(kind: int, mmsi: int, status: int, knots10: int, precise: bool, course10: int) -> int:
    """All of a type 1 or 3 report but its place and second: the 168 bits as a number."""
    bits = kind << 162 | mmsi << 130 | status << 126 | _NO_ROTATION << 118 | knots10 << 108 | precise << 107
    return bits | course10 << 40 | (course10 // 10 if knots10 else _NO_HEADING) << 31


def class_b(mmsi: int, knots10: int, precise: bool, course10: int) -> int:
    """All of a type 18 report but its place and second; a carrier-sense unit for the whole marine band."""
    return 18 << 162 | mmsi << 130 | knots10 << 112 | precise << 111 | course10 << 44 | _NO_HEADING << 35 | 1 << 26


def placed_a(bits: int, lon: float, lat: float, second: int) -> bytes:
    """The armoured payload of a type 1 or 3 report at that place."""
    return _armoured(bits | (round(lon * 6e5) & _LON) << 79 | (round(lat * 6e5) & _LAT) << 52 | second << 25)


def placed_b(bits: int, lon: float, lat: float, second: int) -> bytes:
    """The armoured payload of a type 18 report at that place."""
    return _armoured(bits | (round(lon * 6e5) & _LON) << 83 | (round(lat * 6e5) & _LAT) << 56 | second << 29)


def sentence(payload: bytes, channel: bytes) -> bytes:
    """One AIVDM sentence around a payload that fits in it."""
    body = b"AIVDM,1,1,,%b,%b,0" % (channel, payload)
    return b"!%b*%b" % (body, _HEX[checksum(body)])


def static(channel: bytes, sequence: int, **fields: str | int | float) -> tuple[bytes, ...]:
    """The sentences of a static report (type 5 or 24) by pyais's names of its fields."""
    lines = encode_dict({**fields}, "AI", "VDM", channel.decode(), sequence)
    return tuple(line.encode() for line in lines)


def stamped(at_ms: int, *sentences: bytes) -> bytes:
    """The lines as a station sends them: TAG block, sentence, line end."""
    block = b"%b%d" % (STATION, at_ms)
    tag = b"\\%b*%b\\" % (block, _HEX[checksum(block)])
    return b"".join(b"%b%b\r\n" % (tag, each) for each in sentences)


def _armoured(bits: int) -> bytes:
    return b64encode(bits.to_bytes(21, "big")).translate(_TO_ARMOUR)
