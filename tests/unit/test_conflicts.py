"""Are two movements told to be in each other's way where they are, and only there?"""

from __future__ import annotations

import csv
from itertools import groupby
from pathlib import Path

import pytest

from cop.movement.conflicts import Conflicts, Passing, conflicts, groups

TABLE = Path(__file__).parents[2] / "feeds" / "reference" / "march" / "march_table.csv"
MINUTE = 60_000
STARTEX = 1_795_000_000_000


def at(minute: float) -> int:
    return STARTEX + round(minute * MINUTE)


def passing(
    movement: str,
    due: float,
    clear: float,
    way: tuple[str, str] = ("W", "E"),
    *,
    key: str = "X",
    name: str = "",
    oneway: bool = False,
    gap: float = 0,
    course: float | None = None,
    subject: str = "",
) -> Passing:
    return Passing(
        movement, key, name or key, 24.0, 56.0, at(due), at(clear), way, oneway, round(gap * MINUTE), course, subject
    )


def shipped() -> dict[str, list[Passing]]:
    """The exercise's march table."""
    found = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for convoy, told in groupby(csv.DictReader(file), key=lambda row: row["convoy_id"]):
            rows = list(told)
            keys = ["", *(f"{row['lon']} {row['lat']}" for row in rows), ""]
            found[convoy] = [
                Passing(
                    f"convoy:{convoy}",
                    keys[i],
                    row["point"],
                    float(row["lon"]),
                    float(row["lat"]),
                    at(float(row["due_min_vs_startex"])),
                    at(float(row["clear_min_vs_startex"])),
                    (keys[i - 1], keys[i + 1]),
                )
                for i, row in enumerate(rows, 1)
            ]
    return found


MARCH = shipped()
ALL = [each for own in MARCH.values() for each in own]


def test_c05_and_c07_overlap_at_the_border_and_run_as_one_line() -> None:
    found = Conflicts()
    for convoy, own in MARCH.items():
        found.update(f"convoy:{convoy}", own)
    border = next(each for each in found.all() if each.name == "Grenctale-Salociai border")
    assert (border.first, border.second, border.kind) == ("convoy:C05", "convoy:C07", "same way")
    assert border.first_window == (at(246.6), at(254.4))
    assert border.second_window == (at(253.2), at(260.0))
    assert border.overlap_ms == border.later_ms == round(1.2 * MINUTE)
    line = found.groups()[0]
    assert line.pair == ("convoy:C05", "convoy:C07")
    assert line.text == (
        "C05 and C07 at Grenctale-Salociai border (Salociai to Dzimtmisa, 6 points): the same way, the columns mix,"
        " and change order"
    )


def test_the_shipped_table_has_two_pairs_in_each_others_way() -> None:
    """The second is real too: C08 (40 km/h) catches up with C05 (35 km/h) before it turns off to Lielvarde."""
    found = Conflicts()
    for convoy, own in MARCH.items():
        found.update(f"convoy:{convoy}", own)
    told = [(each.pair, each.name, [c.name for c in each.conflicts]) for each in found.groups()]
    assert told == [
        (
            ("convoy:C05", "convoy:C07"),
            "Grenctale-Salociai border",
            ["Salociai", "Grenctale-Salociai border", "Ceraukste", "Bauska", "Iecava", "Dzimtmisa"],
        ),
        (("convoy:C05", "convoy:C08"), "Kekava A5/A7", ["Kekava A5/A7", "Riga HPP dam", "Salaspils A5/A6"]),
    ]
    assert [each.pair for each in found.groups_of("convoy:C08")] == [("convoy:C05", "convoy:C08")]
    assert len(found.of("convoy:C05")) == 9
    assert found.all() == conflicts(ALL)


