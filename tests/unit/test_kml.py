"""Are tracks of KML convoys and all else graphics, and do the traps of missing times and zones stay shut?"""

from __future__ import annotations

import io
import zipfile

import pytest

from cop.event import Described, Event, Sighted
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.sources.kml import MEMBERS, SOURCE
from feeds.xml_records import MOST

NOW = Context(1795550000000, name="dropped/sketch.kml")  # 2026-11-24 19:53:20 UTC
TEN = 1795514400000  # 2026-11-24 10:00 UTC
HERE = "<Point><coordinates>24.1,56.9,0</coordinates></Point>"
AT_TEN = "<TimeStamp><when>2026-11-24T10:00:00Z</when></TimeStamp>"


def kml(*placemarks: str, namespace: str = "http://www.opengis.net/kml/2.2") -> bytes:
    inner = "".join(placemarks)
    google = "http://www.google.com/kml/ext/2.2"
    return f'<kml xmlns="{namespace}" xmlns:gx="{google}"><Document>{inner}</Document></kml>'.encode()


def mark(inner: str, name: str = "Mark", key: str = "") -> str:
    own = f' id="{key}"' if key else ""
    return f"<Placemark{own}><name>{name}</name>{inner}</Placemark>"


def track(*points: tuple[str, str], more: str = "", tag: str = "gx:Track") -> str:
    whens = "".join(f"<when>{when}</when>" for when, _ in points if when != "-")
    places = "".join(f"<gx:coord>{place}</gx:coord>" for _, place in points)
    return f"<{tag}>{whens}{places}{more}</{tag}>"


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in outcomes(payload) if isinstance(each, Reject)]


def graphic(inner: str, name: str = "Mark", context: Context = NOW) -> tuple[Event, Described]:
    (told,) = outcomes(kml(mark(inner, name)), context)
    assert isinstance(told, Event), told
    assert isinstance(told.body, Described)
    return told, told.body


def sightings(payload: bytes) -> list[tuple[str, int, Sighted]]:
    return [
        (each.subject, each.at, each.body)
        for each in outcomes(payload)
        if isinstance(each, Event) and isinstance(each.body, Sighted)
    ]


# -- tracks -----------------------------------------------------------------------------------------------------------


def test_a_track_is_a_convoy() -> None:
    two = track(("2026-11-24T10:00:00Z", "24 57 30"), ("2026-11-24T12:02:00+02:00", "24 57.01 31"))
    (subject, at, first), (_, later, second) = sightings(kml(mark(two, "SIM G8")))
    assert (subject, at, later) == ("convoy:SIM-G8", TEN, TEN + 120_000)
    assert (first.altitude, first.speed) == (None, None)
    assert second.course == 0.0
    assert second.speed == pytest.approx(9.28, abs=0.01)


def test_altitude_and_heading_are_told_where_they_are() -> None:
    more = "<gx:angles>91 0 0</gx:angles><altitudeMode>absolute</altitudeMode>"
    ((_, _, seen),) = sightings(kml(mark(track(("2026-11-24T10:00:00Z", "24 57 30"), more=more))))
    assert (seen.altitude, seen.course) == (30.0, 91.0)


def test_the_track_of_2_3_without_googles_namespace_is_one() -> None:
    told = track(("2026-11-24T10:00:00Z", "24 57 30"), tag="Track")
    assert [subject for subject, _, _ in sightings(kml(mark(told), namespace="http://www.opengis.net/kml/2.3"))] == [
        "convoy:Mark"
    ]


def test_a_track_without_a_name_is_called_as_its_file() -> None:
    told = track(("2026-11-24T10:00:00Z", "24 57 30"))
    assert sightings(kml(f"<Placemark>{told}</Placemark>"))[0][0] == "convoy:sketch"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (track(("-", "24 57 0")), "a track without times: nobody can tell when it was there"),
        ("<gx:Track/>", "a track without times: nobody can tell when it was there"),
        (
            track(("2026-11-24T10:00:00Z", "24 57 0"), ("-", "24 57 0")),
            "a track of 2 positions with 1 times",
        ),
        (track(("2026-11-24T10:00:00Z", "")), "a track without a position that has a time"),
        (track(("2026-11-24", "24 57 0")), "'2026-11-24' is not a time in ISO 8601"),
    ],
)
def test_a_kml_track_without_times_is_rejected(told: str, reason: str) -> None:
    assert reasons(kml(mark(told))) == [reason]


