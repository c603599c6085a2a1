"""The desk over HTTP: views and wall plans, alerts, and what changed; refusals in plain words; and walls' tokens."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from cop.bus.desk import VIEWS, RedisDesk
from cop.desk import Changed, Cleared, Entry, Raised, key_of
from cop.event import REAL, Described, event
from dashboard.desk import Desk
from feeds.clock import clock
from tests.stand import Stand
from tests.system import ROOT, wait_for

DEMO = "exercise/desk"
KEY = key_of("closure", "bridge:B15")


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    running = Stand(tmp_path_factory.mktemp("desk"))
    try:
        bridge = event("test", "bridge:B15", clock(), Described("Bridge"), received=clock(), world=DEMO)
        running.tell(bridge, role="exercise")
        wait_for("the exercise", lambda: DEMO in ask(running, "GET", "/api/v1/worlds")[1])
        yield running
    finally:
        running.close()


def raw(stand: Stand, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    address = f"http://127.0.0.1:{stand.port}{quote(path, safe='/?=&%')}"
    request = urllib.request.Request(address, data, {"content-type": "application/json"} | headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {}


def ask(stand: Stand, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    status, text, _ = raw(stand, method, path, body, **headers)
    return status, json.loads(text or b"null")


def write(stand: Stand, world: str, *entries: Entry) -> None:
    """What the watch would tell."""

    async def body() -> None:
        words = {role: stand.server.passwords[role] for role in ("desk", "exercise")}
        bus = RedisDesk(stand.server.url, words)
        try:
            await bus.append(world, entries)
        finally:
            await bus.close()

    asyncio.run(body())


def raised(at: int, rule: str = "closure", subject: str = "bridge:B15", **more: Any) -> Raised:
    told: dict[str, Any] = {"severity": "red", "text": "closed", "name": "Bridge", "nations": ("LV",), "domain": "land"}
    told |= {"layer": "bridges"} | more
    return Raised(at=at, key=key_of(rule, subject), rule=rule, subject=subject, **told)


# -- views and plans ---------------------------------------------------------------------------------------------------


def test_a_view_is_saved_changed_and_removed(stand: Stand) -> None:
    path = "/api/v1/views/Šiauliai 1"
    status, first = ask(stand, "PUT", path, {"by": "Ann", "query": "?nation=LT&sel=x:1&at=1&q=a b&area=1,2;3,4"})
    assert (status, first["version"], first["by"]) == (200, 1, "Ann")
    assert first["query"] == "nation=LT&q=a+b&area=1,2;3,4"
    assert abs(first["at"] - clock()) < 60_000
    status, second = ask(stand, "PUT", path, {"by": "Jānis", "query": "", "title": "All", "version": 1})
    assert (status, second["version"], second["query"], second["title"]) == (200, 2, "", "All")
    for version in (None, 1, 3):
        status, told = ask(stand, "PUT", path, {"by": "Ann", "query": "x=1", "version": version})
        assert status == 409
        assert "saved by Jānis at" in told["detail"]
        assert "UTC" in told["detail"]
    assert ask(stand, "GET", path) == (200, second)
    assert second in ask(stand, "GET", "/api/v1/views")[1]
    assert ask(stand, "DELETE", f"{path}?by=Ann")[0] == 200
    assert ask(stand, "GET", path)[0] == 404
    assert ask(stand, "DELETE", f"{path}?by=Ann")[0] == 404
    status, told = ask(stand, "PUT", path, {"by": "Jānis", "query": "", "version": 2})
    assert status == 409
    assert "removed by Ann" in told["detail"]


def test_a_wall_plan_turns_over_views(stand: Stand) -> None:
    for name in ("one", "two"):
        assert ask(stand, "PUT", f"/api/v1/views/{name}", {"by": "Ann", "query": "domain=land"})[0] == 200
    status, plan = ask(stand, "PUT", "/api/v1/views/plan", {"by": "Ann", "views": ["one", "two"], "turn_s": 30})
    assert (status, plan["views"], plan["turn_s"], plan["query"]) == (200, ["one", "two"], 30, "")
    status, told = ask(stand, "DELETE", "/api/v1/views/one?by=Ann")
    assert status == 409
    assert "wall plan plan" in told["detail"]


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("x" * 65, {"by": "Ann"}, "65 letters"),
        ("a;b", {"by": "Ann"}, "has ;"),
        ("a", {"by": " "}, "`by` is empty"),
        ("a", {"by": "x" * 101}, "101 letters"),
        ("a", {"by": "a\u0007"}, "can't be printed"),
        ("a", {"by": "Ann", "query": "x" * 4001}, "4001 letters"),
        ("a", {"by": "Ann", "query": "a\nb"}, "no address has"),
        ("a", {"by": "Ann", "title": "x" * 201}, "201 letters"),
        ("a", {"by": "Ann", "query": "x=1", "views": ["one"]}, "not both"),
        ("a", {"by": "Ann", "views": ["nothing"]}, "no saved view 'nothing'"),
        ("a", {"by": "Ann", "views": ["b/c"]}, "has /"),
        ("a", {"by": "Ann", "views": ["one"] * 51}, "50 views at most"),
        ("a", {"by": "Ann", "turn_s": 20}, "only a wall plan"),
        ("a", {"by": "Ann", "views": ["one"], "turn_s": 1}, "5 to 3600"),
    ],
)
def test_a_view_that_cannot_be_is_refused_in_plain_words(stand: Stand, name: str, body: Any, why: str) -> None:
    status, told = ask(stand, "PUT", f"/api/v1/views/{name}", body)
    assert status == 422
    assert why in told["detail"]
    assert ask(stand, "GET", "/api/v1/views/a")[0] == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"by": 1}', b'{"by": "Ann", "views": "one"}', b"\xff"])
def test_a_body_that_is_none_is_refused(stand: Stand, body: bytes) -> None:
    assert raw(stand, "PUT", "/api/v1/views/a", body)[0] in (400, 422)


def test_who_removes_a_view_says_who(stand: Stand) -> None:
    assert "`by` is empty" in ask(stand, "DELETE", "/api/v1/views/one")[1]["detail"]


def test_another_site_changes_nothing(stand: Stand) -> None:
    assert ask(stand, "PUT", "/api/v1/views/a", {"by": "Ann"}, origin="http://elsewhere")[0] == 403
    assert ask(stand, "POST", f"/api/v1/alerts/{KEY}/own", {"by": "Ann"}, origin="http://elsewhere")[0] == 403


def test_a_frame_says_that_the_desk_grew(stand: Stand) -> None:
    before = desk_number(stand)
    assert ask(stand, "PUT", "/api/v1/views/grown", {"by": "Ann"})[0] == 200
    wait_for("a frame with the desk's number", lambda: desk_number(stand) > before)


def desk_number(stand: Stand) -> int:
    """The desk's number in the snapshot that a new reader gets."""
    request = urllib.request.Request(f"http://127.0.0.1:{stand.port}/api/v1/stream?world=real")
    with urllib.request.urlopen(request, timeout=10) as answer:
        for line in answer:
            if line.startswith(b"data: "):
                return int(json.loads(line[6:])["desk"])
    raise AssertionError("no frame")


