"""In which words does a page speak? Its phrases in four languages; English is the key, and stands where one is missing.

A language is one file of `languages/`, as translators' tools read and write it (gettext PO). A phrase may have numbered
places: `{0} shown of {1}`. What fills them is translated in turn. The browser's part (`assets/06_texts.js`) does the
same to what stands on a page; what feeds and people say is never touched unless it is itself a phrase.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from babel.messages.pofile import read_po

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "et": "Eesti", "lv": "Latviešu", "lt": "Lietuvių"}
"""Each language and what it calls itself, as BCP 47 has them."""
COOKIE: Final = "lang"
FOLDER: Final = Path(__file__).parent / "languages"
DEPTH: Final = 3
"""How deep phrases may stand in one another's places."""
_PLACE: Final = re.compile(r"\{(\d)\}")
_LETTER: Final = re.compile(r"[^\W\d_]")


class _Pattern(NamedTuple):
    weight: int
    shape: re.Pattern[str]
    order: tuple[int, ...]
    said: str


@cache
def phrases(language: str) -> Mapping[str, str]:
    """English phrase → its translation; empty for English. Raises FileNotFoundError for a language without a file."""
    if language == "en":
        return {}
    with (FOLDER / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    return {
        str(message.id): str(message.string)
        for message in catalog
        if message.id and message.string and not message.fuzzy
    }


@cache
def _patterns(language: str) -> tuple[_Pattern, ...]:
    found = []
    for phrase, said in phrases(language).items():
        if not _PLACE.search(phrase):
            continue
        parts = _PLACE.split(phrase)
        shape = "".join("(.+?)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
        weight = sum(len(part) for part in parts[::2])
        order = tuple(int(part) for part in parts[1::2])
        found.append(_Pattern(weight, re.compile(shape, re.DOTALL), order, said))
    return tuple(sorted(found, key=lambda each: -each.weight))  # who says most of it itself means it best


def translate(text: str, language: str, depth: int = DEPTH) -> str:
    """The text in a language: a phrase that is known, or one whose places the text fills; else the text as it is."""
    known = phrases(language)
    if not known or not depth or not _LETTER.search(text):
        return text
    if (exact := known.get(text)) is not None:
        return exact
    bare = text.strip()
    if bare != text:
        start = text.index(bare)
        return text[:start] + translate(bare, language, depth) + text[start + len(bare) :]
    for pattern in _patterns(language):
        match = pattern.shape.fullmatch(text)
        if match:
            parts = (translate(part, language, depth - 1) for part in match.groups())
            return _filled(pattern.said, dict(zip(pattern.order, parts, strict=True)))
    return text


def _filled(said: str, places: Mapping[int, str]) -> str:
    return _PLACE.sub(lambda place: places.get(int(place[1]), ""), said)


def wanted(cookie: str, accepted: str) -> str:
    """The language of a reader: as chosen on the page, else the browser's first that there is, else English.

    `accepted` is an Accept-Language header (RFC 9110, 12.5.4).
    """
    if cookie in LANGUAGES:
        return cookie
    weighed = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next((tag for _, _, tag in sorted(weighed) if tag in LANGUAGES), "en")


@cache
def script(language: str) -> str:
    """What the page loads before all else: its language and phrases."""
    told = {"language": language, "languages": dict(LANGUAGES), "phrases": dict(phrases(language))}
    return f"self.copTexts = {json.dumps(told, ensure_ascii=False, separators=(',', ':'))};\n"


def untranslated(texts: Iterable[str], language: str) -> list[str]:
    """Of some English texts, those that a language has no words for."""
    return sorted({text for text in texts if translate(text, language) == text and _LETTER.search(text)})
