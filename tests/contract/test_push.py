"""The push over a real socket: snapshot, deltas, resumption, bounds, and silence when the stream is out of reach."""

from __future__ import annotations

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cop.event import REAL, Described, Status, encode, event
from dashboard import embedded
from tests.stand import ADMIN, Reader, Stand, has, now, ship, there
from tests.system import wait_for

DEMO = "exercise/demo"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """One for all who only read and tell."""
    made = Stand(tmp_path_factory.mktemp("push"))
    yield made
    made.close()


def test_a_snapshot_then_what_changes_and_every_second_a_sign_of_life(stand: Stand) -> None:
    stand.tell(ship(1, now()))
    reader = Reader(stand)
    first = reader.frame()
    assert (first["k"], first["why"], first["w"]) == ("snapshot", "first contact", REAL)
    assert reader.headers["content-type"].startswith("text/event-stream")
    assert reader.headers["cache-control"] == "no-store"
    reader.until(has("vessel:1")) if not has("vessel:1")(first) else None
    stand.tell(ship(2, now()))
    assert reader.until(has("vessel:2"))["k"] == "delta"
    quiet = [reader.frame() for _ in range(2)]
    assert all(frame["k"] == "delta" and "put" not in frame for frame in quiet)
    reader.close()


def test_a_reader_that_comes_back_gets_what_it_missed_by_header_or_by_query(stand: Stand) -> None:
    reader = Reader(stand)
    reader.frame()
    last = reader.id
    reader.close()
    stand.tell(ship(7, now()))
    for again in (Reader(stand, last=last), Reader(stand, after=last)):
        frames = [again.frame()]
        while not has("vessel:7")(frames[-1]):
            frames.append(again.frame())
        assert all(frame["k"] == "delta" for frame in frames)
        again.close()


def test_a_reader_from_another_process_is_told_and_gets_everything(stand: Stand) -> None:
    for last in ("deadbeef.5.1-1", "rubbish", "...."):
        reader = Reader(stand, last=last)
        frame = reader.frame()
        assert frame["k"] == "snapshot"
        assert frame["why"] in ("another server process", "first contact")
        reader.close()


def test_compressed_and_plain_readers_get_the_same_frames(stand: Stand) -> None:
    plain, zipped = Reader(stand), Reader(stand, zipped=True)
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    plain.frame()
    zipped.frame()
    frames: dict[Reader, dict[str, dict[str, Any]]] = {plain: {}, zipped: {}}
    for n in range(20, 26):
        stand.tell(ship(n, now()))
        for reader, found in frames.items():
            frame = reader.until(has(f"vessel:{n}"))
            found[reader.id] = frame
    assert len(frames[plain]) == 6
    assert frames[plain] == frames[zipped]
    plain.close()
    zipped.close()


def test_an_unknown_world_is_404_and_another_method_405(stand: Stand) -> None:
    reader = Reader(stand, world="exercise/none")
    assert reader.status == 404
    assert b"exercise/none" in reader.body()
    reader.close()
    request = urllib.request.Request(f"http://127.0.0.1:{stand.port}/api/v1/stream", method="DELETE")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    assert refused.value.code == 405
    refused.value.close()


def test_an_exercise_is_laid_over_the_real_picture_which_never_shows_it_and_ends_with_its_stream(stand: Stand) -> None:
    at = now()
    stand.tell(event("reference", "bridge:B1", at, Described("Bridge", lon=24, lat=57), received=at))
    closed = event("inject:1", "bridge:B1", at, Status("closed"), received=at, world=DEMO, origin="injected")
    stand.tell(closed, role="exercise")
    wait_for("the exercise's view", lambda: there(stand, DEMO))
    play, real = Reader(stand, world=DEMO), Reader(stand)
    shown = {t["id"]: t for t in play.until(has("bridge:B1"))["put"]}
    assert (shown["bridge:B1"]["state"], shown["bridge:B1"]["world"]) == ("closed", DEMO)
    shown = {t["id"]: t for t in real.until(has("bridge:B1"))["put"]}
    assert (shown["bridge:B1"]["state"], shown["bridge:B1"]["world"]) == ("unknown", REAL)
    # an event of an exercise that is forced onto the real key by somebody who may do everything is not shown either
    client = stand.admin()
    unreadable = stand.health()["unreadable"]
    forged = event("inject:2", "bridge:B1", at + 1, Status("closed"), received=at, world=DEMO, origin="injected")
    epoch = client.xinfo_stream("cop:real")["last-generated-id"].decode().partition("-")[0]
    client.xadd("cop:real", {"e": encode(forged)}, id=f"{epoch}-*")
    client.xadd("cop:real", {"e": b"this is no event"}, id=f"{epoch}-*")
    wait_for("both are counted", lambda: stand.health()["unreadable"] == unreadable + 2)
    stand.tell(ship(5, now()))
    frame = real.until(has("vessel:5"))
    assert not has("bridge:B1")(frame)
    client.delete("cop:exercise:demo")
    client.close()
    with pytest.raises(EOFError):
        play.until(lambda frame: False)
    play.close()
    real.close()


