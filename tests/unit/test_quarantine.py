"""Can what lies in quarantine be listed, shown and retried, and does only what now reads leave it?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import pytest
from redis import Redis

from cop.bus import Quarantined
from cop.bus.redis import RedisBus
from cop.event import REAL, Described, decode, encode, event
from dashboard import cli
from dashboard.embedded import Embedded
from feeds.quarantine import kind_of

RECEIVED = 1_795_000_000_000
PLAY = "exercise/winter"
GOOD = b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\r\n"
BAD = b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*25\r\n"
T = TypeVar("T")
pytestmark = pytest.mark.usefixtures("admin")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a roadevent in the sea at 20.7675, 58.8344", "a roadevent in the sea at 21.1, 57.0"),
        ("line 12: not JSON (byte 7)", "line 4711: not JSON (byte 0)"),
        ("its informationStatus is 'test', not real", "its informationStatus is 'exercise', not real"),
        ("from 2026-11-24T10:00 on", "from 2025-01-01T00:30 on"),
    ],
)
def test_reasons_that_differ_in_particulars_count_as_one(first: str, second: str) -> None:
    assert kind_of(first) == kind_of(second) != first
    assert kind_of("no time of its own") == "no time of its own"


@pytest.fixture
def role(server: Embedded, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], RedisBus]:
    """Buses of this server, whose address the command line finds in the environment."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    key = "COP_REDIS_PASSWORD_{}"
    return lambda name: RedisBus(server.url, user=name, password=server.environment[key.format(name.upper())])


def on(bus: RedisBus, work: Callable[[RedisBus], Coroutine[Any, Any, T]]) -> T:
    async def body() -> T:
        try:
            return await work(bus)
        finally:
            await bus.close()

    return asyncio.run(body())


def put(role: Callable[[str], RedisBus], *records: Quarantined, world: str = REAL) -> list[str]:
    """Put them into quarantine; their ids, in this order."""

    async def work(bus: RedisBus) -> list[str]:
        await bus.quarantine(world, records)
        return [each.id for each in reversed(await bus.quarantined(world, len(records)))]

    return on(role("feeds" if world == REAL else "exercise"), work)


def left(role: Callable[[str], RedisBus], world: str = REAL) -> list[str]:
    return [each.id for each in on(role("dashboard"), lambda bus: bus.quarantined(world))]


def ais(raw: bytes, reason: str = "checksum does not fit", source: str = "ais", world: str = REAL) -> Quarantined:
    return Quarantined(source, reason, 7, raw, RECEIVED, "tcp://harbour:1", world)


def test_records_are_listed_the_newest_first_and_shown_byte_for_byte(
    role: Callable[[str], RedisBus], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    odd = bytes(range(256))
    first, second = put(role, ais(odd), ais(BAD, source="harbour"))
    put(role, ais(BAD, world=PLAY), world=PLAY)
    assert cli.main(["quarantine", "list"]) == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert [line.split()[0] for line in lines] == [second, first]
    assert all("checksum does not fit" in line for line in lines)
    assert cli.main(["quarantine", "list", "--feed", "harbour", "--json"]) == 0
    told = json.loads(capfdbinary.readouterr().out)
    assert (told["id"], told["source"], told["received"], told["offset"]) == (second, "harbour", RECEIVED, 7)
    assert cli.main(["quarantine", "show", first]) == 0
    assert capfdbinary.readouterr().out == odd
    assert cli.main(["quarantine", "list", "--world", "exercise/summer"]) == 0
    assert capfdbinary.readouterr().out == b""


def test_what_reads_now_is_published_under_its_feeds_name_and_the_rest_stays(
    role: Callable[[str], RedisBus], capfd: pytest.CaptureFixture[str]
) -> None:
    good, bad, strange = put(role, ais(GOOD), ais(BAD), ais(GOOD, source="a feed that is no more"))
    assert cli.main(["quarantine", "retry"]) == 1
    told = dict(line.split(None, 1) for line in capfd.readouterr().out.splitlines()[:3])
    assert told == {
        good: "published",
        bad: "checksum does not fit",
        strange: "there is no feed 'a feed that is no more' now",
    }
    assert sorted(left(role)) == sorted([bad, strange])
    (entry,) = on(role("dashboard"), lambda bus: bus.read({REAL: None}))
    said = decode(entry.data)
    assert (said.source, said.received, said.origin) == ("ais", RECEIVED, "simulated")  # as the demo's plan has it
    assert cli.main(["quarantine", "retry", bad]) == 1
    assert cli.main(["quarantine", "retry", "1-1"]) == 0  # nothing to do


def test_what_was_doubted_comes_back_as_its_events_and_is_doubted_again(
    role: Callable[[str], RedisBus], capfd: pytest.CaptureFixture[str]
) -> None:
    def of(lon: float) -> bytes:
        return encode(event("lv", "roadevent:LV:1", 1_000, Described("a", (), lon, 57.0), received=RECEIVED))

    at_sea, on_land = put(role, ais(of(20.5), "in the sea", "lv-situations"), ais(of(25.0), "x", "lv-situations"))
    assert cli.main(["quarantine", "retry", "--json"]) == 1
    told = {row["id"]: row["reason"] for row in map(json.loads, capfd.readouterr().out.splitlines())}
    assert told[on_land] == ""
    assert "in the sea" in told[at_sea]
    assert left(role) == [at_sea]


def test_an_exercise_is_retried_into_its_own_stream_with_its_own_rights(
    role: Callable[[str], RedisBus], capfd: pytest.CaptureFixture[str]
) -> None:
    put(role, ais(GOOD, world=PLAY), world=PLAY)
    assert cli.main(["quarantine", "retry", "--world", PLAY]) == 0
    assert on(role("dashboard"), lambda bus: bus.read({REAL: None})) == []
    assert len(on(role("dashboard"), lambda bus: bus.read({PLAY: None}))) == 1
    assert left(role, PLAY) == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("show", "1-1"), 2, "no record '1-1' in quarantine"),
        (("list", "--world", "mars"), 2, "neither real nor exercise"),
        (("retry", "--world", "mars"), 2, "neither real nor exercise"),
    ],
)
def test_bad_usage_is_told(
    role: Callable[[str], RedisBus], capfd: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, told: str
) -> None:
    assert cli.main(["quarantine", *words]) == code
    assert told in capfd.readouterr().err


def test_a_stream_out_of_reach_is_told(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COP_REDIS_URL", "redis://127.0.0.1:1/0")
    for words in (["list"], ["show", "1-1"], ["retry"]):
        assert cli.main(["quarantine", *words]) == 1
        assert "the stream is out of reach" in capfd.readouterr().err


def test_the_roles_may_let_go_of_quarantine_and_of_no_event(role: Callable[[str], RedisBus], admin: Redis) -> None:
    dry: Callable[..., Any] = partial(admin.execute_command, "ACL", "DRYRUN")
    put(role, ais(BAD))
    admin.xadd("cop:real", {"e": b"x"}, id="1-1")
    for name, key, allowed in (("feeds", "cop:real", False), ("dashboard", "cop:quarantine:real", False)):
        said = dry(name, "XDEL", key, "1-1")
        assert (said == b"OK") is allowed, (name, key, said)
    assert dry("feeds", "XDEL", "cop:quarantine:real", "1-1") == b"OK"