def test_a_gap_of_ten_minutes_between_columns_brings_more_pairs() -> None:
    found = {each.pair for each in conflicts(ALL, gap_min=10)}
    assert {(a[-3:], b[-3:]) for a, b in found} == {
        ("C05", "C07"), ("C05", "C08"), ("C07", "C08"), ("C03", "C07"), ("C02", "C11"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "first, second, gap, kind",
    [
        (passing("a", 0, 10), passing("b", 5, 15), 0, "same way"),
        (passing("a", 0, 10), passing("b", 10, 15), 0, "same way"),  # both bounds count
        (passing("a", 0, 10), passing("b", 10.1, 15), 0, None),
        (passing("a", 0, 10), passing("b", 19, 25), 10, "same way"),
        (passing("a", 0, 10, gap=10), passing("b", 19, 25), 0, "same way"),
        (passing("a", 0, 10, gap=5), passing("b", 19, 25), 10, "same way"),  # the longer gap counts
        (passing("a", 0, 10), passing("b", 19, 25, gap=10), 0, None),  # a gap comes after, not before
        (passing("a", 0, 10), passing("b", 5, 15, ("E", "W")), 0, None),
        (passing("a", 0, 10), passing("b", 5, 15, ("E", "W"), oneway=True), 0, "head-on"),
        (passing("a", 0, 10, oneway=True), passing("b", 5, 15, ("E", "W")), 0, "head-on"),
        (passing("a", 0, 10), passing("b", 5, 15, ("E", "N")), 0, None),  # it comes from where the other goes
        (passing("a", 0, 10), passing("b", 5, 15, ("W", "N")), 0, "same way"),
        (passing("a", 0, 10), passing("b", 5, 15, ("S", "E")), 0, "same way"),  # both leave by one road
        (passing("a", 0, 10), passing("b", 5, 15, ("S", "N")), 0, "crossing"),
        (passing("a", 0, 10, ("W", "")), passing("b", 5, 15, ("", "E")), 0, "crossing"),
        (passing("a", 0, 10, ("", ""), course=10), passing("b", 5, 15, ("", ""), course=350), 0, "same way"),
        (passing("a", 0, 10, ("", ""), course=10), passing("b", 5, 15, ("", ""), course=180), 0, None),
        (passing("a", 0, 10, ("", ""), course=10), passing("b", 5, 15, ("", ""), course=100), 0, "crossing"),
        (passing("a", 0, 10), passing("b", 5, 15, key="Y"), 0, None),
        (passing("a", 0, 10), passing("a", 5, 15), 0, None),  # the parts of one column
    ],
)
def test_who_is_in_whose_way(first: Passing, second: Passing, gap: float, kind: str | None) -> None:
    for order in ((first, second), (second, first)):
        found = conflicts(order, gap)
        assert [each.kind for each in found] == ([] if kind is None else [kind])
        if found:
            assert (found[0].first, found[0].second) == ("a", "b")


def test_the_overlap_is_what_both_claim_and_the_shift_is_what_the_second_must_wait() -> None:
    (found,) = conflicts([passing("a", 0, 30), passing("b", 5, 15)], gap_min=10)
    assert found.overlap_ms == 10 * MINUTE
    assert found.later_ms == 35 * MINUTE


def test_an_overtaking_between_two_points_is_seen() -> None:
    slow = [passing("slow", 0, 5, ("", "Y")), passing("slow", 60, 65, ("X", ""), key="Y")]
    fast = [passing("fast", 10, 12, ("", "Y")), passing("fast", 40, 42, ("X", ""), key="Y")]
    (found,) = conflicts([*slow, *fast])
    assert (found.kind, found.text) == ("overtaking", "fast overtakes slow on the way to Y")
    assert found.later_ms == 25 * MINUTE
    later = [each._replace(due=each.due + 26 * MINUTE, clear=each.clear + 26 * MINUTE) for each in fast]
    assert conflicts([*slow, *later]) == conflicts([*fast]) == []


def test_a_border_names_the_line_by_its_subject_too() -> None:
    one = [passing("a", 0, 5, ("", "Y")), passing("a", 9, 12, ("X", ""), key="Y", name="Ikla", subject="crossing:XB01")]
    other = [each._replace(movement="b") for each in one]
    found = groups(conflicts([*one, *other]), {"a": one, "b": other})
    assert [each.name for each in found] == ["Ikla"]
    assert len(found[0].conflicts) == 2


def test_a_shared_point_without_conflict_parts_the_line() -> None:
    keys = ("P", "Q", "R")
    one = [passing("a", 20 * i, 20 * i + 5, key=key, way=("", "")) for i, key in enumerate(keys)]
    other = [passing("b", 20 * i + (0, 9, 0)[i], 20 * i + 15, key=key, way=("", "")) for i, key in enumerate(keys)]
    found = groups(conflicts([*one, *other]), {"a": one, "b": other})
    assert [[each.point for each in line.conflicts] for line in found] == [["P"], ["R"]]


def test_an_update_tells_whose_conflicts_changed() -> None:
    known = Conflicts()
    assert known.update("a", [passing("a", 0, 10)]) == set()
    assert known.update("b", [passing("b", 5, 15)]) == {"a", "b"}
    assert known.update("b", [passing("b", 5, 15)]) == set()
    assert known.update("c", [passing("c", 12, 20)]) == {"b", "c"}
    assert known.update("b", [passing("b", 5, 14)]) == {"a", "b", "c"}
    assert known.update("b", [passing("b", 11, 11.5)]) == {"a", "b", "c"}
    assert known.all() == known.of("b") == []
    assert known.update("b", [passing("b", 5, 15)]) == {"a", "b", "c"}
    assert known.remove("b") == {"a", "b", "c"}
    assert known.remove("b") == set()
    assert known.all() == []


def test_what_is_no_passing_of_the_movement_is_refused() -> None:
    known = Conflicts()
    with pytest.raises(ValueError, match="not a passing of b"):
        known.update("b", [passing("a", 0, 10)])
    with pytest.raises(ValueError, match="clear before due"):
        known.update("a", [passing("a", 10, 0)])