def test_a_reader_that_stops_reading_slows_nobody_costs_little_and_is_let_go(stand: Stand) -> None:
    stand.tell(*(ship(n, now()) for n in range(3_000)))
    stuck, lively = Reader(stand, buffer=4_096), Reader(stand)
    assert stuck.frame()["k"] == "snapshot"
    lively.frame()
    memory = Path(f"/proc/{stand.process.pid}/statm")

    def resident() -> int:
        return int(memory.read_text().split()[1]) * 4096

    before = resident()
    for turn in range(20):
        stand.tell(*(ship(n, now() + turn, 21 + turn / 100) for n in range(3_000)))
        lively.until(lambda frame: "move" in frame)
    assert resident() - before < 100_000_000
    wait_for("the stuck one to be let go", lambda: stand.health()["readers"] == 1)
    wait_for("its connection to be cut", lambda: not connected(stand, stuck))
    stand.tell(ship(99_999, now()))
    assert lively.until(has("vessel:99999"), 200)
    stuck.close()
    lively.close()


def connected(stand: Stand, reader: Reader) -> bool:
    """Whether the server's end of a reader's connection is there yet."""
    mine = reader.socket.getsockname()[1]
    ends = {tuple(int(end.split(":")[1], 16) for end in line.split()[1:3]) for line in tcp_table()}
    return (stand.port, mine) in ends


def tcp_table() -> list[str]:
    return Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]


def test_an_exercise_that_is_gone_ends_its_view_and_the_newcomer_is_told(stand: Stand) -> None:
    world = "exercise/short"
    stand.tell(ship(1, now(), world=world), role="exercise")
    wait_for("the view", lambda: there(stand, world))
    reader = Reader(stand, world=world)
    client = stand.admin()
    client.delete("cop:exercise:short")
    client.close()
    with pytest.raises(EOFError):
        reader.until(lambda frame: False)
    reader.close()
    wait_for("its end", lambda: not there(stand, world))


def silent(reader: Reader) -> bool:
    """Whether nothing comes any more, once what was on its way has been read."""
    reader.socket.settimeout(2.5)  # frames come every second
    try:
        while True:
            reader.frame()
    except TimeoutError:
        return True
    except OSError as error:  # a buffered reader that timed out once says so ever after
        return "timed out" in str(error)


def test_a_stream_that_is_frozen_is_not_live_and_goes_on_when_it_wakes(stand: Stand) -> None:
    reader = Reader(stand)
    reader.frame()
    os.kill(stand.server.process.pid, signal.SIGSTOP)
    try:
        assert silent(reader)
        wait_for("the loss to be noticed", lambda: stand.health().get("live") is False, 10)
        assert "not answered" in stand.health()["trouble"]
        refused = Reader(stand)
        assert (refused.status, b"not live" in refused.body()) == (503, True)
        refused.close()
        assert told(stand, "/api/v1/picture")["live"] is False
    finally:
        os.kill(stand.server.process.pid, signal.SIGCONT)
    wait_for("the stream to be back", lambda: stand.health().get("live"))
    again = Reader(stand, last=reader.id)
    assert again.frame()["k"] == "delta"
    again.close()
    reader.close()


def told(stand: Stand, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{stand.port}{path}", timeout=5) as answer:
        return dict(json.loads(answer.read()))


def test_while_the_stream_is_out_of_reach_nothing_is_sent_and_newcomers_are_refused(stand: Stand) -> None:
    stand.tell(ship(1, now()))
    reader = Reader(stand)
    reader.frame()
    os.kill(stand.server.process.pid, signal.SIGKILL)
    stand.server.process.wait()
    wait_for("the loss to be noticed", lambda: stand.health().get("live") is False)
    assert stand.health()["trouble"]
    refused = Reader(stand)
    assert refused.status == 503
    refused.close()
    assert silent(reader)
    stand.server = embedded.start(stand.data, admin=ADMIN)
    wait_for("the stream to be back", lambda: stand.health().get("live"))
    again = Reader(stand, last=reader.id)
    stand.tell(ship(8_001, now()))
    assert again.until(has("vessel:8001"))["k"] == "delta"
    again.close()
    reader.close()


def test_a_key_that_is_no_stream_is_told_as_trouble_and_not_the_end_of_the_dashboard(stand: Stand) -> None:
    client = stand.admin()
    client.delete("cop:real")
    client.set("cop:real", "somebody's mistake")
    wait_for("the loss to be noticed", lambda: stand.health().get("live") is False)
    assert "WRONGTYPE" in stand.health()["trouble"]
    client.delete("cop:real")
    client.close()
    wait_for("the stream to be back", lambda: stand.health().get("live"))
    assert stand.process.poll() is None


def test_a_stream_that_was_lost_clears_every_screen(stand: Stand) -> None:
    stand.tell(ship(1, now()))
    reader = Reader(stand, last="other.1.1-1")
    handle = next(t["h"] for t in reader.until(has("vessel:1"))["put"] if t["id"] == "vessel:1")
    client = stand.admin()
    client.flushall()
    client.close()
    assert handle in reader.until(lambda frame: frame.get("drop"))["drop"]
    stand.tell(ship(2, now()))
    reader.until(has("vessel:2"))
    fresh = Reader(stand, last="third.1.1-1")
    wait_for("a snapshot of its own, not one of a second ago", lambda: things(stand) == {"vessel:2"})
    fresh.close()
    reader.close()


def things(stand: Stand) -> set[str]:
    reader = Reader(stand, last="another.1.1-1")
    found = {t["id"] for t in reader.frame()["put"]}
    reader.close()
    return found
