"""Are GPX files read as they are meant, and do the traps of tracks without times and zones stay shut?"""

from __future__ import annotations

from datetime import datetime
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Planned, Sighted
from cop.geo import distance
from feeds.adapter import Context, Counts, Outcome, Reject, Unreadable, decode
from feeds.dropped import FASTEST, Fix, convoy, moment, moved, slug, stem
from feeds.simulated.national import gpx as spoken
from feeds.simulated.shuttles import leg, seen
from feeds.sources.gpx import SOURCE
from feeds.xml_records import MOST, RECORDS, take_apart

NOW = Context(1795550000000, name="dropped/Column 9.gpx")  # 2026-11-24 19:53:20 UTC
SAMPLE = (Path(__file__).parent.parent / "samples" / "gpx" / "traps.gpx").read_bytes()


def gpx(inner: str, version: str = "1.1") -> bytes:
    namespace = f"http://www.topografix.com/GPX/{version.replace('.', '/')}"
    return f'<?xml version="1.0"?><gpx version="{version}" xmlns="{namespace}">{inner}</gpx>'.encode()


def point(lat: float, lon: float, time: str = "", more: str = "") -> str:
    when = f"<time>{time}</time>" if time else ""
    return f'<trkpt lat="{lat}" lon="{lon}">{when}{more}</trkpt>'


def track(*points: str, name: str = "SIM-G7") -> str:
    return f"<trk><name>{name}</name><trkseg>{''.join(points)}</trkseg></trk>"


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def events(payload: bytes, context: Context = NOW) -> list[Event]:
    found = outcomes(payload, context)
    assert not [each for each in found if isinstance(each, Reject)]
    return [each for each in found if isinstance(each, Event)]


def sightings(payload: bytes) -> list[tuple[int, Sighted]]:
    return [(each.at, each.body) for each in events(payload) if isinstance(each.body, Sighted)]


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in outcomes(payload) if isinstance(each, Reject)]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


# -- when -------------------------------------------------------------------------------------------------------------


def test_a_track_without_times_is_rejected() -> None:
    payload = gpx(track(point(57, 24), point(57.1, 24)) + track(point(57, 24, "2026-11-24T10:00:00Z"), name="timed"))
    assert reasons(payload) == ["a track without times: nobody can tell when it was there"]
    told = [each for each in outcomes(payload) if isinstance(each, Event)]
    assert {each.subject for each in told} == {"convoy:timed"}
    assert NOW.received not in {each.at for each in told}


def test_points_without_a_time_are_counted_and_lose_no_other() -> None:
    told, *seen_ = events(gpx(track(point(57, 24, "2026-11-24T10:00:00Z"), point(57.1, 24), point(57.2, 24, "soon"))))
    assert isinstance(told.body, Described)
    assert told.body.properties["points_without_time"] == 2
    assert len(seen_) == 1


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("2026-11-24T10:00:00", "2026-11-24T10:00:00+00:00"),
        ("2026-07-24T10:00:00.25", "2026-07-24T10:00:00.250+00:00"),
        ("2026-11-24T10:00:00+02:00", "2026-11-24T08:00:00+00:00"),
    ],
)
def test_a_naive_time_is_utc(time: str, utc: str) -> None:
    assert [at for at, _ in sightings(gpx(track(point(57, 24, time))))] == [ms(utc)]


def test_the_history_is_whole_and_in_order_of_time() -> None:
    points = [point(57 + n / 1000, 24, f"2026-11-24T10:0{n}:00Z") for n in (2, 0, 1)]
    assert [at for at, _ in sightings(gpx(track(*points)))] == [ms(f"2026-11-24T10:0{n}:00+00:00") for n in (0, 1, 2)]


# -- how it moved -----------------------------------------------------------------------------------------------------


def test_speed_and_course_are_computed_where_they_are_not_told_and_it_says_so() -> None:
    payload = gpx(track(point(57, 24, "2026-11-24T10:00:00Z"), point(57.01, 24, "2026-11-24T10:02:00Z")))
    (_, first), (_, second) = sightings(payload)
    assert (first.speed, first.course) == (None, None)
    assert second.speed == pytest.approx(distance((24, 57), (24, 57.01)) / 120, abs=0.01)
    assert second.course == 0.0
    about = events(payload)[0].body
    assert isinstance(about, Described)
    assert about.properties["motion"] == "speed and course computed between points"


def test_a_told_speed_stays() -> None:
    told = "<course>359.9</course><speed>3</speed>"
    body = gpx(track(point(57, 24, "2026-11-24T10:00:00Z", told)), "1.0")
    assert [(each.speed, each.course) for _, each in sightings(body)] == [(3.0, 359.9)]


def test_a_jump_has_no_speed() -> None:
    payload = gpx(track(point(57, 24, "2026-11-24T10:00:00Z"), point(58, 24, "2026-11-24T10:00:01Z")))
    assert [(each.speed, each.course) for _, each in sightings(payload)] == [(None, None)] * 2


