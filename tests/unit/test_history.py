"""The recent past: tracks, statuses and the pace of feeds, all of bounded size."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cop.event import Event, Health, Sighted, Status, event
from dashboard.history import MINUTES, STATUSES, TRACK_POINTS, TRACK_SPACING_MS, History
from tests.worlds import events

START = 1_700_000_000_000 - 1_700_000_000_000 % 60_000


def ship(at: int, lon: float = 21.0, speed: float | None = 5.0, received: int | None = None) -> Event:
    return event("ais", "vessel:1", at, Sighted(lon, 57.0, None, speed), received=at if received is None else received)


def test_a_track_keeps_a_point_now_and_then_and_no_more_than_it_may() -> None:
    history = History()
    for n in range(5_000):
        history.keep(ship(START + n * TRACK_SPACING_MS // 2, 20 + n / 1_000))
    track = history.track("vessel:1")
    assert TRACK_POINTS <= len(track) <= 2 * TRACK_POINTS
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
    for source in history.sources:
        minutes = history.minutes(source)
        assert [m.minute for m in minutes] == sorted({m.minute for m in minutes})
        assert all(m.delay_mean <= m.delay_max and m.reports > 0 for m in minutes)
