"""What was known at any time? An archive in Parquet files: how things stood, then what changed them, in stream order.

A file of a world begins with a checkpoint (every record of the picture, marked carried); the events that changed the
picture follow. Its name sorts by its first time. Files of one unbroken `run` join at their positions: where one ends
the next begins. What was lost in between begins another run, and the hole between two runs is never shown as known.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from cop.event import EXERCISE, REAL, Event, InvalidEvent, Millis, decode, encode, is_exercise, kind

log = logging.getLogger("cop.archive")

SUFFIX: Final = ".parquet"
ROWS: Final = 5_000
"""Rows of a row group: the least that is read when one of them is wanted."""
DECODED: Final = 250_000
"""Events of opened files that are kept in memory, at most."""
TORN_S: Final = 3600.0
"""A file that is being written for so long was left by a process that died."""
_DICTIONARIES: Final = ["subject", "source", "kind"]
_FACTS: Final = b"cop"
SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in _DICTIONARIES),
        *((name, pa.int64()) for name in ("at", "received", "taken", "offset")),
        ("carried", pa.bool_()),
        ("data", pa.binary()),
    ]
)


class BadSegment(OSError):
    """A file of the archive can't be read: the message names it and says why."""


class Taken(NamedTuple):
    """An event with its offset in the stream, and when the bus took it."""

    offset: int
    taken: Millis
    event: Event


class Segment(msgspec.Struct, frozen=True):
    """What a file has: the events after offset `begin` up to `end` of an epoch, and how all stood at `begin`.

    `first` is of when the checkpoint is, `last` when the entry at `end` was taken. `seal` tells that entry from any
    other that a stream might have in its place.
    """

    world: str
    run: str
    epoch: int
    begin: int
    end: int
    first: Millis
    last: Millis
    seal: str = ""

    @property
    def name(self) -> str:
        """The file's name: it sorts by the first time, and no two files of a world have the same."""
        return f"{self.first:013d}-{self.run}-{self.begin + 1}-{self.end + 1}{SUFFIX}"


class Content(NamedTuple):
    """A file that was read: how all stood at its beginning, and what came, in stream order."""

    carried: tuple[Event, ...]
    rows: tuple[Taken, ...]

    def between(self, offset: int, until: Millis) -> tuple[Taken, ...]:
        """The events after an offset that were taken until a time."""
        begin = bisect_right(self.rows, offset, key=lambda row: row.offset)
        return self.rows[begin : bisect_right(self.rows, until, begin, key=lambda row: row.taken)]


def seal(data: bytes) -> str:
    """The mark of an entry by its wire form."""
    return blake2b(data, digest_size=8).hexdigest()


