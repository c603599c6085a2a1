"""What do NOTAMs tell the picture? Each notice as a thing of its own, and what all of them do to an aerodrome.

The time of a notice (`at`) is when it was issued, where its text or its telegram says so, else its beginning B), and
never later than we heard it: a notice that is still to begin and has no time of issue is as old as its hearing. An end
that has passed is told as `Gone` at that end. An estimated end (EST) ends nothing: by ICAO Annex 15 such a NOTAM lasts
until it is replaced or cancelled, so its status has no `until`.

An aerodrome's status is made of all notices of one payload, because a source has one voice on a thing: the worst of
those that hold, good until the first beginning or end that makes another worst. What is not among them is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

from cop.event import Described, Event, Gone, Millis, Scalar, State, Status
from cop.geo import Point, destination
from feeds.adapter import Context, Outcome, Reject, Unreadable, attempt, tell
from feeds.notam import Notice, parse
from feeds.notam_codes import Meaning, aerodrome_state, meaning, state

WIDEST_NM: Final = 100
"""A larger radius covers a whole FIR: it is where the notice is listed, not an area to be drawn."""
NAUTICAL_MILE: Final = 1852
CORNERS: Final = 36
NATIONS: Final = {"EE": "EE", "EV": "LV", "EY": "LT", "EF": "FI", "ES": "SE", "EP": "PL"}
"""The first two letters of a location indicator (ICAO Doc 7910) → nation."""
AERODROMES: Final[dict[str, str]] = {
    "EEEI": "06/24", "EETN": "08/26", "EETU": "08/26", "EEPU": "03/21", "EEKE": "17/35", "EEKA": "14/32", "EENI": "",
    "EERI": "18/36", "EETA": "", "EVRA": "18/36", "EVGA": "07/25", "EVLA": "06/24", "EVVA": "03/21", "EVDA": "02/20",
    "EVKA": "", "EVJA": "14/32", "EVEA": "", "EVAD": "15/33", "EVRS": "14/32", "EYSA": "14L/32R", "EYKA": "08/26",
    "EYVI": "01/19", "EYPA": "01/19", "EYPP": "13/31", "EYKR": "", "EYRU": "", "EYKD": "16/34", "EYKS": "09R/27L",
    "EYSI": "09/27",
}  # fmt: skip
"""The aerodromes of the register and their one runway: as in `feeds/reference/airfields.csv`, which a test compares."""
WORST: Final[tuple[State, ...]] = ("closed", "restricted", "degraded")
UNKNOWN_HOURS: Final = "only at hours that are not evaluated here"

Piece = tuple[int, bytes, str | Unreadable]
"""(offset, bytes, text or why there is none) of one record."""


class _Read(NamedTuple):
    """A record that was read."""

    offset: int
    raw: bytes
    notice: Notice
    subject: str
    meaning: Meaning
    at: Millis


class _Claim(NamedTuple):
    """What a notice says of an aerodrome, and from when to when."""

    state: State
    since: Millis
    until: Millis | None
    reason: str


def read(
    source: str, basis: str, pieces: Iterable[Piece], context: Context, whole: bool
) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one NOTAM after the other; those of an aerodrome come with the last that concerns it.

    `whole` is whether the payload has all valid NOTAMs of its places: then the state of an aerodrome is as new as the
    payload, because one that was withdrawn only misses. Else it is as old as the last thing that its notices tell.
    """
    records: list[_Read | Reject | None] = []
    for offset, raw, text in pieces:
        records.append(_record(offset, raw, text, context))
    replaced: dict[str, Millis] = {}
    for each in records:
        if isinstance(each, _Read) and each.notice.replaces not in ("", each.notice.number):
            subject = _subject(each.notice, each.notice.replaces)
            replaced[subject] = max(each.at, replaced.get(subject, 0))
    fields = _aerodromes(records, replaced, context.received, whole)
    for number, record in enumerate(records):
        if record is None or isinstance(record, Reject):
            yield [record] if record else []
        else:
            over = record.subject in replaced
            told = partial(_outcomes, source, basis, record, over, fields.get(number, ()), context)
            yield attempt(told, record.offset, record.raw)


