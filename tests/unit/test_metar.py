"""Is the weather of an aerodrome read as it was reported, and does it never open one?"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import Described, Event, Gone, Status
from cop.picture import fold
from feeds import aeromet
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.aeromet import AHEAD_MS, FOOT, HOUR_MS, MINIMA, judge
from feeds.simulated.national import Speaker
from feeds.simulated.national.metar import SPEAKERS, STATIONS, say, state
from feeds.sources.metar import AERODROMES, HOLDS_MS, NATIONS, SOURCE

REGISTER = Path(aeromet.__file__).parent / "reference" / "airfields.csv"
RECEIVED = 1_795_550_000_000  # 2026-11-24 19:53:20 UTC
NOW = Context(RECEIVED)
GOOD = "METAR EVRA 241950Z 24010KT 9999 FEW024 05/M01 Q1026"
TAF = "TAF EVRA 241730Z 2418/2518 24012KT"


def millis(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]


def outcomes(text: str, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, text.encode(), context))


def events(text: str, context: Context = NOW) -> list[Event]:
    found = outcomes(text, context)
    assert all(isinstance(each, Event) for each in found), found
    return [each for each in found if isinstance(each, Event)]


def weather(text: str) -> Status:
    """The status that one report gives the weather."""
    (body,) = [e.body for e in events(text) if isinstance(e.body, Status) and e.subject.startswith("weather:")]
    return body


def described(text: str) -> Described:
    (body,) = [each.body for each in events(text) if isinstance(each.body, Described)]
    return body


def reasons(text: str, context: Context = NOW) -> list[str]:
    return [each.reason for each in outcomes(text, context) if isinstance(each, Reject)]


def measures(groups: str) -> dict[str, float]:
    return weather(f"METAR EVRA 241950Z {groups}").measures


# -- the minima -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visibility", "ceiling", "rvr", "state"),
    [
        (10_000, None, None, "open"),
        (1500, 600, None, "open"),
        (1499, None, None, "degraded"),
        (10_000, 599, None, "degraded"),
        (800, 200, None, "degraded"),
        (799, None, None, "restricted"),
        (10_000, 199, None, "restricted"),
        (300, None, 550, "degraded"),
        (300, None, 549, "restricted"),
        (5000, None, 549, "restricted"),
        (None, None, None, "open"),
    ],
)
def test_the_minima_are_those_of_cat_1_and_special_vfr(
    visibility: float | None, ceiling: float | None, rvr: float | None, state: str
) -> None:
    found, reason = judge(visibility, ceiling, rvr)
    assert found == state
    assert bool(reason) == (state != "open")


@given(st.floats(0, 10_000), st.floats(0, 10_000), st.none() | st.floats(0, 2000))
def test_a_better_weather_is_never_judged_worse(visibility: float, ceiling: float, rvr: float | None) -> None:
    order = [*(minimum.state for minimum in MINIMA), "open"]
    here = order.index(judge(visibility, ceiling, rvr)[0])
    assert order.index(judge(visibility + 100, ceiling + 100, None if rvr is None else rvr + 100)[0]) >= here


# -- what is measured -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("24010KT 9999 FEW024 05/M01 Q1026", {"wind_ms": 5.1, "wind_deg": 240, "temp_c": 5, "dew_c": -1}),
        ("24010G25MPS 9999 NSC M05/M06 Q0987", {"wind_ms": 10, "gust_ms": 25, "temp_c": -5, "qnh_hpa": 987}),
        ("VRB02KT CAVOK 00/M00 A2992", {"visibility_m": 10_000, "wind_ms": 1.0, "qnh_hpa": 1013.2}),
        ("00000KT 0000 FG VV000 M00/M00 Q1026", {"visibility_m": 0, "ceiling_m": 0, "wind_ms": 0}),
        ("24010KT 1500 0800SW R18/0600V1000U R36/P1500 BKN004 OVC010 01/01 Q1026",
         {"visibility_m": 800, "rvr_m": 600, "ceiling_m": 121.9}),
        ("24010KT 9999 SCT005 BKN020CB OVC030 01/01 Q1026", {"ceiling_m": 609.6}),
    ],
)  # fmt: skip
def test_groups_are_measures_in_si(groups: str, expected: dict[str, float]) -> None:
    assert expected.items() <= measures(groups).items()


def test_a_calm_comes_from_nowhere_and_a_wind_without_a_unit_is_unknown() -> None:
    assert "wind_deg" not in measures("00000KT CAVOK 01/01 Q1026")
    assert "wind_ms" not in measures("24010 CAVOK 01/01 Q1026")


@pytest.mark.parametrize(
    ("groups", "state", "reason"),
    [
        ("24010KT //// FEW024 05/M01 Q1026", "unknown", "visibility not told"),
        ("24010KT 9999 ////// 05/M01 Q1026", "unknown", "clouds not told"),
        ("24010KT 9999 ///015 05/M01 Q1026", "unknown", "clouds not told"),
        ("24010KT 9999 OVC/// 05/M01 Q1026", "unknown", "clouds not told"),
        ("24010KT 9999 FG VV/// 05/M01 Q1026", "unknown", "clouds not told"),
        ("24010KT 9999 05/M01 Q1026", "unknown", "clouds not told"),
        ("24010KT 9999 FEW024 BKN0X5 05/M01 Q1026", "unknown", "not understood: BKN0X5"),
        ("24010KT //// ////// 05/M01 Q1026", "unknown", "visibility not told; clouds not told"),
        ("24010KT //// OVC003 05/M01 Q1026", "degraded", "ceiling 300 ft: below special VFR minima"),
        ("24010KT 0500 ////// 05/M01 Q1026", "restricted", "visibility 500 m: below CAT I minima"),
        ("/////KT 9999 FEW024 ///// Q////", "open", ""),
    ],
)
def test_slashes_are_unknown_and_not_far(groups: str, state: str, reason: str) -> None:
    body = weather(f"METAR EVRA 241950Z {groups}")
    assert (body.state, body.reason) == (state, reason)
    if "////" in groups.split():
        assert "visibility_m" not in body.measures


def test_auto_nil_cavok_and_the_end_sign_are_tolerated() -> None:
    for text in (f"{GOOD}=", GOOD.replace("Z", "Z AUTO"), GOOD.replace("METAR ", "METAR COR "), GOOD[6:], f"{GOOD} ="):
        assert weather(text).state == "open"
    for text in ("METAR EVRA 241950Z NIL=", "SPECI EVRA 241950Z AUTO NIL", "TAF EVRA 241730Z NIL=", f"{TAF} CNL="):
        assert outcomes(text) == []
    calm = "METAR EVRA 241950Z VRB01KT CAVOK M01/M02 Q1001 NOSIG RMK QFE749"
    assert described(f"{calm}=").properties["metar"] == calm


@pytest.mark.parametrize(
    "after", ["TEMPO 0300 FG VV001", "BECMG FM2030 0300 FG", "NOSIG RMK T00501023 SLP223", "RMK BKN001"]
)
def test_trends_and_remarks_are_not_the_present(after: str) -> None:
    assert weather(f"{GOOD} {after}") == weather(GOOD)
    assert str(described(f"{GOOD} {after}").properties["metar"]).endswith(after)


def test_present_weather_is_told_in_its_codes() -> None:
    assert described(GOOD.replace("FEW024", "-FZRA BR FEW024")).properties["weather"] == "-FZRA BR"
    assert "weather" not in described(GOOD).properties


# -- which aerodrome, and when ----------------------------------------------------------------------------------------


def test_the_aerodromes_are_those_of_the_register() -> None:
    with REGISTER.open(encoding="utf-8", newline="") as table:
        rows = {row["icao"]: row for row in csv.DictReader(table)}
    assert {icao: (row["name"], float(row["lon"]), float(row["lat"])) for icao, row in rows.items()} == AERODROMES
    assert {icao: row["nation"] for icao, row in rows.items()} == {icao: NATIONS[icao[:2]] for icao in AERODROMES}
    assert outcomes(GOOD.replace("EVRA", "EFHK")) == []


def test_a_report_without_a_station_is_of_its_heading_or_of_the_file() -> None:
    bare = "METAR 241950Z 24010KT 9999 FEW024 05/M01 Q1026"
    assert reasons(bare) == ["a METAR without its station"]
    for text, name in (
        (f"Airport  EVRA - RIX - RIGA\n{bare}", ""),
        (f"EVRA\n{bare}", ""),
        (bare, "reports/evra_wx.txt"),
        (bare, "https://weather.example/metar?ids=EVRA"),
    ):
        assert events(text, Context(RECEIVED, name=name))[0].subject == "weather:EVRA"
    for text, name in (
        (f"Airport EVRA\nAirport EFHK - Helsinki\n{bare}", ""),  # not of a heading before the last
        (bare, "https://weather.example/metar?ids=EVRA,EYVI"),  # of which?
    ):
        assert reasons(text, Context(RECEIVED, name=name)) == ["a METAR without its station"]


@pytest.mark.parametrize(
    ("day", "received", "at"),
    [
        ("241950", (2026, 11, 24, 19, 53), (2026, 11, 24, 19, 50)),
        ("242030", (2026, 11, 24, 19, 53), (2026, 11, 24, 20, 30)),  # their clock may be ahead of ours
        ("250000", (2026, 11, 24, 23, 59), (2026, 11, 25, 0, 0)),
        ("251950", (2026, 11, 24, 19, 53), (2026, 10, 25, 19, 50)),
        ("311950", (2026, 11, 24, 19, 53), (2026, 10, 31, 19, 50)),
        ("312350", (2027, 1, 1, 0, 5), (2026, 12, 31, 23, 50)),
        ("302350", (2027, 3, 1, 0, 5), (2027, 1, 30, 23, 50)),
        ("292350", (2028, 3, 1, 0, 5), (2028, 2, 29, 23, 50)),
    ],
)
def test_month_and_year_are_those_of_the_hearing_and_not_of_a_clock(
    day: str, received: tuple[int, ...], at: tuple[int, ...]
) -> None:
    said = events(GOOD.replace("241950", day), Context(millis(*received)))[0]
    assert said.at == millis(*at)
    assert isinstance(said.body, Status)
    assert (said.body.since, said.body.until) == (said.at, said.at + HOLDS_MS)


@given(st.integers(millis(2020, 1, 1), millis(2035, 1, 1)), st.integers(0, 27 * 24 * 60))
def test_a_report_of_the_last_weeks_is_dated_right(received: int, minutes: int) -> None:
    at = (received + AHEAD_MS) // 60_000 * 60_000 - minutes * 60_000
    then = datetime.fromtimestamp(at / 1000, UTC)
    assert aeromet.heard(then.day, then.hour, then.minute, received) == at


@pytest.mark.parametrize("day", ["001950", "321950", "242401", "249950", "242460"])
def test_what_is_no_time_is_rejected(day: str) -> None:
    assert reasons(GOOD.replace("241950", day)) == [f"{day} is not a day and time"]


# -- what it does to the aerodrome ------------------------------------------------------------------------------------


def test_weather_never_opens_an_aerodrome() -> None:
    (gone,) = [each.body for each in events(GOOD) if each.subject == "airfield:EVRA"]
    assert gone == Gone("weather above minima")
    assert not [e for e in events("METAR EVRA 241950Z 24010KT //// 05/M01 Q1026") if e.subject == "airfield:EVRA"]
    bad = GOOD.replace("9999", "0500")
    (status,) = [each.body for each in events(bad) if each.subject == "airfield:EVRA"]
    assert status == weather(bad)
    assert isinstance(status, Status)
    assert (status.state, status.until) == ("restricted", millis(2026, 11, 24, 21, 20))


def test_better_weather_takes_back_what_the_worse_did() -> None:
    at = millis(2026, 11, 24, 20, 25)
    bad, better = GOOD.replace("9999", "0500"), GOOD.replace("241950", "242020")
    picture = fold([*events(bad), *events(better, Context(at))])
    assert picture.entity("airfield:EVRA") is None
    found = picture.entity("weather:EVRA")
    assert found is not None
    assert found.state(at) == "open"
    assert found.state(at + HOLDS_MS) == "unknown"
    held = fold([*events(bad), *events(better.replace("9999", "////"), Context(at))]).entity("airfield:EVRA")
    assert held is not None
    assert held.state(at) == "restricted"


def test_snow_closes() -> None:
    body = weather(f"{GOOD} R/SNOCLO")
    assert (body.state, body.reason) == ("closed", "SNOCLO: closed by snow")


# -- forecasts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "worst", "since", "until", "visibility"),
    [
        ("CAVOK", "nothing below minima", "24 18", "25 18", 10_000),
        ("9999 SCT025 TEMPO 2422/2424 1200 BR BKN008", "visibility 1200 m: below special VFR minima", "24 22", "25 00",
         1200),
        ("9999 SCT025 BECMG 2420/2422 0300 FG VV001", "visibility 300 m, ceiling 100 ft: below CAT I minima", "24 20",
         "25 18", 300),
        ("0300 FG VV001 BECMG 2420/2422 9999 NSC", "visibility 300 m, ceiling 100 ft: below CAT I minima", "24 18",
         "24 22", 300),
        ("0700 FG FM242130 9999 NSC", "visibility 700 m: below CAT I minima", "24 18", "24 21:30", 700),
        ("9999 SCT025 PROB30 TEMPO 2503/2506 0700 FG", "visibility 700 m: below CAT I minima", "25 03", "25 06", 700),
        ("9999 SCT025 PROB40 2503/2506 0700 FG TX04/2512Z TN01/2503Z", "visibility 700 m: below CAT I minima", "25 03",
         "25 06", 700),
        ("P6SM OVC015 TEMPO 2503/2506 1/2SM FG", "visibility 805 m: below special VFR minima", "25 03", "25 06",
         804.672),
    ],
)  # fmt: skip
def test_the_worst_of_a_forecast_and_when(groups: str, worst: str, since: str, until: str, visibility: float) -> None:
    told = described(f"{TAF} {groups}=").properties
    hours = [f"2026-11-{each if ':' in each else f'{each}:00'} UTC" for each in (since, until)]
    assert [told[key] for key in ("taf_worst", "taf_worst_from", "taf_worst_until")] == [worst, *hours]
    assert told["taf_visibility_m"] == visibility
    assert told["taf_valid"] == "2026-11-24 18:00 UTC to 2026-11-25 18:00 UTC"


def test_hour_24_ends_a_day() -> None:
    for text in ("TAF EVRA 241730Z 2418/2424 CAVOK", "TAF EVRA 2418/2424 CAVOK"):
        assert described(text).properties["taf_valid"] == "2026-11-24 18:00 UTC to 2026-11-25 00:00 UTC"
    begins = "TAF AMD EVRA 302330Z 3024/3124 9999 SCT025 TEMPO 3024/3106 0700 FG"
    received = millis(2027, 1, 31, 1, 0)
    (said,) = events(begins, Context(received))
    assert isinstance(said.body, Described)
    assert said.at == millis(2027, 1, 30, 23, 30)
    assert said.body.properties["taf_worst_from"] == "2027-01-31 00:00 UTC"
    assert said.body.properties["taf_valid"] == "2027-01-31 00:00 UTC to 2027-02-01 00:00 UTC"


def test_a_forecast_without_its_time_of_issue_is_an_hour_older_than_its_beginning() -> None:
    (said,) = events("TAF EVRA 2418/2518 CAVOK")
    assert said.at == millis(2026, 11, 24, 18) - HOUR_MS


def test_report_and_forecast_are_described_together_and_the_newest_count() -> None:
    old, new = GOOD.replace("241950", "241920"), f"{TAF} CAVOK"
    texts = [GOOD, old, new, new.replace("1730", "1130").replace("2418/2518", "2412/2512")]
    for text in ("\n".join(texts), "\n".join(reversed(texts))):
        told = described(text)
        assert (told.properties["metar"], told.properties["taf"]) == (GOOD, new)
        assert (told.name, told.nations, told.basis) == ("Riga", ("LV",), "METAR and TAF")
        assert len([each for each in events(text) if isinstance(each.body, Status)]) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("TAF EVRA 241730Z 24012KT CAVOK", "a TAF without its validity"),
        ("TAF 241730Z 2418/2518 CAVOK", "a TAF without its station"),
        ("TAF EVRA 241730Z 2418/2418 CAVOK", "a TAF that ends before it begins: 2418/2418"),
        ("TAF EVRA 241730Z 2418/2532 CAVOK", "253200 is not a day and time"),
        (f"{TAF} CAVOK TEMPO 0300 FG", "a TAF with a change at no time"),
        (f"{TAF} 9999 SCT0½5", "a report in letters that no report has"),
        (f"{GOOD} {'FG ' * 1000}", f"a report of {len(GOOD) + 3000} characters"),
    ],
)
def test_what_can_not_be_read_is_rejected(text: str, reason: str) -> None:
    assert reasons(f"{text}\n{GOOD.replace('EVRA', 'EYVI')}") == [reason]


# -- which bytes are a report -----------------------------------------------------------------------------------------


def test_lines_of_a_page_around_the_reports_are_no_records() -> None:
    page = (
        f"METAR and TAF of today\nSALV31 EVRA 241950\nMETAR EVRA 241950Z\n24010KT 9999\n  FEW024 05/M01\nQ1026\r\n\r\n"
        f"{TAF} 9999\r\n-RA SCT025\nTEMPO 2422/2424 1200\nBR=\nEnd of TAF search\nNNNN\n"
    )
    told = described(page).properties
    assert told["metar"] == GOOD
    assert told["taf"] == f"{TAF} 9999 -RA SCT025 TEMPO 2422/2424 1200 BR"
    assert len(events(f"{GOOD}= {GOOD.replace('EVRA', 'EYVI')}={GOOD.replace('EVRA', 'EETN')}")) == 9


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "an empty answer, which says nothing of the weather"),
        (" \n", "an empty answer, which says nothing of the weather"),
        ("<html><title>Gone</title>METAR EVRA 241950Z CAVOK", "an HTML page instead of reports: Gone"),
        ('{"error": "no such station"}', "no METAR, SPECI or TAF in it"),
        ("METAR reports are not available today", "no METAR, SPECI or TAF in it"),
    ],
)
def test_what_has_no_report_is_one_reject(text: str, reason: str) -> None:
    assert reasons(text) == [reason]


GROUPS = """
    METAR SPECI TAF AMD COR EVRA EYVI EFHK 241950Z 241730Z 2418/2518 2418/2424 AUTO NIL CNL 24010KT VRB02G10MPS /////KT
    9999 0300 //// 1 1/2SM P6SM 0800SW CAVOK R18/0350V0600N R/SNOCLO FG -SHRASN +TSGR VCSH // NSW BKN004 OVC/// VV///
    /// ////// ///015CB NSC NCD 05/M01 ///// Q1026 Q//// A2992 RERA WS R18 ALL RWY 88190050 BLU TEMPO BECMG NOSIG
    FM250600 PROB30 INTER TL0600 TX04/2512Z TNM01/2503Z RMK SLP223 T00501023 = $
