"""The doctor where nothing runs, or something else does: each finding has its reason, and none is a traceback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cop.bus.acl import RULES
from dashboard.doctor import Finding, address, examine
from dashboard.embedded import Embedded
from dashboard.settings import load
from tests.system import free_ports


def findings(**settings: str) -> dict[str, Finding]:
    return {found.what: found for found in asyncio.run(examine(load(settings)))}


def test_where_nothing_runs_disk_and_basemap_are_well_and_the_rest_says_why_not(tmp_path: Path) -> None:
    port = free_ports(1)
    found = findings(COP_DATA=str(tmp_path), COP_PORT=str(port))
    assert [what for what, finding in found.items() if finding.ok] == ["disk", "basemap"]
    assert f"no server was ever started on {tmp_path}" in found["redis"].detail
    assert f"http://127.0.0.1:{port}/api/v1/health does not answer" in found["dashboard"].detail
    assert found["feeds"].detail == found["clock"].detail == "not known while dashboard fails"
    assert found["probe"].detail == "not known while redis and dashboard fails"


def test_a_server_that_is_down_is_told(tmp_path: Path) -> None:
    found = findings(COP_DATA=str(tmp_path), COP_PORT=str(free_ports(1)), COP_REDIS_URL="redis://127.0.0.1:1")
    assert not found["redis"].ok
    assert "127.0.0.1:1" in found["redis"].detail


@pytest.fixture(params=[(200, "text/html", b"<h1>Welcome</h1>"), (404, "application/json", b"{}")])
def stranger(request: pytest.FixtureRequest) -> Iterator[int]:
    """Another service on the port: its port."""
    status, kind, body = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_another_service_on_the_port_is_recognised(tmp_path: Path, stranger: int) -> None:
    found = findings(COP_DATA=str(tmp_path), COP_PORT=str(stranger))
    assert not found["dashboard"].ok
    assert "not the dashboard of these settings" in found["dashboard"].detail


def test_a_server_that_does_not_answer_is_not_waited_for_long(
    server: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.doctor.CHECK_S", 0.3)
    words = {f"COP_REDIS_PASSWORD_{role.upper()}": server.passwords[role] for role in RULES}
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        found = findings(COP_DATA=str(tmp_path), COP_PORT=str(free_ports(1)), COP_REDIS_URL=server.url, **words)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert found["redis"] == Finding("redis", False, "no answer within 0 s")


def test_the_address_of_a_server_that_listens_on_all_is_this_machine() -> None:
    assert address(load({"COP_HOST": "0.0.0.0", "COP_PORT": "9000"})) == "http://127.0.0.1:9000"


def test_findings_are_json() -> None:
    assert json.dumps([Finding("disk", True, "much free")._asdict()])
