"""Do the registers give every fact once, mark what is exercise, and keep it out of the real world?"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, State, Status, encode
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.sources.reference import EXERCISE, REGISTERS, SOURCE

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(ROOT.glob(SOURCE.address.removeprefix("file:")))
REAL = Context(1773150000000)
PLAY = Context(1773150000000, "exercise/amber", "injected")
HEAD = "rail_id,name,nation,kind,gauge_mm,lat,lon,note,exercise_startex,exercise_reason,exercise_label,basis,as_of"
ROW = "T04,Tapa railway station,EE,station,1520,59.260,25.962,unloading,open,assumed,EXERCISE DATA,town,2026-03-01"


def outcomes(payload: bytes | str, context: Context = REAL) -> list[Outcome]:
    return list(decode(SOURCE, payload.encode() if isinstance(payload, str) else payload, context))


def shipped(context: Context) -> list[Event]:
    """Every event of the registers that come with the project; there is no reject among them."""
    found = [outcome for file in FILES for outcome in outcomes(file.read_bytes(), context)]
    events = [outcome for outcome in found if isinstance(outcome, Event)]
    assert len(events) == len(found)
    return events


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def table(rows: Sequence[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def described(event: Event) -> Described:
    assert isinstance(event.body, Described)
    return event.body


def test_every_row_is_one_subject_of_the_real_world() -> None:
    events = shipped(REAL)
    assert len(events) == sum(len(rows(file)) for file in FILES) == len({event.subject for event in events})
    assert Counter(event.subject.partition(":")[0] for event in events) == {
        "crossing": 45,
        "bridge": 76,
        "port": 17,
        "airfield": 29,
        "rail": 21,
        "site": 24,
        "system": 10,
    }


def test_the_folder_holds_the_registers_and_nothing_else() -> None:
    assert [file.name for file in FILES] == sorted(register.file for register in REGISTERS.values())


def test_the_real_world_knows_no_status_no_limit_and_no_word_of_the_exercise() -> None:
    for event in shipped(REAL):
        assert described(event).limits == ()
        assert described(event).marking == ""
        said = encode(event).decode().lower()
        assert not any(word in said for word in ("exercise", "startex", "mlc", "seeded", "trap", "inject"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_exercise_value_reaches_the_real_world(file: Path) -> None:
    whole = rows(file)
    replaced = [
        {column: "7919 play" if column.startswith(EXERCISE) else cell for column, cell in row.items()} for row in whole
    ]
    assert outcomes(table(replaced)) == outcomes(table(whole))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_column_is_read(file: Path) -> None:
    header = list(rows(file)[0])
    register = next(REGISTERS[column] for column in header if column in REGISTERS)
    assert sorted(register.columns) == sorted(header)
    assert register.file == file.name


def test_all_that_an_exercise_is_told_is_marked_and_injected() -> None:
    events = shipped(PLAY)
    assert {(event.world, event.origin) for event in events} == {("exercise/amber", "injected")}
    assert all(event.body.marking.startswith("EXERCISE") for event in events if isinstance(event.body, Described))
    assert {event.subject for event in events} == {event.subject for event in shipped(REAL)}


def test_every_exercise_limit_is_a_class_of_the_exercise() -> None:
    limits = [limit for event in shipped(PLAY) if isinstance(event.body, Described) for limit in event.body.limits]
    assert {(limit.what, limit.unit, limit.basis) for limit in limits} == {
        ("mlc_wheeled_oneway", "MLC", "exercise"),
        ("mlc_tracked_oneway", "MLC", "exercise"),
        ("mlc_twoway", "MLC", "exercise"),
    }
    by_subject = {event.subject: event.body for event in shipped(PLAY) if isinstance(event.body, Described)}
    assert [limit.value for limit in by_subject["bridge:B57"].limits] == [44, 40, 30]
    assert by_subject["bridge:B12"].limits == ()


@pytest.mark.parametrize(
    ("subject", "state", "reason"),
    [
        ("crossing:XB01", "open", "assumed at STARTEX (exercise)"),
        ("crossing:XB22", "closed", "Rail Baltica: planned, not in service at STARTEX (exercise)"),
        ("crossing:XE01", "closed", "closed to vehicles since 1 Feb 2024; pedestrians 07-23 (ERR Feb 2026)"),
        ("crossing:XE02", "restricted", "24 Feb 2026: night closure 19-07 (initially 3 months, ERR)"),
        ("crossing:XE04", "unknown", "status unknown to us"),
        ("bridge:B57", "open", "assumed at STARTEX (exercise)"),
        ("bridge:B12", "unknown", "no class in this exercise"),
        ("bridge:B80", "closed", "planned, not in service at STARTEX (exercise)"),
        ("port:P01", "open", "assumed at STARTEX (exercise)"),
        ("port:P31", "restricted", "offshore oil buoy: not for vehicles (exercise)"),
        ("airfield:EVGA", "open", "assumed at STARTEX (exercise)"),
        ("airfield:EYPP", "unknown", "press reports runway repair works; serviceability unknown (exercise)"),
        ("airfield:EVEA", "closed", "disused: not usable (exercise)"),
        ("rail:T20", "open", "assumed at STARTEX (exercise)"),
        ("rail:T23", "closed", "planned, not in service at STARTEX (exercise)"),
        ("system:SYS-302", "open", "normal: assumed at STARTEX (exercise)"),
    ],
)
def test_state_at_startex(subject: str, state: State, reason: str) -> None:
    statuses = {event.subject: event.body for event in shipped(PLAY) if isinstance(event.body, Status)}
    assert statuses[subject] == Status(state, reason=reason)


def test_a_bridge_without_a_class_and_a_planned_thing_are_never_open() -> None:
    events = shipped(PLAY)
    told = {event.subject: event.body for event in events if isinstance(event.body, Described)}
    opened = [event.subject for event in events if isinstance(event.body, Status) and event.body.state == "open"]
    for subject in opened:
        assert told[subject].limits or not subject.startswith("bridge:")
        assert "planned" not in str(told[subject].properties.get("kind", ""))


def test_what_a_system_affects_is_there() -> None:
    events = shipped(REAL)
    subjects = {event.subject for event in events}
    systems = {event.subject: described(event) for event in events if event.subject.startswith("system:")}
    for system in systems.values():
        assert set(str(system.properties.get("affects_subjects", "")).split()) <= subjects
    internal = {e.subject for e in events if described(e).properties.get("class") == "internal"}
    assert set(str(systems["system:SYS-CBM"].properties["affects_subjects"]).split()) == internal


def test_systems_stand_apart_and_say_that_their_place_is_none() -> None:
    systems = [described(event) for event in shipped(REAL) if event.subject.startswith("system:")]
    assert {system.basis for system in systems} == {"schematic place, not a location"}
    places = [(system.lon or 0.0, system.lat or 0.0) for system in systems]
    for i, (lon, lat) in enumerate(places):
        assert all(abs(lon - x) >= 0.25 or abs(lat - y) >= 0.25 for x, y in places[:i])


def test_a_crossing_is_named_by_both_sides_and_both_nations() -> None:
    (event,) = (event for event in shipped(REAL) if event.subject == "crossing:XB01")
    assert described(event).name == "Ikla – Ainaži"
    assert described(event).nations == ("EE", "LV")
    assert event.at == 1772323200000  # 2026-03-01, the day of the facts


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (ROW.replace("T04", ""), "rail_id '' is not an id"),
        (ROW.replace("T04", "T 4"), "rail_id 'T 4' is not an id"),
        (ROW.replace("Tapa railway station", " "), "a row without a name"),
        (ROW.replace("59.260", "north"), "lat 'north' is not a number"),
        (ROW.replace("59.260", "nan"), "lat 'nan' is not a number"),
        (ROW.replace("59.260", ""), "lat '' is not a number"),
        (ROW.replace("59.260,25.962", "25.962,59.260"), "lon 59.260, lat 25.962: lon and lat are swapped"),
        (ROW.replace("25.962", "-25.962"), "lon -25.962, lat 59.260: not in the area"),
        (ROW.replace(",EE,", ",Estonia,"), "nation 'Estonia' is not a two-letter code"),
        (ROW.replace("2026-03-01", "2026-02-30"), "as_of '2026-02-30' is not a day"),
        (ROW.replace("2026-03-01", "1926-03-01"), "a time lies before 1970"),
        (ROW + ",more", "14 cells where the header has 13"),
        (ROW.replace("unloading", '"unloading'), "not a line of CSV: unexpected end of data"),
    ],
)
def test_a_bad_row_is_rejected_where_it_stands_and_costs_no_neighbour(bad: str, reason: str) -> None:
    payload = "\n".join((HEAD, ROW.replace("T04", "T03"), bad, ROW.replace("T04", "T05"))).encode()
    first, reject, last = outcomes(payload)
    assert isinstance(first, Event)
    assert isinstance(last, Event)
    offset = len(HEAD) + len(ROW) + 2
    assert reject == Reject(reason, offset, bad.encode())
    assert payload[offset:].startswith(bad.encode())


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_byte_order_marks_and_line_ends_change_nothing(mark: bytes, end: str) -> None:
    plain = outcomes(f"{HEAD}\n{ROW}\n")
    assert outcomes(mark + f"{HEAD}{end}{ROW}{end}{end}".encode()) == plain
    assert len(plain) == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "no register has these columns: "),
        (b"lighthouse_id,name\nL1,Kopu", "no register has these columns: lighthouse_id, name"),
        (f"{HEAD}\n{ROW}".encode("utf-16"), "not UTF-8 at byte 0 of the line"),
        (b"rail_id,name,lat,lon\nT04,Tapa,59.26,25.962", "rail_nodes.csv: missing or repeated columns nation"),
        (f"{HEAD},note\n{ROW},again".encode(), "rail_nodes.csv: missing or repeated columns"),
    ],
)
def test_an_unknown_header_is_one_reject_of_the_whole(payload: bytes, reason: str) -> None:
    (outcome,) = outcomes(payload)
    assert isinstance(outcome, Reject)
    assert outcome.reason.startswith(reason)
    assert (outcome.offset, outcome.raw) == (0, payload)


def test_the_second_of_two_rows_with_one_id_is_rejected() -> None:
    first, second = outcomes(f"{HEAD}\n{ROW}\n{ROW.replace('Tapa', 'Valga')}")
    assert isinstance(first, Event)
    assert isinstance(second, Reject)
    assert second.reason == "rail_id 'T04' is there twice"


PAYLOADS = [file.read_bytes() for file in FILES]


@given(st.sampled_from(PAYLOADS), st.data())
def test_mutated_registers_are_read_or_rejected_and_nothing_is_lost(payload: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(payload.index(b"\n") + 1, len(payload)))
    size = data.draw(st.integers(0, 40))
    mutated = payload[:start] + data.draw(st.binary(max_size=40)) + payload[start + size :]
    found = outcomes(mutated)
    assert len(found) == sum(1 for line in mutated.split(b"\n")[1:] if line.strip())
    for outcome in found:
        if isinstance(outcome, Reject):
            assert mutated[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw
    played = outcomes(mutated, PLAY)
    subjects = {outcome.subject for outcome in played if isinstance(outcome, Event)}
    assert len(subjects) + sum(isinstance(outcome, Reject) for outcome in played) == len(found)


@given(st.sampled_from(PAYLOADS), st.integers(0, 20000))
def test_a_cut_changes_nothing_and_the_same_bytes_say_the_same(payload: bytes, cut: int) -> None:
    decoder = SOURCE.decoder()
    parts = [*decoder.feed(payload[:cut], PLAY), *decoder.feed(payload[cut:], PLAY), *decoder.close(PLAY)]
    assert parts == outcomes(payload, PLAY)


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(payload: bytes) -> None:
    assert len(outcomes(payload)) >= 1
