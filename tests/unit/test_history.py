"""The recent past: tracks, statuses and the pace of feeds, all of bounded size."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cop.event import Event, Gone, Health, Sighted, Status, event
from dashboard.history import MINUTES, SERIES_POINTS, STATUSES, TRACK_MOST, TRACK_POINTS, TRACK_SPACING_MS, History
from tests.worlds import events

START = 1_700_000_000_000 - 1_700_000_000_000 % 60_000


def ship(at: int, lon: float = 21.0, speed: float | None = 5.0, received: int | None = None) -> Event:
    return event("ais", "vessel:1", at, Sighted(lon, 57.0, None, speed), received=at if received is None else received)


def test_a_track_keeps_a_point_now_and_then_and_no_more_than_it_may() -> None:
    history = History()
    for n in range(5_000):
        history.keep(ship(START + n * TRACK_SPACING_MS // 2, 20 + n / 1_000))
    track = history.track("vessel:1")
    assert TRACK_POINTS <= len(track) <= TRACK_MOST
    assert [at for at, *_ in track] == sorted(at for at, *_ in track)
    assert all(b[0] - a[0] >= TRACK_SPACING_MS for a, b in pairwise(track))
    assert track[-1][1] > 24.9  # the newest are kept


def test_a_track_says_when_no_speed_was_told_and_a_late_report_does_not_turn_it_back() -> None:
    history = History()
    history.keep(ship(START, speed=None))
    history.keep(ship(START + 60_000, speed=0.0))
    history.keep(ship(START + 30_000, lon=29.0))
    assert history.track("vessel:1") == [(START, 21.0, 57.0, None), (START + 60_000, 21.0, 57.0, 0.0)]
    assert history.track("vessel:stranger") == []


def test_the_last_statuses_are_kept_with_who_said_them() -> None:
    history = History()
    for n in range(STATUSES + 5):
        said = Status("closed" if n % 2 else "open", reason=str(n))
        history.keep(event("road", "crossing:X", START + n, said, received=START + n))
    told = history.statuses("crossing:X")
    assert len(told) == STATUSES
    assert (told[-1].reason, told[-1].source, told[-1].origin) == (str(STATUSES + 4), "road", "observed")


def wait(minute: float, value: float | None, *, source: str = "border", until: float | None = None) -> Event:
    at = START + round(minute * 60_000)
    measures = {} if value is None else {"waiting_min": value, "unheard_of": 1.0}
    ends = None if until is None else START + round(until * 60_000)
    return event(source, "crossing:X", at, Status("unknown", None, ends, "", measures), received=at)


def points(history: History, source: str = "border") -> list[tuple[float, float, float]]:
    """Minute, value and the minute of its end, of the one number that a source tells."""
    (series,) = [each for each in history.series("crossing:X") if each.source == source]
    assert series.measure == "waiting_min"
    return [((p.at - START) / 60_000, p.value, (p.until - START) / 60_000) for p in series.points]


def test_a_number_is_kept_by_source_with_its_end_and_breaks_off_when_it_is_no_longer_told() -> None:
    history = History()
    for each in (wait(0, 10, until=30), wait(10, 20), wait(15, 99, source="other"), wait(40, None), wait(5, 7)):
        history.keep(each)
    assert points(history) == [(0, 10, 30), (10, 20, 40)]  # without an end of its own it would hold for an hour
    assert points(history, "other") == [(15, 99, 75)]
    assert history.measured("crossing") == ["crossing:X"]
    assert history.measured("bridge") == []
    gone = Gone()
    history.keep(event("other", "crossing:X", START + 20 * 60_000, gone, received=START))
    assert points(history, "other") == [(15, 99, 20)]


def test_of_each_five_minutes_the_newest_number_is_kept_and_of_a_day_no_more() -> None:
    history = History()
    for minute in range(3 * 24 * 60):
        history.keep(wait(minute, minute, until=minute + 2))
    found = points(history)
    assert len(found) <= SERIES_POINTS
    assert found[-1][1] == 3 * 24 * 60 - 1
    assert found[-1][0] - found[0][0] >= 24 * 60 - 10
    assert all(b[0] - a[0] == 5 for a, b in pairwise(found))
    assert all(value == minute + 4 and until == minute + 6 for minute, value, until in found[1:-1])


def test_a_status_that_is_only_repeated_is_one_bar_and_what_is_taken_back_ends() -> None:
    history = History()
    for minute in (0, 5, 10):
        history.keep(event("a", "crossing:X", START + minute, Status("open", None, START + minute + 6), received=START))
    history.keep(event("a", "crossing:X", START + 20, Status("open", None, START + 26), received=START))
    history.keep(event("b", "crossing:X", START + 3, Status("closed"), received=START))
    history.keep(event("b", "crossing:X", START + 9, Gone(), received=START))
    told = [(s.source, s.state, s.at - START, (s.until or 0) - START) for s in history.statuses("crossing:X")]
    assert told == [("a", "open", 0, 16), ("a", "open", 20, 26), ("b", "closed", 3, 9)]


def test_a_feeds_minutes_have_their_reports_and_delay() -> None:
    history = History()
    history.keep(ship(START + 1_000, received=START + 2_000))
    history.keep(ship(START + 2_000, received=START + 7_000))
    history.keep(ship(START + 121_000, received=START + 120_000))  # a clock that is ahead of ours is no delay
    first, second = history.minutes("ais")
    assert (first.minute, first.reports, first.delay_mean, first.delay_max) == (START, 2, 3.0, 5.0)
    assert (second.minute, second.reports, second.delay_max) == (START + 120_000, 1, 0.0)
    for n in range(MINUTES + 100):
        history.keep(ship(START + n * 60_000))
    assert len(history.minutes("ais")) == MINUTES
    assert history.sources == ["ais"]
    assert history.minutes("stranger") == []


def test_health_is_no_report_and_what_left_the_picture_is_forgotten() -> None:
    history = History()
    history.keep(event("ais", "feed:ais", START, Health("ok"), received=START))
    assert history.sources == []
    history.keep(ship(START))
    history.keep(event("ais", "vessel:1", START, Status("closed"), received=START))
    history.forget("vessel:1")
    history.forget("vessel:stranger")
    assert (history.track("vessel:1"), history.statuses("vessel:1")) == ([], [])


@given(st.lists(events(), max_size=60))
def test_whatever_was_told_a_track_is_in_order_and_every_mean_below_its_worst(told: list[Event]) -> None:
    history = History()
    for each in told:
        history.keep(each)
    for subject in {each.subject for each in told}:
        times = [at for at, *_ in history.track(subject)]
        assert times == sorted(times)
        for series in history.series(subject):
            assert [p.at for p in series.points] == sorted(p.at for p in series.points)
            assert len(series.points) <= SERIES_POINTS
    for source in history.sources:
        minutes = history.minutes(source)
        assert [m.minute for m in minutes] == sorted({m.minute for m in minutes})
        assert all(m.delay_mean <= m.delay_max and m.reports > 0 for m in minutes)
