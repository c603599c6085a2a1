"""Do the simulated national services answer in the true formats, and fail as they are told to?"""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiomqtt
import httpx
import pytest

from cop.event import Event
from feeds.adapter import Context, Outcome, decode, sources
from feeds.plausible import Plausible
from feeds.simulated.national import Speaker, Talker, addresses, ports, speakers
from feeds.simulated.national.systems import OUTAGE_MIN, PERIOD_MIN, SYSTEMS, down
from feeds.simulated.server import FAULTS, Faults, broker, serve, services, stream
from tests.sockets import free_port

T0 = 1_795_550_000_000
MINUTE = 60_000
DOCUMENTS = [each for each in speakers() if isinstance(each, Speaker) and not each.system]
STREAMS = [each for each in speakers() if isinstance(each, Talker)]
named = pytest.mark.parametrize("speaker", DOCUMENTS, ids=lambda each: each.feed)


def read(speaker: Speaker, payload: bytes, at: int) -> list[Outcome]:
    return list(decode(sources()[speaker.source], payload, Context(at, "exercise/x", "simulated", speaker.path)))


def test_every_source_but_the_generic_ones_has_a_speaker() -> None:
    of_its_own = {"ais", "simulated", "reference"}  # the traffic, the convoys and the facts
    assert {each.source for each in speakers()} | of_its_own == set(sources()) - {"datex2"}
    assert len({each.feed for each in speakers()}) == len(speakers())
    paths = [each.path.partition("?")[0] for each in speakers() if isinstance(each, Speaker)]
    assert len(set(paths)) == len(paths)


def test_every_service_has_an_address_of_its_own() -> None:
    found = addresses("127.0.0.1", 9000)
    assert set(found) == {each.feed for each in speakers()}
    assert len(set(found.values())) == len(found)
    used = {int(address.split(":")[2].split("/")[0].split("?")[0]) for address in found.values()}
    assert used == set(range(9000, 9000 + ports()))


@named
@pytest.mark.parametrize("hours", [0, 5, 13])
def test_what_is_said_is_read_without_a_reject_and_can_be_true(speaker: Speaker, hours: int) -> None:
    judge = Plausible()
    for minute in (0, 1):
        at = T0 + hours * 60 * MINUTE + minute * MINUTE
        said = speaker.say(1, at)
        assert said == speaker.say(1, at)
        outcomes = read(speaker, said, at)
        assert outcomes
        for outcome in outcomes:
            assert isinstance(outcome, Event), outcome
            assert outcome.at <= at + 1000
            assert judge.doubt(outcome, at) == ""


@pytest.mark.parametrize("talker", STREAMS, ids=lambda each: each.feed)
def test_what_is_said_on_a_stream_is_read_without_a_reject(talker: Talker) -> None:
    source = sources()[talker.source]
    for at in (T0, T0 + 60_000):
        for topic, message in talker.say(1, at):
            outcomes = list(decode(source, message, Context(at, "exercise/x", "simulated", topic)))
            assert all(isinstance(each, Event) for each in outcomes), outcomes


def test_the_pages_of_the_systems_are_out_now_and_then() -> None:
    times = range(T0, T0 + round(PERIOD_MIN) * MINUTE, MINUTE)
    for system in SYSTEMS:
        assert sum(down(system, 1, at) for at in times) == OUTAGE_MIN


# -- over HTTP --------------------------------------------------------------------------------------------------------


def over_http(work: Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]], faults: Faults | None = None) -> None:
    """Do the work against the application, at a time that stands still."""

    async def main() -> None:
        application = services(faults or Faults(lambda: T0), 1, lambda: T0)
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://services") as client:
            await work(client)

    asyncio.run(main())


@asynccontextmanager
async def running() -> AsyncIterator[httpx.AsyncClient]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve("127.0.0.1", 0, seed=3, started=port.set_result))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{await port}", timeout=5) as client:
            yield client
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)


def test_all_answer_and_a_known_tag_is_304() -> None:
    async def work(client: httpx.AsyncClient) -> None:
        for speaker in DOCUMENTS:
            for method in ("GET", "POST"):
                answer = await client.request(method, speaker.path)
                media = answer.headers["content-type"].partition(";")[0]
                assert (answer.status_code, media) == (200, speaker.media.partition(";")[0])
                assert answer.content == speaker.say(1, T0)
            for tag in (answer.headers["etag"], f'"x", W/{answer.headers["etag"]}'):
                known = await client.get(speaker.path, headers={"if-none-match": tag})
                assert (known.status_code, known.content) == (304, b"")
            assert (await client.get(speaker.path, headers={"if-none-match": '"x"'})).status_code == 200
        for system in SYSTEMS:
            assert (await client.get(f"/it/{system}")).status_code == (503 if down(system, 1, T0) else 200)

    over_http(work)