# -- alerts ------------------------------------------------------------------------------------------------------------


def shown(stand: Stand, world: str = DEMO) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(stand, "GET", f"/api/v1/alerts?world={world}")[1]["alerts"]
    return found


def test_an_alert_is_taken_on_acknowledged_and_opened_again(stand: Stand) -> None:
    at = clock() - 5_000
    write(
        stand,
        DEMO,
        raised(at),
        raised(at + 1, "late", "convoy:C1", severity="amber"),
        raised(at + 2, "no-go", "convoy:C2"),
    )
    wait_for("the alerts", lambda: len(shown(stand)) == 3)
    assert [each["rule"] for each in shown(stand)] == ["no-go", "closure", "late"]
    told = shown(stand)[1]
    assert told | {"key": KEY, "severity": "red", "subject": "bridge:B15", "name": "Bridge", "layer": "bridges"} == told
    assert told | {"domain": "land", "nations": ["LV"], "text": "closed", "raised": at, "cleared": None} == told
    assert told | {"owner": "", "acknowledged": None} == told
    path = f"/api/v1/alerts/{KEY}"

    def post(deed: str, body: Any) -> tuple[int, Any]:
        return ask(stand, "POST", f"{path}/{deed}?world={DEMO}", body)

    assert post("own", {"by": "Ann"})[1]["owner"] == "Ann"
    assert post("own", {"by": "Jānis"})[1]["owner"] == "Jānis"
    assert post("own", {"by": ""})[1]["owner"] == ""
    status, told = post("acknowledge", {"by": "Ann", "note": "on it"})
    assert (status, told["acknowledged"]["by"], told["acknowledged"]["note"]) == (200, "Ann", "on it")
    status, told = post("acknowledge", {"by": "Jānis", "note": ""})
    assert status == 409
    assert "Ann acknowledged it at" in told["detail"]
    assert "on it" in told["detail"]
    assert post("reopen", {"by": "Jānis"})[1]["acknowledged"] is None
    assert post("reopen", {"by": "Jānis"})[0] == 409
    assert "`by` is empty" in post("acknowledge", {"note": "x"})[1]["detail"]
    assert post("acknowledge", {"by": "Ann", "note": "x" * 501})[0] == 422
    assert ask(stand, "POST", f"/api/v1/alerts/none/own?world={DEMO}", {"by": "Ann"})[0] == 404
    assert ask(stand, "POST", f"{path}/own?world=exercise/none", {"by": "Ann"})[0] == 404
    assert ask(stand, "POST", f"{path}/own", {"by": "Ann"})[0] == 404  # the real desk has no such alert
    write(stand, DEMO, Cleared(at=clock(), key=KEY))
    wait_for("its end", lambda: shown(stand)[-1]["key"] == KEY and shown(stand)[-1]["cleared"])


