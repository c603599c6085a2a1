"""How are the simulator's own reports of its convoys read?

One JSON object a line, UTF-8, in any order; `say` names the kind, `id` the convoy, `at` the wall time in ms UTC:

    {"say":"convoy","id":"C02","at":…,"name":"…","unit_type":"…","vehicles":48,"kind":"wheeled","mlc_wheeled":40,
     "origin":"Klaipeda","destination":"Adazi","speed_kmh":40,"pass_time_min":7.8,"nations":["LT","LV"]}
    {"say":"plan","id":"C02","at":…,"route":"R07+R05+R01","path":[[21.139,55.707],…],
     "points":[{"name":"Klaipeda","lon":21.139,"lat":55.707,"km":0,"due":…,"clear":…},…],"startex":…,"scale":1}
    {"say":"position","id":"C02","at":…,"lon":23.45,"lat":56.07,"course":31.2,"speed":11.1}
    {"say":"gone","id":"C02","at":…,"reason":"arrived at Adazi"}
    {"say":"clearance","id":"C02-XB11","at":…,"convoy":"C02","border":"crossing:XB11","permission":"APPROVED",…}

A position is that of the head, its speed metres a second of exercise time. A blank line is a sign of life. All of it
is play: every description carries its marking, and the origin is never `observed`, whatever the context says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from cop.event import Body, Described, Gone, Planned, Scalar, Sighted, Waypoint
from feeds.adapter import Context, LineRecords, Outcome, Source, Unreadable, tell

MARKING = "EXERCISE DATA"

Name = Annotated[str, msgspec.Meta(max_length=200)]
ConvoyId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,32}\Z")]
Wall = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class _Report(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say"):
    id: ConvoyId
    at: Wall


class Convoy(_Report, frozen=True, tag="convoy"):
    """Who it is."""

    name: Name
    unit_type: Name = ""
    vehicles: Count = 0
    kind: Name = ""
    mlc_wheeled: Count | None = None
    mlc_tracked: Count | None = None
    origin: Name = ""
    destination: Name = ""
    speed_kmh: float | None = None
    pass_time_min: float | None = None
    march_units: Count | None = None
    density_veh_per_km: float | None = None
    mass_t: float | None = None
    width_m: float | None = None
    height_m: float | None = None
    nations: tuple[Name, ...] = ()


class Point(msgspec.Struct, frozen=True):
    """A critical point: the head is due, the tail clear, both in wall time."""

    name: Name
    lon: float
    lat: float
    km: float
    due: Wall
    clear: Wall


class Plan(_Report, frozen=True, tag="plan"):
    """What it means to do. `startex` is the wall time of T+0 in this run, `scale` exercise seconds a wall second."""

    route: Name
    path: tuple[tuple[float, float], ...]
    points: tuple[Point, ...]
    startex: Wall
    scale: float = 1.0


class Position(_Report, frozen=True, tag="position"):
    """Where its head is."""

    lon: float
    lat: float
    course: float | None = None
    speed: float | None = None


class Left(_Report, frozen=True, tag="gone"):
    """It is no longer simulated: a convoy, or a clearance of one."""

    reason: Name = ""
    kind: Literal["convoy", "clearance"] = "convoy"


class Permit(_Report, frozen=True, tag="clearance"):
    """What a convoy has to cross a border: the permission and the customs form. `id` is convoy and border."""

    convoy: ConvoyId
    border: Name
    nations: tuple[Name, ...] = ()
    permission: Name = ""
    requested_at: Wall | None = None
    decided_at: Wall | None = None
    by: Name = ""
    vehicles_declared: Count | None = None
    form302: Name = ""
    note: Name = ""


Report = Convoy | Plan | Position | Left | Permit

PERMIT = ("permission", "requested_at", "decided_at", "by", "vehicles_declared", "form302", "note")

PROPERTIES = (
    "unit_type",
    "vehicles",
    "kind",
    "mlc_wheeled",
    "mlc_tracked",
    "origin",
    "destination",
    "speed_kmh",
    "pass_time_min",
    "march_units",
    "density_veh_per_km",
    "mass_t",
    "width_m",
    "height_m",
)
"""What a convoy says of itself that becomes a described property under the same name."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


def write(reports: list[Report]) -> bytes:
    """The reports as lines."""
    return _encoder.encode_lines(reports)


def read(line: bytes, context: Context) -> Iterator[Outcome]:
    """The event of one line."""
    try:
        told = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not a report: {error}") from error
    play = msgspec.structs.replace(context, origin="simulated") if context.origin == "observed" else context
    kind = "clearance" if isinstance(told, Permit) else told.kind if isinstance(told, Left) else "convoy"
    yield tell("simulated", f"{kind}:{told.id}", told.at, _body(told), play)


def _body(told: Report) -> Body:
    match told:
        case Convoy():
            said: dict[str, Scalar] = {name: getattr(told, name) for name in PROPERTIES}
            known: dict[str, Scalar] = {name: value for name, value in said.items() if value not in (None, "")}
            return Described(told.name, told.nations, properties=known, marking=MARKING)
        case Plan():
            points = tuple(Waypoint(p.name, p.lon, p.lat, p.km, p.due, p.clear) for p in told.points)
            clock: dict[str, Scalar] = {"startex": told.startex, "scale": told.scale}
            return Planned(told.route, told.path, points, clock, MARKING)
        case Position():
            return Sighted(told.lon, told.lat, told.course, told.speed)
        case Left():
            return Gone(told.reason)
        case Permit():
            permit: dict[str, Scalar] = {name: getattr(told, name) for name in PERMIT}
            permit |= {"convoy": f"convoy:{told.convoy}", "border": told.border}
            known = {name: value for name, value in permit.items() if value not in (None, "")}
            return Described(
                f"{told.convoy} at {told.border.partition(':')[2]}", told.nations, properties=known, marking=MARKING
            )


SOURCE = Source(
    name="simulated",
    title="Simulated convoys",
    domain="land",
    nations=("EE", "LV", "LT"),
    kinds=("convoy", "clearance"),
    transport="tcp",
    formats="JSON lines: convoy, plan, position, gone",
    licence="Apache-2.0, as the project",
    attribution="The project's own simulator: exercise data, no real movement",
    address="tcp://127.0.0.1:10130",
    rate_s=5.0,
    stale_s=120.0,
    identity="the convoy's id",
    grid="WGS 84 degrees, lon before lat",
    complete=False,
    mapping=(
        ("id", "subject convoy:<id>"),
        ("at", "at"),
        ("convoy: name, nations", "described.name, described.nations"),
        (f"convoy: {', '.join(PROPERTIES)}", "described.properties"),
        ("plan: route, path", "planned.route, planned.path"),
        ("plan: points (name, lon, lat, km, due, clear)", "planned.points"),
        ("plan: startex, scale", "planned.properties"),
        ("position: lon, lat, course, speed", "sighted"),
        ("gone: reason", "gone.reason"),
        ("always EXERCISE DATA", "described.marking, planned.marking"),
    ),
    decoder=lambda: LineRecords(read),
)