class Archive:
    """The files in a folder. One process writes; any number read. Every method may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[Path, Segment | None] = {}  # a file never changes, so it is opened once; None: not readable
        self._opened: OrderedDict[Path, Content] = OrderedDict()
        self._lock = threading.Lock()

    # -- writing ------------------------------------------------------------------------------------------------------

    def write(self, segment: Segment, carried: Iterable[Event], rows: Sequence[Taken]) -> Path:
        """Write a file: as a whole or not at all. Raises OSError, as for a full or a read-only disk."""
        path = self._folder(segment.world) / segment.name
        torn = path.with_name(f".{segment.name}.{os.getpid()}.tmp")
        schema = SCHEMA.with_metadata({_FACTS: msgspec.json.encode(segment)})
        standing = [Taken(segment.begin, segment.first, event) for event in carried]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with torn.open("wb") as file:
                with pq.ParquetWriter(
                    file, schema, compression="zstd", use_dictionary=_DICTIONARIES, write_page_checksum=True
                ) as writer:
                    for part, marked in ((standing, True), (rows, False)):
                        for start in range(0, len(part), ROWS):
                            writer.write_table(_table(part[start : start + ROWS], marked, schema))
                file.flush()
                os.fsync(file.fileno())
            torn.rename(path)
        except (OSError, pa.ArrowException) as error:
            with contextlib.suppress(OSError):
                torn.unlink(missing_ok=True)
            raise OSError(f"{path.name}: {error}") from error
        return path

    def prune(self, before: Millis) -> int:
        """Delete the files that end before a time, and what a dead writer left; how many files went."""
        gone = 0
        for world in self.worlds():
            folder = self._folder(world)
            for segment in self.segments(world):
                if segment.last < before:
                    (folder / segment.name).unlink(missing_ok=True)
                    gone += 1
            for torn in folder.glob(f".*{SUFFIX}.*.tmp"):
                with contextlib.suppress(OSError):
                    if torn.stat().st_mtime < time.time() - TORN_S:
                        torn.unlink()
            if world != REAL:
                with contextlib.suppress(OSError):  # not empty
                    folder.rmdir()
        return gone

    # -- reading ------------------------------------------------------------------------------------------------------

    def worlds(self) -> list[str]:
        """The worlds of which there is a folder, `real` first."""
        found = [REAL] if (self.folder / REAL).is_dir() else []
        with contextlib.suppress(OSError):
            names = sorted(os.listdir(self.folder / EXERCISE))
            found += [EXERCISE + name for name in names if is_exercise(EXERCISE + name)]
        return found

    def segments(self, world: str) -> list[Segment]:
        """The readable files of a world by their first time; what is none of ours is told once in the log."""
        folder = self._folder(world)
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX) and not name.startswith("."))
        except OSError:
            return []
        found = []
        with self._lock:
            here = {folder / name for name in names}
            for path in [each for each in self._known if each.parent == folder and each not in here]:
                del self._known[path]
            for path in sorted(here):
                if path not in self._known:
                    self._known[path] = self._facts(path, world)
                if (segment := self._known[path]) is not None:
                    found.append(segment)
        return found

    def open(self, segment: Segment) -> Content:
        """All that a file has. Raises `BadSegment`; the file is passed over from then on."""
        path = self._folder(segment.world) / segment.name
        with self._lock:
            if (known := self._opened.get(path)) is not None:
                self._opened.move_to_end(path)
                return known
        try:
            table = pq.read_table(
                path, columns=["offset", "taken", "carried", "data"], page_checksum_verification=True, partitioning=None
            )
        except (OSError, pa.ArrowException) as error:
            raise self._bad(path, error) from error
        columns = [table.column(name).to_pylist() for name in ("offset", "taken", "carried", "data")]
        carried: list[Event] = []
        rows: list[Taken] = []
        for offset, taken, standing, data in zip(*columns, strict=True):
            if (event := _read(data, segment.world)) is not None:
                if standing:
                    carried.append(event)
                else:
                    rows.append(Taken(offset, taken, event))
        content = Content(tuple(carried), tuple(rows))
        with self._lock:
            self._opened[path] = content
            held = sum(len(each.carried) + len(each.rows) for each in self._opened.values())
            while held > DECODED and len(self._opened) > 1:
                _, old = self._opened.popitem(last=False)
                held -= len(old.carried) + len(old.rows)
        return content

    def read(
        self,
        world: str,
        since: Millis,
        until: Millis,
        subjects: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
    ) -> Iterator[Event]:
        """The events that changed the picture and were taken from `since` to `until`, in stream order.

        Only what matches is decoded, and only row groups with a match are read. What stood before `since` is not told.
        """
        for segment in self.segments(world):
            if segment.last >= since and segment.first <= until:
                for data in self._matching(segment, since, until, subjects, kinds):
                    if (event := _read(data, world)) is not None:
                        yield event

    def read_of(self, segment: Segment, kinds: Collection[str]) -> Iterator[Event]:
        """The events of these kinds in one file, but for what stood at its beginning."""
        for data in self._matching(segment, segment.first, segment.last, None, kinds):
            if (event := _read(data, segment.world)) is not None:
                yield event

    def counted(self, segment: Segment) -> list[tuple[str, Millis, Millis]]:
        """Of each event in a file, its source, `at` and `received`. Raises `BadSegment`."""
        path = self._folder(segment.world) / segment.name
        try:
            table = pq.read_table(
                path, columns=["source", "at", "received"], filters=[("carried", "=", False), ("kind", "!=", "health")],
                partitioning=None,
            )  # fmt: skip
        except (OSError, pa.ArrowException) as error:
            raise self._bad(path, error) from error
        return list(zip(*(table.column(name).to_pylist() for name in ("source", "at", "received")), strict=True))

    def _matching(
        self,
        segment: Segment,
        since: Millis,
        until: Millis,
        subjects: Collection[str] | None,
        kinds: Collection[str] | None,
    ) -> Iterator[bytes]:
        path = self._folder(segment.world) / segment.name
        wanted = {"subject": subjects, "kind": kinds}
        sets = {name: pa.array(sorted(values), pa.string()) for name, values in wanted.items() if values is not None}
        try:
            with pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as file:
                for group in range(file.num_row_groups):
                    facts = _bounds(file.metadata.row_group(group))
                    if facts["carried"][0] or facts["taken"][0] > until or facts["taken"][1] < since:
                        continue
                    if any(
                        not any(facts[name][0] <= each <= facts[name][1] for each in values.to_pylist())
                        for name, values in sets.items()
                    ):
                        continue
                    told = file.read_row_group(group, columns=["taken", *sets])
                    keep = pc.and_(pc.greater_equal(told["taken"], since), pc.less_equal(told["taken"], until))
                    for name, values in sets.items():
                        keep = pc.and_(keep, pc.is_in(told[name], values))
                    if pc.any(keep).as_py():
                        yield from file.read_row_group(group, columns=["data"])["data"].filter(keep).to_pylist()
        except (OSError, pa.ArrowException) as error:
            self._bad(path, error)  # what can be read is told

    def _facts(self, path: Path, world: str) -> Segment | None:
        try:
            told = pq.read_schema(path).metadata or {}
            segment = msgspec.json.decode(told.get(_FACTS, b""), type=Segment)
            if segment.world != world or segment.name != path.name:
                raise ValueError("it is of another world or time than its name says")
        except (OSError, ValueError, pa.ArrowException, msgspec.MsgspecError) as error:
            log.warning("%s is passed over: %s", path, str(error).splitlines()[0] if str(error) else "no file of ours")
            return None
        return segment

    def _bad(self, path: Path, error: Exception) -> BadSegment:
        if path.exists():
            log.warning("%s can't be read and is passed over: %s", path, error)
            with self._lock:
                self._known[path] = None
        return BadSegment(f"{path.name}: {error}")

    def _folder(self, world: str) -> Path:
        if world != REAL and not is_exercise(world):
            raise ValueError(f"{world!r} is no world")
        return self.folder / world


def _table(part: Sequence[Taken], carried: bool, schema: pa.Schema) -> pa.Table:
    events = [row.event for row in part]
    columns: list[list[Any]] = [
        [each.subject for each in events],
        [each.source for each in events],
        [kind(each.body) for each in events],
        [each.at for each in events],
        [each.received for each in events],
        [row.taken for row in part],
        [row.offset for row in part],
        [carried] * len(part),
        [encode(each) for each in events],
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _bounds(group: Any) -> dict[str, tuple[Any, Any]]:
    """The least and the greatest value of each column of a row group."""
    found = {}
    for index in range(group.num_columns):
        column = group.column(index)
        if column.path_in_schema != "data":
            found[column.path_in_schema] = (column.statistics.min, column.statistics.max)
    return found


def _read(data: bytes, world: str) -> Event | None:
    try:
        event = decode(data)
    except InvalidEvent as error:
        log.error("an entry of the archive of %s is no event: %s", world, error)
        return None
    return event if event.world == world else None
