"""The archive's files: what is written is read, what is none of ours is passed over, and what is old goes."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from cop.bus.memory import MemoryBus
from cop.event import REAL, Described, Event, Health, Sighted, Status, event
from cop.picture import Picture, fold
from dashboard.archive import Archive, BadSegment, Segment, Taken
from dashboard.history import History
from dashboard.keeper import Keeper
from dashboard.recall import Digests, Recalled

DEMO = "exercise/demo"
HOUR = 3_600_000
BRIDGE = event("reference", "bridge:B1", 900, Described("Bridge", lon=24, lat=57), received=900)


def ship(n: int, at: int) -> Event:
    return event("ais", f"vessel:{n}", at, Sighted(21, 56 + at / 1e6), received=at + 500)


def wait(at: int, minutes: float) -> Event:
    return event("lv", "crossing:X1", at, Status("open", measures={"waiting_min": minutes}), received=at)


def rows(*told: tuple[int, Event]) -> list[Taken]:
    return [Taken(offset, 1_000 + 10 * offset, said) for offset, said in told]


def segment(begin: int = -1, end: int = 4, *, world: str = REAL, run: str = "r") -> Segment:
    return Segment(world, run, 7, begin, end, 1_000 + 10 * max(begin, 0), 1_000 + 10 * end, "s")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def test_a_file_has_how_all_stood_and_what_came_in_order(archive: Archive) -> None:
    told = rows((0, ship(1, 5)), (2, ship(2, 3)), (4, ship(1, 9)))
    path = archive.write(segment(), [BRIDGE], told)
    content = Archive(archive.folder).open(segment())
    assert content.carried == (BRIDGE,)
    assert content.rows == tuple(told)
    assert content.between(0, 1_039) == (told[1],)
    assert content.between(-1, 1_040) == tuple(told)
    assert archive.segments(REAL) == [segment()]
    assert path.name.startswith("0000000001000-")
    columns = {"subject", "source", "kind", "at", "received", "taken", "carried", "data"}
    assert columns <= set(pq.read_schema(path).names)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_names_sort_by_time_and_worlds_stay_apart(archive: Archive) -> None:
    for begin, end, world in ((9, 12, REAL), (-1, 9, REAL), (-1, 3, DEMO)):
        archive.write(segment(begin, end, world=world), [], [])
    assert [each.end for each in archive.segments(REAL)] == [9, 12]
    assert archive.worlds() == [REAL, DEMO]
    assert [each.world for each in archive.segments(DEMO)] == [DEMO]
    assert archive.segments("exercise/none") == []


@pytest.mark.parametrize(
    ("subjects", "kinds", "since", "until", "offsets"),
    [
        (None, None, 0, 9_999, [0, 1, 2, 3, 4]),
        (("vessel:1",), None, 0, 9_999, [0, 2]),
        (("vessel:1", "vessel:3"), None, 0, 9_999, [0, 2, 4]),
        (("vessel:9",), None, 0, 9_999, []),
        ((), None, 0, 9_999, []),
        (None, ("status",), 0, 9_999, [1, 3]),
        (("vessel:1",), ("status",), 0, 9_999, []),
        (None, None, 1_010, 1_030, [1, 2, 3]),
        (None, None, 1_041, 9_999, []),
        (None, None, 0, 999, []),
    ],
)
def test_only_what_is_asked_is_read(
    archive: Archive,
    subjects: tuple[str, ...] | None,
    kinds: tuple[str, ...] | None,
    since: int,
    until: int,
    offsets: list[int],
) -> None:
    told = rows((0, ship(1, 5)), (1, wait(6, 5)), (2, ship(1, 9)), (3, wait(8, 7)), (4, ship(3, 9)))
    archive.write(segment(), [BRIDGE, ship(1, 4)], told)
    assert list(archive.read(REAL, since, until, subjects, kinds)) == [told[n].event for n in offsets]


def test_a_file_that_is_not_ours_or_half_is_passed_over_and_told(
    archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    good = archive.write(segment(), [BRIDGE], rows((0, ship(1, 5))))
    folder, data = good.parent, good.read_bytes()
    (folder / "0000000000500-r-0-5.parquet").write_bytes(data[: len(data) // 2])
    (folder / "0000000000600-r-0-5.parquet").write_bytes(data)  # of another time than its name says
    (folder / "0000000000700-r-0-5.parquet").write_bytes(b"")
    pq.write_table(pa.table({"a": [1]}), folder / "other.parquet")
    (folder / ".0000000000800-r-0-5.parquet.1.tmp").write_bytes(data[:100])
    (folder / "notes.txt").write_text("mine")
    fresh = Archive(archive.folder)
    with caplog.at_level(logging.WARNING):
        assert fresh.segments(REAL) == [segment()]
        assert fresh.segments(REAL) == [segment()]
    assert sum("passed over" in each.message for each in caplog.records) == 4
    assert list(fresh.read(REAL, 0, 9_999)) == [ship(1, 5)]


def test_a_file_whose_data_was_damaged_is_found_out_when_it_is_opened(archive: Archive) -> None:
    path = archive.write(segment(), [BRIDGE], rows(*((n, ship(n, n)) for n in range(4))))
    data = bytearray(path.read_bytes())
    at = data.find(b"\x28\xb5\x2f\xfd", len(data) // 3)  # a zstd frame
    data[at + 8 : at + 24] = b"\x00" * 16
    path.write_bytes(data)
    fresh = Archive(archive.folder)
    assert fresh.segments(REAL) == [segment()]
    with pytest.raises(BadSegment):
        fresh.open(segment())
    assert fresh.segments(REAL) == []


def test_what_is_old_is_deleted_and_what_is_not_ours_stays(archive: Archive) -> None:
    old = archive.write(segment(-1, 4), [], [])
    new = archive.write(segment(4, 900), [], [])
    played = archive.write(segment(-1, 4, world=DEMO), [], [])
    torn = old.with_name(f".{old.name}.1.tmp")
    torn.write_bytes(b"half")
    os.utime(torn, (1_000, 1_000))
    (old.parent / "notes.txt").write_text("mine")
    assert archive.prune(1_041) == 2
    assert sorted(p.name for p in old.parent.iterdir()) == [new.name, "notes.txt"]
    assert not played.parent.exists()
    assert archive.worlds() == [REAL]


# -- the keeper's part ------------------------------------------------------------------------------------------------


def keeper(bus: MemoryBus, archive: Archive, most: int = 10_000, now: int = 0) -> Keeper:
    return Keeper(bus, retention_ms=100 * 365 * 24 * HOUR, most=most, archive=archive, now=lambda: now)


def everything(archive: Archive, world: str = REAL) -> Picture:
    """The picture of all files of a world, each from its own checkpoint: the last one's."""
    last = archive.open(archive.segments(world)[-1])
    return fold([*last.carried, *(row.event for row in last.rows)])


