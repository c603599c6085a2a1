"""Does every layer keep the contract, whatever is known and whatever is missing?"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import REAL, STATES, Body, Described, Event, Limit, Origin, Planned, Sighted, Status, Waypoint, event
from cop.picture import Entity, entity, fold
from feeds.adapter import Context, decode
from feeds.sources import reference
from layers.layer import Domain, Key, Layer, by_kind, layers, popup, thing
from layers.symbols import render

NOW = 1_795_000_000_000
PLAY = "exercise/winter"
ALL = list(layers().values())
KINDS = sorted(by_kind())
REGISTERS = [Path(reference.__file__).parents[1] / "reference" / each.file for each in reference.REGISTERS.values()]
WANTED = {
    "convoy": "land",
    "crossing": "land",
    "bridge": "land",
    "port": "maritime",
    "airfield": "air",
    "rail": "land",
    "site": "land",
    "system": "cyber",
    "incident": "cyber",
    "vessel": "maritime",
    "aircraft": "air",
    "roadevent": "land",
    "road": "land",
    "unit": "land",
    "graphic": "land",
    "notam": "air",
    "station": "land",
    "weather": "air",
    "clearance": "land",
    "approval": "land",
}
each_layer = pytest.mark.parametrize("layer", ALL, ids=lambda layer: layer.name)


# -- the declarations ---------------------------------------------------------------------------------------------


def test_every_kind_has_one_layer_of_its_domain() -> None:
    kinds = [kind for layer in ALL for kind in layer.kinds]
    assert len(kinds) == len(set(kinds))
    assert {kind: by_kind()[kind].domain for kind in WANTED} == WANTED


def test_names_and_drawing_order_are_unique() -> None:
    assert len({layer.name for layer in ALL}) == len({layer.title for layer in ALL}) == len(ALL)
    assert len({layer.z for layer in ALL}) == len(ALL)


@each_layer
def test_a_layer_declares_itself(layer: Layer) -> None:
    assert layer.domain in get_args(Domain)
    assert layer.title
    assert layer.title[0].isupper()
    assert layer.stale_s is None or layer.stale_s > 0
    keys = [field.key for field in layer.fields]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch("[a-z][a-z0-9_]*", key) for key in keys)
    titles = [field.title for field in layer.fields]
    assert len(titles) == len(set(titles))
    assert {"status", "reason", "since", "until", "position", "basis", "marking"} <= set(keys)


def test_what_moves_grows_stale_and_what_stands_does_not() -> None:
    moving = {layer.name: layer.stale_s for layer in ALL if layer.stale_s is not None}
    assert moving == {
        "convoys": 120,
        "vessels": 600,
        "aircraft": 60,
        "units": 600,
        "roadevents": 3600,
        "stations": 3600,
        "weather": 5400,
    }


@each_layer
def test_each_symbol_of_the_legend_renders(layer: Layer) -> None:
    assert layer.legend
    assert len({key.symbol for key in layer.legend}) == len(layer.legend)
    for key in layer.legend:
        assert key.text
        assert render(key.symbol) is not None, key


# -- any thing ----------------------------------------------------------------------------------------------------

WORDS = """
    internal external road rail closed roadworks accident weight limit slippery military civil ferry garrison training
    air base tank howitzer transport recce A1 A7 B2 B6 A0 cargo tanker towing unknown Klaipėda ÕÄÖ
