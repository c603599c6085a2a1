"""The alert rules over the shipped scenario, one table; and that nothing flaps, whatever the signs do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.alerts import (
    Seen,
    Sign,
    Turn,
    Watchlist,
    listed,
    longest_wait,
    of_crossings,
    of_feeds,
    of_movements,
    of_systems,
    rules,
    threshold_of,
    thresholds,
)
from cop.event import Described, Event, Health, Sighted, event
from tests.marching import NOW, WORLD, Desk, at, effect, on_a10, over, said, start

STANDS = {
    ("limit", "bridge:B57"): "Tapa railway overpass: wheeled 100 above class 44 and caution class 55; C10 may not pass",
    ("no-go", "convoy:C04"): "C04 may not go on: XB11: form 302 missing",
    (
        "no-go",
        "convoy:C10",
    ): "C10 may not go on: Tapa railway overpass: wheeled 100 above class 44 and caution class 55",
    ("clearance", "clearance:C04-XB11"): "C04 at XB11: form 302 missing",
}
"""What the scenario itself has at T+60."""


def signs(desk: Desk, t: float = 60.0, feeds: Iterable[Event] = ()) -> dict[tuple[str, str], Sign]:
    """All that the rules see at T+t."""
    subjects = list(desk.picture.subjects())
    closed = [s for s in subjects if (found := desk.look(s)) is not None and found.state(at(t)) == "closed"]
    crossings = [s for s in subjects if s.startswith("crossing:")]
    seen = Seen(at(t), desk.look, desk.engine, closed, crossings, feeds)
    sees = [*of_movements(seen), *of_systems(seen), *of_crossings(seen), *of_feeds(seen)]
    assert len({(each.rule, each.subject) for each in sees}) == len(sees)
    return {(each.rule, each.subject): each for each in sees}


def new(desk: Desk, *told: Event, t: float = 60.0) -> dict[tuple[str, str], Sign]:
    """What these events bring."""
    before = signs(desk, t)
    desk.settle(t, *told)
    return {key: sign for key, sign in signs(desk, t).items() if key not in before}


def test_what_the_scenario_itself_has() -> None:
    found = signs(Desk(start()))
    assert {key: found[key].text for key in STANDS} == STANDS
    assert set(found) == {*STANDS, ("no-go", "convoy:C08"), ("clearance", "clearance:C08-XB10")}
    assert found["clearance", "clearance:C08-XB10"].nations == ("LT", "LV")


LOWERED = effect("bridge:B15", "restricted", mlc_wheeled=40.0, mlc_tracked=40.0)


@pytest.mark.parametrize(
    ("told", "rule", "subject", "text"),
    [
        (
            [effect("crossing:XB10")],
            "closure", "crossing:XB10",
            "Grenctāle – Saločiai (XB10) is closed and still lies ahead of C05, C06, C07, C08",
        ),
        (
            [on_a10(), effect("roadevent:inj5")],
            "closure", "roadevent:inj5",
            "A10 Pumpenai-Pasvalys (inj5) is closed and still lies ahead of C05, C06, C07, C08",
        ),
        (
            [LOWERED],
            "limit", "bridge:B15",
            "Riga HPP dam crossing: wheeled 100 above class 40 and caution class 50; C04, C05, C06 may not pass",
        ),
        (
            [LOWERED],
            "caution", "bridge:B15",
            "Riga HPP dam crossing: a caution crossing for C07 waits for approval",
        ),
        (
            [LOWERED],
            "no-go", "convoy:C06",
            "C06 may not go on: Riga HPP dam crossing: wheeled 80 above class 40 and caution class 50",
        ),
        ([effect("crossing:XB10")], "late", "convoy:C05", "C05 does not arrive as long as this lasts"),
        (
            [effect("convoy:C02", "degraded", delay_min=25.0)],
            "late", "convoy:C02",
            "C02 is 25 min late at the end",
        ),
        (
            [effect("system:SYS-302")],
            "system", "system:SYS-302",
            "Form 302 electronic exchange (customs) is down: XB01, XB10, XB11 hang on it",
        ),
        (
            [effect("crossing:XB02", "open", waiting_min=45.0)],
            "waiting", "crossing:XB02",
            "Valga – Valka (Lugaži) (XB02): 45 min to wait; the threshold is 20 min",
        ),
    ],
)  # fmt: skip
def test_a_rule_sees(told: list[Event], rule: str, subject: str, text: str) -> None:
    found = new(Desk(start()), *told)
    assert (rule, subject) in found, sorted(found)
    assert found[rule, subject].text == text
    assert found[rule, subject].firm


@pytest.mark.parametrize(
    "told",
    [
        [effect("bridge:B57", "open")],
        [effect("crossing:XB21")],  # nobody passes it
        [effect("bridge:B15", "restricted", mlc_wheeled=100.0, mlc_tracked=100.0)],  # no lower than it was
        [effect("system:SYS-AIS")],  # no crossing hangs on it
        [effect("crossing:XB02", "open", waiting_min=3.0)],
        [effect("convoy:C02", "degraded", delay_min=3.0)],
    ],
)
def test_a_rule_sees_nothing_new(told: list[Event]) -> None:
    assert new(Desk(start()), *told) == {}


def test_a_closure_that_is_over_or_behind_everybody_is_none() -> None:
    desk = Desk(start())
    closed = effect("crossing:XB10")
    assert ("closure", "crossing:XB10") in new(desk, closed)
    desk.settle(61, over(closed, 61))
    assert ("closure", "crossing:XB10") not in signs(desk, 61)


def test_between_the_two_levels_a_sign_is_not_firm() -> None:
    for minutes, firm in ((4.0, None), (7.0, False), (12.0, True)):
        found = signs_after(effect("convoy:C02", "degraded", delay_min=minutes))
        sign = found.get(("late", "convoy:C02"))
        assert (None if sign is None else sign.firm) == firm
    for minutes, firm in ((15.0, None), (17.0, False), (20.0, True)):
        found = signs_after(effect("crossing:XB02", "open", waiting_min=minutes))
        sign = found.get(("waiting", "crossing:XB02"))
        assert (None if sign is None else sign.firm) == firm


def signs_after(*told: Event) -> dict[tuple[str, str], Sign]:
    desk = Desk(start())
    desk.settle(60, *told)
    return signs(desk)


def test_who_has_arrived_wants_no_attention() -> None:
    desk = Desk(start())
    end = desk.of("C10").movement.points[-1]
    for point in (*desk.of("C10").movement.points,):
        seen = event(
            "simulated", "convoy:C10", point.due or NOW, Sighted(point.lon, point.lat), received=point.due or NOW,
            world=WORLD, origin="simulated",
        )  # fmt: skip
        desk.settle(60 + ((point.due or NOW) - NOW) / 60_000, seen)
    t = 60 + ((end.due or NOW) - NOW) / 60_000
    assert desk.of("C10").arrived
    assert not [key for key in signs(desk, t) if key in (("limit", "bridge:B57"), ("no-go", "convoy:C10"))]


def test_the_longest_wait_of_all_lanes_counts_by_the_threshold_of_its_border() -> None:
    desk = Desk()
    for border, threshold in (("external", 120.0), ("internal", 20.0), ("", 60.0), ("odd", 60.0)):
        subject = f"crossing:{border or 'none'}"
        desk.tell(said(subject, Described("Narva", properties={"class": border} if border else {})))
        desk.tell(effect(subject, "open", waiting_out_min=30.0, waiting_lorry_min=90.0, queue=500.0))
        found = desk.look(subject)
        assert found is not None
        assert longest_wait(found, NOW) == 90.0
        assert threshold_of(found) == threshold
    desk.tell(said("crossing:quiet", Described("Narva")))
    quiet = desk.look("crossing:quiet")
    assert quiet is not None
    assert longest_wait(quiet, NOW) is None


@pytest.mark.parametrize(
    ("body", "heard", "text"),
    [
        (Health("ok"), 0, None),
        (Health("ok", newest=NOW - 50_000, stale_s=60), 0, None),
        (Health("ok", newest=NOW - 600_000, stale_s=0), 0, None),
        (Health("failed", "refused"), 0, "the feed ais failed: refused"),
        (Health("failed"), 0, "the feed ais failed"),
        (Health("late", "silent for more than 60 s"), 0, "the feed ais is late: silent for more than 60 s"),
        (Health("ok", newest=NOW - 601_000, stale_s=600), 0, "the feed ais brings nothing newer than 10 min"),
        (Health("ok"), 61_000, "the feed ais has said nothing of itself for more than 60 s"),
    ],
)
def test_a_silent_feed(body: Health, heard: int, text: str | None) -> None:
    health = event("ais", "feed:ais", NOW - heard, body, received=NOW - heard)
    found = of_feeds(Seen(NOW, lambda subject: None, feeds=[health]))
    assert [each.text for each in found] == ([] if text is None else [text])


def test_of_many_names_only_some_are_listed() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(n) for n in range(8)]) == "0, 1, 2, 3, 4, 5, 6, 7"
    assert listed([str(n) for n in range(19)]) == "0, 1, 2, 3, 4, 5, 6 and 12 more"


def test_the_tables_are_whole() -> None:
    assert set(rules()) == {
        "closure", "limit", "caution", "no-go", "late", "clearance", "system", "waiting", "silent",
    }  # fmt: skip
    for rule in rules().values():
        assert rule.severity in ("red", "amber")
        assert rule.dwell_s > 0
        assert rule.clear_s >= rule.dwell_s
        assert rule.source
        assert rule.looks_at
    assert all(minutes > 0 for minutes in thresholds().values())
    assert "" in thresholds()


# -- nothing flaps ----------------------------------------------------------------------------------------------------

RULE = rules()["late"]
DWELL, CLEAR = round(RULE.dwell_s), round(RULE.clear_s)


def sign(firm: bool = True, *gist: str) -> Sign:
    return Sign("late", "convoy:C05", "late", firm, gist)


def run(
    seen: Callable[[int], Iterable[Sign]], seconds: int, watchlist: Watchlist | None = None
) -> list[tuple[int, str]]:
    """What a second's step each makes of it: when, and what."""
    watchlist = watchlist or Watchlist()
    told: list[tuple[int, str]] = []
    for s in range(seconds):
        told += [(s, turn.what) for turn in watchlist.step(seen(s), s * 1000)]
    return told