def test_an_alert_that_was_over_an_hour_ago_is_not_shown(stand: Stand) -> None:
    old = clock() - 2 * 3_600_000
    key = key_of("system", "system:old")
    write(
        stand,
        DEMO,
        raised(old, "system", "system:old"),
        Cleared(at=old + 1_000, key=key),
        raised(clock(), "system", "system:new"),
    )
    wait_for("the new one", lambda: any(each["subject"] == "system:new" for each in shown(stand)))
    assert all(each["subject"] != "system:old" for each in shown(stand))


def test_it_says_when_the_world_was_last_watched(stand: Stand) -> None:
    assert ask(stand, "GET", "/api/v1/alerts")[1] == {"alerts": [], "watched": None}
    assert ask(stand, "GET", "/api/v1/alerts?world=exercise/none")[0] == 404


# -- changes -----------------------------------------------------------------------------------------------------------


def test_changes_are_ordered_say_whether_they_are_complete_and_go_out_as_csv(stand: Stand) -> None:
    first = clock()
    told = [
        Changed(
            at=first + n, id=f"bridge:{n}", what="state", was="open", now="closed", why="=1+1", nations=("LV", "LT")
        )
        for n in range(5)
    ]
    write(stand, REAL, *told)
    wait_for("the changes", lambda: len(ask(stand, "GET", "/api/v1/changes")[1]["changes"]) == 5)
    answer = ask(stand, "GET", f"/api/v1/changes?since={first + 1}&until={first + 3}")[1]
    assert [each["at"] for each in answer["changes"]] == [first + 1, first + 2, first + 3]
    assert (answer["since"], answer["until"]) == (first + 1, first + 3)
    assert (
        answer["changes"][0] | {"id": "bridge:1", "what": "state", "was": "open", "now": "closed"}
        == answer["changes"][0]
    )
    begun = answer["first"]
    assert ask(stand, "GET", f"/api/v1/changes?since={begun}")[1]["complete"] is True
    assert ask(stand, "GET", f"/api/v1/changes?since={begun - 1}")[1]["complete"] is False
    assert ask(stand, "GET", "/api/v1/changes?since=5&until=4")[0] == 422
    assert ask(stand, "GET", "/api/v1/changes?since=x")[0] == 422
    status, text, headers = raw(stand, "GET", f"/api/v1/changes.csv?since={first}")
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    rows = list(csv.reader(io.StringIO(text.decode())))
    assert rows[0][0].startswith("REAL; world real; changes from ")
    assert rows[1][:4] == ["time_utc", "id", "name", "layer"]
    assert len(rows) == 7
    assert rows[2][rows[1].index("why")] == "'=1+1"
    assert rows[2][rows[1].index("nations")] == "LV LT"