@pytest.mark.parametrize(("hdop", "accuracy"), [("1.2", 6.0), ("300.1", 1500.5), ("0", None), ("N/A", None)])
def test_a_dilution_widens_the_accuracy(hdop: str, accuracy: float | None) -> None:
    body = gpx(track(point(57, 24, "2026-11-24T10:00:00Z", f"<hdop>{hdop}</hdop><vdop>?</vdop>")))
    assert [each.accuracy for _, each in sightings(body)] == [accuracy]


@given(st.lists(st.tuples(st.integers(0, 10**8), st.floats(20, 28), st.floats(54, 59)), min_size=1, max_size=4))
def test_points_move_alike_in_whatever_order_they_stand(rows: list[tuple[int, float, float]]) -> None:
    fixes = [Fix(at, lon, lat) for at, lon, lat in {at: (at, lon, lat) for at, lon, lat in rows}.values()]
    moves = {tuple(moved(list(order))) for order in permutations(fixes)}
    assert len(moves) == 1
    assert all(fix.speed is None or 0 <= fix.speed <= FASTEST for fix in moves.pop())


# -- which convoy -----------------------------------------------------------------------------------------------------


def test_the_name_is_the_tracks_else_the_documents_else_the_files() -> None:
    timed = point(57, 24, "2026-11-24T10:00:00Z")
    unnamed, named = f"<trk><trkseg>{timed}</trkseg></trk>", track(timed, name=" Alpha / 1 ")
    head = "<metadata><name>Lead</name></metadata>"
    assert {each.subject for each in events(gpx(head + named))} == {"convoy:Alpha-1"}
    assert {each.subject for each in events(gpx(head + unnamed))} == {"convoy:Lead"}
    assert {each.subject for each in events(gpx(unnamed))} == {"convoy:Column-9"}
    assert [each.reason for each in outcomes(gpx(unnamed), Context(0)) if isinstance(each, Reject)] == [
        "nobody says which convoy it is"
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("C02", "C02"),
        ("Šilutė 4", "Šilutė-4"),
        (" -- ", ""),
        ("x" * 99, "x" * 64),
        ("Колонна 1", "Колонна-1"),
        ("a_b.c", "a_b.c"),
    ],
)
def test_a_name_becomes_an_id(name: str, found: str) -> None:
    assert slug(name) == found


def test_the_files_name_is_without_folder_and_ending() -> None:
    assert [stem(name) for name in ("a/b c.gpx", "C:\\in\\x.gpx", "http://h:1/f/y.gpx?z=1", "")] == [
        "b c",
        "x",
        "y",
        "",
    ]


@given(st.text())
def test_any_name_is_an_id_or_is_refused(name: str) -> None:
    try:
        subject, _ = convoy(name)
    except Unreadable:
        assert slug(name) == ""
    else:
        assert subject.split() == [subject]


# -- routes -----------------------------------------------------------------------------------------------------------


def route(*points: str, name: str = "SIM-G7") -> str:
    return f"<rte><name>{name}</name>{''.join(points)}</rte>"


def test_a_route_is_a_plan_and_waypoints_at_it_are_its_critical_points() -> None:
    payload = gpx(
        "<metadata><time>2026-11-24T09:00:00Z</time></metadata>"
        '<wpt lat="57.101" lon="24"><name>Ford</name></wpt><wpt lat="57.5" lon="24"><name>Far</name></wpt>'
        + route(
            '<rtept lat="57" lon="24"><name>A</name><time>2026-12-01T00:00:00Z</time></rtept>',
            '<rtept lat="57.1" lon="24"/>',
            '<rtept lat="57.2" lon="24"><name>B</name></rtept>',
        )
    )
    (told,) = events(payload)
    assert isinstance(told.body, Planned)
    assert (told.subject, told.at) == ("convoy:SIM-G7", ms("2026-11-24T09:00:00+00:00"))
    assert told.body.path == ((24, 57), (24, 57.1), (24, 57.2))
    assert [(each.name, each.due) for each in told.body.points] == [("A", None), ("Ford", None), ("B", None)]
    assert told.body.points[2].km == pytest.approx(22.28, abs=0.05)


def test_waypoints_of_two_routes_belong_to_neither() -> None:
    two = '<rtept lat="57" lon="24"/><rtept lat="57.2" lon="24"/>'
    mark = '<wpt lat="57" lon="24"><name>Ford</name></wpt>'
    found = events(gpx(f"<metadata><time>2026-11-24T09:00:00Z</time></metadata>{mark}{route(two)}{route(two)}"))
    assert [each.body.points for each in found if isinstance(each.body, Planned)] == [(), ()]


def test_a_route_is_as_old_as_its_newest_point_and_never_as_its_hearing() -> None:
    plain = '<rtept lat="57" lon="24"/><rtept lat="57.2" lon="24"/>'
    dated = '<rtept lat="57" lon="24"><time>2026-11-20T00:00:00</time></rtept><rtept lat="57.2" lon="24"/>'
    assert reasons(gpx(route(plain)))[0].startswith("a route without a time")
    assert [each.at for each in events(gpx(route(dated)))] == [ms("2026-11-20T00:00:00+00:00")]


