"""Are the tracks of friendly forces read: whose each is, where it was, and when?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cop.event import Described, Event, Origin, Sighted
from feeds.adapter import Context, Outcome, Reject
from feeds.simulated.national.nffi import SILENT, UNITS, say, state
from feeds.sources.nffi import NATIONS, configure

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
AT = 1795549800000  # 19:50 UTC
ALPHA = "<sourceSystem><country>LVA</country><system>ALPHA</system></sourceSystem>"


def track(
    number: str = "7",
    system: str = ALPHA,
    time: str = "20261124195000",
    lat: str = "56.95",
    motion: str = "",
    rest: str = "",
    label: str = "",
) -> str:
    return (
        f"<track><positionalData{label}><trackSource>{system}<transponderId>{number}</transponderId></trackSource>"
        f"<dateTime>{time}</dateTime><coordinates><latitude>{lat}</latitude><longitude>24.11</longitude></coordinates>"
        f"{motion}</positionalData>{rest}</track>"
    )


def ident(symbol: str = "", name: str = "1/A") -> str:
    return (
        f"<identificationData><unitSymbol>{symbol}</unitSymbol><unitShortName>{name}</unitShortName>"
        "</identificationData>"
    )


def message(*tracks: str, root: str = "NFFIMessage", label: str = "") -> bytes:
    return f'<?xml version="1.0"?>\n<{root} xmlns="urn:example:nffi"{label}>{"".join(tracks)}</{root}>'.encode()


def read(payload: bytes, context: Context = NOW, options: Mapping[str, Any] | None = None) -> list[Outcome]:
    decoder = configure(options or {})()
    return [*decoder.feed(payload, context), *decoder.close(context)]


def events(payload: bytes, context: Context = NOW, options: Mapping[str, Any] | None = None) -> list[Event]:
    found = read(payload, context, options)
    assert all(isinstance(each, Event) for each in found), found
    return [each for each in found if isinstance(each, Event)]


def one(said: str, options: Mapping[str, Any] | None = None) -> tuple[Sighted, Described]:
    sighted, described = (each.body for each in events(message(said), options=options))
    assert isinstance(sighted, Sighted)
    assert isinstance(described, Described)
    return sighted, described


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in read(payload) if isinstance(each, Reject)]


def test_a_track_is_a_unit_where_it_was() -> None:
    motion = "<velocity>36</velocity><bearing>360</bearing><reliability>A</reliability>"
    status = "<operStatusData><operStatus>OPR</operStatus><comment>halted</comment></operStatusData>"
    sighted, described = one(track(motion=motion, rest=ident("SFGPUCIZ---E---") + status))
    assert sighted == Sighted(24.11, 56.95, 0.0, 10.0)
    assert (described.name, described.nations, described.sidc) == ("1/A", ("LV",), "13031000151211020000")
    assert described.properties == {
        "symbol": "SFGPUCIZ---E---",
        "affiliation": "friend",
        "system": "ALPHA",
        "reliability": "A",
        "oper_status": "OPR",
        "text": "halted",
    }


@pytest.mark.parametrize(
    "time, at",
    [
        ("20261124195000", AT),
        ("20261124195000.5Z", AT),
        ("2026-11-24T19:50:00Z", AT),
        ("2026-11-24T21:50:00+02:00", AT),
        ("2026-11-24T19:50:00", AT),
    ],
)
def test_a_time_of_fourteen_digits_is_utc(time: str, at: int) -> None:
    assert {each.at for each in events(message(track(time=time)))} == {at}


def test_a_velocity_is_km_h_unless_the_feed_says_otherwise() -> None:
    said = track(motion="<velocity>36</velocity>")
    assert [one(said, options)[0].speed for options in (None, {"velocity": "km/h"}, {"velocity": "m/s"})] == [
        10,
        10,
        36,
    ]
    with pytest.raises(ValueError, match="velocity = 'kn' is none of"):
        configure({"velocity": "kn"})
    with pytest.raises(ValueError, match="pace is not known"):
        configure({"pace": 1})


@pytest.mark.parametrize("none", ["-999", "", "fast", "-1"])
def test_what_is_no_number_is_unknown(none: str) -> None:
    assert one(track(motion=f"<velocity>{none}</velocity><bearing>{none}</bearing>"))[0] == Sighted(24.11, 56.95)


def test_one_transponder_number_of_two_systems_is_two_units() -> None:
    north = ALPHA.replace("</sourceSystem>", "<subsystem>north 1</subsystem></sourceSystem>")
    flat = "<sourceSystem>BRAVO</sourceSystem>"
    found = events(message(*(track(system=each) for each in (ALPHA, north, flat, ""))))
    assert [each.subject for each in found[::2]] == [
        "unit:LVA.ALPHA.7", "unit:LVA.ALPHA.north_1.7", "unit:BRAVO.7", "unit:7",
    ]  # fmt: skip


def test_a_track_without_identification_is_a_unit_without_a_name() -> None:
    described = one(track())[1]
    assert (described.name, described.sidc, described.properties) == ("", "", {"system": "ALPHA"})


def test_an_exercise_symbol_may_not_enter_the_real_world() -> None:
    payload = message(track(rest=ident("SDGPUCA----E---")))
    assert reasons(payload) == ["its symbol 'SDGPUCA----E---' is of an exercise, not real"]
    worlds: tuple[tuple[str, Origin], ...] = (("real", "simulated"), ("exercise/winter", "injected"))
    for world, origin in worlds:
        body = events(payload, Context(NOW.received, world, origin))[-1].body
        assert isinstance(body, Described)
        assert body.marking == "EXERCISE"


def test_a_classification_stays_with_its_track() -> None:
    own = track(label=' classification="NATO RESTRICTED"')
    found = events(message(track("8"), own, label=' securityClassification="NATO UNCLASSIFIED"'))
    marks = [each.body.marking for each in found if isinstance(each.body, Described)]
    assert marks == ["NATO UNCLASSIFIED", "NATO RESTRICTED"]


@pytest.mark.parametrize(
    "said, why",
    [
        (track(""), "a track without a transponderId"),
        (track("x" * 201, ""), "a trackSource of 201 letters, more than 200"),
        (track(time=""), "no dateTime: its age cannot be told"),
        (track(time="20261324195000"), "dateTime '20261324195000' is none"),
        (track(time="now"), "'now' is not a time in ISO 8601"),
        (track(lat=""), "a track without a position"),
        (track(lat="156"), "position 24.11, 156.0 is not on Earth"),
        ("<track><identificationData/></track>", "a track without positionalData"),
    ],
)
def test_a_track_that_cannot_be_read_costs_no_other(said: str, why: str) -> None:
    payload = message(said, track("8"))
    assert reasons(payload) == [why]
    assert len(read(payload)) == 3


@pytest.mark.parametrize("root", ["NFFIMessage", "nffi:NFFIMessage", "nffi13"])
def test_the_root_goes_by_several_names(root: str) -> None:
    label = ' xmlns:nffi="urn:example:nffi"' if ":" in root else ""
    assert len(events(message(track(), root=root, label=label))) == 2


@pytest.mark.parametrize(
    "payload, why",
    [
        (b"", "an empty file"),
        (b"<html><title>Sign in</title></html>", "an HTML page instead of NFFIMESSAGE: Sign in"),
        (b"<nvg/>", "not NFFIMESSAGE: its root is nvg"),
        (message()[:-3], "the document ends before its end"),
    ],
)
def test_what_is_no_message_is_one_reject(payload: bytes, why: str) -> None:
    assert reasons(payload) == [why]


def test_a_message_without_tracks_is_no_fault() -> None:
    assert read(b"<NFFIMessage/>") == []


def test_nations_are_two_letters() -> None:
    assert len(NATIONS) == len(set(NATIONS.values()))
    assert all(len(three) == 3 and len(two) == 2 for three, two in NATIONS.items())


@pytest.mark.parametrize("later_min", range(0, 60, 7))
def test_the_simulated_system_says_where_its_units_are(later_min: int) -> None:
    now = NOW.received + later_min * 60_000
    found = events(say(3, now), Context(now, origin="simulated"))
    there = state(3, now)
    seen = {int(each.subject.rpartition(".")[2]): each.body for each in found if isinstance(each.body, Sighted)}
    assert {number: (body.lon, body.lat, body.course) for number, body in seen.items()} == dict(there)
    speeds = {unit.number: unit.speed for unit in UNITS}
    assert all(body.speed == pytest.approx(speeds[number], abs=0.05) for number, body in seen.items())
    named = {each.body.name for each in found if isinstance(each.body, Described)}
    assert named == {unit.name for unit in UNITS if unit.number in there}
    assert {each.at for each in found} == {now - now % 10_000}


def test_one_simulated_transponder_falls_silent_at_times() -> None:
    assert {SILENT in state(3, NOW.received + minute * 60_000) for minute in range(0, 60, 2)} == {True, False}
