"""The past over HTTP, on a real server: what can be shown, frames of a moment and of going on, and refusals."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from cop.bus.redis import RedisBus
from cop.event import REAL, Described, Event, Health, Status, event
from dashboard.archive import Archive
from dashboard.keeper import Keeper
from tests.stand import Stand, now, ship
from tests.system import wait_for

DEMO = "exercise/past"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    running = Stand(tmp_path_factory.mktemp("past"))
    yield running
    running.close()


def ask(stand: Stand, path: str, **query: Any) -> tuple[int, Any]:
    try:
        address = f"http://127.0.0.1:{stand.port}/api/v1/{path}?{urlencode(query)}"
        with urllib.request.urlopen(address, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def frame(stand: Stand, at: int, session: str, world: str = REAL) -> dict[str, Any]:
    status, found = ask(stand, "past", world=world, at=at, session=session)
    assert status == 200, found
    return dict(found)


def told(stand: Stand, *events: Event, role: str = "feeds") -> int:
    """Tell it, and wait until the clock is past it: a moment at which it was known."""
    stand.tell(*events, role=role)
    began = now()
    wait_for("the next millisecond", lambda: now() > began + 2)
    return now()


def closed(at: int, world: str = REAL, minutes: float | None = None) -> Event:
    until = None if minutes is None else at + round(minutes * 60_000)
    return event("road", "bridge:B1", at, Status("closed", at, until), received=at, world=world)


def states(found: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["state"] for row in found.get("put", ())}


def keep(stand: Stand, most: int) -> None:
    """What the keeper does in half a minute, with files in the archive of this deployment."""

    async def body() -> None:
        bus = RedisBus(stand.server.url, user="keeper", password=stand.server.passwords["keeper"])
        try:
            await Keeper(bus, retention_ms=86_400_000, most=most, archive=Archive(stand.data / "archive")).keep_all()
        finally:
            await bus.close()

    asyncio.run(body())


@pytest.fixture(scope="module")
def moments(stand: Stand) -> dict[str, int]:
    """A small story, part of it in files and part on the stream; the moments between its steps."""
    begin = now()
    bridge = event("reference", "bridge:B1", begin, Described("Bridge", ("LV",), 24.0, 57.0), received=begin)
    feed = event("ais", "feed:ais", begin, Health("ok", nations=("LV",)), received=begin)
    at = {"before": begin - 60_000, "begun": told(stand, bridge, feed, ship(1, begin))}
    at["closed"] = told(stand, closed(now()))
    keep(stand, 1)
    at["played"] = told(
        stand, event("excon", "site:S1", now(), Described("Site", lon=24, lat=57), received=now(), world=DEMO),
        role="exercise",
    )  # fmt: skip
    failed = event("ais", "feed:ais", now(), Health("failed", nations=("LV",)), received=now())
    at["failed"] = told(stand, failed, ship(2, now()))
    return at


def test_what_can_be_shown_is_told(stand: Stand, moments: dict[str, int]) -> None:
    status, found = ask(stand, "past/span", world=REAL)
    assert status == 200
    assert moments["before"] < found["first"] <= moments["begun"]
    assert found["last"] >= moments["failed"]
    assert found["gaps"] == []
    _, played = ask(stand, "past/span", world=DEMO)
    assert moments["closed"] < played["first"] <= moments["played"]


def test_a_moment_is_shown_as_it_was_known(stand: Stand, moments: dict[str, int]) -> None:
    begun = frame(stand, moments["begun"], "a")
    assert (begun["k"], begun["w"], begun["now"]) == ("snapshot", REAL, moments["begun"])
    assert states(begun) == {"bridge:B1": "unknown", "vessel:1": "unknown"}
    assert [feed["state"] for feed in begun["feeds"]] == ["ok"]
    failed = frame(stand, moments["failed"], "b")
    assert states(failed) == {"bridge:B1": "closed", "vessel:1": "unknown", "vessel:2": "unknown"}
    assert [feed["state"] for feed in failed["feeds"]] == ["failed"]


def test_going_on_is_a_delta_and_going_back_a_snapshot(stand: Stand, moments: dict[str, int]) -> None:
    assert frame(stand, moments["begun"], "c")["k"] == "snapshot"
    on = frame(stand, moments["closed"], "c")
    assert (on["k"], states(on), on["now"]) == ("delta", {"bridge:B1": "closed"}, moments["closed"])
    assert [notice["state"] for notice in on["notices"]] == ["closed"]
    later = frame(stand, moments["failed"], "c")
    assert (later["k"], states(later)) == ("delta", {"vessel:2": "unknown"})
    assert [feed["state"] for feed in later["feeds"]] == ["failed"]
    assert frame(stand, moments["failed"], "c")["k"] == "snapshot"  # asked again: it was not received
    assert frame(stand, moments["begun"], "c")["k"] == "snapshot"
    assert frame(stand, moments["closed"], "another")["k"] == "snapshot"


def test_an_exercise_is_laid_over_the_real_picture_of_the_same_moment(stand: Stand, moments: dict[str, int]) -> None:
    played = frame(stand, moments["played"], "d", DEMO)
    assert states(played) == {"bridge:B1": "closed", "vessel:1": "unknown", "site:S1": "unknown"}
    assert "site:S1" not in states(frame(stand, moments["played"], "e"))


def test_the_boards_and_exports_show_the_same_moment(stand: Stand, moments: dict[str, int]) -> None:
    status, found = ask(stand, "export/geojson", world=REAL, at=moments["begun"])
    assert status == 200
    assert {each["id"] for each in found["features"]} == {"bridge:B1", "vessel:1"}
    _, later = ask(stand, "export/geojson", world=REAL, at=moments["failed"])
    assert {each["id"] for each in later["features"]} == {"bridge:B1", "vessel:1", "vessel:2"}


def test_what_ends_by_the_clock_ends_in_the_past_too(stand: Stand, moments: dict[str, int]) -> None:
    begin = now()
    at = told(stand, event("road", "bridge:B9", begin, Described("B9", lon=24, lat=57), received=begin))
    said = Status("closed", begin + 5, begin + 60)
    at = told(stand, event("road", "bridge:B9", begin + 1, said, received=begin))
    wait_for("its end", lambda: now() > begin + 100)
    if at < begin + 60:  # on a slow machine it was told too late to be seen closed
        assert states(frame(stand, begin + 59, "f"))["bridge:B9"] == "closed"
        assert states(frame(stand, begin + 60, "f")) == {"bridge:B9": "unknown"}
    assert states(frame(stand, begin + 90, "g"))["bridge:B9"] == "unknown"


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"at": 1_000, "session": "x"}, 404, "begins at"),
        ({"at": 4_000_000_000_000, "session": "x"}, 404, "yet to come"),
        ({"at": 1_000, "session": "x", "world": "exercise/none"}, 404, "can't be shown"),
        ({"at": 1_000, "session": "x", "world": "elsewhere"}, 404, "no world"),
        ({"at": 1_000, "session": "x", "world": "exercise/../real"}, 404, "no world"),
        ({"at": "noon", "session": "x"}, 422, ""),
        ({"at": -1, "session": "x"}, 422, ""),
        ({"at": 10**18, "session": "x"}, 422, ""),
        ({"at": 1_000, "session": ""}, 422, ""),
        ({"at": 1_000, "session": "x" * 65}, 422, ""),
        ({"at": 1_000}, 422, ""),
    ],
)
def test_what_cannot_be_shown_is_refused_in_plain_words(
    stand: Stand, moments: dict[str, int], query: dict[str, Any], status: int, words: str
) -> None:
    got, found = ask(stand, "past", **query)
    assert got == status
    assert words in str(found["detail"])


def test_a_world_of_which_nothing_is_kept_has_no_span(stand: Stand) -> None:
    status, found = ask(stand, "past/span", world="exercise/none")
    assert (status, found["detail"]) == (404, "nothing is kept of exercise/none")


def test_a_hole_is_told_and_never_shown(stand: Stand, moments: dict[str, int]) -> None:
    """The keeper could not write, and the stream was cut: what was then is not known, what came after is."""
    at = told(stand, ship(3, now()))
    keep(stand, 1)  # all until here is in files
    hole = told(stand, ship(4, now()))
    stand.admin().xtrim("cop:real", maxlen=0)
    told(stand, ship(5, now()))
    stand.admin().xtrim("cop:real", maxlen=0)
    told(stand, ship(6, now()))
    keep(stand, 100)
    _, span = ask(stand, "past/span", world=REAL)
    ((begin, end),) = span["gaps"]
    assert begin <= at <= hole < end
    status, found = ask(stand, "past", world=REAL, at=hole, session="h")
    assert status == 404
    assert "nothing was kept" in found["detail"]
    assert states(frame(stand, moments["closed"], "h"))["bridge:B1"] == "closed"
    after = now() - 1
    assert "vessel:6" in states(frame(stand, after, "h"))
