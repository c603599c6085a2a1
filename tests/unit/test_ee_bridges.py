"""Is a bridge register read in its grid, in every form, and does it never tell more than it knows?"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import Described, Event, Limit, Status
from cop.geo import distance, from_wgs84
from feeds.adapter import Context, Counts, Outcome, Reject
from feeds.bridges import MOST
from feeds.simulated.national import ee_bridges as spoken
from feeds.simulated.spans import state
from feeds.sources.ee_bridges import SOURCE

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
PARNU = (24.53, 58.383)
MAY = 1777852800000  # 2026-05-04
CLASSES = {"mlc_wheeled_oneway": "klass_r", "mlc_tracked_oneway": "klass_l"}


def bridge(**properties: Any) -> dict[str, Any]:
    geometry = properties.pop("geometry", {"type": "Point", "coordinates": list(PARNU)})
    return {"type": "Feature", "properties": {"etak_id": 7.0, **properties}, "geometry": geometry}


def register(*features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", **more, "features": list(features)}).encode()


def outcomes(payload: bytes, options: Mapping[str, Any] | None = None, context: Context = NOW) -> list[Outcome]:
    assert SOURCE.configure is not None
    decoder = SOURCE.configure(options)() if options else SOURCE.decoder()
    decoder.feed(payload, context)
    return list(decoder.close(context))


def described(payload: bytes, **options: Any) -> Described:
    event = outcomes(payload, options)[0]
    assert isinstance(event, Event), event
    assert isinstance(event.body, Described)
    return event.body


def reasons(payload: bytes, **options: Any) -> list[str]:
    return [each.reason for each in outcomes(payload, options) if isinstance(each, Reject)]


# -- what a register tells --------------------------------------------------------------------------------------------


def test_a_bridge_is_told_under_the_registers_names() -> None:
    told = bridge(
        nimetus="Papiniidu", tee_nr="4", takistus="Pärnu jõgi", pikkus="120,5 m", laius=9, massipiirang="40 t",
        korguspiirang=4.2, ehitusaasta=1976.0, muudetud="2026-05-04T12:00:00", for_road=True,
    )  # fmt: skip
    (event,) = outcomes(register(told))
    assert isinstance(event, Event)
    assert (event.subject, event.at) == ("bridge:EE:7", MAY)
    assert event.body == Described(
        "Papiniidu",
        ("EE",),
        *PARNU,
        limits=(Limit("mass_t", 40, "t", "register"), Limit("height_m", 4.2, "m", "register")),
        properties={
            "road": "4",
            "river_or_obstacle": "Pärnu jõgi",
            "length_m": 120.5,
            "width_m": 9.0,
            "built": "1976",
            "as_of": "2026-05-04",
        },
        basis="Estonian Land and Spatial Development Board, ETAK",
    )


def test_an_operator_names_other_columns() -> None:
    told = bridge(Kood="S 7", Silla_nimi="Uus", koormus=12, seis="kinni", kp="4.5.2026")
    options = {
        "id": "kood",
        "name": ["puudub", "silla_nimi"],
        "mass": "KOORMUS",
        "date": "kp",
        "status": "seis",
        "states": {"kinni": "closed"},
    }
    event, status = outcomes(register(told), options)
    assert isinstance(event, Event)
    assert isinstance(status, Event)
    assert isinstance(event.body, Described)
    assert (event.subject, event.at, event.body.name) == ("bridge:EE:S-7", MAY, "Uus")
    assert event.body.limits == (Limit("mass_t", 12, "t", "register"),)
    assert (status.at, status.body) == (MAY, Status("closed"))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"mlc_twoway": "klass"}, "class_basis"),
        ({"as_of": "lately"}, "not a day"),
        ({"columns": "x"}, "columns"),
        ({"order": "up"}, "up"),
        ({"states": {"a": "ajar"}}, "ajar"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        outcomes(register(), options)


def test_a_tonnage_is_a_mass_and_never_a_class() -> None:
    told = bridge(massipiirang=40, teljekoormus=10, klass_r=80, klass_l=70)
    plain = described(register(told))
    assert plain.limits == (Limit("mass_t", 40, "t", "register"), Limit("axle_t", 10, "t", "register"))
    rated = described(register(told), **CLASSES, class_basis="rating of 2025")
    assert rated.limits[2:] == (
        Limit("mlc_wheeled_oneway", 80, "MLC", "rating of 2025"),
        Limit("mlc_tracked_oneway", 70, "MLC", "rating of 2025"),
    )


@pytest.mark.parametrize("value", [None, "", "-", "N/A", "None", 0, "0", "0,0", True, float("nan")])
def test_what_says_nothing_is_no_limit(value: Any) -> None:
    body = described(register(bridge(massipiirang=value, laius=value)).replace(b"NaN", b"null"))
    assert body.limits == ()
    assert set(body.properties) == {"as_of"}


@pytest.mark.parametrize("value", [40_000, "kaks", -5, "12 kN"])
def test_a_limit_that_is_not_understood_is_shown_as_it_is(value: Any) -> None:
    body = described(register(bridge(massipiirang=value)))
    assert body.limits == ()
    assert body.properties["limits_not_understood"] == f"mass_t: {value}"


def test_a_register_without_a_status_column_gives_no_status() -> None:
    found = outcomes(register(bridge(status="open", olek="avatud", muudetud="2026-05-04")))
    assert [type(each.body) for each in found if isinstance(each, Event)] == [Described]


@pytest.mark.parametrize("word", ["avatud", "1", "lahti"])
def test_a_status_that_is_not_mapped_is_unknown(word: str) -> None:
    _, status = outcomes(register(bridge(olek=word, muudetud="2026-05-04")), {"status": "olek"})
    assert isinstance(status, Event)
    assert status.body == Status("unknown", reason=f"the register says {word!r}")


# -- when -------------------------------------------------------------------------------------------------------------


def test_a_register_without_dates_is_as_old_as_its_hearing() -> None:
    dated = bridge(muudetud="2026-05-04")
    for payload, options, at, as_of in (
        (register(bridge()), {}, NOW.received, "not told"),
        (register(bridge()), {"as_of": "2026-05-04"}, MAY, "2026-05-04"),
        (register(bridge(), as_of="2026-05-04"), {}, MAY, "2026-05-04"),
        (register(dated, as_of="2020-01-01"), {"as_of": "2021-01-01"}, MAY, "2026-05-04"),
    ):
        (event,) = outcomes(payload, options)
        assert isinstance(event, Event)
        assert isinstance(event.body, Described)
        assert (event.at, event.body.properties["as_of"]) == (at, as_of)


@pytest.mark.parametrize("date", ["mullu", "2026-02-30", "1.13.2026", "1950-01-01", 12])
def test_a_date_that_is_none_is_rejected(date: Any) -> None:
    assert len(reasons(register(bridge(muudetud=date)))) == 1


def test_a_status_without_a_date_is_rejected() -> None:
    payload = register(bridge(olek="open"))
    assert reasons(payload, status="olek") == ["a status without a date: nobody can tell whether it still holds"]


# -- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["en", "ne"])
@pytest.mark.parametrize("crs", [{}, {"crs": {"type": "name", "properties": {"name": "EPSG:3301"}}}])
def test_estonian_metres_are_read_in_either_order(order: Any, crs: dict[str, Any]) -> None:
    ends = [from_wgs84(3301, (PARNU[0] + shift, PARNU[1]), order=order) for shift in (-0.001, 0.001)]
    point = {"type": "Point", "coordinates": from_wgs84(3301, PARNU, order=order)}
    line = {"type": "LineString", "coordinates": ends}
    area = {"type": "Polygon", "coordinates": [[*ends, from_wgs84(3301, PARNU, order=order), ends[0]]]}
    payload = register(*(bridge(etak_id=n, geometry=each) for n, each in enumerate((point, line, area), 1)), **crs)
    for event, vertices in zip(outcomes(payload), (0, 2, 0), strict=True):
        assert isinstance(event, Event)
        assert isinstance(event.body, Described)
        body = event.body
        assert body.lon is not None
        assert body.lat is not None
        assert distance((body.lon, body.lat), PARNU) < 60
        assert len(body.path) == vertices


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ({"type": "Point", "coordinates": [58.383, 24.53]}, "lon and lat are swapped"),
        ({"type": "Point", "coordinates": [21.0, 56.0]}, "is not in EE"),
        ({"type": "Point", "coordinates": [1, 6_500_000]}, "neither order"),
        ({"type": "Point", "coordinates": ["x", 2]}, "cannot be read"),
    ],
)
def test_a_bridge_elsewhere_costs_no_other(geometry: dict[str, Any], reason: str) -> None:
    found = outcomes(register(bridge(etak_id=1), bridge(etak_id=2, geometry=geometry), bridge(etak_id=3)))
    assert [each.subject for each in found if isinstance(each, Event)] == ["bridge:EE:1", "bridge:EE:3"]
    (rejected,) = [each for each in found if isinstance(each, Reject)]
    assert reason in rejected.reason
    assert json.loads(rejected.raw)["properties"]["etak_id"] == 2


def test_a_bridge_without_a_geometry_is_listed_and_not_drawn() -> None:
    assert (described(register(bridge(geometry=None))).lon, len(reasons(register(bridge(geometry=None))))) == (None, 0)


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ((bridge(etak_id="-"),), "a bridge without an id of the register"),
        ((bridge(), bridge()), "the id 7 is there twice"),
        (({"type": "Topology"},), "a Topology, not a Feature"),
    ],
)
def test_a_bridge_that_nobody_could_know_again_is_rejected(features: tuple[Any, ...], reason: str) -> None:
    assert reasons(register(*features)) == [reason]


# -- the forms of a register ------------------------------------------------------------------------------------------


def frame(**columns: Any) -> geopandas.GeoDataFrame:
    east, north = from_wgs84(3301, PARNU, order="en")
    places = geopandas.points_from_xy([east, east + 50, 5], [north, north + 50, 5])
    made = {"etak_id": [1.0, 2.0, 3.0], "massipiirang": [40, np.nan, 0], "muudetud": ["2026-05-04", None, None]}
    return geopandas.GeoDataFrame(made | columns, geometry=places, crs=3301)


def written(made: geopandas.GeoDataFrame, folder: Path, name: str) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.to_file(folder / name)
    if name.endswith("gpkg"):
        return (folder / name).read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.glob("*")):
            archive.write(path, path.name)
    return packed.getvalue()


@pytest.mark.parametrize("name", ["r.gpkg", "r.shp"])
def test_a_geopackage_and_a_shapefile_are_read_as_the_text_is(name: str, tmp_path: Path) -> None:
    first, second, rejected = outcomes(written(frame(), tmp_path, name))
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert isinstance(first.body, Described)
    assert (first.subject, first.at, second.subject, second.at) == ("bridge:EE:1", MAY, "bridge:EE:2", NOW.received)
    assert first.body.limits == (Limit("mass_t", 40, "t", "register"),)
    assert first.body.lon == pytest.approx(PARNU[0], abs=1e-6)
    assert isinstance(rejected, Reject)
    assert (rejected.offset, rejected.raw) == (0, b"")  # its bytes stand nowhere in the file
    assert rejected.reason.startswith("bridge 3: ")


def test_a_register_in_another_frame_is_turned_from_that(tmp_path: Path) -> None:
    (event, *_) = outcomes(written(frame().iloc[:1].to_crs(25835), tmp_path, "r.gpkg"))
    assert isinstance(event, Event)
    assert isinstance(event.body, Described)
    assert event.body.lon == pytest.approx(PARNU[0], abs=1e-6)


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return packed.getvalue()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00\x01\x02garbage",
        b"<html><title>403</title></html>",
        b"etak_id;nimetus\n1;Sild",
        b"SQLite format 3\x00",
        b"SQLite format 3\x00" + bytes(5000),
        b"SQLite format 3\x00" + b"\x10\x00" * 4000,
        b"PK\x03\x04",
        zipped(r_shp=b"no shape", r_shx=b"x", r_dbf=b"x"),
        zipped(r_shp=b"x", r_vrt=b"<OGRVRTDataSource/>"),
        zipped(a_shp=b"x", b_shp=b"x"),
        zipped(r_shp=b"x", r_dbf=b" " * (MOST + 1)),
        b'{"type": "FeatureCollection", "features": [' + b"[" * 100_000,
        b'{"type": "FeatureCollection", "features": [{"type"',
        b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>",
    ],
)
def test_garbage_is_one_reject(payload: bytes) -> None:
    first, second = (outcomes(payload) for _ in range(2))
    assert [type(each) for each in first] == [Reject]
    assert first == second  # without a name that the library made up


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_damaged_geopackage_raises_nothing(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    payload = bytearray(written(frame(), tmp_path_factory.mktemp("damaged"), "r.gpkg"))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(16, len(payload) - 1))
        payload[at : at + 4] = data.draw(st.binary(min_size=4, max_size=4))
    found = outcomes(bytes(payload[: data.draw(st.integers(16, len(payload)))]))
    assert all(isinstance(each, Event | Reject) for each in found)


# -- what is said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [0, 1795550000123, 1796000000000])
@pytest.mark.parametrize("seed", [0, 7])
def test_what_the_simulated_register_says_is_its_state(seed: int, now: int) -> None:
    decoder = SOURCE.decoder()
    context = Context(now + 500)
    decoder.feed(spoken.say(seed, now), context)
    found = [each for each in decoder.close(context) if isinstance(each, Event)]
    assert decoder.counts == Counts(told=12)
    for event, (span, mass, day) in zip(found, state(seed, now, spoken.SPANS), strict=True):
        assert isinstance(event.body, Described)
        body = event.body
        assert event.subject == f"bridge:EE:{span.key}"
        assert event.at <= now
        assert body.properties["as_of"] == day.isoformat()
        assert body.name.startswith("SIMULATED")
        assert [limit.value for limit in body.limits] == ([] if mass is None else [mass])
        assert body.lon is not None
        assert body.lat is not None
        assert distance((body.lon, body.lat), span.place) < 1


def test_a_register_says_the_same_all_day() -> None:
    noon = 1795608000000 - 1795608000000 % 86_400_000 + 43_200_000
    changes = [spoken.say(0, noon + hour * 3_600_000) for hour in range(24 * 8)]
    for before, after in pairwise(changes):
        for old, new in zip(before.splitlines(), after.splitlines(), strict=True):
            if old != new:
                days = [json.loads(each)["properties"]["muudetud"] for each in (old, new)]
                assert days[0] < days[1]