def test_the_csv_of_an_exercise_is_marked(stand: Stand) -> None:
    text = raw(stand, "GET", f"/api/v1/changes.csv?world={DEMO}")[1].decode()
    assert text.startswith(f"EXERCISE EXERCISE EXERCISE; world {DEMO}; changes from ")


# -- tokens ------------------------------------------------------------------------------------------------------------


def cop(stand: Stand, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COP_")}
    environment = {**clean, "PYTHONPATH": str(ROOT), "COP_DATA": str(stand.data), "COP_PORT": str(stand.port)}
    return subprocess.run(
        [sys.executable, "-m", "dashboard.cli", *words], capture_output=True, text=True, env=environment, check=False
    )


def test_a_token_is_made_listed_and_revoked_from_the_command_line(stand: Stand) -> None:
    assert ask(stand, "PUT", "/api/v1/views/Rīga wall", {"by": "Ann"})[0] == 200
    made = cop(stand, "wall", "token", "new", "Rīga wall", "--by", "Ann")
    assert made.returncode == 0, made.stderr
    address = made.stdout.strip()
    assert address.startswith(f"http://127.0.0.1:{stand.port}/wall/R%C4%ABga%20wall?token=")
    secret = address.partition("token=")[2]
    assert len(secret) >= 43
    listed = cop(stand, "wall", "token", "list").stdout
    assert "Rīga wall  by Ann" in listed
    assert secret not in listed
    assert opens(stand, secret, "Rīga wall")
    gone = cop(stand, "wall", "token", "revoke", listed.split()[0])
    assert gone.returncode == 0, gone.stderr
    assert not opens(stand, secret, "Rīga wall")
    assert cop(stand, "wall", "token", "list").stdout == ""
    again = cop(stand, "wall", "token", "revoke", listed.split()[0])
    assert (again.returncode, "there is no token" in again.stderr) == (1, True)
    assert "there is no view" in cop(stand, "wall", "token", "new", "nothing").stderr
    assert cop(stand, "wall", "token", "new", "a/b").returncode == 2


def opens(stand: Stand, secret: str, view: str) -> bool:
    async def body() -> bool:
        desk = Desk(RedisDesk(stand.server.url, {"desk": stand.server.passwords["desk"]}))
        try:
            await desk.refresh(VIEWS)
            return desk.opens(secret, view)
        finally:
            await desk.bus.close()

    return asyncio.run(body())


# -- the end of an exercise --------------------------------------------------------------------------------------------


def test_an_exercise_that_ended_leaves_nothing_on_the_desk(stand: Stand) -> None:
    status, told = ask(stand, "POST", "/api/v1/exercises", {"name": "short"})
    assert (status, told) == (201, {"world": "exercise/short"})
    write(stand, "exercise/short", raised(clock()))
    wait_for("the alert", lambda: shown(stand, "exercise/short"))
    assert ask(stand, "DELETE", "/api/v1/exercises/short")[0] == 200
    with stand.admin() as admin:
        assert not [key for key in admin.keys("cop:*") if b"short" in key]
    assert ask(stand, "POST", "/api/v1/exercises", {"name": "short"})[0] == 201
    wait_for("an empty desk", lambda: shown(stand, "exercise/short") == [])
