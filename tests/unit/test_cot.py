"""Is Cursor on Target read, whole or in pieces, as XML and as protobuf, and kept out of the real world when played?"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import takproto
from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import Body, Described, Event, Gone, Origin, Sighted
from cop.geo import distance
from feeds.adapter import Context, Counts, Outcome, Reject
from feeds.cot_stream import BROKEN, ENDS, LONG, MOST, NOTHING
from feeds.simulated.national.cot import DRAWN, UNITS, say, state
from feeds.simulated.to_and_fro import routes
from feeds.sources.cot import SOURCE

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
PLAY = Context(1795550000000, "exercise/winter", "injected")
AT = 1795549800000  # 19:50 UTC
UNKNOWN = 'lat="0.0" lon="0.0" hae="0.0" ce="9999999.0" le="9999999.0"'
HERE = 'lat="56.95" lon="24.11" hae="31" ce="8" le="9999999"'


def xml(uid: str = "T-1", type_: str = "a-f-G-U-C-I", point: str = HERE, detail: str = "", **more: str) -> bytes:
    said = {"time": "2026-11-24T19:50:00.000Z", "stale": "2026-11-24T19:52:00Z", "how": "m-g"} | more
    attributes = "".join(f' {name}="{value}"' for name, value in said.items())
    return (
        f'<event version="2.0" uid="{uid}" type="{type_}"{attributes}><point {point}/><detail>{detail}</detail></event>'
    ).encode()


def framed(event: bytes, form: str) -> bytes:
    return bytes(takproto.xml2proto(event, takproto.TAKProtoVer[form]))


def read(payload: bytes, context: Context = NOW, step: int = 0) -> list[Outcome]:
    return counted(payload, context, step)[0]


def counted(payload: bytes, context: Context = NOW, step: int = 0) -> tuple[list[Outcome], Counts]:
    decoder = SOURCE.decoder()
    size = step or max(1, len(payload))
    found = [each for at in range(0, len(payload), size) for each in decoder.feed(payload[at : at + size], context)]
    found.extend(decoder.close(context))
    return found, decoder.counts


def said(payload: bytes, context: Context = NOW) -> list[tuple[str, Body]]:
    found = read(payload, context)
    assert all(isinstance(each, Event) for each in found), found
    return [(each.subject, each.body) for each in found if isinstance(each, Event)]


def unit(payload: bytes) -> tuple[Sighted, Described]:
    (_, sighted), (_, described) = said(payload)
    assert isinstance(sighted, Sighted)
    assert isinstance(described, Described)
    return sighted, described


def graphic(payload: bytes) -> Described:
    ((subject, body),) = said(payload)
    assert subject.startswith("graphic:")
    assert isinstance(body, Described)
    return body


def reasons(payload: bytes, context: Context = NOW) -> list[str]:
    return [each.reason for each in read(payload, context) if isinstance(each, Reject)]


# -- units ------------------------------------------------------------------------------------------------------------


def test_a_unit_is_where_it_says_and_what_its_type_says() -> None:
    detail = '<contact callsign="A 1"/><__group name="Cyan" role="HQ"/><track speed="11.5" course="360"/>'
    sighted, described = unit(xml(detail=f"{detail}<remarks>waits</remarks>", access="NATO UNCLASSIFIED"))
    assert sighted == Sighted(24.11, 56.95, 0.0, 11.5, 8.0, 10)
    assert described.name == "A 1"
    assert described.sidc == "13031000001211000000"
    assert described.basis == "machine, GPS"
    assert described.marking == "NATO UNCLASSIFIED"
    assert described.properties == {
        "cot_type": "a-f-G-U-C-I",
        "affiliation": "friend",
        "group": "Cyan",
        "role": "HQ",
        "text": "waits",
        "stale_s": 120,
    }
    assert {each.at for each in read(xml()) if isinstance(each, Event)} == {AT}


@pytest.mark.parametrize(
    "type_, code",
    [
        ("a-h-G-U-C-A", "13061000001205000000"),
        ("a-n-G", "13041000000000000000"),
        ("a-u-G-U-C-I-M-x-y", "13011000001211040000"),
        ("a-p-S", "13003000000000000000"),
        ("a-a-G-E-V-T", "13021500361501000000"),
        ("a-o-G", "13011000000000000000"),
        ("a-f-X-i", ""),
        ("a-f", ""),
    ],
)
def test_the_longest_row_of_the_table_gives_the_code(type_: str, code: str) -> None:
    assert unit(xml(type_=type_))[1].sidc == code


@pytest.mark.parametrize(
    "uid, type_, subject",
    [
        ("ICAO-4B1A2C", "a-n-A-C-F", "aircraft:4b1a2c"),
        ("ICAO-4B1A2C", "a-n-G", "unit:ICAO-4B1A2C"),
        ("hawk", "a-f-A-M-F-C", "unit:hawk"),
        ("MMSI-275123000", "a-n-S-X-M", "vessel:275123000"),
        ("MMSI-27512300", "a-n-S-X-M", "unit:MMSI-27512300"),
        ("a:b", "a-n-G", "unit:a:b"),
    ],
)
def test_only_a_uid_that_names_a_craft_makes_one(uid: str, type_: str, subject: str) -> None:
    assert {each for each, _ in said(xml(uid, type_))} == {subject}


def test_a_uid_with_blanks_is_a_name() -> None:
    assert {each for each, _ in said(xml("T 2 of  Ādaži"))} == {"unit:T_2_of_Ādaži"}
    assert reasons(xml(" ")) == ["no uid: nobody could know it again"]
    assert reasons(xml("x" * 201)) == ["a uid of 201 letters, more than 200"]


@pytest.mark.parametrize("none", ["9999999", "9999999.0", "999999.0", "-1", "NaN", "fast", ""])
def test_9999999_and_999999_mean_unknown(none: str) -> None:
    point = f'lat="56.95" lon="24.11" hae="{none if none != "-1" else ""}" ce="{none}" le="{none}"'
    sighted, _ = unit(xml(point=point, detail=f'<track speed="{none}" course="{none}"/>'))
    assert sighted == Sighted(24.11, 56.95)


def test_a_height_above_the_ellipsoid_is_not_above_the_sea() -> None:
    def altitude(hae: str, lat: str = "56.95") -> float | None:
        return unit(xml(point=f'lat="{lat}" lon="24.11" hae="{hae}" ce="5" le="5"'))[0].altitude

    assert altitude("3068.4") == 3047
    assert altitude("0.0") is None
    assert altitude("3068", lat="34.2") is None


def test_0_0_is_no_position() -> None:
    ((subject, body),) = said(xml(point=UNKNOWN, detail='<contact callsign="NO FIX"/>'))
    assert subject == "unit:T-1"
    assert isinstance(body, Described)
    assert (body.name, body.lon) == ("NO FIX", None)


def test_chat_at_0_0_is_ignored() -> None:
    found, counts = counted(xml("GeoChat.A.All Chat Rooms.7", "b-t-f", UNKNOWN, "<__chat/>"))
    assert not found
    assert counts == Counts(ignored=1)


@pytest.mark.parametrize("type_", ["t-x-c-t", "t-x-c-t-r", "t-x-takp-v", "b-f-t-r", "b-i-x-i", "b-a-o-tbl", "u-rb-a"])
def test_what_is_no_business_of_the_picture_is_ignored(type_: str) -> None:
    assert counted(xml(type_=type_))[1] == Counts(ignored=1)


@pytest.mark.parametrize(
    "event, why",
    [
        (xml(time=""), "no time: its age cannot be told"),
        (xml(time="yesterday"), "'yesterday' is not a time in ISO 8601"),
        (xml(type_=""), "an event without a type"),
        (xml(type_="A thing"), "type 'A thing' is none"),
        (xml(point='lat="" lon="24"'), "no position"),
        (xml(point='lat="north" lon="24"'), "position ('north', '24') is none"),
        (xml(point='lat="91" lon="24"'), "position 24.0, 91.0 is not on Earth"),
        (b"<event/>", "an event without a type"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason(event: bytes, why: str) -> None:
    assert reasons(event) == [why]


# -- exercise and simulation ------------------------------------------------------------------------------------------

PLAYED = [
    ({"opex": "e-winter"}, "a-f-G", "EXERCISE"),
    ({"opex": "s-"}, "a-f-G", "SIMULATION"),
    ({"opex": "S"}, "b-m-r", "SIMULATION"),
    ({"opex": "practice"}, "a-f-G", "NOT OPERATIONS"),
    ({"how": "m-s"}, "a-f-G", "SIMULATION"),
    ({}, "a-k-G-U-C", "EXERCISE"),
    ({}, "a-j-A", "EXERCISE"),
]


@pytest.mark.parametrize("more, type_, marking", PLAYED)
def test_what_is_played_may_not_enter_the_real_world(more: dict[str, str], type_: str, marking: str) -> None:
    event = xml(type_=type_, **more)
    (reason,) = reasons(event)
    assert reason.endswith(", not real")
    origins: tuple[tuple[str, Origin], ...] = (("real", "simulated"), ("exercise/winter", "observed"))
    for world, origin in origins:
        bodies = [body for _, body in said(event, Context(NOW.received, world, origin))]
        assert {body.marking for body in bodies if isinstance(body, Described)} == {marking}


@pytest.mark.parametrize("opex", ["", "o-", "o", "Undefined"])
def test_operations_are_real(opex: str) -> None:
    assert unit(xml(opex=opex))[1].marking == ""


def test_a_played_deletion_deletes_nothing_real() -> None:
    event = xml("d", "t-x-d-d", UNKNOWN, '<link uid="T-1" type="a-f-G"/>', opex="e-")
    assert len(reasons(event)) == 1
    assert [body for _, body in said(event, PLAY)] == [Gone("deleted by its source")]


# -- graphics ---------------------------------------------------------------------------------------------------------


def test_a_route_is_a_line_through_its_links() -> None:
    links = '<link uid="w1" point="56.5,24.0,12"/><link uid="T-1" type="a-f-G"/><link uid="w2" point="56.6,24.1"/>'
    body = graphic(xml("R 1", "b-m-r", UNKNOWN, f'{links}<link_attr method="Driving"/><contact callsign="AMBER"/>'))
    assert (body.name, body.lon, body.lat) == ("AMBER", 24.0, 56.5)
    assert body.path == ((24.0, 56.5), (24.1, 56.6))
    assert {"form": "route", "method": "Driving"}.items() <= body.properties.items()


CORNERS = '<link point="56.42,24.19"/><link point="56.42,24.23"/><link point="56.40,24.23"/>'
SHAPE = (
    '<shape><polyline closed="{}"><vertex lat="56.1" lon="25.1"/><vertex lat="56.2" lon="25.2"/>{}</polyline></shape>'
)


@pytest.mark.parametrize(
    "type_, detail, form, vertices",
    [
        ("u-d-r", f'{CORNERS}<__geofence trigger="Exit"/>', "area", 4),
        ("u-d-f", CORNERS, "line", 3),
        ("u-d-f", f'{CORNERS}<fillColor value="-1"/>', "area", 4),
        ("u-d-f", SHAPE.format("false", ""), "line", 2),
        ("u-d-f", SHAPE.format("true", '<vertex lat="56.1" lon="25.3"/>'), "area", 4),
        ("u-d-c-c", '<shape><ellipse major="800" minor="800" angle="360"/></shape>', "area", 37),
        ("b-m-p-s-m", "", "point", 0),
    ],
)
def test_a_drawing_is_a_line_an_area_or_a_point(type_: str, detail: str, form: str, vertices: int) -> None:
    body = graphic(xml("D-1", type_, HERE, detail))
    assert (body.properties["form"], len(body.path)) == (form, vertices)
    assert (body.lon, body.lat) == (24.11, 56.95)
    assert form != "area" or body.path[0] == body.path[-1]


def test_the_axes_of_an_ellipse_are_metres_and_its_angle_a_bearing() -> None:
    body = graphic(xml("D-1", "u-d-c-c", HERE, '<shape><ellipse major="800" minor="400" angle="90"/></shape>'))
    spans = [distance((24.11, 56.95), each) for each in body.path]
    assert max(spans) == pytest.approx(800, abs=0.1)
    assert min(spans) == pytest.approx(400, abs=0.1)
    assert max(body.path)[1] == pytest.approx(56.95, abs=1e-4)


@pytest.mark.parametrize(
    "detail, why",
    [
        ('<link point="56.1,25.1"/><link point="nowhere"/>', "a vertex 'nowhere' that is no position"),
        ('<link point="56.1,25.1"/><link point="156.1,25.1"/>', "position 25.1, 156.1 is not on Earth"),
        ('<shape><ellipse major="far"/></shape>', "an ellipse without its axes"),
        ('<shape><ellipse major="-5" minor="5"/></shape>', "a radius of 5 or -5 m"),
    ],
)
def test_a_drawing_that_cannot_be_is_rejected(detail: str, why: str) -> None:
    assert reasons(xml("D-1", "u-d-f", HERE, detail)) == [why]


@pytest.mark.parametrize(
    "link, subjects",
    [
        ('uid="T 1" type="a-f-G"', ["unit:T_1"]),
        ('uid="R 1" type="b-m-r"', ["graphic:R_1"]),
        ('uid="T 1" type="none"', ["unit:T_1", "graphic:T_1"]),
        ('uid="MMSI-275123000" type="a-n-S"', ["vessel:275123000"]),
    ],
)
def test_a_deletion_withdraws_what_it_links(link: str, subjects: list[str]) -> None:
    event = xml("delete", "t-x-d-d", UNKNOWN, f'<link relation="none" {link}/><__forcedelete/>')
    assert said(event) == [(subject, Gone("deleted by its source")) for subject in subjects]
    assert reasons(xml("delete", "t-x-d-d", UNKNOWN)) == ["a deletion that names nothing"]


# -- the stream -------------------------------------------------------------------------------------------------------

FULL = (
    '<contact callsign="B 1"/><__group name="Blue" role="HQ"/><track speed="4.0" course="180.0"/><remarks>x</remarks>'
)


@pytest.mark.parametrize("form", ["STREAM", "MESH"])
@pytest.mark.parametrize(
    "event", [xml(detail=FULL), xml("R", "b-m-r", UNKNOWN, CORNERS), xml("d", "t-x-d-d", UNKNOWN, '<link uid="R"/>')]
)
def test_xml_and_protobuf_say_the_same(form: str, event: bytes) -> None:
    assert read(framed(event, form)) == read(event) != []


def test_what_protobuf_leaves_out_is_unknown() -> None:
    sighted, described = unit(framed(xml(point='lat="56.95" lon="24.11"', stale=""), "STREAM"))
    assert sighted == Sighted(24.11, 56.95)
    assert "stale_s" not in described.properties


def test_a_frame_that_only_controls_is_ignored_and_a_broken_detail_rejected() -> None:
    assert counted(b"\xbf\x04\x0a\x02\x08\x01")[1] == Counts(ignored=1)
    message = takproto.parse_proto(bytearray(framed(xml(), "MESH")))
    message.cotEvent.detail.xmlDetail = "<remarks>"
    payload = b"\xbf\x01\xbf" + message.SerializeToString()
    assert reasons(payload)[0].startswith("its xmlDetail is not well-formed: ")


STREAM = b"".join(
    [
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- none -->',
        xml("T-1", detail=FULL),
        framed(xml("T-2", detail=FULL), "STREAM"),
        b"\n\0 noise \xc2\xbf \n noise",
        xml("ping", "t-x-c-t", UNKNOWN),
        b'<event uid="T-3" type="a-f-G"><point',
        xml("T-4"),
        framed(xml("T-5"), "STREAM")[:60],
        xml("T-6"),
        b'<?xml version="1.0"?>',
        framed(xml("T-7"), "STREAM"),
    ]
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
@settings(deadline=None)
def test_events_are_found_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    decoder = SOURCE.decoder()
    edges = [0, *sorted(cuts), len(STREAM)]
    found = [x for a, b in pairwise(edges) for x in decoder.feed(STREAM[a:b], NOW)]
    found.extend(decoder.close(NOW))
    assert (found, decoder.counts) == counted(STREAM)


def test_good_events_survive_their_neighbours() -> None:
    found, counts = counted(STREAM)
    assert {each.subject for each in found if isinstance(each, Event)} == {f"unit:T-{n}" for n in (1, 2, 4, 6, 7)}
    rejects = [each for each in found if isinstance(each, Reject)]
    assert [each.reason for each in rejects] == [NOTHING, BROKEN, "an event that is not closed", BROKEN]
    assert all(STREAM[each.offset : each.offset + len(each.raw)] == each.raw for each in rejects)
    assert (counts.told, counts.ignored) == (5, 1)


@pytest.mark.parametrize("step", [0, 1000, 65_536])
def test_a_longer_event_is_rejected_and_the_next_is_read(step: int) -> None:
    endless = xml("L", detail="<remarks>" + "long " * 40_000)[:-17]
    found, counts = counted(endless + xml("T-1"), step=step)
    rejects = [each for each in found if isinstance(each, Reject)]
    assert {each.reason for each in rejects} == {LONG}
    assert b"".join(each.raw for each in rejects) == endless
    assert max(len(each.raw) for each in rejects) == MOST
    assert counts.told == 1


def test_a_longer_frame_is_rejected_and_the_next_is_read() -> None:
    payload = b"\xbf\xff\xff\x7f\x12" + b"x" * 100 + framed(xml("T-1"), "STREAM")
    assert reasons(payload) == [LONG]
    assert len(read(payload)) == 3


def test_memory_is_bounded_whatever_comes() -> None:
    decoder: Any = SOURCE.decoder()
    for chunk in (b"<event " + b"a" * 9000, b"noise" * 9000, b"\xbf\x01\xbf\x12" * 9000, b"\xbf\xff\x7f\x12" * 9000):
        for _ in range(12):
            list(decoder.feed(chunk, NOW))
            assert len(decoder._pieces._buffer) < MOST + 50_000


@pytest.mark.parametrize(
    "payload, why",
    [
        (
            b"<!DOCTYPE html><html><title>502 Bad Gateway</title></html>",
            "an HTML page instead of Cursor on Target: 502 Bad Gateway",
        ),
        (b"{}", NOTHING),
        (xml()[:-5], ENDS),
        (framed(xml(), "STREAM")[:-1], ENDS),
        (framed(xml(), "MESH")[:-1], BROKEN),
    ],
)
def test_what_is_no_event_is_one_reject(payload: bytes, why: str) -> None:
    assert reasons(payload) == [why]


@pytest.mark.parametrize("payload", [b"", b"\n", b'<?xml version="1.0"?>\n', b"\xef\xbb\xbf", b"<events></events>"])
def test_silence_is_no_fault(payload: bytes) -> None:
    assert counted(payload) == ([], Counts())


def test_datagrams_in_a_file_are_told_apart() -> None:
    payload = b"".join(framed(xml(f"T-{n}", detail=FULL), "MESH") for n in range(3))
    assert {subject for subject, _ in said(payload)} == {"unit:T-0", "unit:T-1", "unit:T-2"}


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_raising(payload: bytes) -> None:
    for start in (b"", b"<event ", b"\xbf\x20\x12", b"\xbf\x01\xbf\x12"):
        found, counts = counted(start + payload)
        assert counts.rejected == sum(isinstance(each, Reject) for each in found)


# -- the simulated network --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("later_s", [0, 1, 3600, 86_400])
def test_the_simulated_network_says_where_its_units_are(later_s: int) -> None:
    now = NOW.received + later_s * 1000
    stream = b"".join(message for _, message in say(7, now))
    found = said(stream, Context(now, origin="simulated"))
    there = state(7, now)
    seen = {subject.removeprefix("unit:"): body for subject, body in found if isinstance(body, Sighted)}
    assert {uid: (body.lon, body.lat, body.course) for uid, body in seen.items()} == dict(there)
    assert {body.speed for body in seen.values()} == {unit.speed for unit in UNITS}
    drawn = next(body for subject, body in found if subject == f"graphic:SIM-{DRAWN}")
    assert isinstance(drawn, Described)
    assert drawn.path == routes()[DRAWN]
    assert len(reasons(stream)) == len(UNITS) + 1


@given(st.integers(0, 10**7))
@settings(max_examples=20, deadline=None)
def test_a_simulated_unit_moves_as_fast_as_it_says(minute: int) -> None:
    now = NOW.received + minute * 60_000
    before, after = state(1, now), state(1, now + 1000)
    for unit_ in UNITS:
        gone = distance(before[unit_.uid][:2], after[unit_.uid][:2])
        assert gone <= unit_.speed + 0.3