def test_nothing_is_cut_before_it_is_in_a_file_and_the_files_join(archive: Archive) -> None:
    async def body() -> None:
        bus = MemoryBus()
        first = keeper(bus, archive, most=100)
        await bus.append(REAL, [BRIDGE, *(ship(n % 10, 1_000 + n) for n in range(500))])
        assert await first.keep(REAL) == 401
        assert [(s.begin, s.end) for s in archive.segments(REAL)] == [(-1, 500)]
        await bus.append(REAL, [ship(n % 10, 2_000 + n) for n in range(300)])
        second = keeper(bus, archive, most=100)  # another process goes on where the files end
        await second.keep(REAL)
        files = archive.segments(REAL)
        assert [a.end for a in files[:-1]] == [b.begin for b in files[1:]]
        assert len({each.run for each in files}) == 1
        every = [e.subject for e in archive.read(REAL, 0, 10**14, kinds=("sighted",))]
        assert len(every) == 800
        assert everything(archive) == fold([BRIDGE, *(ship(n % 10, 2_000 + n) for n in range(300))])

    asyncio.run(body())


def test_what_was_cut_before_there_was_an_archive_makes_it_begin_now(archive: Archive) -> None:
    async def body() -> None:
        bus = MemoryBus()
        await bus.append(REAL, [BRIDGE, *(ship(1, n) for n in range(20))])
        await Keeper(bus, retention_ms=10**15, most=5).keep(REAL)
        await keeper(bus, archive).follow_all()
        (file,) = archive.segments(REAL)
        assert file.begin == file.end
        assert fold(archive.open(file).carried) == fold([BRIDGE, ship(1, 19)])
        await bus.append(REAL, [ship(2, 30), ship(3, 31)])
        again = keeper(bus, archive, most=1)
        await again.keep(REAL)
        assert [e.subject for e in archive.read(REAL, 0, 10**14)] == ["vessel:2", "vessel:3"]

    asyncio.run(body())


