"""A recording gives back what was fetched, when it was, and what a feed makes of it is the same picture."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.bus.memory import MemoryBus
from cop.event import REAL, Body, Planned, Sighted, Status, Waypoint, decode, kind
from cop.picture import Picture
from feeds import recording
from feeds.adapter import Decoder, sources
from feeds.clock import clock
from feeds.feed import Feed, open_transport
from feeds.recording import SUFFIX, Head, Part, Played, Recorder, moved, read, recordings
from feeds.simulated.national import Speaker, speakers
from feeds.transport import Fetched, Times, Unreachable
from feeds.worker import Worker
from tests.feeding import Desk, in_milliseconds, until

AIS = sources()["ais"]
BEGAN = 1_795_514_400_000
HOUR = 3_600_000
PAGE = b"<html><title>Forbidden</title></html>"
HEAD = Head("ais", "ais", "tcp://127.0.0.1:5000", BEGAN, ("LV",))
Heard = Fetched | str  # or why it failed


class Clock:
    """The time of a test: it stands still unless somebody sleeps."""

    def __init__(self, at: int = BEGAN) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += round(seconds * 1000)


class Script:
    """A transport that brings what a test says, each at its time."""

    repeats = False

    def __init__(self, *script: Heard, now: Clock | None = None, at: tuple[int, ...] = ()) -> None:
        self._steps = iter(script)
        self._now, self._at = now or Clock(), iter(at)

    async def chunks(self) -> AsyncIterator[Fetched]:
        for step in self._steps:
            self._now.at = BEGAN + next(self._at, self._now.at - BEGAN)
            if isinstance(step, str):
                raise Unreachable(step)
            yield step


def recorded(path: Path, script: Script, now: Callable[[], int] = lambda: BEGAN, head: Head = HEAD) -> list[int]:
    """Record it all; the size of the file after each step."""
    recorder, sizes = Recorder(script, path, head, now), []

    async def body() -> None:
        while True:
            try:
                async for _ in recorder.chunks():
                    sizes.append(path.stat().st_size)
            except Unreachable:
                sizes.append(path.stat().st_size)
            else:
                return

    asyncio.run(body())
    return sizes


def played(address: str, now: Callable[[], int] = lambda: BEGAN) -> list[Fetched]:
    async def body() -> list[Fetched]:
        return [fetched async for fetched in Played(address, AIS.decoder, now).chunks()]

    return asyncio.run(body())


payloads = st.sampled_from([b"", b"a", b"b", b"\n", b'{"at":1}\n', b"\x1f\x8b\x08\x00"]) | st.binary(max_size=40)
names = st.sampled_from(["", "http://a.example/?x=1", "a/b", "ā\n"])
documents = st.builds(Fetched, payloads, names, more=st.booleans(), unchanged=st.just(False))
nothing_new = st.builds(Fetched, st.just(b""), names, unchanged=st.just(True))
messages = st.builds(Fetched, payloads, names, whole=st.just(False), last=st.just(True))
pieces = st.builds(Fetched, payloads, names, whole=st.just(False), last=st.booleans())
heard = documents | nothing_new | messages | st.tuples(pieces) | st.sampled_from(["HTTP 500", "gone ā\n"])


@given(st.lists(heard, max_size=12))
def test_what_was_recorded_is_played(said: list[Any]) -> None:
    script: list[Heard] = []
    decoder: Decoder | None = None
    for step in said:
        lasting = step[0] if isinstance(step, tuple) else None
        decoder = decoder or AIS.decoder()
        script.append(step if lasting is None else msgspec.structs.replace(lasting, decoder=decoder))
        if isinstance(step, str) or (lasting is not None and lasting.last):
            decoder = None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.rec.gz"
        recorded(path, Script(*script))
        found = played(f"play:{path}?pace=max")
    assert len(found) == len(script)
    twins: dict[int, Decoder] = {}  # of a decoder that heard it, the one that hears it again
    for step, again in zip(script, found, strict=True):
        assert again.times == Times(BEGAN)
        if isinstance(step, str):
            assert (again.data, again.failed, again.whole) == (b"", step, False)
            assert again.last == (again.decoder is not None)
            continue
        shown = msgspec.structs.replace(again, times=None, decoder=None)
        assert shown == msgspec.structs.replace(step, decoder=None)
        if step.decoder is None:
            assert again.decoder is None
        else:
            assert again.decoder is twins.setdefault(id(step.decoder), again.decoder)  # type: ignore[arg-type]
    assert len({id(twin) for twin in twins.values()}) == len(twins)


def test_what_was_fetched_twice_in_a_row_is_kept_once(tmp_path: Path) -> None:
    large = bytes(range(256)) * 40
    fetched = Fetched(large, "x"), Fetched(large, "y"), Fetched(b"z", "x"), Fetched(large, "x")
    sizes = recorded(tmp_path / "a", Script(*fetched))
    assert [(told.size, told.same) for told, _ in read(tmp_path / "a") if isinstance(told, Part)] == [
        (len(large), False),
        (0, True),
        (1, False),
        (len(large), False),
    ]
    assert [data for told, data in read(tmp_path / "a") if isinstance(told, Part)] == [large, large, b"z", large]
    assert sizes[1] - sizes[0] < 150


def test_what_is_large_is_packed_beside_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_LARGE", 10)
    recorded(tmp_path / "a", Script(Fetched(b"x" * 20_000, "x"), Fetched(b"y", "x")))
    assert [data for _, data in read(tmp_path / "a")] == [b"", b"x" * 20_000, b"y"]


def whole(data: bytes) -> bool:
    try:
        gzip.decompress(data)
    except (EOFError, OSError):
        return False
    return True


def test_a_file_cut_anywhere_is_read_to_its_last_whole_part_and_gone_on_with(tmp_path: Path) -> None:
    path, cut_off = tmp_path / "a", tmp_path / "b"
    line = Fetched(b"!AIVDM", "y", whole=False, decoder=AIS.decoder())
    recorded(path, Script(Fetched(b"", "", unchanged=True), Fetched(b"first", "x"), line, "HTTP 500"))
    data, parts = path.read_bytes(), list(read(path))
    ends = [at for at in range(len(data) + 1) if whole(data[:at])]
    assert len(ends) == len(parts) + 1 == 7  # a head for each connection
    for at in range(len(data) + 1):
        cut_off.write_bytes(data[:at])
        left = parts[: sum(end <= at for end in ends) - 1]
        assert list(read(cut_off)) == left
        if at % 7 == 0:
            recorded(cut_off, Script(Fetched(b"after", "x")))
            assert list(read(cut_off)) == [*left, (HEAD, b""), (Part(BEGAN, 5, "x"), b"after")]
    for rubbish in (bytes(5), b"rubbish"):
        cut_off.write_bytes(data + rubbish)
        assert list(read(cut_off)) == parts


@pytest.mark.parametrize(
    "content",
    [
        b"garbage",
        bytes(100),
        b"\x1f\x8b\x08 no more of it is gzip",
        gzip.compress(b"no JSON\n"),
        gzip.compress(b""),
        gzip.compress(b'{"type":"FeatureCollection"}\n'),
        gzip.compress(b'{"type":"fetched","at":1,"size":5}\nabc'),
        gzip.compress(b'{"type":"fetched","at":1,"size":-1}\n'),
        gzip.compress(b'{"type":"fetched","at":1,"same":true}\n'),
    ],
)
def test_what_is_no_recording_is_told_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"a{SUFFIX}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a recording"):
        list(read(path))
    with pytest.raises(Unreachable, match=f"a{SUFFIX}: not a recording"):
        played(f"play:{path}")
    if content[:2] != b"\x1f\x8b":
        with pytest.raises(ValueError, match="not a recording"):
            recordings(tmp_path)
        with pytest.raises(ValueError, match="not a recording"):
            recorded(path, Script())
        assert path.read_bytes() == content


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="No such file"):
        played(f"play:{tmp_path}/none")


def test_the_recordings_of_a_folder(tmp_path: Path) -> None:
    recorded(tmp_path / f"ais{SUFFIX}", Script(Fetched(b"x", "y")))
    (tmp_path / f"crashed{SUFFIX}").write_bytes(b"\x1f")
    (tmp_path / "notes.txt").write_text("of the day")
    assert recordings(tmp_path) == {f"ais{SUFFIX}": HEAD}


# -- time -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(asyncio, "sleep", made.sleep)
    return made


HEARD_AT = 0, 1_000, 1_500, 61_000


def recorded_at(path: Path) -> None:
    """Four documents, each told by when it came."""
    live = Clock()
    recorded(path, Script(*(Fetched(b"%d" % at, "x") for at in HEARD_AT), now=live, at=HEARD_AT), live)


@pytest.mark.parametrize(("pace", "times"), [("original", 1), ("1", 1), ("10", 10), ("0.5", 0.5)])
def test_a_play_takes_as_long_as_its_pace_says(pace: str, times: float, tmp_path: Path, now: Clock) -> None:
    recorded_at(tmp_path / "a")
    now.at = anchor = BEGAN + 86_400_000
    came = []

    async def body() -> None:
        transport = Played(f"play:{tmp_path}/a?pace={pace}", AIS.decoder, now)
        async for fetched in transport.chunks():
            assert fetched.times == Times(BEGAN + int(fetched.data), BEGAN, anchor, times)
            assert transport.lag_ms == 0
            came.append(now.at)

    asyncio.run(body())
    assert came == [anchor + round(at / times) for at in HEARD_AT]


def test_max_does_not_wait_and_leaves_the_times_alone(tmp_path: Path, now: Clock) -> None:
    recorded_at(tmp_path / "day #1")
    now.at = BEGAN + 86_400_000
    found = played(f"play:{tmp_path}/day #1?pace=max", now)
    assert now.at == BEGAN + 86_400_000
    assert [fetched.times for fetched in found] == [Times(BEGAN + at) for at in HEARD_AT]
    assert all(fetched.times.moved(77) == 77 for fetched in found if fetched.times is not None)


def test_all_feeds_of_a_recording_begin_together(tmp_path: Path, now: Clock) -> None:
    recorded_at(tmp_path / "a")
    for began, waits in ((BEGAN - 4_000, [4_000, 5_000, 5_500, 65_000]), (BEGAN + 1_200, [0, 0, 300, 59_800])):
        now.at = anchor = BEGAN + 86_400_000
        came: list[int] = []

        async def body(address: str, came: list[int] = came) -> None:
            async for fetched in Played(address, AIS.decoder, now).chunks():
                assert fetched.note == ""  # what was heard before it begins is not late
                came.append(now.at)

        asyncio.run(body(f"play:{tmp_path}/a?from={began}"))
        assert came == [anchor + wait for wait in waits]


def test_a_play_that_is_behind_says_so_and_catches_up(tmp_path: Path, now: Clock) -> None:
    recorded_at(tmp_path / "a")
    found = []

    async def body() -> None:
        transport = Played(f"play:{tmp_path}/a", AIS.decoder, now)
        async for fetched in transport.chunks():
            found.append((transport.lag_ms, fetched.note))
            if len(found) == 1:
                now.at += 5_000  # whoever takes it is slow

    asyncio.run(body())
    assert found == [(0, ""), (4_000, "the play is 4 s behind"), (3_500, "the play is 3 s behind"), (0, "")]


@pytest.mark.parametrize("query", ["pace=fast", "pace=0", "pace=-1", "pace=nan", "pace=inf", "pace=1e-300", "from=now"])
def test_a_pace_that_can_be_none_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match=r"pace|could not convert|invalid literal"):
        Played(f"play:a.rec.gz?{query}", AIS.decoder, Clock())


millis = st.integers(0, 4_000_000_000_000)


@given(millis, millis, millis, millis, st.floats(*recording.PACES))
def test_times_keep_their_order_and_their_distance(began: int, anchor: int, one: int, other: int, pace: float) -> None:
    times = Times(began, began, anchor, pace)
    one, other = sorted((one, other))
    first, second = times.moved(one), times.moved(other)
    assert 0 <= first <= second
    assert times.moved(began) == anchor
    if first:
        assert second - first == pytest.approx((other - one) / pace, abs=1, rel=1e-9)


def test_all_times_of_a_body_are_moved_together() -> None:
    times = Times(BEGAN, BEGAN, BEGAN + 1_000_000, 2.0)
    points = (Waypoint("A", 24.0, 57.0, due=BEGAN + 60_000, clear=BEGAN + 120_000), Waypoint("B", 25.0, 57.0))
    plan = moved(Planned("A1", points=points), times)
    assert isinstance(plan, Planned)
    assert [(p.due, p.clear) for p in plan.points] == [(BEGAN + 1_030_000, BEGAN + 1_060_000), (None, None)]
    assert (plan.route, plan.points[1]) == ("A1", points[1])
    status = moved(Status("closed", BEGAN - 60_000, BEGAN + 60_000, "ice", {"delay_min": 5}), times)
    assert status == Status("closed", BEGAN + 970_000, BEGAN + 1_030_000, "ice", {"delay_min": 5})
    assert moved(Status("open"), times) == Status("open")
    assert moved(Sighted(24.0, 57.0), times) == Sighted(24.0, 57.0)


# -- the picture ------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


Seen = dict[str, dict[str, Body]]


async def seen(bus: MemoryBus, world: str) -> Seen:
    """What the picture of a world knows, without times and without how the feed is doing."""
    folded = Picture()
    for entry in await bus.read({world: None}, count=1_000_000):
        folded.fold(decode(entry.data))
    still = Times(0, 0, 0, 1e18)  # all times are one
    return {
        entity.subject: {kind(told.body): moved(told.body, still) for told in folded.records(entity.subject).values()}
        for entity in folded.entities()
        if entity.kind != "feed"
    }


async def running(worker: Worker, done: Callable[[], Any]) -> None:
    task = asyncio.create_task(worker.run())
    try:
        await until(done)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("pace", ["max", "50"])
def test_a_play_gives_the_picture_that_was(
    pace: str, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real words of a complete feed over HTTP: things change and go, fetches fail and are no payload at all."""
    in_milliseconds(monkeypatch)
    source, started, began = sources()["lt-eismoinfo"], clock(), BEGAN + 28 * HOUR
    speaker = next(each for each in speakers() if isinstance(each, Speaker) and each.source == source.name)
    first, then, last = (speaker.say(7, began - hours * HOUR) for hours in (8, 1, 0))
    bodies: list[tuple[int, bytes]] = [(200, first), (200, first), (200, then), (200, PAGE), (500, b""), (200, last)]
    desk.answers = [(*each, {}) for each in bodies]
    path = tmp_path / f"{source.name}{SUFFIX}"
    feed = Feed(name=source.name, source=source, address=desk.url, rate_s=0.01)
    play = f"play:{path}?pace={pace}&from={began}"

    def now() -> int:
        return began + clock() - started

    async def told() -> bool:
        return len(desk.asked) >= len(bodies) + 2

    async def body() -> None:
        bus = MemoryBus()
        recorder = Recorder(open_transport(feed), path, Head(feed.name, source.name, feed.address, began), now)
        await running(Worker(feed, bus, now=now, transport=recorder), told)
        live = await seen(bus, REAL)
        assert len(live) == 5

        async def same() -> bool:
            return await seen(bus, "exercise/x") == live

        again = msgspec.structs.replace(feed, address=play, world="exercise/x", origin="simulated")
        await running(Worker(again, bus, now=now), same)
        entries = [decode(entry.data) for entry in await bus.read({"exercise/x": None}, count=1_000_000)]
        assert {said.origin for said in entries} == {"simulated"}
        assert len({said.subject for said in entries if kind(said.body) == "gone"}) == 2

    asyncio.run(body())
    assert "HTTP 500" in [told.failed for told, _ in read(path) if isinstance(told, Part)]
