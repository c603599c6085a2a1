"""The desk's fold: what is told twice counts once, whoever is first wins, and nothing that stands is lost by a cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.desk import (
    Acknowledged,
    BadName,
    Changed,
    Cleared,
    Desk,
    Entry,
    InvalidEntry,
    Owned,
    Raised,
    Reopened,
    Reworded,
    Stood,
    TokenIssued,
    TokenRevoked,
    ViewRemoved,
    ViewSaved,
    decode,
    encode,
    key_of,
    view_name,
)

times = st.integers(1, 12)
keys = st.sampled_from(["closure-a", "late-b"])
people = st.sampled_from(["", "Ann", "Jānis"])
words = st.sampled_from(["", "open", "closed"])
entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(ViewSaved, at=times, name=st.sampled_from(["a", "b"]), version=st.integers(1, 4), by=people, query=words),
    st.builds(ViewRemoved, at=times, name=st.sampled_from(["a", "b"]), version=st.integers(1, 4), by=people),
    st.builds(TokenIssued, at=times, id=st.sampled_from(["1", "2"]), view=words, by=people, sha256=words),
    st.builds(TokenRevoked, at=times, id=st.sampled_from(["1", "2"]), by=people),
    st.builds(
        Raised, at=times, key=keys, rule=st.just("late"), severity=st.just("amber"), subject=st.just("convoy:C1"),
        text=words,
    ),
    st.builds(Reworded, at=times, key=keys, text=words),
    st.builds(Cleared, at=times, key=keys),
    st.builds(Acknowledged, at=times, key=keys, raised=times, by=people, note=words),
    st.builds(Owned, at=times, key=keys, raised=times, by=people),
    st.builds(Reopened, at=times, key=keys, raised=times, by=people),
    st.builds(
        Changed, at=times, id=st.sampled_from(["bridge:1", "bridge:2"]), what=st.just("state"), was=words, now=words
    ),
    st.builds(Stood, at=times, values=st.just({"state": {"bridge:1": "open", "bridge:3": "closed"}})),
)  # fmt: skip


def folded(told: list[Entry]) -> Desk:
    desk = Desk()
    for entry in told:
        desk.fold(entry)
    return desk


def plain(desk: Desk) -> dict[str, Any]:
    """All that a desk says."""
    return {
        "views": desk.views, "tokens": desk.tokens, "revoked": desk.revoked, "alerts": desk.alerts,
        "changes": list(desk.changes), "said": desk.said,
    }  # fmt: skip


def raised(at: int = 10, subject: str = "bridge:B15", **more: Any) -> Raised:
    told = {"rule": "closure", "severity": "red", "text": "closed", "name": "Bridge"} | more
    return Raised(at=at, key=key_of(told["rule"], subject), subject=subject, **told)


KEY = key_of("closure", "bridge:B15")


def written(told: list[Entry]) -> list[Entry]:
    """As a book has them: what is written later is of a later time, and nobody answers an alert before it is raised."""
    possible = [entry for entry in told if getattr(entry, "raised", 0) <= entry.at]
    return sorted(possible, key=lambda entry: (entry.at, not isinstance(entry, Raised)))


in_order = st.lists(entries, max_size=30).map(written)


@given(in_order)
def test_to_hear_it_all_again_changes_nothing(told: list[Entry]) -> None:
    desk = folded(told)
    before = plain(folded(told))
    for entry in told:
        assert not desk.fold(entry)
    assert plain(desk) == before


@given(st.lists(entries, max_size=30), st.lists(entries, max_size=5))
def test_each_entry_told_twice_in_a_row_counts_once(told: list[Entry], more: list[Entry]) -> None:
    doubled = [each for entry in (*told, *more) for each in (entry, entry)]
    assert plain(folded(doubled)) == plain(folded([*told, *more]))


@given(st.lists(entries, max_size=30))
def test_the_wire_form_is_read_as_it_was_written(told: list[Entry]) -> None:
    assert [decode(encode(entry)) for entry in told] == told


@given(st.lists(entries, max_size=30))
def test_a_book_that_is_cut_loses_nothing_that_stands(told: list[Entry]) -> None:
    desk = folded(told)
    again = folded([*desk.lasting(), *desk.standing(99)])
    assert list(again.saved()) == list(desk.saved())
    assert list(again.valid()) == list(desk.valid())
    assert {k: v for k, (_, v) in again.said.items()} == {k: v for k, (_, v) in desk.said.items()}

    def stands(one: Desk) -> list[Any]:
        return [(k, a.raised.at, a.text, a.owner, a.acknowledged) for k, a in one.alerts.items() if a.cleared is None]

    assert stands(again) == stands(desk)


def test_the_same_alert_raised_by_two_watches_counts_once_and_the_first_wins() -> None:
    desk = folded([raised(10), raised(12, text="another word")])
    assert [(a.raised.at, a.text) for a in desk.alerts.values()] == [(10, "closed")]
    assert [(c.what, c.was, c.now) for c in desk.changes] == [("alert", "", "raised")]
    assert desk.fold(Cleared(at=20, key=KEY))
    assert not desk.fold(Cleared(at=21, key=KEY))
    assert not desk.fold(raised(19))  # a slow watch tells the raising that is over
    assert desk.fold(raised(30))
    assert desk.alerts[KEY].cleared is None


def test_an_alert_that_is_raised_anew_is_nobodys_and_not_acknowledged() -> None:
    told: list[Entry] = [
        raised(10),
        Acknowledged(at=11, key=KEY, raised=10, by="Ann"),
        Owned(at=12, key=KEY, raised=10, by="Ann"),
    ]
    desk = folded([*told, Cleared(at=20, key=KEY), raised(30)])
    assert (desk.alerts[KEY].acknowledged, desk.alerts[KEY].owner) == (None, "")
    assert not desk.fold(Acknowledged(at=31, key=KEY, raised=10, by="Ann"))
    assert desk.fold(Acknowledged(at=32, key=KEY, raised=30, by="Ann"))


def test_who_acknowledges_second_is_not_taken_and_who_reopens_makes_room() -> None:
    desk = folded([raised(10), Acknowledged(at=11, key=KEY, raised=10, by="Ann")])
    assert not desk.fold(Acknowledged(at=12, key=KEY, raised=10, by="Jānis"))
    assert desk.fold(Reopened(at=13, key=KEY, raised=10, by="Jānis"))
    assert not desk.fold(Reopened(at=14, key=KEY, raised=10, by="Jānis"))
    assert desk.fold(Acknowledged(at=15, key=KEY, raised=10, by="Jānis"))
    assert [c.now for c in desk.changes] == ["raised", "acknowledged", "reopened", "acknowledged"]


def test_a_change_that_two_watches_tell_counts_once() -> None:
    def closed(at: int) -> Changed:
        return Changed(at=at, id="bridge:1", what="state", was="open", now="closed")

    desk = folded([closed(10), closed(11)])
    assert [c.at for c in desk.changes] == [10]
    assert not desk.fold(Changed(at=9, id="bridge:1", what="state", was="closed", now="open"))
    assert desk.fold(Changed(at=12, id="bridge:1", what="state", was="closed", now="open"))


def test_the_oldest_changes_leave_and_the_desk_says_from_when_it_is_complete() -> None:
    desk = Desk(keeps=3)
    for at in range(1, 8):
        desk.fold(Changed(at=at, id="bridge:1", what="state", was="", now=str(at)))
    assert [c.at for c in desk.changes] == [5, 6, 7]
    assert desk.first == 5


def test_a_view_that_was_removed_keeps_its_number() -> None:
    desk = folded([ViewSaved(at=1, name="a", version=1, by="Ann"), ViewRemoved(at=2, name="a", version=2, by="Ann")])
    assert not list(desk.saved())
    assert not desk.fold(ViewSaved(at=3, name="a", version=2, by="Ann"))
    assert desk.fold(ViewSaved(at=3, name="a", version=3, by="Ann"))


@pytest.mark.parametrize("name", ["a", "Šiauliai 1", "Jõhvi-Ülemiste_2", "x" * 64, "Кибартай", " around "])
def test_names_of_any_alphabet(name: str) -> None:
    assert view_name(name) == name.strip()


def test_a_name_in_two_spellings_is_one() -> None:
    assert view_name("S\u030ciauliai") == "Šiauliai"


@pytest.mark.parametrize(
    ("name", "why"),
    [("", "needs a name"), ("  ", "needs a name"), ("x" * 65, "65 letters"), ("a/b", "has /"), ("a\nb", "only"),
     ("<b>", "< >")],
)  # fmt: skip
def test_names_that_cannot_be(name: str, why: str) -> None:
    with pytest.raises(BadName, match=why):
        view_name(name)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"k":"nothing","at":1}', b'{"k":"cleared"}', b"\xff", b"[1]"])
def test_what_is_no_entry_is_told(data: bytes) -> None:
    with pytest.raises(InvalidEntry):
        decode(data)