"""
tokens = st.sampled_from([*GROUPS.split(), "\n"])


@settings(max_examples=400, deadline=None)
@given(st.lists(tokens, max_size=25), st.booleans())
def test_whatever_the_groups_nothing_is_raised_and_a_neighbour_is_read(groups: list[str], first: bool) -> None:
    lines = [" ".join(["METAR EVRA 241950Z", *groups]), GOOD.replace("EVRA", "EETN")]
    found = outcomes("\n\n".join(lines if first else reversed(lines)))
    assert any(isinstance(each, Event) and each.subject == "weather:EETN" for each in found)


# -- the simulated service --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 7])
def test_the_simulated_service_says_its_state(seed: int) -> None:
    found: set[str] = set()
    for now in range(RECEIVED, RECEIVED + 40 * HOUR_MS, 2_345_678):
        events = [each for each in decode(SOURCE, say(seed, now), Context(now)) if isinstance(each, Event)]
        assert len(events) == len(list(decode(SOURCE, say(seed, now), Context(now))))
        picture = fold(events)
        for said in state(seed, now):
            entity = picture.entity(f"weather:{said.station}")
            assert entity is not None
            status = entity.status(now)
            assert status is not None
            assert isinstance(status.body, Status)
            assert (status.at, status.body.state) == (said.at, said.state)
            assert 0 <= now - said.at < HOUR_MS // 2
            measured = status.body.measures
            assert measured["visibility_m"] == (10_000 if said.visibility_m == 9999 else said.visibility_m)
            assert measured["ceiling_m"] == round(said.ceiling_ft * FOOT, 1)
            assert (measured["temp_c"], measured["qnh_hpa"]) == (said.temp_c, said.qnh_hpa)
            field = picture.entity(f"airfield:{said.station}")
            assert (field is None) == (said.state == "open")
            assert entity.described is not None
            assert isinstance(entity.described.body, Described)
            assert "below special VFR" in str(entity.described.body.properties["taf_worst"])
            found.add(said.state)
    assert found == {"open", "degraded", "restricted"}


def test_the_simulated_service_is_a_speaker_of_this_source() -> None:
    (speaker,) = SPEAKERS
    assert isinstance(speaker, Speaker)
    assert (speaker.source, speaker.feed) == (SOURCE.name, "metar")
    assert set(STATIONS) <= AERODROMES.keys()
    assert b"SIMULATED" in speaker.say(0, RECEIVED)