"""
words = st.sampled_from(WORDS.split())
texts = st.one_of(st.just(""), st.lists(words, min_size=1, max_size=3).map(" ".join), st.text(max_size=12))
numbers = st.one_of(
    st.integers(-5, 200), st.floats(-1e6, 1e6, allow_nan=False), st.sampled_from([30, 35, 52, 70, 84, 99, 1e12])
)
scalars: st.SearchStrategy[Any] = st.one_of(texts, numbers, st.booleans(), st.none())
lons, lats = st.floats(20, 29), st.floats(53, 60)
times = st.integers(NOW - 10_000_000, NOW + 10_000_000)
named = sorted({field.key for layer in ALL for field in layer.fields})
properties = st.dictionaries(st.sampled_from([*named, "ship_type_code", "mlc_tracked", "startex"]), scalars, max_size=8)
measures = st.dictionaries(
    st.sampled_from(["delay_min", "speed_kmh", "mlc_wheeled", "mlc_tracked", "mass_t", "waiting_min", "other"]),
    st.floats(-1e4, 1e4, allow_nan=False),
    max_size=4,
)
limits = st.lists(
    st.builds(
        Limit,
        st.sampled_from(["mlc_wheeled_oneway", "mlc_tracked_oneway", "mlc_twoway", "mass_t", "height_m", "odd"]),
        st.floats(-10, 2000, allow_nan=False),
        st.sampled_from(["MLC", "t", "m", "kg"]),
    ),
    max_size=4,
).map(tuple)
paths = st.lists(st.tuples(lons, lats), max_size=4).map(tuple)
points = st.lists(
    st.builds(Waypoint, texts, lons, lats, st.just(0.0), st.none() | times, st.none() | times), max_size=4
).map(tuple)
codes = st.sampled_from(
    ["", "SFGPUCI---", "10031000001211000000", "13036000001301000000", "1" * 20, "13031000009999990000"]
)


@st.composite
def described(draw: st.DrawFn) -> Described:
    placed = draw(st.booleans())
    return Described(
        name=draw(texts),
        nations=draw(st.sampled_from([(), ("EE",), ("LV", "LT"), ("RU",), ("XX",)])),
        lon=draw(lons) if placed else None,
        lat=draw(lats) if placed else None,
        path=draw(paths),
        sidc=draw(codes),
        limits=draw(limits),
        properties=draw(properties),
        basis=draw(texts),
        marking=draw(st.sampled_from(["", "EXERCISE DATA"])),
    )


@st.composite
def status(draw: st.DrawFn) -> Status:
    since, until = sorted((draw(times), draw(times)))
    return Status(
        draw(st.sampled_from(STATES)),
        draw(st.sampled_from([None, since])),
        draw(st.sampled_from([None, until])),
        draw(texts),
        draw(measures),
    )


maybe = st.none() | st.floats(0, 359)
sighted = st.builds(Sighted, lons, lats, maybe, maybe, maybe, maybe)
planned = st.builds(Planned, texts, paths, points, properties, st.sampled_from(["", "EXERCISE"]))
bodies: st.SearchStrategy[Body] = st.one_of(described(), status(), sighted, planned)


@st.composite
def entities(draw: st.DrawFn) -> Entity:
    """A thing of any kind with any subset of bodies, from several sources, worlds and origins."""
    subject = f"{draw(st.sampled_from(KINDS))}:X1"
    records: dict[str, dict[tuple[str, str], Event]] = {PLAY: {}, REAL: {}}
    for body in draw(st.lists(bodies, min_size=1, max_size=5)):
        source, world = draw(st.sampled_from("abc")), draw(st.sampled_from((PLAY, REAL)))
        origin: Origin = draw(st.sampled_from(get_args(Origin)))
        said = event(source, subject, draw(times), body, received=NOW, world=world, origin=origin)
        records[world][source, type(body).__name__] = said
    found = entity(subject, records[PLAY], records[REAL])
    assert found is not None
    return found


@settings(max_examples=300, deadline=None)
@given(entities())
def test_any_thing_becomes_a_row_and_a_popup(found: Entity) -> None:
    row = thing(found, NOW)
    assert row is not None
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    layer = by_kind()[found.kind]
    lines = popup(found, NOW)
    json.dumps(lines, allow_nan=False)

    keys = [field.key for field in layer.fields]
    said = [line["key"] for line in lines]
    assert said == [key for key in keys if key in said]
    table = {field.key for field in layer.fields if field.table}
    assert row["cells"].keys() == {key for key in said if key in table}
    assert all(row["cells"][line["key"]] == line["value"] for line in lines if line["key"] in table)
    assert all({"source", "at", "origin", "world"} <= line.keys() for line in lines if line["key"] != "status")

    assert row["state"] == row["cells"]["status"] == found.state(NOW)
    assert row["domain"] == layer.domain
    assert row["name"]
    assert isinstance(row["label"], str)


@settings(max_examples=300, deadline=None)
@given(entities())
def test_any_symbol_renders_stands_in_the_legend_and_tells_what_is_not_real(found: Entity) -> None:
    layer = by_kind()[found.kind]
    key = layer.symbol(found, NOW)
    assert render(key) is not None, key
    if not any(isinstance(e.body, Described) and e.body.sidc for e in found.events):
        assert in_kind(key) in {in_kind(each.symbol) for each in layer.legend}

    real = all(e.world == REAL and e.origin == "observed" for e in found.events)
    chief = found.sighted or found.described or found.newest
    assert context(key) == ("simulated" if chief.origin == "simulated" else "" if real else "exercise")


@settings(max_examples=150, deadline=None)
@given(entities())
def test_a_marking_is_never_lost_and_a_class_never_made_of_tonnes(found: Entity) -> None:
    row, lines = thing(found, NOW), {line["key"]: line["value"] for line in popup(found, NOW)}
    assert row is not None
    told = [e.body for e in found.events if isinstance(e.body, Described)]
    plans = [e.body for e in found.events if isinstance(e.body, Planned)]
    marks = {*(body.marking for body in told), *(body.marking for body in plans)} - {""}
    assert (row.get("marking") in marks) if marks else "marking" not in row
    assert lines.get("marking") == row.get("marking")

    classes = {limit.value for body in told for limit in body.limits if limit.unit == "MLC"}
    for said in (e.body for e in found.events if isinstance(e.body, Status)):
        classes |= {value for key, value in said.measures.items() if key.startswith("mlc_")}
    shown = {value for key, value in lines.items() if key.startswith("mlc_")} if found.kind == "bridge" else set()
    assert shown <= classes


@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_reports_is_unknown(kind: str) -> None:
    found = make(f"{kind}:X1", Described(name="x"))
    row = thing(found, NOW)
    assert row is not None
    assert row["state"] == row["cells"]["status"] == "unknown"
    first = popup(found, NOW)[0]
    assert (first["key"], first["value"]) == ("status", "unknown")
    assert "source" not in first


# -- the registers as they are ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    name: str
    mark: str


@pytest.mark.parametrize("world", [World(REAL, ""), World(PLAY, "exercise")], ids=lambda world: world.name)
@pytest.mark.parametrize("path", REGISTERS, ids=lambda path: path.stem)
def test_each_row_of_the_registers_has_its_symbol(path: Path, world: World) -> None:
    outcomes = decode(reference.SOURCE, path.read_bytes(), Context(NOW, world.name))
    for found in fold(each for each in outcomes if isinstance(each, Event)).entities():
        row = thing(found, NOW)
        assert row is not None
        assert context(row["sym"]) == world.mark
        assert in_kind(row["sym"]) in {in_kind(key.symbol) for key in by_kind()[found.kind].legend}
        assert ("marking" in row) is (world.name == PLAY)
        assert "stale_s" not in row


# -- what a staff officer needs -----------------------------------------------------------------------------------


def test_a_temporary_class_counts_and_the_described_one_stands_beside_it() -> None:
    limits = (Limit("mlc_wheeled_oneway", 80, "MLC", "exercise"), Limit("mlc_tracked_oneway", 70, "MLC", "exercise"))
    found = make(
        "bridge:B15",
        Described(name="Daugava", limits=limits),
        Status("restricted", until=NOW + 1, reason="crack", measures={"mlc_wheeled": 50, "mlc_tracked": 90}),
    )
    lines = {line["key"]: line for line in popup(found, NOW)}
    assert (lines["mlc_wheeled"]["value"], lines["mlc_wheeled_oneway"]["value"]) == (50, 80)
    assert (lines["mlc_tracked"]["value"], lines["mlc_tracked_oneway"]["value"]) == (70, 70)
    assert lines["mlc_wheeled"]["source"] == "s1"
    assert lines["mlc_tracked"]["source"] == "s0"
    assert by_kind()["bridge"].symbol(found, NOW) == "mlc/50-70"
    assert by_kind()["bridge"].symbol(found, NOW + 1) == "mlc/80-70"


def test_limits_of_two_injects_stand_side_by_side() -> None:
    subject = "bridge:B15"
    told = [
        event("inject:1", subject, 1, Status("restricted", measures={"mlc_wheeled": 40}), received=1, world=PLAY),
        event("inject:2", subject, 2, Status("degraded", measures={"delay_min": 30}), received=2, world=PLAY),
    ]
    found = fold(told).entity(subject)
    assert found is not None
    assert {"mlc_wheeled": 40, "delay_min": 30}.items() <= {x["key"]: x["value"] for x in popup(found, NOW)}.items()


def test_a_tonnage_shows_as_a_tonnage() -> None:
    found = make("bridge:B90", Described(limits=(Limit("mass_t", 44, "t"), Limit("mlc_twoway", 44, "t"))))
    lines = {line["key"]: line for line in popup(found, NOW)}
    assert (lines["mass_t"]["value"], lines["mass_t"]["unit"]) == (44, "t")
    assert not any(key.startswith("mlc") for key in lines)
    assert by_kind()["bridge"].symbol(found, NOW) == "mlc/unknown-unknown"


def test_a_road_event_with_an_end_of_its_own_does_not_age_before_it() -> None:
    subject = "roadevent:LV-1"
    open_end = make(subject, Described(properties={"category": "roadworks"}), Status("restricted"))
    ending = make(subject, Described(properties={"category": "roadworks"}), Status("restricted", until=NOW + 1))
    rows = [thing(found, at) for found, at in ((open_end, NOW), (ending, NOW), (ending, NOW + 1))]
    assert [row and row.get("stale_s") for row in rows] == [3600, None, 3600]


def test_a_convoy_tells_its_next_point_and_how_late_it_is() -> None:
    minute = 60_000
    points = (
        Waypoint("Klaipėda", 21.1, 55.7, 0, NOW - 60 * minute, NOW - 58 * minute),
        Waypoint("Šiauliai", 23.3, 55.7, 140, NOW + 60 * minute, NOW + 62 * minute),
        Waypoint("Panevėžys", 24.4, 55.7, 210, NOW + 120 * minute, NOW + 122 * minute),
    )
    found = make("convoy:C02", Planned("R07", (), points, {}, "EXERCISE DATA"), Sighted(22.2, 55.7, 90.0, 11.1))
    lines = {line["key"]: line for line in popup(found, NOW)}
    assert lines["next_point"]["value"] == "Šiauliai"
    assert abs(lines["late_min"]["value"]) <= 1
    assert lines["speed"]["value"] == 40.0
    assert lines["marking"]["value"] == "EXERCISE DATA"
    behind = make("convoy:C02", Planned("R07", (), points), Sighted(21.65, 55.7))
    assert {line["key"]: line["value"] for line in popup(behind, NOW)}["late_min"] == 30


def test_a_ship_and_an_aircraft_show_knots_and_feet() -> None:
    ship = {x["key"]: x["value"] for x in popup(make("vessel:276000001", Sighted(24.9, 59.5, 359.7, 10.29)), NOW)}
    assert (ship["speed"], ship["course"]) == (20.0, 0)
    plane = {x["key"]: x["value"] for x in popup(make("aircraft:511001", Sighted(24.9, 59.5, altitude=3048)), NOW)}
    assert plane["altitude"] == 10_000


@pytest.mark.parametrize(
    "category, sign",
    [
        ("MaintenanceWorks", "roadworks"),
        ("roadClosed", "closure"),
        ("laneClosures", "obstruction"),
        ("massRestrictions", "weightlimit"),
        ("heightRestrictions", "sizelimit"),
        ("Accident", "accident"),
        ("PoorEnvironmentConditions", "weather"),
        ("VehicleObstruction", "obstruction"),
        ("AbnormalTraffic", "queue"),
        ("PublicEvent", "other"),
        ("police notice", "other"),
    ],
)
def test_a_road_event_shows_the_sign_of_its_category(category: str, sign: str) -> None:
    found = make("roadevent:1", Described(properties={"category": category}))
    assert by_kind()["roadevent"].symbol(found, NOW) == f"glyph/roadevent-{sign}"


@pytest.mark.parametrize(
    "unit_type, text",
    [
        ("Military police / engineer recce", "Military police, traffic control"),
        ("Mechanised infantry, wheeled IFV", "Mechanised infantry, wheeled"),
        ("Transport / supply", "Transport"),
        ("Tanks on heavy equipment transporters", "Armour, also on transporters"),
        ("Tracked howitzers on low-loaders and trucks", "Artillery, self-propelled"),
        ("Engineer, bridging", "Engineers, bridging"),
        ("Ammunition / POL, dangerous goods", "Ammunition"),
        ("Armour on HET", "Armour, also on transporters"),
        ("HQ / signal", "Signals and headquarters"),
        ("Police escort", "Convoy of another or an unknown kind"),
    ],
)
def test_a_convoy_shows_its_unit_type(unit_type: str, text: str) -> None:
    found = make("convoy:C01", Described(properties={"unit_type": unit_type}))
    assert meaning("convoy", found) == text


@pytest.mark.parametrize(
    "properties, nations, text",
    [
        ({"ship_type": "cargo", "ship_type_code": 79}, ("LV",), "Cargo ship"),
        ({"ship_type_code": 52}, (), "Tug"),
        ({"ship_type": "tanker"}, (), "Tanker"),
        ({"ship_type": "military", "ship_type_code": 35}, ("EE",), "Warship of an ally"),
        ({"ship_type_code": 35}, ("RU",), "Warship of another or an unknown flag"),
        ({"ship_type": "unknown", "ship_type_code": 5}, (), "Vessel, type not told"),
        ({"ship_type_code": 50}, (), "Civil vessel of another type"),
        ({}, ("EE",), "Vessel, type not told"),
    ],
)
def test_a_ship_shows_her_type(properties: dict[str, Any], nations: tuple[str, ...], text: str) -> None:
    assert meaning("vessel", make("vessel:1", Described(nations=nations, properties=properties))) == text


@pytest.mark.parametrize(
    "properties, nations, text",
    [
        ({"category": "A3"}, (), "Civil aeroplane"),
        ({"category": "A7"}, (), "Civil helicopter"),
        ({"category": "A3", "military": True}, ("US",), "Ally's military aeroplane"),
        ({"military": True}, (), "Military aircraft of another or an unknown flag"),
        ({"category": "A0"}, ("EE",), "Aircraft, category not told"),
    ],
)
def test_an_aircraft_shows_its_kind(properties: dict[str, Any], nations: tuple[str, ...], text: str) -> None:
    assert meaning("aircraft", make("aircraft:1", Described(nations=nations, properties=properties))) == text


@pytest.mark.parametrize("state", STATES)
def test_a_system_shows_its_state(state: str) -> None:
    text = meaning("system", make("system:SYS-302", Status(state)))  # type: ignore[arg-type]
    expected = {"open": "working", "closed": "service outage", "unknown": "state unknown"}.get(state, "impaired")
    assert text == f"IT system, {expected}"


def test_a_given_code_counts_when_it_can_be_drawn() -> None:
    symbol = by_kind()["convoy"].symbol
    assert symbol(make("convoy:1", Described(sidc="10031000151613000000")), NOW) == "app6/13031000151613000000"
    blank = symbol(make("convoy:1", Described()), NOW)
    for code in ("SFGPUCI----D---", "10031000009999990000", "10036000001301000000", "x"):
        assert symbol(make("convoy:1", Described(sidc=code)), NOW) == blank


# -- helpers of this file -----------------------------------------------------------------------------------------


def make(subject: str, *bodies: Body) -> Entity:
    """A real thing of which each body is said by a source of its own, the last one newest."""
    told = [event(f"s{i}", subject, NOW - 10 + i, body, received=NOW) for i, body in enumerate(bodies)]
    found = fold(told).entity(subject)
    assert found is not None
    return found


def meaning(kind: str, found: Entity) -> str:
    """What the legend says about the thing's symbol."""
    key = by_kind()[kind].symbol(found, NOW)
    line: Key = next(line for line in by_kind()[kind].legend if line.symbol == key)
    return line.text


def context(key: str) -> str:
    """What a key says of its context."""
    if key.startswith("app6/"):
        return {"0": "", "1": "exercise", "2": "simulated"}[key[7]]
    return next((name for name in ("exercise", "simulated") if key.endswith(f"-{name}")), "")


def in_kind(key: str) -> str:
    """The key without its context and, on a class sign, with the legend's figures."""
    if key.startswith("app6/"):
        return f"{key[:7]}0{key[8:]}"
    plain = key.removesuffix(f"-{context(key)}") if context(key) else key
    if not plain.startswith("mlc/"):
        return plain
    wheeled, tracked = plain.removeprefix("mlc/").split("-")
    if wheeled == tracked:
        return "mlc/80-80" if wheeled != "unknown" else plain
    return f"mlc/{'80' if wheeled != 'unknown' else wheeled}-{'70' if tracked != 'unknown' else tracked}"
