"""Are NOTAMs read as they were meant: what they say, for how long, and what they do to an aerodrome?"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Gone, Millis, State, Status
from cop.geo import distance
from cop.picture import fold
from feeds.adapter import Context, Outcome, Reject, Unreadable, decode
from feeds.notam import Notice, parse, split
from feeds.notam_codes import CONDITIONS, SUBJECTS, WORDS, aerodrome_state, meaning, state
from feeds.notam_events import AERODROMES
from feeds.simulated.national import notam as speaker
from feeds.sources import reference
from feeds.sources.notam import SOURCE


def at(text: str) -> Millis:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW = at("2026-11-24T12:00")
DAY = 86_400_000


def read(text: str, now: Millis = NOW) -> list[Outcome]:
    return list(decode(SOURCE, text.encode(), Context(now)))


def told(text: str, subject: str, now: Millis = NOW) -> dict[type, Event]:
    """Body type → the event of the subject."""
    events = [each for each in read(text, now) if isinstance(each, Event)]
    return {type(each.body): each for each in events if each.subject == subject}


def status(text: str, subject: str, now: Millis = NOW) -> Status:
    body = told(text, subject, now)[Status].body
    assert isinstance(body, Status)
    return body


def described(text: str, subject: str, now: Millis = NOW) -> Described:
    body = told(text, subject, now)[Described].body
    assert isinstance(body, Described)
    return body


def notam(
    text: str = "AD CLSD.",
    *,
    place: str = "EVGA",
    code: str = "QFALC",
    begins: str = "2611240600",
    ends: str = "2611281800",
    head: str = "A1234/26 NOTAMN",
    more: str = "",
    created: str = "",
) -> str:
    q = f"Q) EVRR/{code}/IV/NBO/A/000/999/5647N02451E005\n" if code else ""
    c = f" C) {ends}" if ends else ""
    made = f"\nCREATED: {created}" if created else ""
    return f"{head}\n{q}A) {place} B) {begins}{c}\n{more}E) {text}{made}\n\n"


# -- the traps --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["2612312359EST", "2612312359 EST", "2026/12/31 23:59 EST", "2026/12/31 23:59EST"])
def test_est_is_glued_to_the_time_and_ends_nothing(end: str) -> None:
    text = notam(ends=end)
    assert status(text, "notam:EVGA:A1234/26").until is None
    properties = described(text, "notam:EVGA:A1234/26").properties
    assert properties["estimated"] is True
    assert properties["validity"] == "2026-11-24 06:00 to 2026-12-31 23:59 (estimated)"
    assert status(text, "airfield:EVGA", NOW + 60 * DAY) == status(text, "airfield:EVGA")


def test_perm_has_no_end() -> None:
    text = notam(ends="PERM")
    assert status(text, "notam:EVGA:A1234/26").until is None
    assert described(text, "notam:EVGA:A1234/26").properties["permanent"] is True


@pytest.mark.parametrize(
    "text",
    [
        notam("CHECKLIST\nYEAR=2026 1 2", place="EVRR", code="QKKKK"),
        notam("CHECKLIST\nYEAR=2026 1 2", place="EVRR", code=""),
    ],
)
def test_a_checklist_is_ignored(text: str) -> None:
    decoder = SOURCE.decoder()
    assert not [*decoder.feed(text.encode(), Context(NOW)), *decoder.close(Context(NOW))]
    assert (decoder.counts.ignored, decoder.counts.records) == (1, 1)


def test_a_trigger_is_described_and_has_no_state() -> None:
    text = notam("TRIGGER NOTAM - AIRAC AIP AMDT", place="EVGA", code="QFATT")
    events = [each for each in read(text) if isinstance(each, Event)]
    assert [type(each.body) for each in events] == [Described]
    assert events[0].body.name == "A1234/26 trigger for a change of the AIP"  # type: ignore[union-attr]


@pytest.mark.parametrize("schedule", ["DAILY 0500-", "MON-FRI", "24 0600-1800 AND 25"])
@pytest.mark.parametrize(("code", "own"), [("QFALC", "restricted"), ("QFAAO", "unknown")])
def test_a_schedule_cut_in_mid_text_never_opens_or_closes_anything(schedule: str, code: str, own: str) -> None:
    text = notam("AD CLSD." if own == "restricted" else "AD OPR.", code=code, more=f"D) {schedule}\n")
    said = status(text, "notam:EVGA:A1234/26")
    assert (said.state, schedule in said.reason) == (own, True)
    if own == "restricted":
        field = status(text, "airfield:EVGA")
        assert field.state == "restricted"
        assert f"only at hours that are not evaluated here: {schedule}" in field.reason


@pytest.mark.parametrize(
    ("text", "words", "own"),
    [
        ("AD CLSD.", "aerodrome closed", "closed"),
        ("WX: AERODROME CLOSED DUE TO SNOW", "aerodrome closed", "closed"),
        ("RWY 07/25\nCLSD.", "runway closed", "closed"),
        ("RWY 07/25 CLSD FOR LDG.", "runway closed", "restricted"),
        ("TWY A AND B CLSD", "taxiway closed", "restricted"),
        ("TWY A BTN TWY B AND RWY 07/25 CLSD", "", "unknown"),
        ("TWY A BTN TWY B AND\nRWY 07/25 CLSD", "", "unknown"),
        ("RWY 07/25 WIP ON SHOULDER", "runway work in progress", "restricted"),
        ("AVGAS NOT AVBL", "fuel not available", "degraded"),
        ("RFFS CATEGORY DOWNGRADED TO 5", "fire fighting and rescue downgraded", "restricted"),
        ("ILS RWY 25 U/S", "instrument landing system unserviceable", "degraded"),
        ("DANGER AREA EVD1 DEACTIVATED", "", "unknown"),
        ("DANGER AREA EVD1 NOT ACT", "", "unknown"),
        ("DANGER AREA EVD1 ACT", "danger area activated", "restricted"),
        ("PROHIBITED AREA EVP2 ESTABLISHED", "prohibited area activated", "closed"),
        ("GPS MAY BE SUBJECT TO INTERFERENCE", "satellite navigation subject to interference", "degraded"),
        ("MOBILE CRANE ERECTED", "obstacle erected", "unknown"),
        ("AD PPR 24HR", "aerodrome prior permission required", "restricted"),
        ("STAND 5 AVBL PPR", "", "unknown"),
    ],
)
def test_without_a_q_line_the_words_tell_and_only_at_the_beginning_of_a_sentence(
    text: str, words: str, own: State
) -> None:
    said = notam(text, code="")
    assert described(said, "notam:EVGA:A1234/26").properties.get("meaning", "") == words
    assert status(said, "notam:EVGA:A1234/26").state == own


def test_words_on_an_aerodrome_count_only_for_an_aerodrome() -> None:
    assert meaning("", "AD CLSD.", aerodrome=False).words == ""
    assert meaning("QFAXX", "AD CLSD.", aerodrome=True).letters == "FALC"
    assert meaning("QOBXX", "AD CLSD.", aerodrome=True).letters == "OBXX", "the code names another subject"


@pytest.mark.parametrize(
    ("filed", "begins", "received", "issued"),
    [
        ("240910", "2611240900", "2026-11-24T12:00", "2026-11-24T09:10"),
        ("301200", "2612020600", "2026-12-01T12:00", "2026-11-30T12:00"),
        ("311800", "2701010600", "2027-01-02T00:00", "2026-12-31T18:00"),
        ("240910", "2611240900", "2027-11-24T12:00", "2026-11-24T09:10"),
        ("310600", "2612200600", "2026-12-01T00:00", "2026-10-31T06:00"),
        ("320600", "2611240900", "2026-11-24T12:00", "2026-11-24T09:00"),
    ],
)
def test_month_and_year_of_a_filing_time_come_from_the_caller(
    filed: str, begins: str, received: str, issued: str
) -> None:
    text = f"GG EETNYNYX\n{filed} EVRAYNYX\n" + notam(begins=begins, ends="PERM", head="(A1234/26 NOTAMN")
    assert told(text, "notam:EVGA:A1234/26", at(received))[Described].at == at(issued)


def test_dates_come_in_two_forms() -> None:
    for begins, ends in (("2611240600", "2611282400"), ("2026/11/24 06:00", "2026/11/29 00:00")):
        said = status(notam(begins=begins, ends=ends), "notam:EVGA:A1234/26")
        assert (said.since, said.until) == (at("2026-11-24T06:00"), at("2026-11-29T00:00"))


def test_a_replaced_or_cancelled_notam_is_gone() -> None:
    first = notam(created="24 Nov 2026 06:00:00")
    second = notam("AD LTD TO 30 T.", code="QFALT", head="A1235/26 NOTAMR A1234/26", created="24 Nov 2026 08:00:00")
    third = notam("NORMAL OPS.", code="QFAXX", head="A1236/26 NOTAMC A1235/26", ends="", created="24 Nov 2026 10:00:00")
    for texts in ((first, second, third), (first + second + third,), (third + first + second,)):
        events = [each for text in texts for each in read(text) if isinstance(each, Event)]
        assert not list(fold(events).entities()), "the last of them leaves nothing"
    picture = fold(each for text in (first, second) for each in read(text) if isinstance(each, Event))
    assert [each.subject for each in picture.entities()] == ["airfield:EVGA", "notam:EVGA:A1235/26"]
    field = picture.entity("airfield:EVGA")
    assert field is not None
    assert field.state(NOW) == "restricted"
    gone = told(third, "notam:EVGA:A1235/26")[Gone]
    assert (gone.at, gone.body) == (at("2026-11-24T10:00"), Gone("cancelled by A1236/26"))


def test_a_cancelled_obstacle_says_nothing_of_the_aerodrome() -> None:
    text = notam("CRANE REMOVED", code="QOBXX", head="A1236/26 NOTAMC A1235/26", ends="")
    assert not told(text, "airfield:EVGA")


@given(st.integers(-400, 400))
def test_a_notam_that_begins_later_is_never_from_the_future(days: int) -> None:
    now = NOW + days * DAY
    text = notam(ends="2612312359") + notam("RWY 08/26 CLSD", code="", place="EETN", ends="PERM", head="A1/26 NOTAMN")
    for each in read(text, now):
        assert isinstance(each, Event)
        assert each.at <= now


def test_what_is_past_is_told_alike_whenever_it_is_heard() -> None:
    text = notam(ends="2611242000") + notam(place="EYPA", ends="2612312359EST", head="A1235/26 NOTAMN")
    said = [
        [(each.id, each.at) for each in read(text, NOW + days * DAY) if isinstance(each, Event)] for days in (1, 30)
    ]
    assert said[0] == said[1]
    assert told(text, "notam:EVGA:A1234/26", NOW + DAY)[Gone].at == at("2026-11-24T20:00")


# -- what is read -----------------------------------------------------------------------------------------------------


def test_all_items_are_read() -> None:
    text = (
        "(B0012/26 NOTAMR B0007/26\nQ)EVRR/QWPLW/IV/M /W/000/\n150/5657N02421E007\n"
        "A)EVRR EETT B)2610160600\nC)2611162000 D)SAT SUN 0800-1600\n"
        "E)PARACHUTE JUMPING:\nA) EAST B) WEST OF TOWN (E) SIDE.\nF)GND G)FL150)"
    )
    said = parse(text, NOW)
    assert said == Notice(
        number="B0012/26",
        kind="R",
        replaces="B0007/26",
        fir="EVRR",
        code="QWPLW",
        traffic="IV",
        purpose="M",
        scope="W",
        point=(24.35, 56.95),
        radius_nm=7,
        places=("EVRR", "EETT"),
        since=at("2026-10-16T06:00"),
        until=at("2026-11-16T20:00"),
        schedule="SAT SUN 0800-1600",
        text="PARACHUTE JUMPING:\nA) EAST B) WEST OF TOWN (E) SIDE.",
        lower="GND",
        upper="FL150",
    )


def test_the_area_is_a_circle_of_the_radius_unless_that_is_no_area() -> None:
    q = "A1/26 NOTAMN\nQ) EETT/QRDCA/IV/BO/{}/000/999/5900N02500E{}\nA) EETT B) 2611240600 C) PERM\nE) X"
    ring = described(q.format("W", "020"), "notam:EETT:A1/26").path
    assert ring[0] == ring[-1]
    assert all(distance((25, 59), corner) == pytest.approx(20 * 1852, abs=2) for corner in ring)
    for scope, radius in (("W", "101"), ("W", "999"), ("W", "000"), ("A", "005"), ("W", "")):
        assert described(q.format(scope, radius), "notam:EETT:A1/26").path == ()


def test_an_area_in_the_text_goes_before_the_circle() -> None:
    text = notam("AREA 560000N 0240000E - 561000N 0240000E -\n560000N 0241000E. CTC 570000N 0250000E", code="QRDCA")
    assert described(text, "notam:EVGA:A1234/26").path == ((24.0, 56.0), (24.0, 56.16667), (24.16667, 56.0))


@pytest.mark.parametrize("text", ["566100N 0240000E", "560000N 0240000E AND 570000N 0250000E", "910000N 0240000E"])
def test_what_is_no_one_position_is_no_place(text: str) -> None:
    said = described(notam(text, code=""), "notam:EVGA:A1234/26")
    assert (said.lon, said.path) == (None, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (notam(begins="2613240600"), "B) '2613240600 C) 2611281800'"),
        (notam(begins="26112406001"), "B) '26112406001"),
        (notam(ends="SOON"), "C) 'SOON' is no time"),
        (notam(ends="2611240600"), "C) does not lie after B)"),
        (notam(ends="2611230600"), "C) does not lie after B)"),
        (notam(place="", code=""), "no place"),
        (notam(head="A1234/26 NOTAMC"), "does not say what it cancels"),
        (notam()[:70], "no E) text"),
        (notam("X" * 30_000), "is no NOTAM"),
        ("just words", "no NOTAM number"),
    ],
)
def test_what_cannot_be_read_is_one_reject_and_costs_no_neighbour(text: str, reason: str) -> None:
    with pytest.raises(Unreadable):
        parse(text, NOW)
    outcomes = read(notam(head="A1/26 NOTAMN") + text + "\n\n" + notam(head="A2/26 NOTAMN"))
    rejects = [each for each in outcomes if isinstance(each, Reject)]
    subjects = {each.subject for each in outcomes if isinstance(each, Event)}
    assert {"notam:EVGA:A1/26", "notam:EVGA:A2/26"} <= subjects
    if text != "just words":  # which belong to the NOTAM before them
        assert [reason.partition(" C)")[0] in each.reason for each in rejects] == [True]


@given(
    st.lists(st.sampled_from([notam(), notam(code=""), "(" + notam().strip() + ")\n", notam().replace("\n", "\r\n")]))
)
def test_a_text_is_split_into_as_many_as_it_has(texts: list[str]) -> None:
    payload = "".join(texts).encode()
    pieces = list(split(payload))
    assert len(pieces) == len(texts)
    assert b"".join(raw for _, raw in pieces) == payload
    assert all(payload[offset : offset + len(raw)] == raw for offset, raw in pieces)


@given(st.text(alphabet="AE12/6 NOTAMQ)(B\nC"))
def test_no_text_breaks_the_reader(text: str) -> None:
    read(notam() + text)


# -- what it means ----------------------------------------------------------------------------------------------------


def test_the_tables_agree_with_each_other() -> None:
    assert all(letters[:2] in SUBJECTS and letters[2:] in CONDITIONS for _, letters in WORDS)
    assert all(len(letters) == 2 and letters.isupper() for letters in (*SUBJECTS, *CONDITIONS))


@given(st.sampled_from([*SUBJECTS, "ZZ"]), st.sampled_from([*CONDITIONS, "ZZ"]), st.booleans())
def test_only_what_is_said_to_be_usable_is_open_and_never_at_unknown_hours(
    subject: str, condition: str, schedule: bool
) -> None:
    found = meaning(f"Q{subject}{condition}", "", aerodrome=True)
    said = state(found, "", schedule)
    assert said != "open" or (condition in ("AF", "AK", "AO", "CD", "HV") and not schedule)
    field = aerodrome_state(found, "", schedule, "18/36")
    assert field != "open"
    assert field != "closed" or (found.letters in ("FALC", "MRLC") and not schedule)


@pytest.mark.parametrize(
    ("place", "code", "text", "wanted"),
    [
        ("EVGA", "QFALC", "AD CLSD", "closed"),
        ("EVGA", "QFALC", "AD CLSD TO ALL TFC", "closed"),
        ("EVGA", "QFALC", "AD CLSD EXC MEDEVAC", "restricted"),
        ("EVGA", "QFALC", "AD CLSD TO NON-SKED TFC", "restricted"),
        ("EVGA", "QFALC", "AD CLSD, FUEL NOT AVBL", "closed"),
        ("EVGA", "QFAAU", "AD NOT AVBL", "restricted"),
        ("EVGA", "QMRLC", "RWY 07/25 CLSD", "closed"),
        ("EVGA", "QMRLC", "RWY 25/07 CLSD", "closed"),
        ("EVGA", "QMRLC", "RWY CLSD", "closed"),
        ("EVGA", "QMRLC", "RWY 25 CLSD", "restricted"),
        ("EVGA", "QMRLC", "RWY 18/36 CLSD", "restricted"),
        ("EVGA", "QMRLC", "RWY 07/25 CLSD BTN TWY A AND B", "restricted"),
        ("EYSA", "QMRLC", "RWY 14L/32R CLSD", "restricted"),
        ("EVKA", "QMRLC", "RWY CLSD", "restricted"),
        ("EVGA", "QMXLC", "TWY A CLSD", "degraded"),
        ("EVGA", "QMPLC", "STAND 3 CLSD", None),
        ("EVGA", "QICAS", "ILS U/S", None),
        ("EVGA", "QRRCA", "RESTRICTED AREA ACT", None),
        ("EVXX", "QFALC", "AD CLSD", None),
    ],
)
def test_an_aerodrome_is_closed_only_when_it_or_its_only_runway_is(
    place: str, code: str, text: str, wanted: State | None
) -> None:
    found = told(notam(text, place=place, code=code), f"airfield:{place}")
    body = found[Status].body if found else None
    assert (body.state if isinstance(body, Status) else None) == wanted


def test_an_aerodrome_is_as_the_worst_of_its_notams_says_until_that_changes() -> None:
    text = (
        notam("TWY A CLSD", code="QMXLC", ends="2612010000", head="A1/26 NOTAMN")
        + notam("AD CLSD", begins="2611250600", ends="2611251800", head="A2/26 NOTAMN")
        + notam("WIP", code="QMRHW", begins="2611250000", ends="2611260000", head="A3/26 NOTAMN")
    )
    states = []
    for hour, wanted in ((6, "degraded"), (24, "restricted"), (30, "closed"), (42, "restricted"), (48, "degraded")):
        now = at("2026-11-24T00:00") + hour * 3_600_000
        event = told(text, "airfield:EVGA", now)[Status]
        said = event.body
        assert isinstance(said, Status)
        assert (said.state, event.at) == (wanted, now), "each change is newer than the last"
        states.append((said.since, said.until))
    assert [until for _, until in states[:-1]] == [
        at("2026-11-24T00:00") + hour * 3_600_000 for hour in (24, 30, 42, 48)
    ]
    assert states[-1][1] == at("2026-12-01T00:00")


def test_the_aerodromes_are_those_of_the_register() -> None:
    with (Path(reference.__file__).parents[1] / "reference" / "airfields.csv").open(encoding="utf-8") as table:
        assert {row["icao"]: row["rwy"] for row in csv.DictReader(table)} == AERODROMES


# -- the speaker ------------------------------------------------------------------------------------------------------


def test_the_simulated_notams_are_those_of_the_scenario() -> None:
    seen: set[str] = set()
    for minutes in range(0, 240, 7):
        now = NOW + minutes * 60_000 + 17_000
        said = speaker.state(3, now)
        outcomes = list(decode(SOURCE, speaker.say(3, now), Context(now)))
        assert not [each for each in outcomes if isinstance(each, Reject)]
        there = {each.subject for each in outcomes if isinstance(each, Event) and isinstance(each.body, Described)}
        gone = {each.subject for each in outcomes if isinstance(each, Event) and isinstance(each.body, Gone)}
        for each in said:
            subject = f"notam:{each.script.place}:{each.named}"
            ended = each.over or (not each.script.end and each.until <= now)
            checklist = "KKKK" in each.script.qualifiers
            assert (subject in there, subject in gone) == (not (ended or checklist), ended and not checklist)
            seen.add(subject)
        assert all(
            "SIMULATED" in str(each.body.properties["text"])
            for each in outcomes
            if isinstance(each, Event) and isinstance(each.body, Described)
        )
    assert len(seen) == len(speaker.SCENARIO)
