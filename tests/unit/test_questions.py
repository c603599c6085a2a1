"""The numbers behind the plots, on the shipped scenario: waits, convoys at the borders, readiness, delays."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from functools import partial

import pytest

from cop.event import REAL, Described, Event, Status, event
from cop.picture import Entity, Picture, entity
from dashboard import plotfigures
from dashboard.frames import View
from dashboard.history import History
from dashboard.plots import caption, numbers
from dashboard.questions import QUESTIONS, Answer, ask
from dashboard.scene import Scene
from tests.marching import NOW, START, WORLD, Desk, start

MINUTE = 60_000


class Shown:
    """A scene over the shipped scenario: a picture, its history, its engine."""

    def __init__(self, desk: Desk, *more: Event, known: Iterable[Event] = ()) -> None:
        desk.tell(*more)
        desk.engine.settle(NOW)
        self._desk = desk
        self.pictures = {REAL: Picture(), WORLD: desk.picture}
        self.histories = {REAL: History(), WORLD: History()}
        for each in (*known, *more):
            self.histories[WORLD].keep(each)
        self.views = {each: View(each, "x", partial(self.look, each)) for each in (REAL, WORLD)}
        self.engines = {WORLD: desk.engine}
        self.now = NOW
        self.fresh = True
        self.heard = NOW

    def look(self, world: str, subject: str) -> Entity | None:
        return self._desk.look(subject) if world == WORLD else entity(subject, self.pictures[REAL].records(subject))

    def entities(self, world: str) -> list[Entity]:
        subjects = list(self.pictures[world].subjects())
        return [found for each in subjects if (found := self.look(world, each)) is not None]


def waits(crossing: str, minutes: float, ago: int, source: str = "border", holds: int = 30) -> Event:
    at = NOW - ago * MINUTE
    body = Status("unknown", None, at + holds * MINUTE, measures={"waiting_min": minutes})
    return event(source, f"crossing:{crossing}", at, body, received=at + 20_000, world=WORLD, origin="simulated")


WAITS = (
    waits("XE02", 100, 120),
    waits("XE02", 140, 90),
    waits("XE02", 180, 10),
    waits("XE10", 500, 5),
    waits("XE20", 300, 90),
)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Shown(Desk(start(), settled=START), *WAITS, known=start())


def test_the_longest_waits_come_first_and_what_was_not_told_is_a_gap(scene: Scene) -> None:
    found = ask(scene, WORLD, "waiting")
    assert found.columns == (
        "Crossing",
        "Source",
        "now",
        "1 h ago",
        "3 h ago",
        "6 h ago",
        "12 h ago",
        "23 h ago",
        "most in 24 h",
    )
    assert found.rows == (
        ("Terehova – Burachki", "border", 500.0, None, None, None, None, None, 500.0),
        ("Medininkai – Kamenny Log", "border", None, 300.0, None, None, None, None, 300.0),
        ("Luhamaa – Shumilkino", "border", 180.0, 140.0, None, None, None, None, 180.0),
    )
    assert found.sources == ("border",)
    figure = plotfigures.waiting(found.drawn, NOW, "dark")  # type: ignore[arg-type]
    assert [line.name for line in figure.data] == [row[0] for row in found.rows]
    assert [None if v is None else round(v) for v in figure.data[2].y] == [100, 140, 140, None, 180, 180, None]
    assert len({(line.line.color, line.line.dash, line.marker.symbol) for line in figure.data}) == 3
    assert "Luhamaa – Shumilkino" in figure.data[2].hovertemplate


def test_a_nation_that_is_chosen_has_its_crossings_only(scene: Scene) -> None:
    assert [row[0] for row in ask(scene, WORLD, "waiting", ["LT"]).rows] == ["Medininkai – Kamenny Log"]
    assert {str(row[0]) for row in ask(scene, WORLD, "readiness", ["LT"]).rows} == {"Lithuania"}
    borders = {str(row[0]) for row in ask(scene, WORLD, "throughput", ["EE"]).rows}
    assert borders
    assert all("EE" in border for border in borders)


def test_vehicles_are_counted_at_the_border_in_the_hour_in_which_the_head_passes(scene: Scene) -> None:
    found = ask(scene, WORLD, "throughput")
    engine = scene.engines[WORLD]
    expected = sum(
        each.movement.count
        for each in engine.assessments().values()
        for thing in each.things
        if thing.subject.startswith("crossing:") and thing.due is not None and abs(thing.due - NOW) <= 86_400_000
    )
    assert expected > 0
    assert sum(float(row[-1] or 0) for row in found.rows) == expected
    assert {row[3] for row in found.rows} <= {"passed", "expected"}
    figure = plotfigures.throughput(found.drawn, NOW, "light")  # type: ignore[arg-type]
    assert sum(value for bar in figure.data for value in bar.y) == expected
    assert any("Meitene – Kalviai" in text for bar in figure.data for text in bar.hovertext)


def test_readiness_counts_every_thing_once_for_each_of_its_nations(scene: Scene) -> None:
    found = ask(scene, WORLD, "readiness")
    ports = [each for each in scene.entities(WORLD) if each.kind == "port" and "LV" in str(each.best(Described))]
    (row,) = [row for row in found.rows if row[:2] == ("Latvia", "Maritime")]
    assert row[-2] == len(ports)
    for each in found.rows:
        assert sum(float(n or 0) for n in each[2:7]) == each[7]
    figure = plotfigures.readiness(found.drawn, NOW, "dark")  # type: ignore[arg-type]
    share: dict[str, float] = {}
    for bar in figure.data:
        for group, value in zip(bar.y, bar.x, strict=True):
            share[group] = share.get(group, 0) + value
    assert all(abs(value - 100) < 1e-6 for value in share.values())
    assert len({bar.marker.pattern.shape for bar in figure.data if bar.x}) == len([bar for bar in figure.data if bar.x])


def test_the_delay_of_a_feed_is_told_by_the_hour(scene: Scene) -> None:
    found = ask(scene, WORLD, "latency")
    (row,) = [row for row in found.rows if row[0] == "border"]
    assert row == ("border", 2, 20.0, 20.0, 20.0)
    assert list(found.rows) == sorted(found.rows, key=lambda each: (-float(each[2] or 0), str(each[0])))
    figure = plotfigures.latency(found.drawn, NOW, "dark")  # type: ignore[arg-type]
    assert set(figure.data[-1].y) == {each[0] for each in found.rows}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_nobody_told_is_said_in_words(question: str) -> None:
    nothing = Shown(Desk((), settled=START))
    found = ask(nothing, WORLD, question)
    assert found.rows == ()
    assert found.missing.endswith(".")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_answer_has_a_question_a_unit_a_source_and_the_same_numbers_as_table_and_file(
    scene: Scene, question: str, theme: str
) -> None:
    found = ask(scene, WORLD, question)
    assert found.question.endswith("?")
    told = caption(found, NOW)
    for words in (found.unit, found.sources[0], "UTC"):
        assert words in told
    assert len(numbers(found).children[2].children) == len(found.rows)
    figure = plotfigures.draw(question, found, NOW, theme)
    assert figure.to_dict()["data"]
    rows = list(csv.reader(io.StringIO(found.csv(WORLD, NOW))))
    assert rows[0][0].startswith("# EXERCISE · world exercise/demo · ")
    assert len(rows) == 2 + len(found.file_rows or found.rows)
    assert {len(row) for row in rows[1:]} == {len(found.file_columns or found.columns)}


def test_a_text_that_would_be_a_formula_is_none_in_the_file() -> None:
    found = Answer("?", "min", (), "", "", ("Name", "n"), (("=1+1", -2.0), ("@x", None)))
    rows = list(csv.reader(io.StringIO(found.csv(REAL, NOW))))
    assert rows[0][0].startswith("# REAL")
    assert rows[2:] == [["'=1+1", "-2.0"], ["'@x", ""]]