@pytest.mark.parametrize(
    "inner",
    [
        track(("2026-11-24T10:00:00", "24 57 0")),
        f"{HERE}<TimeStamp><when>2026-11-24T10:00:00</when></TimeStamp>",
        f"{HERE}<TimeSpan><end>2026-11-24T10:00:00</end></TimeSpan>",
    ],
)
def test_a_kml_time_without_a_zone_is_rejected(inner: str) -> None:
    assert reasons(kml(mark(inner))) == ["'2026-11-24T10:00:00' names no zone: nobody can tell when that was"]


# -- graphics ---------------------------------------------------------------------------------------------------------


def test_a_placemark_is_a_graphic_of_its_file() -> None:
    told, body = graphic(f"{HERE}{AT_TEN}<description>&lt;b&gt;two&lt;/b&gt; mines</description>")
    assert (told.subject, told.at) == ("graphic:sketch.Mark", TEN)
    assert (body.name, body.lon, body.lat, body.path) == ("Mark", 24.1, 56.9, ())
    assert body.properties["text"] == "two mines"


@pytest.mark.parametrize(
    ("geometry", "form", "place", "vertices"),
    [
        ("<LineString><coordinates>24,57 24.2,57</coordinates></LineString>", "LineString", (24.1, 57.0), 2),
        (
            "<Polygon><outerBoundaryIs><LinearRing><coordinates>24,57 24.2,57 24.2,57.2 24,57.2 24,57</coordinates>"
            "</LinearRing></outerBoundaryIs></Polygon>",
            "Polygon",
            (24.1, 57.1),
            5,
        ),
        (
            f"<MultiGeometry>{HERE}<LineString><coordinates>24,57 24.2,57 24.3,57</coordinates></LineString>"
            "</MultiGeometry>",
            "GeometryCollection",
            (24.2, 57.0),
            3,
        ),
    ],
)
def test_the_path_is_the_line_or_outline(geometry: str, form: str, place: tuple[float, float], vertices: int) -> None:
    _, body = graphic(geometry + AT_TEN)
    assert (body.lon, body.lat) == pytest.approx(place, abs=0.0002)
    assert (body.properties["form"], len(body.path)) == (form, vertices)


def test_a_drawing_without_a_time_is_as_old_as_its_hearing() -> None:
    assert graphic(HERE)[0].at == NOW.received
    assert graphic(HERE, context=Context(5))[0].at == 5


@pytest.mark.parametrize(
    ("time", "at"),
    [
        (AT_TEN, TEN),
        ("<TimeStamp><when>2026-11-24</when></TimeStamp>", 1795478400000),
        ("<TimeStamp><when>2026-11</when></TimeStamp>", 1793491200000),
        ("<TimeStamp><when>2026</when></TimeStamp>", 1767225600000),
        ("<TimeSpan><begin>2026-11-24T10:00:00Z</begin><end>2027-01-01</end></TimeSpan>", TEN),
        ("<TimeSpan><begin>2030-01-01</begin></TimeSpan>", NOW.received),
        ("<TimeSpan><end>2030-01-01</end></TimeSpan>", NOW.received),
    ],
)
def test_a_drawing_is_as_old_as_its_time_and_never_from_the_future(time: str, at: int) -> None:
    assert graphic(HERE + time)[0].at == at


def test_a_span_is_told() -> None:
    _, body = graphic(HERE + "<TimeSpan><begin>2026-11-20</begin><end>2027-01-01</end></TimeSpan>")
    assert (body.properties["from"], body.properties["until"]) == ("2026-11-20", "2027-01-01")


