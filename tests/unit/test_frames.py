"""A view's frames: what changed and nothing else, resumable by position, a snapshot when that can't be."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import REAL, Described, Event, Gone, Health, Sighted, Status, event
from cop.picture import Picture
from cop.recover import Position
from dashboard import frames
from dashboard.frames import GZIP_HEADER, View, deflate_block
from tests.worlds import events


class Desk:
    """A picture and a view on it, and a browser that merges frames as the protocol says."""

    def __init__(self) -> None:
        self.picture = Picture()
        self.view = View(REAL, "proc", self.picture.entity)
        self.view.settle(0)
        self.seen: dict[int, dict[str, Any]] = {}

    def tell(self, *told: Event) -> None:
        for each in told:
            if self.picture.fold(each):
                self.view.touch(each)

    def frame(self, now: int) -> dict[str, Any]:
        return read(self.view.frame(now).plain)

    def merge(self, frame: dict[str, Any]) -> None:
        if frame["k"] == "snapshot":
            self.seen = {}
        for thing in frame.get("put", ()):
            self.seen[thing["h"]] = thing
        move = frame.get("move") or {"h": []}
        for i, h in enumerate(move["h"]):
            if h in self.seen:
                self.seen[h] |= {"lon": move["x"][i] / 1e5, "lat": move["y"][i] / 1e5}
        for h in frame.get("drop", ()):
            self.seen.pop(h, None)

    def places(self) -> dict[str, tuple[float, float]]:
        return {t["id"]: (round(t["lon"], 4), round(t["lat"], 4)) for t in self.seen.values() if "lon" in t}


def read(message: bytes) -> dict[str, Any]:
    head, data = message.decode().split("\ndata: ")
    assert head.startswith("id: proc.")
    assert data.endswith("\n\n")
    found: dict[str, Any] = json.loads(data)
    return found


def ship(n: int, at: int, lon: float = 21.0) -> Event:
    return event("ais", f"vessel:{n}", at, Sighted(lon, 57.0, 90.0, 5.0), received=at)


def bridge(at: int = 1_000) -> Event:
    return event("reference", "bridge:B1", at, Described("Bridge", ("LV",), 24.0, 57.0), received=at)


def test_a_new_thing_is_put_and_a_moved_one_only_moves() -> None:
    desk = Desk()
    desk.tell(ship(1, 1_000))
    first = desk.frame(1_000)
    assert [t["id"] for t in first["put"]] == ["vessel:1"]
    desk.tell(ship(1, 2_000, 21.5))
    second = desk.frame(2_300)
    assert "put" not in second
    handle = first["put"][0]["h"]
    assert second["move"] == {"h": [handle], "x": [2_150_000], "y": [5_700_000], "c": [90], "s": [50], "t": [3]}


def test_a_quiet_view_sends_the_time_and_nothing_else() -> None:
    desk = Desk()
    desk.tell(bridge())
    desk.frame(1_000)
    assert desk.frame(2_000) == {"k": "delta", "w": REAL, "now": 2_000}


def test_what_is_withdrawn_is_dropped_once() -> None:
    desk = Desk()
    desk.tell(ship(1, 1_000))
    handle = desk.frame(1_000)["put"][0]["h"]
    desk.tell(event("ais", "vessel:1", 2_000, Gone(), received=2_000))
    assert desk.frame(2_000)["drop"] == [handle]
    assert "drop" not in desk.frame(3_000)


def test_a_status_ends_by_the_clock_alone() -> None:
    desk = Desk()
    closed = Status("closed", since=1_000, until=5_000, reason="ice")
    desk.tell(bridge(), event("road", "bridge:B1", 1_000, closed, received=1_000))
    assert desk.frame(1_500)["put"][0]["state"] == "closed"
    assert not desk.view.due(4_999)
    assert desk.view.due(5_000)
    assert desk.frame(5_000)["put"][0]["state"] == "unknown"


def test_a_turn_for_the_worse_is_news_and_so_is_its_end_but_an_old_state_is_not() -> None:
    desk = Desk()
    desk.tell(bridge())
    desk.frame(1_000)
    hour = 3_600_000
    desk.tell(event("road", "bridge:B1", hour, Status("closed", reason="ice"), received=hour))
    (notice,) = desk.frame(hour)["notices"]
    assert (notice["id"], notice["was"], notice["state"], notice["why"]) == ("bridge:B1", "unknown", "closed", "ice")
    desk.tell(event("road", "bridge:B1", 2 * hour, Status("open"), received=2 * hour))
    (notice,) = desk.frame(2 * hour)["notices"]
    assert (notice["was"], notice["state"]) == ("closed", "open")
    other = event("road", "crossing:X", 1_000, Status("closed"), received=3 * hour)
    desk.tell(other)
    assert "notices" not in desk.frame(3 * hour)


def test_feeds_come_when_they_change() -> None:
    desk = Desk()
    health = Health("ok", nations=("EE",), records=3, newest=900, stale_s=60)
    desk.tell(event("ais", "feed:ais", 1_000, health, received=1_000))
    (feed,) = desk.frame(1_000)["feeds"]
    assert feed["source"] == "ais"
    assert feed["heard"] == 1_000
    assert "feeds" not in desk.frame(2_000)


def test_a_reader_resumes_from_its_position_and_is_told_when_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "RING_FRAMES", 5)
    desk = Desk()
    desk.view.position[REAL] = Position(7, 41)
    ids = []
    for n in range(10):
        desk.tell(ship(n, 1_000 + n))
        desk.frame(2_000)
        ids.append(desk.view.id)
    assert ids[-1] == "proc.10.7-41"
    assert desk.view.resume(ids[-1]) == (10, "")
    seq, why = desk.view.resume(ids[6])
    assert (seq, why) == (7, "")
    assert [f.seq for f in desk.view.after(7)] == [8, 9, 10]
    assert desk.view.resume(ids[2])[0] is None
    assert "frames missed" in desk.view.resume(ids[2])[1]
    assert desk.view.resume("other.9.7-41") == (None, "another server process")
    assert desk.view.resume("") == (None, "first contact")
    assert desk.view.resume("proc.99.7-41")[0] is None
    for junk in ("proc", "proc.x", "....", "proc.-1", "proc.1e5"):
        assert desk.view.resume(junk)[0] is None


def test_the_ring_is_bounded_by_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "RING_BYTES", 2_000)
    desk = Desk()
    for n in range(200):
        desk.tell(ship(n, 1_000))
        desk.frame(1_000)
    assert sum(len(f.plain) for f in desk.view.ring) <= 2_000
    assert desk.view.ring


def test_every_reader_can_join_the_shared_blocks_behind_a_header_of_its_own() -> None:
    desk = Desk()
    desk.tell(bridge())
    sent = [desk.view.frame(1_000 + n) for n in range(4)]
    for start in range(4):
        body = GZIP_HEADER + deflate_block(b": hello\n\n") + b"".join(f.deflated for f in sent[start:])
        plain = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body)
        assert plain == b": hello\n\n" + b"".join(f.plain for f in sent[start:])


histories = st.lists(events(), min_size=1, max_size=40)


@given(histories, st.lists(st.integers(0, 40), max_size=6), st.integers(0, 6))
def test_a_snapshot_and_the_frames_after_it_show_what_the_whole_stream_shows(
    history: list[Event], cuts: list[int], join: int
) -> None:
    desk, late = Desk(), None
    steps = sorted({*cuts, len(history)})
    start = 0
    for number, end in enumerate(steps):
        desk.tell(*history[start:end])
        start = end
        if number == join and late is None:
            desk.merge(desk.frame(1_050))
            late = Desk()
            seq, message = desk.view.snapshot(1_050, "first contact")
            assert seq == desk.view.ring[-1].seq
            late.merge(read(message))
            continue
        frame = desk.frame(1_050)
        desk.merge(frame)
        if late is not None:
            late.merge(frame)
    truth = {}
    for entity in desk.picture.entities():
        if entity.position is not None and entity.kind != "feed":
            lon, lat = entity.position
            truth[entity.subject] = (round(round(lon, 5), 4), round(round(lat, 5), 4))
    shown = desk.places()
    assert shown.keys() == truth.keys()
    for subject, (lon, lat) in truth.items():
        assert shown[subject][0] == pytest.approx(lon, abs=1.1e-4)
        assert shown[subject][1] == pytest.approx(lat, abs=1.1e-4)
    if late is not None:
        assert late.places() == shown
