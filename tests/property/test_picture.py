"""The laws of the fold: order, repetition and replay don't matter, and a tombstone holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Gone, Sighted, decode, encode, event, kind
from cop.picture import Picture, entity, fold
from cop.retention import carried, expired
from tests.worlds import events, times

histories = st.lists(events(), max_size=30)


@given(histories, st.randoms(use_true_random=False))
def test_any_shuffle_folds_to_the_same_picture(history: list, random: object) -> None:  # type: ignore[type-arg]
    shuffled = list(history)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(shuffled) == fold(history)


@given(histories, st.lists(st.integers(0, 29), max_size=20))
def test_any_repetition_folds_to_the_same_picture(history: list, again: list[int]) -> None:  # type: ignore[type-arg]
    repeated = history + [history[i] for i in again if i < len(history)]
    assert fold(repeated) == fold(history)


@given(histories)
def test_a_replay_changes_nothing(history: list) -> None:  # type: ignore[type-arg]
    picture = fold(history)
    assert not any(picture.fold(each) for each in history)


@given(histories, st.integers(0, 30))
def test_two_readers_who_split_the_history_agree_once_both_have_all(history: list, cut: int) -> None:  # type: ignore[type-arg]
    first, second = fold(history[:cut]), fold(history[cut:])
    for each in history[cut:]:
        first.fold(each)
    for each in history[:cut]:
        second.fold(each)
    assert first == second


@given(events())
def test_the_wire_form_round_trips(each) -> None:  # type: ignore[no-untyped-def]
    assert decode(encode(each)) == each
    assert kind(each.body) in ("sighted", "described", "status", "planned", "gone", "health")


@given(events(), st.integers(0, 1_000_000))
def test_the_same_report_has_the_same_id_whenever_it_is_heard(each, later: int) -> None:  # type: ignore[no-untyped-def]
    again = event(
        each.source,
        each.subject,
        each.at,
        each.body,
        received=each.received + later,
        world=each.world,
        origin=each.origin,
    )
    assert again.id == each.id


@given(times, st.integers(0, 10), st.integers(1, 10), st.randoms(use_true_random=False))
def test_a_tombstone_holds_against_late_sightings_and_gives_way_to_newer_ones(
    at: int, before: int, after: int, random: object
) -> None:
    gone = event("ais", "vessel:1", at, Gone(), received=at)
    late = event("ais", "vessel:1", at - before - 1, Sighted(21, 56), received=at + 50)
    newer = event("ais", "vessel:1", at + after, Sighted(22, 57), received=at + 60)
    order = [gone, late]
    random.shuffle(order)  # type: ignore[attr-defined]
    assert fold(order).entity("vessel:1") is None
    order.append(newer)
    random.shuffle(order)  # type: ignore[attr-defined]
    found = fold(order).entity("vessel:1")
    assert found is not None
    assert found.position == (22, 57)


@given(histories)
def test_gone_by_one_source_leaves_what_the_others_say(history: list) -> None:  # type: ignore[type-arg]
    told = event("register", "bridge:B1", 1_000, Described("Bridge", lon=24, lat=57), received=1_000)
    gone = event("other", "bridge:B1", 5_000, Gone(), received=5_000)
    found = fold([*history, told, gone]).entity("bridge:B1")
    assert found is not None
    assert any(e.source == "register" for e in found.events)


@given(histories, times)
def test_a_status_that_counts_is_in_force_and_unknown_is_never_open(history: list, now: int) -> None:  # type: ignore[type-arg]
    for found in fold(history).entities():
        status = found.status(now)
        state = found.state(now)
        if status is None:
            assert state == "unknown"
        else:
            assert status.body.state == state  # type: ignore[union-attr]
            assert (status.body.since or 0) <= now  # type: ignore[union-attr]
            assert status.body.until is None or now < status.body.until  # type: ignore[union-attr]


@given(histories, times)
def test_between_two_changes_of_the_clock_the_status_stays(history: list, now: int) -> None:  # type: ignore[type-arg]
    for found in fold(history).entities():
        change = found.next_change(now)
        last = change - 1 if change is not None else now + 1_000
        assert found.state(now) == found.state(last)


@given(histories, st.lists(events("exercise/demo"), max_size=20))
def test_an_exercise_is_laid_over_and_the_real_picture_stays(real: list, play: list) -> None:  # type: ignore[type-arg]
    picture, exercise = fold(real), fold(play)
    before = {s: picture.records(s).copy() for s in picture.subjects()}
    for subject in {*picture.subjects(), *exercise.subjects()}:
        both = entity(subject, exercise.records(subject), picture.records(subject))
        alone = picture.entity(subject)
        if alone is not None:
            assert both is not None
            assert {e.id for e in alone.events} <= {e.id for e in both.events}
    assert {s: picture.records(s) for s in picture.subjects()} == before


@given(histories, st.integers(0, 30), st.integers(990, 1_040))
def test_what_is_carried_forward_keeps_the_picture_but_for_what_expired(history: list, cut: int, horizon: int) -> None:  # type: ignore[type-arg]
    full = fold(history)
    kept = carried(full, history[:cut], horizon, horizon)
    after = fold([*history[cut:], *kept])
    for subject in full.subjects():
        if expired(full.records(subject).values(), horizon):
            continue
        old, new = full.records(subject), after.records(subject)
        for key, event_ in old.items():
            ended = getattr(event_.body, "until", None)
            assert key in new or (ended is not None and ended <= horizon)


def test_an_empty_picture_has_nothing() -> None:
    assert list(Picture().entities()) == []
    assert Picture().entity("bridge:B1") is None
