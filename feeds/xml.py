"""How is XML from strangers parsed without harm, and read by local names?

No entity is resolved, no network or file is reached, and depth and size of text are bounded. Local names, because the
same format comes in many namespaces.
"""

from __future__ import annotations

import math
import re
from typing import Final

from lxml import etree

Element = etree._Element
Broken: Final = (etree.XMLSyntaxError, ValueError, LookupError)
"""What `parse` raises for bytes that are no well-formed document."""

_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_UTF16 = re.compile(rb"\s*<\?xml[^>]{0,80}encoding\s*=\s*[\"']utf-?16\w{0,2}[\"'][^>]{0,80}\?>", re.IGNORECASE)
_HTML = re.compile(rb"\s*(?:<!DOCTYPE html|<html)", re.IGNORECASE)
_TITLE = re.compile(rb"<(?:title|h1)[^>]*>([^<]{1,80})", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def parse(payload: bytes, *, recover: bool = False) -> Element:
    """The root of the document. Raises one of `Broken`; with `recover` it makes what it can of broken bytes."""
    parser = etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root = etree.fromstring(payload, parser)
    if root is None:
        raise ValueError("nothing that could be read")
    return root


def page(payload: bytes) -> str | None:
    """The title of an HTML page, which may be empty; None for anything else."""
    if not _HTML.match(payload):
        return None
    title = _TITLE.search(payload)
    return title[1].decode("utf-8", "replace").strip() if title else ""


def false_utf16(payload: bytes) -> bytes:
    """The declaration that calls a document UTF-16 in letters of one byte, so that it isn't; else nothing."""
    label = _UTF16.match(payload)
    return label[0] if label else b""


def child(element: Element | None, name: str) -> Element | None:
    """The first child of that name."""
    return None if element is None else next(element.iterchildren(f"{{*}}{name}"), None)


def text(element: Element | None, *names: str) -> str:
    """The words of the descendant that so many steps lead to; empty when one is missing."""
    for name in names:
        element = child(element, name)
    return "" if element is None else words(element)


def words(element: Element) -> str:
    """All text in there, its blanks made single ones."""
    if len(element):
        return " ".join("".join(str(part) for part in element.itertext()).split())
    return " ".join((element.text or "").split())


def local(element: Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def kind(element: Element) -> str:
    """The local name of its `xsi:type`; empty when it has none."""
    return (element.get(_TYPE) or "").rpartition(":")[2]


def number(said: str) -> float | None:
    """A finite number, or None."""
    try:
        found = float(said)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def spaced(name: str) -> str:
    """A name in camel case as words: `roadClosed` is `road closed`. Words stay as they are."""
    return name if " " in name else _CAMEL.sub(" ", name).lower()


def chosen(holder: Element, language: str = "") -> str:
    """The words of its `value` elements: in English, else in that language, else in the first there is."""
    texts: dict[str, list[str]] = {}
    for value in holder.iter("{*}value"):
        if said := words(value):
            texts.setdefault((value.get("lang") or "")[:2].lower(), []).append(said)
    return " ".join(texts.get("en") or texts.get(language) or next(iter(texts.values()), []))


def as_bytes(element: Element) -> bytes:
    """The element as bytes, for those who have not the bytes that it came in."""
    return etree.tostring(element, with_tail=False)