def _subject(notice: Notice, number: str) -> str:
    return f"notam:{notice.places[0]}:{number}"


def _record(offset: int, raw: bytes, text: str | Unreadable, context: Context) -> _Read | Reject | None:
    """The notice; None for a checklist, which lists the numbers that are valid and says nothing of any."""
    try:
        if isinstance(text, Unreadable):
            raise text
        notice = parse(text, context.received)
    except Unreadable as error:
        return Reject(str(error), offset, raw)
    if notice.checklist:
        return None
    begun = notice.issued if notice.issued is not None else notice.since
    at = context.received if begun is None else min(begun, context.received)
    place = notice.places[0]
    what = meaning(notice.code, notice.text, place in AERODROMES or notice.scope.startswith("A"))
    return _Read(offset, raw, notice, _subject(notice, notice.number), what, at)


def _outcomes(
    source: str,
    basis: str,
    record: _Read,
    over: bool,
    fields: Sequence[tuple[str, Millis, Status | Gone]],
    context: Context,
) -> Iterator[Event]:
    """`over`: another NOTAM of the payload replaces or cancels it, and tells so."""
    notice, at = record.notice, record.at
    if notice.replaces not in ("", notice.number):
        reason = f"{'replaced' if notice.kind == 'R' else 'cancelled'} by {notice.number}"
        yield tell(source, _subject(notice, notice.replaces), at, Gone(reason), context)
    end = _end(notice)
    if over or notice.kind == "C":
        pass  # a cancelling NOTAM is nothing to be shown, only the end of another
    elif end is not None and end <= context.received:
        yield tell(source, record.subject, max(at, end), Gone("ended"), context)
    else:
        yield tell(source, record.subject, at, _described(record, basis), context)
        if not notice.trigger:
            yield tell(source, record.subject, at, _status(record), context)
    for subject, when, body in fields:
        yield tell(source, subject, when, body, context)


# -- the notice itself ------------------------------------------------------------------------------------------------


def _end(notice: Notice) -> Millis | None:
    """When it ends by itself."""
    return None if notice.estimated else notice.until


def _status(record: _Read) -> Status:
    return Status(
        state(record.meaning, record.notice.text, bool(record.notice.schedule)),
        record.notice.since,
        _end(record.notice),
        _reason(record),
    )


def _reason(record: _Read, most: int = 300) -> str:
    notice = record.notice
    hours = f"{UNKNOWN_HOURS}: {notice.schedule[:80]}" if notice.schedule else ""
    text = " ".join(notice.text.split())
    return "; ".join(part for part in (record.meaning.words, hours, text) if part)[:most]


def _described(record: _Read, basis: str) -> Described:
    notice, what = record.notice, record.meaning
    words = "trigger for a change of the AIP" if notice.trigger else what.words
    properties: dict[str, Scalar] = {"number": notice.number, "topic": what.topic, "validity": _validity(notice)}
    told: dict[str, Scalar] = {
        "code": notice.code,
        "meaning": words,
        "fir": notice.fir,
        "places": " ".join(notice.places),
        "traffic": notice.traffic,
        "purpose": notice.purpose,
        "scope": notice.scope,
        "lower": notice.lower,
        "upper": notice.upper,
        "radius_nm": notice.radius_nm,
        "schedule": notice.schedule,
        "text": notice.text[:2000],
        "replaces": notice.replaces,
        "estimated": notice.estimated,
        "permanent": notice.permanent,
    }
    properties |= {key: value for key, value in told.items() if value}
    path = notice.area or _circle(notice)
    lon, lat = notice.point or notice.spot or (_centre(notice.area) if notice.area else (None, None))
    nations = tuple(dict.fromkeys(NATIONS[place[:2]] for place in notice.places if place[:2] in NATIONS))
    name = f"{notice.number} {words}".strip()
    return Described(name, nations, lon, lat, path, properties=properties, basis=basis)


def _validity(notice: Notice) -> str:
    begins = "at once" if notice.since is None else _clock(notice.since)
    if notice.permanent:
        return f"{begins}, permanent"
    if notice.until is None:
        return f"{begins}, until further notice"
    return f"{begins} to {_clock(notice.until)}" + (" (estimated)" if notice.estimated else "")


