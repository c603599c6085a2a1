"""Where in a stream does each event of Cursor on Target begin and end, as XML or as TAK protobuf?

The bytes come cut anywhere. An XML event runs from `<event` to `</event>`; what stands between events (declarations,
comments, blanks) is none. A frame of the TAK protocol is 0xBF, the length as a varint and a message, in a datagram
0xBF 0x01 0xBF and a message to its end. After bytes that are neither, reading goes on at the next of these signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import takproto
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from feeds.xml import page

MOST: Final = 65_536
"""Bytes: a longer event is rejected, in pieces of that size, rather than kept."""
LONG: Final = f"an event longer than {MOST} bytes"
ENDS: Final = "the bytes end within an event"
BROKEN: Final = "a frame that holds no TAK message"
NOTHING: Final = "no event of Cursor on Target"
_AHEAD: Final = 16
"""Bytes by which every sign can be told."""

# A message begins with the tag of its control or of its event: other bytes after 0xBF are chance.
_MESH = rb"\xbf\x01\xbf(?=[\x0a\x12])"
_STREAM = rb"\xbf([\x02-\x7f]|[\x80-\xff]{1,2}[\x01-\x7f])(?=[\x0a\x12])"
_XML = rb"<event(?=[\s/>])"
_FILLER = re.compile(rb"(?:[\s\x00]|\xef\xbb\xbf|<\?[^<>\xbf]{0,200}\?>|<!--[^<\xbf]{0,2000}?-->|</?events>)+")
_ALONE = re.compile(_XML + rb"[^<>]*/>")
_FIELD = re.compile(
    rb"[\x0a\x12\x1a\x22\x2a\x32\x3a]([\x80-\xff]{0,3}[\x00-\x7f])"  # of a length
    rb"|[\x08\x10\x18\x20\x28\x30\x38][\x80-\xff]{0,9}[\x00-\x7f]"  # a number
    rb"|[\x09\x11\x19\x21\x29\x31\x39][\x00-\xff]{8}"
)
"""A field of a message: neither 0xBF nor `<` begins one."""
_FIELDS: Final = 8
"""A message has no more."""
_TOKEN = re.compile(rb"</event\s{0,8}>|" + _XML)
_IS_MESH, _IS_STREAM, _IS_XML = (re.compile(sign) for sign in (_MESH, _STREAM, _XML))
_SIGN = re.compile(b"|".join((_XML, _MESH, _STREAM)))


class Piece(NamedTuple):
    """One event as it came, or what is wrong with the bytes there."""

    offset: int
    raw: bytes
    trouble: str = ""


def message(raw: bytes) -> Any:
    """The TakMessage of a whole frame or datagram; None for bytes that hold none."""
    try:
        return takproto.parse_proto(bytearray(raw))
    except (DecodeError, EOFError):
        return None


class Pieces:
    """Cuts the bytes of one connection, file or datagram into events."""

    def __init__(self) -> None:
        self._buffer = b""
        self._offset = 0  # of the buffer in all that was fed
        self._searched = 0  # so far no sign was found in the buffer
        self._why = ""  # what is wrong with the bytes before these, which go on

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """What these bytes complete."""
        for at in range(0, len(chunk), MOST):  # a large file at once would be copied for each of its events
            self._buffer += chunk[at : at + MOST]
            yield from self._pieces(last=False)

    def close(self) -> Iterator[Piece]:
        """What is left."""
        return self._pieces(last=True)

    def _pieces(self, last: bool) -> Iterator[Piece]:
        while True:
            if not self._why and (filler := _FILLER.match(self._buffer)):
                self._take(filler.end())
            if not self._buffer:
                return
            size, trouble = self._front(last)
            if not size and not trouble:
                return
            if not size and not (size := self._rest(trouble, last)):
                return
            offset, raw = self._offset, self._take(size)
            if trouble == NOTHING and (title := page(raw)) is not None:
                trouble = "an HTML page instead of Cursor on Target" + (f": {title}" if title else "")
            yield Piece(offset, raw, trouble)

    def _take(self, size: int) -> bytes:
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        self._offset += size
        self._searched = 0
        return taken

    def _front(self, last: bool) -> tuple[int, str]:
        """(size, trouble) of what stands first; no size: it goes on, or to the next sign when there is trouble."""
        buffer = self._buffer
        if self._why and not _SIGN.match(buffer):
            return 0, self._why
        self._why = ""
        if _IS_XML.match(buffer):
            return self._event(last)
        if _IS_MESH.match(buffer):
            return self._datagram(last)
        if frame := _IS_STREAM.match(buffer):
            return self._frame(frame.end() + _varint(frame[1]), last)
        return 0, NOTHING

    def _event(self, last: bool) -> tuple[int, str]:
        buffer = self._buffer
        if (alone := _ALONE.match(buffer)) and alone.end() <= MOST:
            return alone.end(), ""
        token = _TOKEN.search(buffer, max(6, self._searched))
        if token and token.end() <= MOST:
            closed = token[0].startswith(b"</")
            return (token.end(), "") if closed else (token.start(), "an event that is not closed")
        self._searched = max(0, len(buffer) - _AHEAD)
        if len(buffer) > MOST and (last or len(buffer) >= MOST + _AHEAD):
            return 0, LONG
        return 0, ENDS if last else ""

    def _frame(self, size: int, last: bool) -> tuple[int, str]:
        if size > MOST:
            return 0, LONG
        if len(self._buffer) < size:
            return 0, ENDS if last else ""
        return (0, BROKEN) if message(self._buffer[:size]) is None else (size, "")

    def _datagram(self, last: bool) -> tuple[int, str]:
        """A message to the end, or, in a file of datagrams, to where its fields end and the next begins."""
        buffer = self._buffer
        size = _fields(buffer, 3)
        if size > MOST:
            return 0, LONG
        if size >= len(buffer) and not last:
            return 0, ""
        return (0, BROKEN) if message(buffer[:size]) is None else (size, "")

    def _rest(self, trouble: str, last: bool) -> int:
        """How many bytes are in trouble: those before the next sign; 0 while that cannot be told."""
        buffer = self._buffer
        plain = trouble == NOTHING  # a first look at a longer event saw no sign of another
        found = _SIGN.search(buffer, max(1, self._searched) if plain else 1)
        if found and found.start() <= MOST:
            return found.start()
        if len(buffer) >= MOST + _AHEAD:
            self._why = trouble
            return MOST
        self._searched = max(0, len(buffer) - _AHEAD) if plain else 0
        return len(buffer) if last else 0


def _fields(buffer: bytes, at: int) -> int:
    """Where the fields of a message end by what they say of their length, which may be beyond the buffer."""
    for _ in range(_FIELDS):
        found = _FIELD.match(buffer, at)
        if found is None:
            break
        at = found.end() + (_varint(found[1]) if found[1] else 0)
    return at


def _varint(raw: bytes) -> int:
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(raw))