@given(st.integers(1, DWELL - 1), st.integers(1, 100), st.booleans())
def test_what_flips_faster_than_its_dwell_never_raises(on: int, off: int, gone: bool) -> None:
    def seen(s: int) -> list[Sign]:
        return [sign()] if s % (on + off) < on else [] if gone else [sign(False)]

    assert run(seen, 500) == []


@given(st.integers(0, 50), st.integers(DWELL + 1, 300), st.integers(0, 300))
def test_what_holds_raises_once_and_clears_once(begins: int, lasts: int, after: int) -> None:
    told = run(lambda s: [sign()] if begins <= s < begins + lasts else [], begins + lasts + after)
    wanted = [(begins + DWELL, "raise")]
    if after > CLEAR:
        wanted.append((begins + lasts + CLEAR, "clear"))
    assert told == wanted


@given(st.lists(st.sampled_from(["firm", "between", "none"]), max_size=400))
def test_raising_and_clearing_alternate_whatever_is_seen(states: list[str]) -> None:
    watchlist = Watchlist()
    told = run(lambda s: {"firm": [sign()], "between": [sign(False)], "none": []}[states[s]], len(states), watchlist)
    words = [what for _, what in told if what != "reword"]
    assert words == ["raise", "clear"] * (len(words) // 2) + ["raise"] * (len(words) % 2)
    assert watchlist.raised() == ({("late", "convoy:C05")} if len(words) % 2 else set())
    for (a, what), (b, _) in pairwise(told):
        assert b - a >= (CLEAR if what == "raise" else DWELL)


@given(st.integers(1, CLEAR - 1), st.integers(1, 20))
def test_what_is_raised_stays_while_its_sign_comes_back_in_time(off: int, on: int) -> None:
    def seen(s: int) -> list[Sign]:
        return [sign()] if s <= DWELL or (s - DWELL) % (on + off) >= off else []

    assert run(seen, 600) == [(DWELL, "raise")]


def test_between_the_levels_it_neither_raises_nor_clears() -> None:
    assert run(lambda s: [sign(False)], 500) == []
    assert run(lambda s: [sign(s <= DWELL)], 900) == [(DWELL, "raise")]


def test_another_movement_is_told_and_another_minute_is_not() -> None:
    told = run(lambda s: [sign(True, "1" if s < 100 else "2")._replace(text=f"{s} min late")], 200)
    assert told == [(DWELL, "raise"), (100, "reword")]
    flapping = run(lambda s: [sign(True, str(s % 2))], 200)
    assert len(flapping) < 200 / 15 + 2


def test_what_stood_before_a_restart_is_not_raised_again_and_clears() -> None:
    watchlist = Watchlist([("late", "convoy:C05"), ("no rule any more", "convoy:C05")])
    told: list[Turn] = watchlist.step([sign(True, "1")], 0)
    assert {(each.what, each.rule) for each in told} == {("reword", "late"), ("clear", "no rule any more")}
    assert run(lambda s: [], CLEAR + 2, watchlist) == [(CLEAR, "clear")]


def test_two_signs_of_one_thing_are_one() -> None:
    two: list[Any] = [sign(False), sign(), sign(False)]
    assert run(lambda s: two, 100) == [(DWELL, "raise")]
