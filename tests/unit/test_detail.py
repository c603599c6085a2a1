"""What the panel says of things of the shipped scenario: sources side by side, what hangs on what, readable reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cop.event import Event, Sighted, Status, event
from dashboard import figures
from dashboard.dependents import affected, systems_of
from dashboard.detail import detail, known
from dashboard.history import Point, Said, Series
from dashboard.scene import Scene
from dashboard.told import lines, report
from layers.layer import thing
from tests.marching import NOW, START, WORLD, Desk, start
from tests.unit.test_questions import WAITS, Shown

MINUTE = 60_000
POLICE = event(
    "police",
    "crossing:XB11",
    NOW - MINUTE,
    Status("closed", None, NOW + 60 * MINUTE, "accident", {"delay_min": 45.0}),
    received=NOW,
    world=WORLD,
    origin="simulated",
)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Shown(Desk(start(), settled=START), POLICE, *WAITS, known=start())


def nodes(part: Any) -> Iterator[Any]:
    """Every component and text under one."""
    yield part
    inner = getattr(part, "children", None)
    for each in inner if isinstance(inner, list | tuple) else [] if inner is None else [inner]:
        yield from nodes(each)


def words(parts: list[Any]) -> str:
    return " ".join(str(each) for part in parts for each in nodes(part) if isinstance(each, str | int | float))


def chosen(parts: list[Any]) -> set[str]:
    """What a click in it chooses."""
    found = set()
    for part in parts:
        for each in nodes(part):
            if hasattr(each, "to_plotly_json"):
                found.add(each.to_plotly_json()["props"].get("data-select"))
    return found - {None}


def panel(scene: Scene, subject: str) -> list[Any]:
    entity = scene.look(WORLD, subject)
    assert entity is not None
    row = thing(entity, NOW)
    assert row is not None
    return detail(known(scene, WORLD, entity, row), "dark")


def test_two_sources_of_a_crossing_stand_side_by_side_with_whose_word_counts(scene: Scene) -> None:
    found = words(panel(scene, "crossing:XB11"))
    assert "Side by side: 1 told differently" in found
    for told in (
        start()[0].source,
        "police",
        "open",
        "closed",
        "accident",
        "✓ counts",
        "an inject overrides",
        "1 min old",
    ):
        assert told in found


def test_a_system_leads_to_its_crossings_and_the_movements_over_them_and_back(scene: Scene) -> None:
    system = scene.look(WORLD, "system:SYS-302")
    assert system is not None
    assert {"crossing:XB01", "crossing:XB10", "crossing:XB11"} <= set(affected(system))
    found = panel(scene, "system:SYS-302")
    links = chosen(found)
    assert {"crossing:XB11", "convoy:C01"} <= links
    assert "What hangs on it (15)" in words(found)
    assert "No movement passes it" not in words(found)
    above = {each.subject for each in systems_of(scene, WORLD, "crossing:XB11")}
    assert "system:SYS-302" in above
    assert above <= chosen(panel(scene, "crossing:XB11"))


@pytest.mark.parametrize(
    "subject", ["bridge:B15", "crossing:XE02", "airfield:EETU", "port:P01", "convoy:C05", "rail:T04"]
)
def test_every_line_has_a_source_and_an_age_and_every_report_can_be_read(scene: Scene, subject: str) -> None:
    parts = panel(scene, subject)
    entity = scene.look(WORLD, subject)
    assert entity is not None
    text = words(parts)
    assert f"Every report ({len(entity.events)})" in text
    assert "{'" not in text  # no Python of ours is shown
    assert text.count("As it came (JSON)") == len(entity.events)
    ages = [each for part in parts for each in nodes(part) if "age" in str(getattr(each, "className", "")).split()]
    assert len(ages) > len(entity.events)


def test_a_crossing_has_a_plot_of_its_waits_or_says_that_none_were_told(scene: Scene) -> None:
    assert "No waiting time or queue was reported in the last 24 h." in words(panel(scene, "crossing:XB11"))
    parts = panel(scene, "crossing:XE02")
    titles = [each.figure.layout.title.text for part in parts for each in nodes(part) if hasattr(each, "figure")]
    assert "Waiting time, min · border" in titles
    assert "Status as each source told it, last 24 h" in titles


@pytest.mark.parametrize("said", [*{type(e.body): e for e in start()}.values(), POLICE])
def test_a_report_reads_as_lines_and_has_the_whole_report_under_a_fold(said: Event) -> None:
    found = lines(said)
    assert found
    assert all(title and text for title, text in found)
    (raw,) = [each.children for each in nodes(report(said, NOW)) if type(each).__name__ == "Pre"]
    assert json.loads(raw)["id"] == said.id


def test_the_accuracy_of_a_sighting_is_told() -> None:
    seen = event("ais", "vessel:1", NOW, Sighted(21.0, 57.0, 90.0, 5.0, 10.0), received=NOW)
    assert dict(lines(seen)) == {
        "Position": "57.00000, 21.00000", "Accuracy": "±10 m", "Speed": "5 m/s", "Course": "90 °"
    }  # fmt: skip


def test_a_speed_has_no_line_over_a_silence_and_nothing_of_later() -> None:
    track = [(NOW - m * MINUTE, 21.0, 57.0, 10.0) for m in (90, 89, 20, 10, -5)]
    (line,) = figures.speed(track, NOW, "dark").data
    assert list(line.y) == [36.0, 36.0, None, 36.0, 36.0]
    assert line.connectgaps is False


def test_a_bar_of_statuses_ends_where_it_was_told_to_end() -> None:
    said = [
        Said(NOW - 60 * MINUTE, "a", "closed", "x", "observed", NOW - 30 * MINUTE),
        Said(NOW - 10 * MINUTE, "a", "open", "", "observed"),
        Said(NOW - 48 * 60 * MINUTE, "b", "open", "", "observed"),
    ]
    bars = figures.states(said, NOW, "light").data
    assert [bar.x[0] / MINUTE for bar in bars] == [30, 10, 24 * 60]
    assert len({bar.marker.pattern.shape for bar in bars}) == 2


@pytest.mark.parametrize(
    ("points", "corners"),
    [
        ([(60, 5, 30)], [(60, 5), (30, 5), (30, None)]),
        ([(60, 5, 30), (30, 7, -30)], [(60, 5), (30, 7), (0, 7), (0, None)]),
        ([(60, 5, 40), (30, 7, 10)], [(60, 5), (40, 5), (40, None), (30, 7), (10, 7), (10, None)]),
        ([(3000, 5, 2000)], []),
        ([(-10, 5, -20)], []),
    ],
)
def test_a_line_of_steps_breaks_where_nobody_told_anything(points: Any, corners: Any) -> None:
    told = tuple(Point(NOW - a * MINUTE, v, NOW - b * MINUTE) for a, v, b in points)
    steps = figures.held(Series("a", "queue", told), NOW)
    assert [((NOW - at) / MINUTE, value) for at, value in steps] == corners
