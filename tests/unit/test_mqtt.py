"""The MQTT subscription against a real broker: what comes, what breaks off, and what each failure is called."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from amqtt.broker import Broker
from pwdlib.hashers.argon2 import Argon2Hasher

from feeds import mqtt
from feeds.mqtt import Mqtt
from feeds.transport import Fetched, Unreachable
from tests.sockets import free_port

ANYBODY: dict[str, Any] = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("amqtt", "transitions", "mqtt", "websockets"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.CRITICAL)


@contextlib.asynccontextmanager
async def broker(port: int, plugins: dict[str, Any] = ANYBODY, kind: str = "tcp") -> AsyncIterator[Broker]:
    made = Broker({"listeners": {"default": {"type": kind, "bind": f"127.0.0.1:{port}"}}, "plugins": plugins})
    await made.start()
    try:
        yield made
    finally:
        await made.shutdown()


async def say(made: Broker, topic: str, data: bytes) -> None:
    await made.internal_message_broadcast(topic, data)


async def subscribed(made: Broker, count: int = 1) -> None:
    """Wait until so many filters are subscribed to: what was said before is not heard."""
    async with asyncio.timeout(5):
        while len(made._subscriptions) < count:
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def listening(transport: Mqtt) -> AsyncIterator[Callable[[], Awaitable[Fetched]]]:
    """Asks for what comes next; the subscription is there already."""
    chunks = transport.chunks()
    first = asyncio.ensure_future(anext(chunks))

    async def after() -> Fetched:
        nonlocal first
        async with asyncio.timeout(5):
            found = await first
        first = asyncio.ensure_future(anext(chunks))
        return found

    try:
        yield after
    finally:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await chunks.aclose()


@pytest.mark.parametrize(("kind", "path"), [("tcp", ""), ("ws", "/mqtt")])
def test_each_message_is_a_payload_named_by_its_topic(kind: str, path: str) -> None:
    async def body() -> None:
        port = free_port()
        transport = Mqtt(f"mqtt://127.0.0.1:{port}{path}?topics=vessels-v2/+/location,status/%23")
        async with broker(port, kind=kind) as made, listening(transport) as after:
            await subscribed(made, 2)
            said = [("vessels-v2/230/location", b'{"lon": 24.1}'), ("status/a/b", b"\xff\x00"), ("status", b"")]
            for topic, data in [("vessels-v2/230/metadata", b"not asked for"), *said]:
                await say(made, topic, data)
            found = [await after() for _ in said]
        assert [(f.name, f.data) for f in found] == said
        assert {(f.whole, f.last, f.decoder, f.note) for f in found} == {(False, True, None, "")}

    asyncio.run(body())


def test_a_broker_that_goes_is_told_and_one_that_is_back_is_heard() -> None:
    async def body() -> None:
        port = free_port()
        transport = Mqtt(f"mqtt://127.0.0.1:{port}?topics=%23")
        async with contextlib.AsyncExitStack() as until_it_goes:
            made = await until_it_goes.enter_async_context(broker(port))
            async with listening(transport) as after:
                await subscribed(made)
                await say(made, "a", b"before")
                assert (await after()).data == b"before"
                await until_it_goes.aclose()
                with pytest.raises(Unreachable, match=f"broke off at 127.0.0.1:{port}: "):
                    await after()
        async with broker(port) as made, listening(transport) as after:
            await subscribed(made)
            await say(made, "a", b"after")
            assert (await after()).data == b"after"

    asyncio.run(body())


async def unreachable(transport: Mqtt) -> str:
    with pytest.raises(Unreachable) as failed:
        async with listening(transport) as after:
            await after()
    return str(failed.value)


def test_who_has_the_wrong_password_is_told_so_and_who_has_the_right_one_hears(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text(f"feed@cop:{Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash('se/cret')}\n")
    plugins = {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(file)}}

    async def body() -> None:
        port = free_port()
        where = f"127.0.0.1:{port}?topics=%23"
        async with broker(port, plugins) as made:
            for url, key in ((f"mqtt://{where}", ""), (f"mqtt://feed%40cop@{where}", "wrong")):
                why = await unreachable(Mqtt(url, key=key))
                assert why.startswith(f"no broker at 127.0.0.1:{port}")
                assert "authori" in why.lower()
                assert "wrong" not in why
            for url, key in ((f"mqtt://feed%40cop:se%2Fcret@{where}", ""), (f"mqtt://feed%40cop@{where}", "se/cret")):
                async with listening(Mqtt(url, key=key)) as after:
                    await subscribed(made)
                    await say(made, "a", b"hello")
                    assert (await after()).data == b"hello"
                made._subscriptions.clear()

    asyncio.run(body())


def test_a_subscription_that_is_not_allowed_is_told() -> None:
    """A broker refuses a filter in its answer, and then says nothing: that looks like a quiet sea."""
    taboo: dict[str, Any] = {"amqtt.plugins.topic_checking.TopicTabooPlugin": {}}

    async def body() -> None:
        port = free_port()
        async with broker(port, ANYBODY | taboo):
            why = await unreachable(Mqtt(f"mqtt://127.0.0.1:{port}?topics=a,prohibited"))
            assert "no subscription to 'prohibited' is allowed" in why

    asyncio.run(body())


def test_nobody_there_or_somebody_else_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def somebody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.close()

    async def body() -> None:
        port = free_port()
        assert "refused" in await unreachable(Mqtt(f"mqtt://127.0.0.1:{port}?topics=a"))
        assert "no broker at" in await unreachable(Mqtt("mqtt://no-such-host.invalid?topics=a"))
        assert "no broker at" in await unreachable(Mqtt(f"mqtts://{'x' * 70}.example?topics=a"))
        server = await asyncio.start_server(somebody, "127.0.0.1", port)
        monkeypatch.setattr(mqtt, "ANSWER_S", 0.1)
        why = await unreachable(Mqtt(f"mqtt://127.0.0.1:{port}?topics=a"))
        assert why == f"no broker at 127.0.0.1:{port}: Operation timed out"
        server.close()
        await server.wait_closed()

    asyncio.run(body())


def test_what_comes_too_fast_is_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        port = free_port()
        async with broker(port) as made:
            chunks = Mqtt(f"mqtt://127.0.0.1:{port}?topics=%23").chunks()
            asking = asyncio.ensure_future(anext(chunks))
            await subscribed(made)
            note = ""
            async with asyncio.timeout(5):
                while not note:
                    for n in range(10):
                        await say(made, "a", b"%d" % n)
                    await asyncio.sleep(0.01)
                    note = (await asking).note
                    asking = asyncio.ensure_future(anext(chunks))
            await asking
            await chunks.aclose()
            assert note.endswith("messages came faster than they could be read and are lost")

    monkeypatch.setattr(mqtt, "QUEUED", 3)
    asyncio.run(body())


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("mqtt://127.0.0.1:1883", "topics"),
        ("mqtt://127.0.0.1?topics=", "topics"),
        ("mqtt://127.0.0.1?topics=,", "topics"),
        ("mqtt://?topics=a", "topics"),
        ("http://127.0.0.1?topics=a", "topics"),
        ("mqtt://127.0.0.1:99999?topics=a", "[Pp]ort"),
        ("mqtt://127.0.0.1?topics=a/%23/b", "wildcard"),
        ("mqtt://127.0.0.1?topics=a,b+", "wildcard"),
    ],
)
def test_an_address_that_can_be_none_is_refused(address: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Mqtt(address)


def test_a_key_without_a_user_would_not_be_sent_and_is_refused() -> None:
    with pytest.raises(ValueError, match="no user"):
        Mqtt("mqtt://127.0.0.1?topics=a", key="secret")
