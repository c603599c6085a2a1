"""The probes against real servers: what is up, what is down, what hangs, and what no probe can tell."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from cop.event import Event, Status
from feeds import probing
from feeds.adapter import Context, decode, sources
from feeds.probing import Probes
from feeds.transport import Unreachable
from tests.sockets import answer, certified, free_port, http_server

NOW = 1_795_514_400_000


async def probed(targets: Mapping[str, str], patience_s: float = 5.0) -> dict[str, dict[str, Any]]:
    """The first round's results by system, each of which must be what the source `probe` reads."""
    found: dict[str, dict[str, Any]] = {}
    async with aclosing(Probes({"targets": targets}, 60, lambda: NOW, patience_s).chunks()) as chunks:
        async for fetched in chunks:
            assert (fetched.whole, fetched.last, fetched.decoder) == (False, True, None)
            result = json.loads(fetched.data)
            (said,) = decode(sources()["probe"], fetched.data, Context(NOW))
            assert isinstance(said, Event)
            assert isinstance(said.body, Status)
            assert said.subject == f"system:{result['system']}"
            assert (said.at, said.body.until) == (NOW, NOW + 180_000)
            found[result["system"]] = result | {"state": said.body.state}
            if len(found) == len(targets):
                break
    return found


async def hello(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(answer("200 OK", body=b"hello"))


def test_http_answers_are_told_as_they_are() -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        path = request.split()[1].decode()
        if path == "/hang":
            await asyncio.sleep(2)
        assert b"authorization" not in request.lower()
        moved = ["Location: /200"] if path == "/302" else []
        writer.write(answer(f"{path[1:]} It Is", *moved, body=b"a page that nobody reads"))

    async def body() -> dict[str, dict[str, Any]]:
        async with http_server(serve) as url:
            told = await probed({f"S-{path}": f"{url}/{path}" for path in (200, 302, 401, 403, 404, 503)})
            return told | await probed({"S-hang": f"{url}/hang"}, patience_s=0.1)

    found = asyncio.run(body())
    assert {system: (each["ok"], each["state"], each["detail"]) for system, each in found.items()} == {
        "S-200": (True, "open", "HTTP 200"),
        "S-302": (True, "open", "HTTP 200"),
        "S-401": (True, "open", "HTTP 401"),
        "S-403": (True, "open", "HTTP 403"),
        "S-404": (False, "closed", "HTTP 404"),
        "S-503": (False, "degraded", "HTTP 503"),
        "S-hang": (False, "closed", "no answer within 0.1 s"),
    }
    assert all(each["kind"] == "http" and each["ms"] >= 0 for each in found.values())


def test_tcp_and_dns() -> None:
    async def body() -> dict[str, dict[str, Any]]:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        open_port, closed = server.sockets[0].getsockname()[1], free_port()
        found = await probed(
            {
                "open": f"tcp://127.0.0.1:{open_port}",
                "closed": f"tcp://127.0.0.1:{closed}",
                "page": f"http://127.0.0.1:{closed}/",
                "here": "dns://localhost",
                "long": f"dns://{'x' * 70}.invalid",
            }
        )
        server.close()
        await server.wait_closed()
        return found

    found = asyncio.run(body())
    assert {system: (each["kind"], each["ok"], each["detail"]) for system, each in found.items()} == {
        "open": ("tcp", True, "connected"),
        "closed": ("tcp", False, "Connection refused"),
        "page": ("http", False, "Connection refused"),
        "here": ("dns", True, found["here"]["detail"]),
        "long": ("dns", False, "no name that can be looked up"),
    }


def test_a_certificate_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    async def body() -> dict[str, dict[str, Any]]:
        async with http_server(hello, secure=certified(tmp_path)[1]) as url:
            return await probed({"SYS-1": url})

    (found,) = asyncio.run(body()).values()
    assert (found["ok"], found["detail"]) == (False, "TLS: certificate verify failed")


def test_a_name_that_there_is_not() -> None:
    """RFC 6761 6.4: a name server says of `.invalid` that there is none. Without a name server nobody can tell."""
    (found,) = asyncio.run(probed({"SYS-1": "dns://customs.invalid"})).values()
    with pytest.raises(socket.gaierror) as there_is_none:
        socket.getaddrinfo("customs.invalid", None)
    assert found["ok"] is (None if there_is_none.value.errno == socket.EAI_AGAIN else False)
    assert "customs" not in found["detail"]


@pytest.mark.parametrize(
    ("error", "ok", "detail"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('10.1.2.3', 443)"), False, "refused"),
        (OSError(errno.EHOSTUNREACH, "No route to 10.1.2.3"), False, "No route to host"),
        (OSError(errno.ENETUNREACH, "10.1.2.3"), None, "Network is unreachable"),
        (OSError(errno.EMFILE, "socket"), None, "Too many open files"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), None, "Temporary failure"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False, "not known"),
        (OSError("Multiple exceptions: ('10.1.2.3', 443)"), False, "OSError"),
        (httpx.ReadError("10.1.2.3"), False, "ReadError"),
    ],
)
def test_a_fault_of_our_own_network_is_none_of_the_systems(error: Exception, ok: bool | None, detail: str) -> None:
    wrapped = httpx.ConnectError("All connection attempts failed")  # as httpx raises it
    wrapped.__cause__ = ExceptionGroup("connection attempts", [error])
    for raised in (error, wrapped):
        assert (None if probing._our_own(raised) else False) is ok
        assert "10.1.2.3" not in probing._why(raised)
    assert detail in probing._why(error)


def test_probes_left_in_the_middle_are_not_left_behind() -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 if b"/hang" in request else 0)
        writer.write(answer("200 OK"))

    async def body() -> None:
        async with http_server(serve) as url:
            targets = {"hangs": f"{url}/hang", "answers": f"{url}/"}
            chunks = Probes({"targets": targets}, 60, lambda: NOW).chunks()
            assert json.loads((await anext(chunks)).data)["system"] == "answers"
            await chunks.aclose()
            await asyncio.sleep(0)
            assert not [each for each in asyncio.all_tasks() if "Probes._probe" in repr(each) and not each.cancelling()]

    asyncio.run(body())


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("customs.example.org", "neither"),
        ("ftp://customs.example.org", "neither"),
        ("tcp://customs.example.org", "neither"),
        ("dns:", "neither"),
        ("http://", "neither"),
        (7, "neither"),
        ("tcp://customs.example.org:99999", "[Pp]ort"),
        ("https://customs.example.org:99999", "[Pp]ort"),
        ("http://[::1", "IPv6"),
        ("https://probe:secret@customs.example.org", "credentials"),
    ],
)
def test_a_target_that_can_be_none_is_refused(target: object, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        Probes({"targets": {"SYS-1": target}}, 60, lambda: NOW)
    assert "secret" not in str(refused.value)


def test_targets_are_a_table_and_none_are_told() -> None:
    with pytest.raises(ValueError, match="no table"):
        Probes({"targets": ["https://customs.example.org"]}, 60, lambda: NOW)
    with pytest.raises(Unreachable, match="no targets"):
        asyncio.run(anext(Probes({}, 60, lambda: NOW).chunks()))
