"""Are GeoJSON files read under an operator's names, in their frames, and never younger or better than they say?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Limit, Planned, Sighted, Status
from cop.geo import distance, from_wgs84
from feeds.adapter import Context, Outcome, Reject
from feeds.sources.geojson import KINDS, SOURCE, configure

NOW = Context(1795550000000, name="dropped/things.geojson")  # 2026-11-24 19:53:20 UTC
TEN = 1795514400000  # 2026-11-24 10:00 UTC
TALLINN = (24.75, 59.43)
POINT = {"type": "Point", "coordinates": list(TALLINN)}


def feature(geometry: Any = POINT, key: Any = None, **properties: Any) -> dict[str, Any]:
    own = {} if key is None else {"id": key}
    return {"type": "Feature", **own, "properties": properties, "geometry": geometry}


def collection(*features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", **more, "features": list(features)}).encode()


def named(epsg: str) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": epsg}}


def outcomes(payload: bytes, options: dict[str, Any] | None = None, context: Context = NOW) -> list[Outcome]:
    assert SOURCE.configure is not None
    decoder = SOURCE.configure(options)() if options else SOURCE.decoder()
    decoder.feed(payload, context)
    return list(decoder.close(context))


def bodies(payload: bytes, **options: Any) -> list[Any]:
    found = outcomes(payload, options)
    assert not [each for each in found if isinstance(each, Reject)], found
    return [each.body for each in found if isinstance(each, Event)]


def reasons(payload: bytes, **options: Any) -> list[str]:
    return [each.reason for each in outcomes(payload, options) if isinstance(each, Reject)]


# -- what it is -------------------------------------------------------------------------------------------------------


def test_a_feature_says_what_it_is() -> None:
    told = feature(
        kind="bridge", id="EE:7", name="Sild", time="2026-11-24T10:00:00Z", nation="EE", mass_t="40", lanes=2
    )
    (event,) = outcomes(collection(told))
    assert isinstance(event, Event)
    assert (event.subject, event.at) == ("bridge:EE:7", TEN)
    assert event.body == Described(
        "Sild",
        ("EE",),
        *TALLINN,
        limits=(Limit("mass_t", 40, "t", "the file"),),
        properties={"lanes": 2},
        basis="GeoJSON",
    )


def test_an_operator_names_the_properties() -> None:
    told = feature(kood="XE02", seis="lahti", muudetud="2026-11-24 12:00", kaal=12, nimi="Koidula")
    options = {
        "of": "crossing",
        "id": "kood",
        "name": "nimi",
        "time": "muudetud",
        "status": "seis",
        "states": {"lahti": "open"},
        "zone": "Europe/Tallinn",
        "limits": {"mass_t": "kaal"},
    }
    described, status = outcomes(collection(told), options)
    assert isinstance(described, Event)
    assert isinstance(status, Event)
    assert (described.subject, described.at, status.body) == ("crossing:XE02", TEN, Status("open"))
    assert isinstance(described.body, Described)
    assert described.body.limits == (Limit("mass_t", 12, "t", "the file"),)
    assert described.body.properties == {}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"of": "dragon"}, "of = 'dragon' is none of"),
        ({"limits": {"mlc": "class"}}, "limits has mlc"),
        ({"zone": "Mars/North"}, "is no time zone"),
        ({"as_of": "lately"}, "'lately' is not a time"),
        ({"as_of": "2026-11-24T10:00:00"}, "names no zone"),
        ({"states": {"lahti": "ajar"}}, "ajar"),
        ({"order": "up"}, "up"),
        ({"columns": "x"}, "columns"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        configure(options)


@pytest.mark.parametrize(
    ("told", "subject"),
    [
        (feature(key="g1"), "graphic:g1"),
        (feature(key=12.0), "graphic:12"),
        (feature(key="g1", id="own"), "graphic:own"),
        (feature(key="-", name="Wire 3"), "graphic:Wire-3"),
        (feature(id="R 7!"), "graphic:R-7"),
    ],
)
def test_the_id_is_the_propertys_else_the_features_else_the_name(told: dict[str, Any], subject: str) -> None:
    (event,) = outcomes(collection(told))
    assert isinstance(event, Event)
    assert event.subject == subject


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (feature(), "neither an id nor a name"),
        (feature(id="!!"), "id '!!' is not an id"),
        (feature(id="a", kind="dragon"), "kind 'dragon' is none of"),
        (feature({"type": "Point", "coordinates": ["a", 1]}, "a"), "a geometry that cannot be read"),
        (feature({"type": "Point", "coordinates": []}, "a"), "a geometry that cannot be read"),
        (feature({"type": "Point", "coordinates": [24, 159]}, "a"), "positions that are no degrees"),
        (feature({"type": "Point", "coordinates": [59.4, 24.7]}, "a"), "position 59.4, 24.7: lon and lat are swapped"),
        ({"type": "Circle"}, "a Circle, not a Feature"),
        (7, "not a feature"),
        (
            feature({"type": "LineString", "coordinates": [[24 + n / 1e5, 59] for n in range(20_001)]}, "a"),
            "a geometry w",
        ),
    ],
)
def test_a_broken_feature_costs_no_other(told: Any, reason: str) -> None:
    found = outcomes(collection(feature(key="x"), told, feature(key="y")))
    assert [each.subject for each in found if isinstance(each, Event)] == ["graphic:x", "graphic:y"]
    (rejected,) = [each for each in found if isinstance(each, Reject)]
    assert rejected.reason.startswith(reason)


# -- convoys ----------------------------------------------------------------------------------------------------------


def test_a_convoy_is_seen_at_a_point_and_plans_a_line() -> None:
    line = {"type": "LineString", "coordinates": [[24, 59], [25, 59]]}
    point = feature(
        kind="convoy", id="SIM-G3", time=TEN / 1000, speed_kmh="36", course=360, status="closed", fuel="low"
    )
    plan = feature(line, kind="convoy", id="SIM-G3", name="North", time="2026-11-24T10:00:00Z")
    assert bodies(collection(point, plan)) == [
        Sighted(*TALLINN, 0.0, 10.0),
        Status("closed"),
        Described("SIM-G3", properties={"fuel": "low"}, basis="GeoJSON"),
        Planned("North", ((24, 59), (25, 59))),
    ]


@pytest.mark.parametrize("more", [{}, {"as_of": "2026-11-24"}])
def test_a_geojson_convoy_without_a_time_is_rejected(more: dict[str, str]) -> None:
    payload = collection(feature(kind="convoy", id="SIM-G3"), **more)
    assert reasons(payload) == ["a convoy without a time of its own: nobody can tell when it was there"]
    assert reasons(payload, as_of="2026-11-24") == reasons(payload)


def test_a_convoy_without_a_place_or_as_an_area_is_none() -> None:
    area = {"type": "Polygon", "coordinates": [[[24, 59], [25, 59], [25, 60], [24, 59]]]}
    told = [feature(each, kind="convoy", id="C1", time=TEN) for each in (None, area)]
    assert reasons(collection(*told)) == ["a convoy without a place", "a convoy as a Polygon"]


# -- when -------------------------------------------------------------------------------------------------------------


def test_a_geojson_time_without_a_zone_is_rejected() -> None:
    payload = collection(feature(id="a", time="2026-11-24T12:00:00"))
    assert reasons(payload) == ["'2026-11-24T12:00:00' names no zone: nobody can tell when that was"]
    (event,) = outcomes(payload, {"zone": "Europe/Riga"})
    assert isinstance(event, Event)
    assert event.at == TEN


@pytest.mark.parametrize("time", ["2026-10-25T03:30:00", "2026-03-29T03:30:00"])
def test_the_night_when_the_clocks_change_needs_a_zone(time: str) -> None:
    (reason,) = reasons(collection(feature(id="a", time=time)), zone="Europe/Riga")
    assert "in the night when the clocks change" in reason


def test_facts_without_a_time_need_someone_to_say_as_of_when() -> None:
    fact = feature(kind="site", id="S1")
    assert reasons(collection(fact)) == ["no time of its own, and nobody says as of when the file is true"]
    for payload, options in (
        (collection(fact, as_of="2026-11-20"), {}),
        (collection(fact), {"as_of": "2026-11-20"}),
        (collection(fact, as_of="2026-01-01"), {"as_of": "2026-11-20"}),
    ):
        (event,) = outcomes(payload, options)
        assert isinstance(event, Event)
        assert event.at == 1795132800000


def test_a_graphic_may_be_as_old_as_its_hearing_but_its_status_may_not() -> None:
    (event,) = outcomes(collection(feature(id="a")))
    assert isinstance(event, Event)
    assert event.at == NOW.received
    assert reasons(collection(feature(id="a", status="open"))) != []


# -- whether it can be used -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["lahti", "OPENISH", "1", "yes"])
def test_a_status_that_is_not_mapped_is_unknown(word: str) -> None:
    _, status = bodies(collection(feature(kind="crossing", id="XE02", time=TEN, status=word)))
    assert status == Status("unknown", reason=f"the file says {word!r}")


@pytest.mark.parametrize("word", ["", "-", "N/A", None, "None"])
def test_no_status_is_none(word: Any) -> None:
    (body,) = bodies(collection(feature(kind="crossing", id="XE02", time=TEN, status=word)))
    assert isinstance(body, Described)


def test_a_status_may_end() -> None:
    told = feature(id="a", time=TEN, status="Closed", reason="works", since=TEN, until="2026-11-24T11:00:00Z")
    assert bodies(collection(told))[1] == Status("closed", TEN, TEN + 3_600_000, "works")


@pytest.mark.parametrize("value", [0, "0", "N/A", "-", None, -3, True, "inf", "forty"])
def test_what_is_no_limit_is_none(value: Any) -> None:
    (body,) = bodies(collection(feature(id="a", time=TEN, mass_t=value)))
    assert body.limits == ()


# -- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::3301", "EPSG:3301", "urn:ogc:def:crs:EPSG:6.9:3301"])
@pytest.mark.parametrize("order", ["en", "ne"])
def test_an_old_crs_is_honoured_in_either_order(name: str, order: Any) -> None:
    metres = from_wgs84(3301, TALLINN, order=order)
    (body,) = bodies(collection(feature({"type": "Point", "coordinates": metres}, "a"), crs=named(name)))
    assert distance((body.lon, body.lat), TALLINN) < 1


def test_latvian_metres_need_the_order() -> None:
    place = (21.0, 56.5)
    for order in ("en", "ne"):
        metres = from_wgs84(3059, place, order="en" if order == "en" else "ne")
        payload = collection(feature({"type": "Point", "coordinates": metres}, "a"), crs=named("EPSG:3059"))
        assert reasons(payload) == ["the numbers of EPSG:3059 do not tell what comes first: the option order must"]
        (body,) = bodies(payload, order=order)
        assert distance((body.lon, body.lat), place) < 1


@pytest.mark.parametrize(
    ("crs", "reason"),
    [
        (named("EPSG:99999"), "positions that are no degrees, in a frame that is not known"),
        (named("urn:ogc:def:crs:OGC:1.3:CRS84"), "positions that are no degrees, in no frame that is named"),
        (named("EPSG:4326"), "positions that are no degrees"),
        (named("Pulkovo"), "a frame that is not known: Pulkovo"),
        ({"type": "link"}, "a frame that is not known"),
        (named("EPSG:3301"), "a position that lies in neither order in EPSG:3301"),
    ],
)
def test_metres_in_no_frame_that_fits_are_rejected(crs: dict[str, Any], reason: str) -> None:
    payload = collection(feature({"type": "Point", "coordinates": [1000, 2000]}, "a"), crs=crs)
    assert [each[: len(reason)] for each in reasons(payload)] == [reason]


@given(st.lists(st.tuples(st.floats(22, 28), st.floats(57.6, 59.6), st.booleans()), max_size=5))
def test_features_of_all_orders_may_stand_side_by_side(rows: list[tuple[float, float, bool]]) -> None:
    features = [
        feature({"type": "Point", "coordinates": from_wgs84(3301, (lon, lat), order="ne" if north else "en")}, str(n))
        for n, (lon, lat, north) in enumerate(rows)
    ]
    found = bodies(collection(*features, crs=named("EPSG:3301")))
    assert len(found) == len(rows)
    for body, (lon, lat, _) in zip(found, rows, strict=True):
        assert distance((body.lon, body.lat), (lon, lat)) < 1


# -- the text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", ["", "\x1e"])
def test_one_feature_a_line_is_read_too(lead: str) -> None:
    lines = [f"{lead}{json.dumps(feature(key=key))}\n" for key in "ab"]
    found = outcomes(("".join(lines) + f'{lead}{{"type": "Feature", "prop').encode())
    assert [each.subject for each in found if isinstance(each, Event)] == ["graphic:a", "graphic:b"]
    assert [each.reason for each in found if isinstance(each, Reject)] == ["not a feature: Input data was truncated"]


def test_one_feature_alone_is_a_document() -> None:
    assert len(bodies(json.dumps(feature(key="a"), indent=1).encode())) == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "an empty answer, which is not an empty list"),
        (b"<html><h1>Gone</h1></html>", "an HTML page instead of JSON: Gone"),
        (b'{"type": "Topology"}', "no 'features' in the answer"),
        (b'{"features": ' + b"[" * 100_000, "JSON that is nested too deeply"),
        (collection(feature(key="a"))[:-9], "not the JSON that was expected: Input data was truncated"),
        (collection(feature(key="a"), as_of="some day"), "'some day' is not a time in ISO 8601"),
    ],
)
def test_what_is_no_geojson_is_one_reject(payload: bytes, reason: str) -> None:
    assert reasons(payload) == [reason]


def test_every_kind_may_be_told_of() -> None:
    told = [feature(kind=kind, id="X1", time=TEN) for kind in KINDS]
    subjects = [each.subject for each in outcomes(collection(*told)) if isinstance(each, Event)]
    assert {subject.partition(":")[0] for subject in subjects} == set(KINDS) == set(SOURCE.kinds)