def test_faults_are_as_they_are_called() -> None:
    async def work(client: httpx.AsyncClient) -> None:
        for speaker in DOCUMENTS:
            path = speaker.path.partition("?")[0]

            async def ask(fault: str, path: str = path) -> httpx.Response:
                return await client.get(path, params={"fault": fault})

            assert (await ask("500")).status_code == 500
            assert (await ask("403")).headers["content-type"] == "text/html; charset=utf-8"
            assert (await ask("empty")).content == b""
            assert (await ask("stale")).content == speaker.say(1, T0 - 24 * 60 * MINUTE)
            assert (await ask("encoding")).content.startswith((b"\xff\xfe", b"\xfe\xff"))
            garbage = await ask("garbage")
            assert not any(isinstance(each, Event) for each in read(speaker, garbage.content, T0))
            strange = await ask("plague")
            assert strange.status_code == 400
            assert all(fault in strange.text for fault in FAULTS)

    over_http(work)


def test_faults_are_ordered_last_their_time_and_are_healed() -> None:
    clock = [T0]

    async def work(client: httpx.AsyncClient) -> None:
        path = "/lv/situations"
        assert (await client.put("/faults/lv-situations?fault=500&for_s=60")).json() == {"lv-situations": "500"}
        assert (await client.get(path)).status_code == 500
        assert (await client.get("/files/convoys.gpx")).status_code == 200
        clock[0] += 59_999
        assert (await client.get(path)).status_code == 500
        clock[0] += 1
        assert (await client.get(path)).status_code == 200
        assert (await client.get("/faults")).json() == {}
        await client.put("/faults/lv-situations?fault=empty&for_s=60")
        assert (await client.delete("/faults/lv-situations")).json() == {}
        assert (await client.get(path)).status_code == 200
        for address, status in (
            ("/faults/nobody?fault=500", 404),
            ("/faults/lv-situations?fault=plague", 422),
            ("/faults/lv-situations?fault=500&for_s=-1", 422),
            ("/faults/lv-situations?fault=500&for_s=long", 422),
            ("/faults/cot?fault=500", 422),
        ):
            assert (await client.put(address)).status_code == status

    over_http(work, Faults(lambda: clock[0]))


def test_an_answer_can_break_off_and_hang_and_neither_keeps_the_server_from_stopping(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)

    async def main() -> None:
        async with running() as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get("/lv/situations", params={"fault": "cut"})
            with pytest.raises(httpx.ReadTimeout):
                await client.get("/lv/situations", params={"fault": "hang"}, timeout=0.2)

    asyncio.run(main())


def test_a_taken_port_is_an_error_and_no_exit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        asyncio.run(serve("127.0.0.1", taken.getsockname()[1]))


# -- streams ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def task(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    made = asyncio.create_task(work)
    try:
        yield
    finally:
        made.cancel()
        with suppress(asyncio.CancelledError):
            await made


def quick(talker: Talker) -> Talker:
    return Talker(feed=talker.feed, source=talker.source, scheme="tcp", say=talker.say, every_s=0.02)


def test_a_stream_says_the_same_to_all_and_is_cut_silent_or_garbled_on_demand() -> None:
    (talker,) = (quick(each) for each in STREAMS if each.feed == "cot")
    faults, port = Faults(), free_port()

    async def main() -> None:
        async with task(stream("127.0.0.1", port, talker, faults=faults)), asyncio.timeout(10):
            await asyncio.sleep(0.05)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert b"<event" in await reader.read(65_536)
            faults.order("cot", "garbage", 60)
            while b"<event" in await reader.read(65_536):
                pass
            faults.order("cot", "hang", 60)
            heard = b"?"
            while heard:
                try:
                    heard = await asyncio.wait_for(reader.read(65_536), 0.2)
                except TimeoutError:  # silence
                    break
            faults.order("cot", "cut", 60)
            while await reader.read(65_536):
                pass
            faults.heal("cot")
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read(100)
            writer.close()

    asyncio.run(main())


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # amqtt leaves a cut client's socket open
def test_the_broker_says_what_the_talkers_say_and_is_back_after_a_cut() -> None:
    faults, port = Faults(), free_port()
    (talker,) = (each for each in STREAMS if each.scheme == "mqtt")

    async def hear() -> str:
        async with aiomqtt.Client("127.0.0.1", port, timeout=2) as client:
            await client.subscribe(talker.topics)
            async for message in client.messages:
                return str(message.topic)
        return ""

    async def main() -> None:
        async with task(broker("127.0.0.1", port, faults=faults)), asyncio.timeout(30):
            for _ in range(2):
                heard = ""
                while not heard:
                    with suppress(aiomqtt.MqttError):
                        heard = await hear()
                    await asyncio.sleep(0.05)
                assert heard.startswith("vessels-v2/")
                faults.order(talker.feed, "cut", 0.3)
                await asyncio.sleep(1.1)

    asyncio.run(main())
    gc.collect()
