"""What do the words of an Estonian road restriction shut out? Codes of effects and causes, and sentences.

Closed only when nobody may pass: a road that is closed to vehicles over 12 t is not closed. What is not understood is
unknown, never open.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from cop.event import Limit, State

SIZES: Final[tuple[tuple[str, str, str, float, float], ...]] = (
    ("axle_t", "t", r"telje|\baxle", 1, 30),
    ("mass_t", "t", r"mass|kaal|raskem|üle\b|kuni\b|weigh|heav|over\b|above\b|more than|at most|up to", 1, 100),
    ("height_m", "m", r"kõrgus|kõrgem|\bheight|higher|clearance", 1.5, 8),
    ("width_m", "m", r"laius|laiem|\bwidth|wider", 1.5, 15),
)
"""(limit, unit, words before the number that mean it, the least and the most that can be meant)."""
CATEGORIES: Final[tuple[tuple[str, str], ...]] = (
    ("accident", r"accident|crash|õnnetus|avarii"),
    ("weather", r"weather|slippery|snow|\bice\b|flood|ilmasti?k|libe|lumi|lume|uputus"),
    ("event", r"event|competition|rally|race\b|ralli|võistlus|üritus|jooks"),
    ("obstruction", r"obstruction|obstacle|fallen|takistus|langenud"),
    ("roadworks", r"work|pav(?:ing|ement)|repair|construction|maintenance|marking|\btöö|tööd|remont|ehitus|pindami"),
)
"""Category → words of the cause, else of the text, that mean it; the first row that fits."""
IMPAIRED: Final = frozenset({"accident", "weather", "obstruction", "roadworks"})
"""Categories that say by themselves that the road is not as it should be."""
WORSE: Final[tuple[State, ...]] = ("unknown", "degraded", "restricted", "closed")
"""The states that words can tell, the worst last: it counts."""

_CLOSED = re.compile(
    r"\b(?:road|street|bridge|ramp|traffic|carriageway) (?:is )?closed|\bclosed to (?:all )?traffic|^closed\b|\bclosure"
    r"|\b(?:tee|teelõik|tänav|sild|ramp|ristmik|liiklus\w*|\w+sild)\b[^.;]{0,30}\b(?:suletud|suletakse|keelatud|peatatud)"
    r"|\bsuletud\b[^.;]{0,20}\bliikluseks",
    re.IGNORECASE,
)
_PART = re.compile(r"\blane|\bpart(?:ly|ial)|sõidur[aae]|\brada|osalis|\bpoole? tee|peenar", re.IGNORECASE)
_TIMES = re.compile(r"\bintermittent|\bshort[- ]term|\bnight|\bajuti\b|lühiajali|öisel|öösiti", re.IGNORECASE)
_SOME = re.compile(r"\b(?:lorr|truck|heavy|hgv|except)|veoauto|veoki|raskeveo|rasksõiduk|välja arvatud", re.IGNORECASE)
_SLOWER = re.compile(r"speed|slow|delay|narrow|hinder|disturb|alternat|kiirus|aeglas|takistatud|häiritud|kitsen", re.I)
_DETOUR = re.compile(r"[^.,;]*\b(?:ümbersõi|detour|diver)\w*[^.;]*", re.IGNORECASE)
_EXCEPT = re.compile(r"\bv\.\s?a\.?(?!\w)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,])(\d{1,3}(?:[.,]\d{1,2})?)\s*(t|tonn\w*|tonnes?|m)\b(?![/²³])", re.IGNORECASE)
_SPEED = re.compile(r"(?<!\d)(\d{1,3})\s*km/h", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<!\d)[.;]|[.;](?!\d)")


class Rules(msgspec.Struct, frozen=True):
    """What a restriction does: the speed in km/h, and a reason when its effect is not understood."""

    state: State
    category: str
    limits: tuple[Limit, ...]
    speed: float | None
    reason: str


def rules(cause: str, effect: str, text: str) -> Rules:
    """Read the words of one restriction, its codes as `plain` gives them."""
    cause, effect, text = cause[:200], effect[:200], _EXCEPT.sub("välja arvatud", text[:2000])
    told = _DETOUR.sub("", text)  # what the detour bears is no limit of the closed road
    said = f"{effect}. {told}"
    category = _by_words(cause) or _by_words(text) or "other"
    limits = _limits(told)
    speeds = [float(number) for number in _SPEED.findall(told) if 0 < float(number) <= 120]
    closing = (_DETOUR.sub("", each) for each in _SENTENCE.split(text) if _CLOSED.search(each.strip()))
    states: list[State] = [_closure(each, each) for each in closing]
    if _CLOSED.search(effect) and not {"closed", "restricted"}.intersection(states):
        states.append(_closure(effect, said))  # the text may still say for whom and when
    if limits:
        states.append("restricted")
    if speeds or _PART.search(said) or _SLOWER.search(said) or (not effect and category in IMPAIRED):
        states.append("degraded")
    reason = f"an effect that is not understood: {effect[:80]}" if effect and not states else ""
    state: State = max(states, key=WORSE.index, default="unknown")
    if state == "closed":
        category = "closure"
    elif limits and category in ("other", "roadworks"):  # what it shuts out counts before its cause
        category = "weight_limit" if any(limit.unit == "t" for limit in limits) else "dimension_limit"
    return Rules(state, category, limits, min(speeds, default=None), reason)


def plain(code: str) -> str:
    """A code such as SPEED_LIMITED in words."""
    return code.replace("_", " ").lower() if "_" in code or code.isupper() else code


def _closure(closure: str, said: str) -> State:
    """What the words of a closure do, with what else is said of it."""
    if _PART.search(closure):
        return "degraded"
    return "restricted" if _TIMES.search(said) or _SOME.search(said) or _limits(said) else "closed"


def _limits(text: str) -> tuple[Limit, ...]:
    """The limits that the text tells: a number with its unit, after a word in its sentence that says of what."""
    found: dict[tuple[str, float], Limit] = {}
    for sentence in _SENTENCE.split(text):
        begin = 0
        for match in _NUMBER.finditer(sentence):
            before, begin = sentence[begin : match.start()], match.end()
            value, unit = float(match[1].replace(",", ".")), match[2].lower()[0]
            for what, own, words, least, most in SIZES:
                if own == unit and least <= value <= most and re.search(words, before, re.IGNORECASE):
                    found[what, value] = Limit(what, value, own, "text")
                    break
    return tuple(found.values())


def _by_words(text: str) -> str:
    return next((name for name, words in CATEGORIES if re.search(words, text, re.IGNORECASE)), "")
