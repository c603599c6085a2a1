"""Do berths, runways and railways take who comes? The registers' own words, one line a rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cop.event import Event, Scalar, State, Status, event
from cop.movement.berth import depth
from cop.movement.judge import Circumstances, candidates, judge
from cop.movement.obstacle import Known, Obstacle, obstacle
from cop.movement.railway import gauges
from cop.movement.rules import aircraft
from cop.movement.vehicle import Aircraft, Ship, Train
from cop.movement.verdict import Answer, Verdict
from cop.picture import Picture
from feeds.adapter import Context, decode
from feeds.sources.reference import SOURCE

ROOT = Path(__file__).parents[2]
NOW = 1_773_150_000_000
PLAIN = Circumstances(now=NOW)
C17 = aircraft()["C-17A"]
FIELD: dict[str, Scalar] = {
    "length_m": 3200,
    "width_m": 45,
    "surface": "asphalt",
    "use": "civil",
    "customs": "yes",
    "pavement_system": "PCR",
    "pavement_value": 700,
    "type": "F",
    "subgrade": "B",
    "tyre": "W",
}
PORT: dict[str, Scalar] = {
    "max_depth_or_draught_m": "12 draught",
    "max_loa_m": 230,
    "max_beam_m": 32,
    "ro_ro": "yes",
}


def pictured(*more: Event, world: str = "exercise/amber") -> list[Obstacle]:
    picture = Picture()
    context = Context(NOW, world, "injected" if world != "real" else "observed")
    for file in sorted(ROOT.glob(SOURCE.address.removeprefix("file:"))):
        for outcome in decode(SOURCE, file.read_bytes(), context):
            assert isinstance(outcome, Event)
            picture.fold(outcome)
    for each in more:
        picture.fold(each)
    return [obstacle(entity, NOW) for entity in picture.entities()]


def field(state: State = "open", **more: Scalar) -> Obstacle:
    return Obstacle("airfield:EVRA", "Riga", state, properties=FIELD | more)


def port(state: State = "open", measures: dict[str, Known] | None = None, **more: Scalar) -> Obstacle:
    return Obstacle("port:P02", "Paldiski South", state, measures=measures or {}, properties=PORT | more)


def station(gauge: str, kind: str = "station", state: State = "open", **more: Scalar) -> Obstacle:
    return Obstacle("rail:T01", "a place", state, properties={"gauge_mm": gauge, "kind": kind, **more})


def worst(verdict: Verdict) -> tuple[Answer, str]:
    assert verdict.limiting is not None
    return verdict.answer, verdict.limiting.text


# -- runways -----------------------------------------------------------------------------------------------------------


def test_with_lielvarde_closed_a_c17_has_riga_siauliai_and_kaunas() -> None:
    said = Status("closed", reason="disabled aircraft on the runway", until=NOW + 9_000_000)
    closed = event("excon", "airfield:EVGA", NOW, said, received=NOW, world="exercise/amber", origin="injected")
    things = [each for each in pictured(closed) if each.kind == "airfield"]
    found = {seen.subject.partition(":")[2]: verdict for seen, verdict in candidates(C17, things, PLAIN)}
    usable = [icao for icao, verdict in found.items() if verdict.answer in ("go", "caution")]
    assert {"EVRA", "EYSA", "EYKA"} <= set(usable[:4])
    for icao in ("EVRA", "EYSA", "EYKA"):
        texts = " ".join(reason.text for reason in found[icao].reasons)
        assert "PPR" in texts
        assert "customs" in texts
    assert found["EVGA"].answer == "no-go"
    assert "dry only" in found["EVLA"].reasons[0].text
    assert {found[each].answer for each in ("EVKA", "EVDA", "EYKR", "EYRU", "EENI", "EYPP")} == {"unknown"}
    assert {found[each].answer for each in ("EVRS", "EYSI", "EYKS", "EEEI", "EETA")} == {"no-go", "caution"}
    order = ["go", "caution", "unknown", "no-go"]
    ranks = [order.index(verdict.answer) for verdict in found.values()]
    assert ranks == sorted(ranks)


def test_an_airfield_of_which_nobody_says_that_it_is_open_is_never_open() -> None:
    things = [each for each in pictured(world="real") if each.kind == "airfield"]
    assert {judge(C17, each, PLAIN).answer for each in things} == {"unknown", "no-go"}


@pytest.mark.parametrize(
    ("change", "answer", "says"),
    [
        ({}, "go", ""),
        ({"length_m": 1066}, "no-go", "runway 1066 m, needs 1067 m"),
        ({"length_m": None}, "unknown", "length is not known"),
        ({"width_m": 26}, "no-go", "runway 26 m wide"),
        ({"width_m": None}, "unknown", "width is not known"),
        ({"surface": "grass"}, "caution", "unpaved: limited"),
        ({"surface": None}, "unknown", "surface not known"),
        ({"pavement_value": None}, "caution", "pavement strength unknown: ask"),
        ({"pavement_system": "PCN"}, "caution", "no ACN"),
        ({"pavement_value": 599}, "no-go", "ACR 600 above PCR 599"),
        ({"subgrade": "C"}, "caution", "pavement strength unknown"),
        ({"tyre": "Y"}, "no-go", "tyres 1.4 MPa"),
        ({"tyre": "X"}, "go", ""),
        ({"tyre": None}, "caution", "tyre pressure"),
        ({"customs": None}, "caution", "customs: nobody says"),
        ({"state_note": "customs only on request with the PPR"}, "caution", "customs only on request"),
        ({"state_note": "PPR at least 5 working days"}, "caution", "(LT-07)"),
        ({"state_note": "K-loader 18.5 t max"}, "caution", "K-loader lifts 18.5 t"),
        ({"use": "civil (military by arrangement)"}, "caution", "prior permission"),
        ({"use": "disused"}, "no-go", "disused"),
        ({"state_note": "not usable"}, "no-go", "not usable"),
    ],
)
def test_each_rule_of_a_runway(change: dict[str, Any], answer: Answer, says: str) -> None:
    plane = msgspec.structs.replace(C17, acr=600.0, pavement="FB", tyre_mpa=1.4)
    found, text = worst(judge(plane, field(**change), PLAIN))
    assert found == answer
    assert says in text


@pytest.mark.parametrize(
    ("length", "wet", "answer"),
    [
        (2002, None, "caution"),
        (2002, True, "no-go"),
        (2002, False, "go"),
        (2134, True, "go"),
        (2134, None, "go"),
    ],
)
def test_a_wet_runway_asks_for_more(length: float, wet: bool | None, answer: Answer) -> None:
    plane = msgspec.structs.replace(C17, acr=600.0, pavement="FB")
    assert judge(plane, field(length_m=length), Circumstances(runway_wet=wet)).answer == answer


def test_what_an_aircraft_needs_when_wet_may_be_unknown() -> None:
    plane = msgspec.structs.replace(aircraft()["A400M"], acr=600.0, pavement="FB")
    for wet, answer in ((None, "caution"), (True, "caution"), (False, "go")):
        assert judge(plane, field(), Circumstances(runway_wet=wet)).answer == answer


@pytest.mark.parametrize(
    ("state", "answer"),
    [("open", "go"), ("restricted", "caution"), ("degraded", "caution"), ("unknown", "unknown"), ("closed", "no-go")],
)
def test_an_airfield_is_open_only_when_somebody_says_so(state: State, answer: Answer) -> None:
    plane = msgspec.structs.replace(C17, acr=600.0, pavement="FB")
    assert judge(plane, field(state), PLAIN).answer == answer


def test_a_helicopter_needs_no_runway() -> None:
    seen = Obstacle("airfield:EETA", "Tapa", "open", properties={"state_note": "helicopters only", "customs": "yes"})
    assert worst(judge(aircraft()["CH-47"], seen, PLAIN)) == ("caution", "note: helicopters only")


@pytest.mark.parametrize(
    ("limit", "value", "answer"), [("mass_t", 200, "no-go"), ("mass_t", 213, "go"), ("length_m", 1000, "no-go")]
)
def test_limits_in_force_count_on_a_runway(limit: str, value: float, answer: Answer) -> None:
    plane = msgspec.structs.replace(C17, acr=600.0, pavement="FB")
    seen = msgspec.structs.replace(field(), limits={limit: Known(value, "notam", NOW)})
    assert judge(plane, seen, PLAIN).answer == answer
    unknown = Aircraft("?", 1, 1)
    assert judge(unknown, seen, PLAIN).answer == ("unknown" if limit == "mass_t" else "caution")


# -- berths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "note", "metres", "permitted"),
    [
        ("18.0 depth", "", 18.0, False),
        ("18.0 depth", "6.4 km quay; one source gives 13.7 m max permitted draught", 13.7, True),
        ("14.1 permitted at berth 7; channel 15.5 depth", "", 14.1, True),
        ("10.5-11 draught (memory)", "", 10.5, True),
        ("up to 15.0 design; 12.2 at berth in a 2009 source", "", 12.2, False),
        ("12.5-13.5 draught by source; channel 15.0-15.5 depth", "", 12.5, True),
        ("about 7 (memory)", "", 7.0, False),
    ],
)
def test_of_a_text_about_depth_the_smallest_number_counts(text: str, note: str, metres: float, permitted: bool) -> None:
    found = depth({"max_depth_or_draught_m": text, "note": note})
    assert found is not None
    assert (found.metres, found.permitted) == (metres, permitted)


@pytest.mark.parametrize("text", ["unknown", "SPM", "ferry", "", None])
def test_a_text_without_a_depth_is_unknown(text: Scalar) -> None:
    assert depth({"max_depth_or_draught_m": text}) is None
    ship = Ship("ARK", 6.5, 195, 26, "stern")
    assert judge(ship, port(max_depth_or_draught_m=text), PLAIN).answer == "unknown"


@pytest.mark.parametrize(
    ("ship", "change", "answer", "says"),
    [
        ({}, {}, "go", ""),
        ({"draught_m": 12.1}, {}, "no-go", "draught 12.1 m, 12 m there"),
        ({"draught_m": None}, {}, "unknown", "draught not known"),
        ({}, {"max_depth_or_draught_m": "12 depth"}, "caution", "under-keel clearance"),
        ({"loa_m": 231}, {}, "no-go", "length 231 m"),
        ({"loa_m": 240}, {"max_loa_note": "250 by permit"}, "caution", "250 by permit"),
        ({"loa_m": 251}, {"max_loa_note": "250 by permit"}, "no-go", ""),
        ({"loa_m": 280}, {"max_loa_note": "more by special permission"}, "unknown", "special permission"),
        ({"loa_m": None}, {}, "unknown", "length not known"),
        ({}, {"max_loa_m": None}, "unknown", "greatest length is not known"),
        ({"beam_m": 33}, {}, "no-go", "beam 33 m"),
        ({"beam_m": None}, {}, "unknown", "beam not known"),
        ({}, {"max_beam_m": None}, "caution", "ask the port"),
        ({}, {"ro_ro": "no"}, "no-go", "no ro-ro berth"),
        ({}, {"ro_ro": "limited"}, "caution", "limits"),
        ({}, {"ro_ro": "ferry"}, "caution", "ferry ramps"),
        ({}, {"ro_ro": "yes (passenger ferries)"}, "go", ""),
        ({}, {"ro_ro": None}, "unknown", "nobody says"),
        ({"ramp": None}, {}, "unknown", "which ramp"),
        ({"ramp": "none"}, {}, "unknown", "cranes"),
        ({"needs_crane": True}, {}, "unknown", "cranes"),
        ({"ramp": "none"}, {"ro_ro": "no", "crane_t": 100}, "caution", "cranes of 100 t"),
        ({}, {"kind": "offshore oil buoy"}, "no-go", "buoy"),
        ({}, {"note": "not usable for vehicles"}, "no-go", "not usable"),
        ({}, {"note": "wind SW-NW at berths 1-7 dangerous"}, "caution", "dangerous"),
    ],
)
def test_each_rule_of_a_berth(ship: dict[str, Any], change: dict[str, Any], answer: Answer, says: str) -> None:
    asked = msgspec.structs.replace(Ship("ARK", 6.5, 195, 26, "stern"), **ship)
    found, text = worst(judge(asked, port(**change), PLAIN))
    assert found == answer
    assert says in text


@pytest.mark.parametrize(
    ("state", "share", "answer"),
    [
        ("open", None, "go"),
        ("open", 100, "go"),
        ("open", 50, "caution"),
        ("open", 0, "no-go"),
        ("restricted", None, "caution"),
        ("unknown", None, "unknown"),
        ("closed", None, "no-go"),
    ],
)
def test_a_port_is_used_as_far_as_it_works(state: State, share: float | None, answer: Answer) -> None:
    measures = {} if share is None else {"capacity_pct": Known(share, "excon", NOW)}
    assert judge(Ship("ARK", 6.5, 195, 26, "stern"), port(state, measures), PLAIN).answer == answer


# -- railways ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "built", "coming"),
    [
        ("1520", {1520}, set()),
        ("1435 + 1520", {1435, 1520}, set()),
        ("1435 planned + 1520", {1520}, {1435}),
        ("1435 planned", set(), {1435}),
        ("1520 (1435 being built)", {1520}, {1435}),
        ("", set(), set()),
        ("unknown", set(), set()),
    ],
)
def test_a_gauge_that_is_planned_is_none(text: str, built: set[int], coming: set[int]) -> None:
    found = gauges(text)
    assert (set(found.built), set(found.coming)) == (built, coming)


@pytest.mark.parametrize(
    ("gauge", "seen", "answer", "says"),
    [
        (1520, station("1520", loading_gauge="T"), "go", ""),
        (1520, station("1520"), "caution", "exceptional consignment"),
        (1520, station("1520", loading_gauge="1-T"), "caution", "exceptional consignment"),
        (1435, station("1435 + 1520", "gauge change", loading_gauge="T"), "go", ""),
        (1435, station("1520", loading_gauge="T"), "caution", "gauge change"),
        (1435, station("1435 planned + 1520", loading_gauge="T"), "no-go", "only planned"),
        (1435, station("1520 (1435 being built)"), "no-go", "only planned"),
        (1435, station("1435", "military platform planned"), "no-go", "only planned"),
        (1520, station("1435 planned + 1520", "passenger terminal planned"), "unknown", "nobody says"),
        (1520, station("1435 planned", "terminal planned"), "no-go", "only planned"),
        (1520, station(""), "unknown", "gauge is not known"),
        (1520, station("1520", state="unknown", loading_gauge="T"), "unknown", "nobody says"),
        (1520, station("1520", state="closed", loading_gauge="T"), "no-go", "closed"),
        (1520, station("1520", state="degraded", loading_gauge="T"), "caution", "degraded"),
        (1520, station("1520", loading_gauge="T", track_m=500), "no-go", "track 500 m"),
    ],
)
def test_each_rule_of_a_railway(gauge: int, seen: Obstacle, answer: Answer, says: str) -> None:
    found, text = worst(judge(Train("R1", gauge, "T", 600), seen, PLAIN))
    assert found == answer
    assert says in text


def test_a_train_of_unknown_length_on_a_track_of_known_length_is_unknown() -> None:
    assert judge(Train("R1", 1520, "T"), station("1520", loading_gauge="T", track_m=500), PLAIN).answer == "unknown"


def test_nobody_passes_what_no_rule_is_for() -> None:
    seen = Obstacle("bridge:B1", "a bridge", "open")
    for mover in (Ship("s"), C17, Train("t", 1520)):
        assert judge(mover, seen, PLAIN).answer == "unknown"
        assert judge(mover, msgspec.structs.replace(seen, state="closed"), PLAIN).answer == "no-go"
