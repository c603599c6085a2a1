"""Where in an XML document do its records stand, so that a broken one costs no other and is kept as it came?

A record is an element of one of the given names that never holds another of them. It is cut out of the bytes before
anything is parsed, and then parsed alone, in the scope of the namespaces that the document declares around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from feeds.adapter import Unreadable
from feeds.xml import Broken, Element, child, false_utf16, page, parse

MOST: Final = 8 * 1024 * 1024
"""Bytes: a day of a point a second is less, and a larger file would hold up all other feeds."""

RECORDS: Final = 5_000

_ATTRIBUTES = rb"((?:[^<>\"']++|\"[^\"<]*\"|'[^'<]*')*+)>"
_ROOT = re.compile(rb"<(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)(?=[\s/>])" + _ATTRIBUTES)
_SCOPE = re.compile(rb"\sxmlns(?::[A-Za-z_][\w.-]*)?\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_BLANK = re.compile(rb"\s*")
_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,80}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
CUT: Final = "the document ends before its end"
_BOM: Final = b"\xef\xbb\xbf"
_SKIPPED: Final = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>", b"<!DOCTYPE": b">"}


class Piece(NamedTuple):
    """A record, or what is wrong with the document there."""

    name: str
    offset: int
    raw: bytes
    trouble: str = ""


class Document(NamedTuple):
    """A document that was taken apart. `head` opens the scope in which each record is parsed."""

    pieces: tuple[Piece, ...]
    rest: bytes
    """The document without its records."""
    head: bytes

    def element(self, piece: Piece) -> Element:
        """The record, parsed alone. Raises `Unreadable`."""
        try:
            root = parse(self.head + piece.raw + b"</records>")
        except Broken as error:
            raise Unreadable(f"not well-formed: {' '.join(str(error).split())}"[:200]) from None
        found = child(root, piece.name)
        if found is None:
            raise Unreadable(f"no {piece.name} that could be read")
        return found


def take_apart(payload: bytes, root: str, names: tuple[str, ...]) -> Document:
    """The document whose root and records have these local names. Raises `Unreadable` for anything else."""
    if len(payload) > MOST:
        raise Unreadable(f"a file of {len(payload)} bytes, more than {MOST}")
    if payload[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in payload[:4]:
        raise Unreadable("in UTF-16: only UTF-8 and encodings of one byte are read")
    start = _root(payload, root)
    label = false_utf16(payload)
    pieces = [Piece("", 0, label, "says UTF-16 and is not: read all the same")] if label else []
    rest, done = [], 0
    for piece in _pieces(payload, start.end(), names):
        rest.append(payload[done : piece.offset])
        done = piece.offset + len(piece.raw)
        pieces.append(piece)
        if len(pieces) > RECORDS:
            raise Unreadable(f"a file of more than {RECORDS} records")
    rest.append(payload[done:])
    if not pieces or pieces[-1].trouble != CUT:
        pieces.extend(_ending(payload, start, done))
    declared = _ENCODING.match(payload.removeprefix(_BOM))
    encoding = declared[1] if declared and not label else b"utf-8"
    scope: dict[bytes, bytes] = {}
    for found in (found for each in rest for found in _SCOPE.finditer(each)):
        scope.setdefault(found[0].partition(b"=")[0].strip(), found[0])
    head = b'<?xml version="1.0" encoding="' + encoding + b'"?><records' + b"".join(scope.values()) + b">"
    return Document(tuple(pieces), b"".join(rest)[len(label) :], head)


def _ending(payload: bytes, start: re.Match[bytes], done: int) -> Iterator[Piece]:
    """What is wrong with what comes after the last record: all of it, when the root is not closed there."""
    if start[3].endswith(b"/"):
        over = start.end()
    else:
        close = b"</" + (start[1] + b":" if start[1] else b"") + start[2]
        at = payload.rfind(close, done)
        over = payload.find(b">", at) + 1 if at >= 0 else 0
    if not over:
        yield Piece("", done, payload[done:], CUT)
    elif (after := payload[over:].strip(b" \t\r\n\0")) and not after.startswith(b"<!--"):
        yield Piece("", over, payload[over:], "something after the end of the document")


def _root(payload: bytes, name: str) -> re.Match[bytes]:
    """The tag that opens the document."""
    if not payload.strip():
        raise Unreadable("an empty file")
    if (title := page(payload)) is not None:
        raise Unreadable(f"an HTML page instead of {name.upper()}" + (f": {title}" if title else ""))
    at = _before(payload, len(_BOM) if payload.startswith(_BOM) else 0)
    found = _ROOT.match(payload, at)
    if found is None:
        raise Unreadable(f"not {name.upper()}: no XML")
    if found[2] != name.encode():
        raise Unreadable(f"not {name.upper()}: its root is {found[2][:40].decode('utf-8', 'replace')}")
    return found


def _before(payload: bytes, at: int) -> int:
    """Where the root's tag must be: after declaration, comments and document type."""
    while True:
        blank = _BLANK.match(payload, at)
        at = blank.end() if blank else at
        closing = next((close for open_, close in _SKIPPED.items() if payload.startswith(open_, at)), None)
        if closing is None:
            return at
        at = payload.find(closing, at) + len(closing)
        if at < len(closing):
            return len(payload)


def _pieces(payload: bytes, at: int, names: tuple[str, ...]) -> Iterator[Piece]:
    """The records in the order of the document. One that is not closed ends where the next begins."""
    wanted = b"|".join(name.encode() for name in names)
    token = re.compile(rb"<!--|<!\[CDATA\[|<\?|<(/?)(?:[A-Za-z_][\w.-]*:)?(" + wanted + rb")(?=[\s/>])" + _ATTRIBUTES)
    begun, name = -1, b""
    while found := token.search(payload, at):
        at = found.end()
        if found[2] is None:  # nothing in there is a tag
            closing = _SKIPPED[found[0]]
            at = payload.find(closing, at) + len(closing)
            if at < len(closing):
                break
        elif not found[1]:
            if begun >= 0:
                yield Piece(
                    name.decode(), begun, payload[begun : found.start()], f"a {name.decode()} that is not closed"
                )
            begun, name = found.start(), found[2]
            if found[3].endswith(b"/"):
                yield Piece(name.decode(), begun, payload[begun:at])
                begun = -1
        elif begun >= 0 and found[2] == name:
            yield Piece(name.decode(), begun, payload[begun:at])
            begun = -1
    if begun >= 0:
        yield Piece(name.decode(), begun, payload[begun:], CUT)