def _clock(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _circle(notice: Notice) -> tuple[Point, ...]:
    """The circle of the Q-line, closed. That of a mere aerodrome (scope A, 5 NM as the rule says) is no area."""
    if notice.point is None or not notice.radius_nm or notice.radius_nm > WIDEST_NM or notice.scope == "A":
        return ()
    metres = notice.radius_nm * NAUTICAL_MILE
    corners = (destination(notice.point, 360 * n / CORNERS, metres) for n in range(CORNERS))
    ring = tuple((round(lon, 5), round(lat, 5)) for lon, lat in corners)
    return (*ring, ring[0])


def _centre(area: Sequence[Point]) -> Point:
    """The middle of the box that the area fills."""
    lons, lats = zip(*area, strict=True)
    return round((min(lons) + max(lons)) / 2, 5), round((min(lats) + max(lats)) / 2, 5)


# -- the aerodromes ---------------------------------------------------------------------------------------------------


def _aerodromes(
    records: Sequence[_Read | Reject | None], replaced: Mapping[str, Millis], received: Millis, whole: bool
) -> dict[int, list[tuple[str, Millis, Status | Gone]]]:
    """Number of the record that it comes with → (subject, time, what to say) of the aerodromes that notices concern."""
    claims: dict[str, dict[str, _Claim]] = {}
    told: dict[str, tuple[int, Millis]] = {}  # aerodrome → the last record that concerns it, the newest time of any
    for number, record in enumerate(records):
        if not isinstance(record, _Read):
            continue
        for place in (place for place in record.notice.places if place in AERODROMES):
            claim = _claim(record, AERODROMES[place])
            if claim is None and not (record.notice.replaces and record.meaning.weight != "nothing"):
                continue
            times = [record.at, replaced.get(record.subject, 0)]
            if claim is not None and record.subject not in replaced:
                claims.setdefault(place, {})[record.subject] = claim
                times += [claim.since, claim.until or 0]
            newest = max(each for each in times if each <= received)
            told[place] = number, max(newest, told[place][1] if place in told else 0)
    found: dict[int, list[tuple[str, Millis, Status | Gone]]] = {}
    for place, (number, newest) in told.items():
        body = _standing(tuple(claims.get(place, {}).values()), received)
        if body is None and claims.get(place):
            continue  # all of them are over, and so is the status that they gave
        said = body or Gone("no NOTAM restricts it any longer")
        found.setdefault(number, []).append((f"airfield:{place}", received if whole else newest, said))
    return found


def _claim(record: _Read, runway: str) -> _Claim | None:
    """What the notice says of the aerodrome; None when nothing."""
    notice = record.notice
    if notice.trigger or notice.kind == "C":
        return None
    found = aerodrome_state(record.meaning, notice.text, bool(notice.schedule), runway)
    since = record.at if notice.since is None else notice.since
    return found and _Claim(found, since, _end(notice), f"NOTAM {notice.number} {_reason(record, 160)}")


def _standing(claims: Sequence[_Claim], received: Millis) -> Status | None:
    """The worst that holds now, or that will hold first; None when nothing is left to hold."""
    left = [claim for claim in claims if claim.until is None or claim.until > received]
    if not left:
        return None
    now = max(received, min(claim.since for claim in left))
    holding = sorted(_holding(left, now), key=lambda claim: (WORST.index(claim.state), claim.since, claim.reason))
    worst = holding[0].state
    edges = sorted({edge for claim in left for edge in (claim.since, claim.until or 0) if edge > now})
    until = next((edge for edge in edges if _worst(left, edge) != worst), None)
    since = min(claim.since for claim in holding if claim.state == worst)
    return Status(worst, since, until, "; ".join(dict.fromkeys(claim.reason for claim in holding))[:400])


def _holding(claims: Sequence[_Claim], at: Millis) -> list[_Claim]:
    return [claim for claim in claims if claim.since <= at and (claim.until is None or at < claim.until)]


def _worst(claims: Sequence[_Claim], at: Millis) -> State | None:
    """None when nothing holds at that time."""
    return min((claim.state for claim in _holding(claims, at)), key=WORST.index, default=None)