# -- what is broken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        track('<trkpt lat="57" lon="east"><time>2026-11-24T10:00:00Z</time></trkpt>'),
        track(point(97, 24, "2026-11-24T10:00:00Z")),
        "<trk><trkseg></trk>",
        "<trk>&undefined;</trk>",
        f"<trk>{'<a>' * 400}</trk>",
        "<trk><name>open",
    ],
)
def test_a_broken_track_costs_no_other(broken: str) -> None:
    good = track(point(57, 24, "2026-11-24T10:00:00Z"), name="good")
    found = outcomes(gpx(good + broken + good))
    assert [each.subject for each in found if isinstance(each, Event)] == ["convoy:good"] * 4
    assert len([each for each in found if isinstance(each, Reject)]) == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b" ", "an empty file"),
        (b"<!DOCTYPE html><html><head><title>403</title></head></html>", "an HTML page instead of GPX: 403"),
        (b"<kml/>", "not GPX: its root is kml"),
        (b"lat,lon", "not GPX: no XML"),
        (b"<!-- for ever", "not GPX: no XML"),
        (b'<!DOCTYPE gpx [<!ENTITY a "b">]><gpx/>', "not GPX: no XML"),
        (gpx("").decode().encode("utf-16"), "in UTF-16: only UTF-8 and encodings of one byte are read"),
        (b"<gpx>" + b" " * MOST, f"a file of {MOST + 5} bytes, more than {MOST}"),
        (b"<gpx>" + b"<trk/>" * (RECORDS + 1), f"a file of more than {RECORDS} records"),
        (b"<gpx>", "the document ends before its end"),
        (b"<gpx></gpx>surplus", "something after the end of the document"),
    ],
)
def test_what_is_no_gpx_is_one_reject(payload: bytes, reason: str) -> None:
    assert reasons(payload) == [reason]


def test_a_file_without_records_says_nothing() -> None:
    assert outcomes(b"\xef\xbb\xbf<?xml version='1.0'?><gpx/>\n") == []


@given(st.data())
def test_records_stand_where_they_are_said_to_stand(data: st.DataObject) -> None:
    payload = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(0, 5))):
        at = data.draw(st.integers(0, len(payload)))
        payload[at : at + data.draw(st.integers(0, 9))] = data.draw(
            st.sampled_from([b"<trk>", b"</trk>", b'"', b"<!--"])
        )
    done = 0
    try:
        pieces = take_apart(bytes(payload), "gpx", ("wpt", "rte", "trk")).pieces
    except Unreadable:
        return
    for piece in pieces:
        assert done <= piece.offset
        assert payload[piece.offset : piece.offset + len(piece.raw)] == piece.raw
        done = piece.offset + len(piece.raw)


# -- times and what is said -------------------------------------------------------------------------------------------


def test_seconds_and_milliseconds_are_told_by_their_size() -> None:
    assert moment(1795514400) == moment(1795514400000) == moment("2026-11-24T10:00:00Z")
    for wrong in (0, 12, True, None, "", "2026-11-24", "10:00", [1]):
        with pytest.raises(Unreadable):
            moment(wrong)


@pytest.mark.parametrize("now", [0, 3_600_000, 1795550000123, 1795640000999])
@pytest.mark.parametrize("seed", [0, 7])
def test_what_the_simulated_convoys_say_is_where_they_are(seed: int, now: int) -> None:
    decoder = SOURCE.decoder()
    context = Context(now, "exercise/demo", "simulated", spoken.SPEAKERS[0].path)
    decoder.feed(spoken.say(seed, now), context)
    found = list(decoder.close(context))
    assert decoder.counts == Counts(told=6)
    for shuttle in spoken.CONVOYS:
        mine = [each for each in found if isinstance(each, Event) and each.subject == f"convoy:{shuttle.key}"]
        bodies = {each.at: each.body for each in mine if isinstance(each.body, Sighted)}
        assert set(bodies) == {at // 1000 * 1000 for at in spoken.times(now)}
        assert now - max(bodies) < spoken.EVERY_MS
        for at, body in bodies.items():
            assert distance((body.lon, body.lat), seen(shuttle, seed, at).place) < 1
            assert body.speed is None or body.speed <= shuttle.kmh / 3.6 * 1.01
        (plan,) = [each for each in mine if isinstance(each.body, Planned)]
        assert isinstance(plan.body, Planned)
        way = leg(shuttle, seed, now)
        assert plan.at == way.begun // 1000 * 1000
        assert [point.name for point in plan.body.points] == list(way.names)


def test_a_shuttle_turns_without_a_jump() -> None:
    shuttle = spoken.CONVOYS[0]
    turn = leg(shuttle, 0, 1795550000123).begun
    before, after = (seen(shuttle, 0, turn + shift) for shift in (-10_000, 10_000))
    assert distance(before.place, after.place) < 500
