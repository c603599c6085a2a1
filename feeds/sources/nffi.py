"""How is NATO Friendly Force Information (STANAG 5527, NFFI 1.3 and 1.4) read: where do friendly units say they are?

A track is one report of one transponder: where it is, and, if its system tells, whose it is and what. The public text
of the standard names the fields and not every unit: a velocity is taken as km/h unless the option `velocity` says m/s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from cop.event import Described, Millis, Scalar, Sighted
from feeds.adapter import Context, Decoder, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.dropped import millis, moment
from feeds.tactical import key, marking, observed, symbol
from feeds.xml import Broken, Element, child, false_utf16, number, parse, text, words
from feeds.xml_records import MOST, Document, Piece, take_apart

NAME: Final = "nffi"
VELOCITY: Final = {"km/h": 1 / 3.6, "m/s": 1.0}
"""Unit of a velocity → metres a second."""
UNSAID: Final = -999.0
"""Numbers from here down stand for what is not known."""
NATIONS: Final = {
    "ALB": "AL", "BEL": "BE", "BGR": "BG", "CAN": "CA", "CZE": "CZ", "DEU": "DE", "DNK": "DK", "ESP": "ES", "EST": "EE",
    "FIN": "FI", "FRA": "FR", "GBR": "GB", "GRC": "GR", "HRV": "HR", "HUN": "HU", "ISL": "IS", "ITA": "IT", "LTU": "LT",
    "LUX": "LU", "LVA": "LV", "MKD": "MK", "MNE": "ME", "NLD": "NL", "NOR": "NO", "POL": "PL", "PRT": "PT", "ROU": "RO",
    "SVK": "SK", "SVN": "SI", "SWE": "SE", "TUR": "TR", "USA": "US",
}  # fmt: skip
"""Country code of three letters (STANAG 1059) → of two."""
NO_MARKING: Final = frozenset({"", "none", "undefined"})

_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,60}:)?([Nn][Ff][Ff][Ii][\w.-]{0,60})(?=[\s/>])")
_STAMP = re.compile(r"(\d{14})(?:\.\d+)?Z?", re.ASCII)


def read(payload: bytes, context: Context, velocity: float = VELOCITY["km/h"]) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one track after the other."""
    root = _ROOT.search(payload[:4096]) if len(payload) <= MOST else None
    try:
        document = take_apart(payload, root[1].decode() if root else "NFFIMessage", ("track",))
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    classified = _classified(document)
    for piece in document.pieces:
        if piece.trouble:
            yield [Reject(piece.trouble, piece.offset, piece.raw)]
        else:
            yield attempt(partial(_outcomes, document, piece, classified, velocity, context), piece.offset, piece.raw)


def _outcomes(
    document: Document, piece: Piece, classified: str, velocity: float, context: Context
) -> Iterator[Outcome]:
    track = document.element(piece)
    where, who = child(track, "positionalData"), child(track, "identificationData")
    if where is None:
        raise Unreadable("a track without positionalData")
    said = _first(who, "unitSymbol", "symbolCode")
    sign = symbol(said) if said else None
    if sign and sign.playing and observed(context):
        raise Unreadable(f"its symbol {sign.said[:40]!r} is of an exercise, not real")
    source = child(where, "trackSource")
    system = child(source, "sourceSystem")
    country = (_first(system, "country") or _first(source, "country")).upper()
    flat = "" if system is None or len(system) else words(system)
    owner, number_ = _first(system, "system") or flat, _first(source, "transponderId")
    if not number_:
        raise Unreadable("a track without a transponderId")
    named = (country, owner, _first(system, "subsystem", "subSystem"), number_)
    subject = f"unit:{key('.'.join(part for part in named if part), 'trackSource')}"
    at = _time(_first(where, "dateTime"))
    place = child(where, "coordinates")
    lat, lon = (_number(where if place is None else place, name) for name in ("latitude", "longitude"))
    if lat is None or lon is None:
        raise Unreadable("a track without a position")
    speed, course = _number(where, "velocity"), _number(where, "bearing")
    speed = None if speed is None or speed < 0 else round(speed * velocity, 2)
    course = None if course is None or not 0 <= course <= 360 else course % 360
    yield tell(NAME, subject, at, Sighted(lon, lat, course, speed), context)
    status = child(track, "operStatusData")
    told = {
        "symbol": said,
        "affiliation": sign.side if sign else "",
        "full_name": _first(who, "unitName", "unitLongName", "unitFullName"),
        "system": owner,
        "reliability": _first(where, "reliability"),
        "oper_status": _first(status, "operStatus", "operationalStatus"),
        "text": _first(status, "comment", "remarks"),
    }
    known: dict[str, Scalar] = {name: value[:500] for name, value in told.items() if value != ""}
    name = (_first(who, "unitShortName") or told["full_name"])[:200]
    nations = (NATIONS.get(country, country),) if re.fullmatch("[A-Z]{2,3}", country) else ()
    mark = marking("exercise" if sign and sign.playing else "", _classification(where) or classified)
    yield tell(
        NAME,
        subject,
        at,
        Described(name, nations, sidc=sign.code if sign else "", properties=known, basis="NFFI", marking=mark),
        context,
    )