def test_a_disk_that_takes_nothing_stops_neither_the_following_nor_in_the_end_the_cutting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "archive").write_text("a file where a folder should be")

    async def body() -> None:
        bus = MemoryBus()
        kept = keeper(bus, Archive(tmp_path / "archive"), most=100)
        await bus.append(REAL, [ship(1, n) for n in range(150)])
        assert await kept.keep(REAL) == 0  # it waits for the disk
        await bus.append(REAL, [ship(1, n) for n in range(150, 300)])
        assert await kept.keep(REAL) == 200  # but not for ever
        (tmp_path / "archive").unlink()
        later = keeper(bus, Archive(tmp_path / "archive"), most=100, now=10**6)
        await later.keep(REAL)
        (file,) = Archive(tmp_path / "archive").segments(REAL)
        assert file.begin == 299  # what was lost in between is not there

    with caplog.at_level(logging.ERROR):
        asyncio.run(body())
    assert any("takes nothing" in each.message for each in caplog.records)
    assert any("loses" in each.message for each in caplog.records)


def test_an_exercise_that_ended_has_its_last_file_and_a_new_one_of_its_name_another_run(archive: Archive) -> None:
    async def body() -> None:
        bus = MemoryBus()
        kept = keeper(bus, archive)
        said = event("excon", "site:S1", 5, Described("Site"), received=5, world=DEMO)
        await bus.append(DEMO, [said])
        await kept.follow_all()
        await bus.drop(DEMO)
        await kept.follow_all()
        assert everything(archive, DEMO) == fold([said])
        await bus.append(DEMO, [said])
        await kept.follow_all()
        await bus.drop(DEMO)
        await kept.follow_all()
        assert len({each.run for each in archive.segments(DEMO)}) == 2

    asyncio.run(body())


def test_a_stream_that_lost_its_end_begins_another_run(archive: Archive) -> None:
    async def body() -> None:
        bus = MemoryBus()
        kept = keeper(bus, archive, most=2)
        await bus.append(REAL, [ship(n, n) for n in range(5)])
        await kept.keep(REAL)
        await kept.follow_all()  # those that were carried forward, 2 the last of them
        bus._streams[REAL].entries.pop()
        await bus.append(REAL, [ship(9, 9)])  # another in its place
        await kept.keep(REAL)
        runs = [each.run for each in archive.segments(REAL)]
        assert len(set(runs)) == 2
        assert sorted(everything(archive).subjects()) == [f"vessel:{n}" for n in (0, 1, 2, 3, 4, 9)]

    asyncio.run(body())


def test_a_history_is_recalled_as_a_page_of_then_had_it(archive: Archive) -> None:
    told = [
        (n, said)
        for n, said in enumerate(
            each
            for at in range(0, 2 * HOUR, 60_000)
            for each in (ship(1, at), wait(at, at / 60_000), event("ais", "feed:ais", at, Health("ok"), received=at))
        )
    ]
    history = History()
    for _, said in told:
        history.keep(said)
    half = len(told) // 2
    archive.write(segment(-1, half), [], [Taken(n, 1_000 + 10 * n, said) for n, said in told[: half + 1]])
    archive.write(segment(half, len(told)), [], [Taken(n, 1_000 + 10 * n, said) for n, said in told[half + 1 :]])
    recalled = Recalled(archive, REAL, 1_000 + 10 * len(told))
    recalled.recall(Digests(archive))
    assert recalled.statuses("crossing:X1") == history.statuses("crossing:X1")
    assert recalled.series("crossing:X1") == history.series("crossing:X1")
    assert recalled.measured("crossing") == ["crossing:X1"]
    assert {s: recalled.minutes(s) for s in recalled.sources} == {s: history.minutes(s) for s in history.sources}
    assert recalled.track("vessel:1") == history.track("vessel:1")
    recalled.keep(ship(1, 3 * HOUR))
    assert recalled.track("vessel:1")[-1][0] == 3 * HOUR
    assert recalled.track("vessel:2") == []