def test_two_of_one_name_are_two_and_an_id_goes_before_a_name() -> None:
    found = outcomes(kml(mark(HERE), mark(HERE), mark(HERE, key="o 7"), "<Placemark>" + HERE + "</Placemark>"))
    assert [each.subject for each in found if isinstance(each, Event)] == [
        "graphic:sketch.Mark",
        "graphic:sketch.Mark.2",
        "graphic:sketch.o-7",
    ]
    assert [each.reason for each in found if isinstance(each, Reject)] == [
        "a placemark without an id or a name: nobody could know it again"
    ]


def test_data_of_a_placemark_are_its_properties() -> None:
    data = '<ExtendedData><Data name="bays"><value>40</value></Data><Data name="empty"/></ExtendedData>'
    assert graphic(HERE + data)[1].properties == {"form": "Point", "bays": "40"}


def test_styles_and_views_cost_nothing() -> None:
    odd = "<styleUrl>#no such</styleUrl><LookAt><longitude>x</longitude></LookAt><Region><Lod>x</Lod></Region>"
    assert graphic(odd + HERE)[1].lon == 24.1


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("<Point><coordinates>24 57</coordinates></Point>", "a geometry without positions"),
        ("<Point><coordinates>24,157</coordinates></Point>", "positions that are no degrees"),
        ("<Point><coordinates>nan,57</coordinates></Point>", "a geometry that cannot be: Empty Geometry"),
        ("<LineString><coordinates>24,57</coordinates></LineString>", "a geometry that cannot be"),
        ("<Point><coordinates>x,57</coordinates></Point>", "not a placemark: Invalid coordinates in 'x,57'"),
        ("<name>&oops;</name>", "not well-formed"),
        (HERE + track(("2026-11-24T10:00:00Z", "24 57 0")), "a track that is put together with other geometries"),
        (HERE + "<TimeStamp><when>soon</when></TimeStamp>", "'soon' is not a time"),
    ],
)
def test_a_broken_placemark_costs_no_other(inner: str, reason: str) -> None:
    found = outcomes(kml(mark(HERE, "a"), mark(inner), mark(HERE, "b")))
    assert [each.subject for each in found if isinstance(each, Event)] == ["graphic:sketch.a", "graphic:sketch.b"]
    (rejected,) = [each for each in found if isinstance(each, Reject)]
    assert rejected.reason.startswith(reason)


def test_a_placemark_without_a_geometry_is_none_of_our_business() -> None:
    assert outcomes(kml(mark("<description>a heading</description>"))) == []


# -- kmz --------------------------------------------------------------------------------------------------------------


def kmz(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return packed.getvalue()


def test_a_kmz_is_read_as_its_document() -> None:
    inner = kml(mark(HERE + AT_TEN), mark("<Point><coordinates>x</coordinates></Point>"))
    told, rejected = outcomes(kmz(a_kml=b"<kml/>", doc_kml=inner, icon_png=b"x"))
    assert isinstance(told, Event)
    assert told.subject == "graphic:sketch.Mark"
    assert isinstance(rejected, Reject)
    assert (rejected.offset, rejected.raw) == (0, b"")  # its bytes stand nowhere in the file
    assert rejected.reason.startswith("placemark 2: ")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (kmz(doc_kml=b" " * (MOST + 1)), f"a KMZ whose document has more than {MOST} bytes"),
        (kmz(icon_png=b"x"), "a KMZ without a KML document"),
        (kmz(**{f"f{n}_kml": b"" for n in range(MEMBERS + 1)}), f"a KMZ of {MEMBERS + 1} files, more than {MEMBERS}"),
        (kmz(doc_kml=b"x")[:40], "a KMZ that cannot be unpacked"),
        (kmz(doc_kml=kml()).replace(b"\x08\x00", b"\x63\x00"), "a KMZ that cannot be unpacked"),
        (kmz(doc_kml=b"<html></html>"), "an HTML page instead of KML"),
    ],
)
def test_a_kmz_is_bounded(payload: bytes, reason: str) -> None:
    (found,) = reasons(payload)
    assert found.startswith(reason)