def _time(said: str) -> Millis:
    """ISO 8601, or year to second in fourteen digits; UTC."""
    if not said:
        raise Unreadable("no dateTime: its age cannot be told")
    if found := _STAMP.fullmatch(said):
        try:
            return millis(datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC))
        except ValueError:
            raise Unreadable(f"dateTime {said[:40]!r} is none") from None
    return moment(said, UTC)


def _first(element: Element | None, *names: str) -> str:
    """The words of the first of these children that has any."""
    return next((said for name in names if (said := text(element, name))), "")


def _number(element: Element, name: str) -> float | None:
    """A child's number; None for what is not there or stands for nothing."""
    found = number(text(element, name))
    return None if found is None or found <= UNSAID else found


def _classified(document: Document) -> str:
    try:
        return _classification(parse(document.rest.removeprefix(false_utf16(document.rest)).lstrip(), recover=True))
    except Broken:
        return ""


def _classification(element: Element) -> str:
    """The security classification among the attributes of an element."""
    held = (str(said) for name, said in element.attrib.items() if "classification" in str(name).lower())
    said = " ".join(next(held, "").split())[:100]
    return "" if said.lower() in NO_MARKING else said


def configure(options: Mapping[str, Any]) -> Callable[[], Decoder]:
    """The decoder of a feed whose velocities are in the unit that the option `velocity` names."""
    if unknown := set(options) - {"velocity"}:
        raise ValueError(f"options: {', '.join(sorted(unknown))} is not known")
    unit = options.get("velocity", "km/h")
    if unit not in VELOCITY:
        raise ValueError(f"options: velocity = {unit!r} is none of {', '.join(VELOCITY)}")
    return lambda: Records(partial(read, velocity=VELOCITY[unit]))


SOURCE = Source(
    name=NAME,
    title="Friendly force tracks (NFFI)",
    domain="land",
    nations=("EE", "LV", "LT"),
    kinds=("unit",),
    transport="http",
    formats="NFFI 1.3 and 1.4 XML (STANAG 5527)",
    licence="Of the tracking systems' owners",
    attribution="Friendly force tracking systems",
    address="https://nffi.example.org/tracks.xml",
    rate_s=10.0,
    stale_s=600.0,
    identity="trackSource: country, system, subsystem and transponderId",
    grid="WGS 84 degrees",
    complete=False,
    mapping=(
        ("positionalData.trackSource", "subject unit:<country>.<system>.<subsystem>.<transponderId>"),
        ("dateTime: ISO 8601 or YYYYMMDDhhmmss, UTC", "at"),
        ("coordinates latitude, longitude", "sighted.lat, lon"),
        ("velocity, km/h unless the option velocity says m/s", "sighted.speed"),
        ("bearing", "sighted.course"),
        ("altitude is not read, for its datum is not told", "no field"),
        ("identificationData.unitShortName, else unitName", "described.name, properties.full_name"),
        ("unitSymbol", "described.sidc, described.properties.symbol, affiliation"),
        ("a unitSymbol of an exercise (affiliation D, G, J, K, L, M, W)", "rejected from an observed feed"),
        ("trackSource.sourceSystem.country", "described.nations"),
        ("sourceSystem.system, reliability", "described.properties.system, reliability"),
        ("operStatusData", "described.properties.oper_status, text"),
        ("a classification on positionalData, else on the message", "described.marking"),
    ),
    quirks=(
        ("test_a_time_of_fourteen_digits_is_utc", "a dateTime may be fourteen digits without a zone"),
        ("test_a_velocity_is_km_h_unless_the_feed_says_otherwise", "the unit of a velocity differs by system"),
        ("test_one_transponder_number_of_two_systems_is_two_units", "transponder numbers are unique in a system only"),
        ("test_a_track_without_identification_is_a_unit_without_a_name", "only the position is mandatory"),
        ("test_an_exercise_symbol_may_not_enter_the_real_world", "only a letter of the symbol tells an exercise"),
    ),
    decoder=configure({}),
    configure=configure,
)
