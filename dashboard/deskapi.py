"""What can be asked of the desk, and told to it? Saved views, wall plans, alerts, and what changed."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, Field

from cop.bus import BusDown
from cop.desk import Alert, BadName, Changed, ViewSaved, view_name
from cop.event import REAL, Millis, is_exercise
from dashboard.desk import Conflict, Desk, Nothing, Refused
from dashboard.hub import Hub
from feeds.clock import clock

World = Annotated[str, Query(description="`real` or `exercise/<name>`")]
T = TypeVar("T")

NOT_KEPT: Final = ("sel", "at")
"""Keys of a page's address that belong to who looks and when, not to the view."""
QUERY: Final = 4000
TURN_S: Final = (5, 3600)
PLAN: Final = 50
COLUMNS: Final = (
    "time_utc", "id", "name", "layer", "domain", "nations", "what", "was", "now", "why", "origin", "source",
    "happened_utc",
)  # fmt: skip


class WantedView(BaseModel):
    """A view to keep: `query`, the page's address after the `?`; or a wall plan: `views`, each shown for `turn_s`."""

    by: str = Field(description="who saves it")
    query: str = ""
    views: list[str] = Field(default_factory=list)
    turn_s: int = 0
    title: str = ""
    version: int | None = Field(None, description="the version that it changes; absent for a new view")


class Word(BaseModel):
    """What somebody does about an alert."""

    by: str = Field("", description="who does it")
    note: str = ""


def routes(hub: Hub, desk: Desk) -> APIRouter:
    """Everything below `/api/v1` that is about the desk."""
    api = APIRouter(prefix="/api/v1", tags=["desk"])

    def seen(world: str) -> str:
        if world not in hub.views:
            raise HTTPException(404, f"there is no world {world!r}")
        return world

    _view_routes(api, desk)
    _alert_routes(api, desk, seen)
    _change_routes(api, desk, seen)
    return api


def _view_routes(api: APIRouter, desk: Desk) -> None:
    @api.get("/views")
    async def views() -> list[dict[str, Any]]:
        """The saved views and the wall plans, by name."""
        return [view(each) for each in desk.of("views").saved()]

    @api.get("/views/{name}")
    async def one(name: str) -> dict[str, Any]:
        """One of them."""
        found = desk.view(_name(name))
        if found is None:
            raise HTTPException(404, f"there is no view {name!r}")
        return view(found)

    @api.put("/views/{name}")
    async def save(name: str, wanted: WantedView) -> dict[str, Any]:
        """Keep it under that name. 409 with who and when, if that name has another version than the one it changes."""
        return view(await answered(desk.save(wanted_view(name, wanted), wanted.version)))

    @api.delete("/views/{name}")
    async def remove(name: str, by: str = "") -> dict[str, Any]:
        """Let it go. 409 while a wall plan shows it."""
        await answered(desk.remove(_name(name), _who(by)))
        return {"removed": name}


def _alert_routes(api: APIRouter, desk: Desk, seen: Callable[[str], str]) -> None:
    @api.get("/alerts")
    async def alerts(world: World = REAL) -> dict[str, Any]:
        """What wants attention, red first and the newest first; what was over less than an hour ago comes last."""
        shown = [alert(each) for each in desk.alerts(seen(world))]
        return {"alerts": shown, "watched": await answered(desk.bus.watched(world))}

    @api.post("/alerts/{key}/acknowledge")
    async def acknowledge(key: str, wanted: Word, world: World = REAL) -> dict[str, Any]:
        """Say that it was seen. 409 with who and when, if somebody has."""
        note = _short(wanted.note, 500, "the note")
        return alert(await answered(desk.acknowledge(seen(world), key, _who(wanted.by), note)))

    @api.post("/alerts/{key}/own")
    async def own(key: str, wanted: Word, world: World = REAL) -> dict[str, Any]:
        """Take it on; with an empty `by` it is nobody's."""
        by = wanted.by.strip() and _who(wanted.by)
        return alert(await answered(desk.own(seen(world), key, by)))

    @api.post("/alerts/{key}/reopen")
    async def reopen(key: str, wanted: Word, world: World = REAL) -> dict[str, Any]:
        """Take the acknowledgement back."""
        return alert(await answered(desk.reopen(seen(world), key, _who(wanted.by))))


def _change_routes(api: APIRouter, desk: Desk, seen: Callable[[str], str]) -> None:
    @api.get("/changes")
    async def changes(world: World = REAL, since: int | None = None, until: int | None = None) -> dict[str, Any]:
        """What changed from `since` to `until` (ms UTC), oldest first; whether nothing of it is missing."""
        return _asked(desk, seen(world), since, until) | {
            "changes": [change(e) for e in _found(desk, world, since, until)]
        }

    @api.get("/changes.csv", response_class=Response)
    async def changes_csv(world: World = REAL, since: int | None = None, until: int | None = None) -> Response:
        """The same as CSV, with the marking in its first line."""
        asked = _asked(desk, seen(world), since, until)
        text = table(world, asked, _found(desk, world, since, until))
        name = f"changes-{world.replace('/', '-')}.csv"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _asked(desk: Desk, world: str, since: int | None, until: int | None) -> dict[str, Any]:
    now = clock()
    first = desk.of(world).first
    begin = since if since is not None else first if first is not None else now
    end = until if until is not None else now
    if begin < 0 or end < begin:
        raise HTTPException(422, "since and until are ms UTC, and since comes first")
    return {
        "since": begin,
        "until": end,
        "complete": first is not None and begin >= first and desk.live,
        "first": first if first is not None else now,
    }


def _found(desk: Desk, world: str, since: int | None, until: int | None) -> list[Changed]:
    return desk.changes(world, since or 0, until if until is not None else clock() + 60_000)


# -- how each is told --------------------------------------------------------------------------------------------------


def view(each: ViewSaved) -> dict[str, Any]:
    """A view or plan as a page gets it."""
    return {
        "name": each.name, "query": each.query, "views": list(each.views), "turn_s": each.turn_s, "title": each.title,
        "by": each.by, "at": each.at, "version": each.version,
    }  # fmt: skip


def alert(each: Alert) -> dict[str, Any]:
    """An alert as a page gets it."""
    raised, seen = each.raised, each.acknowledged
    return {
        "key": raised.key, "rule": raised.rule, "severity": raised.severity, "subject": raised.subject,
        "name": raised.name or raised.subject.partition(":")[2], "layer": raised.layer, "domain": raised.domain,
        "nations": list(raised.nations), "text": each.text, "raised": raised.at, "cleared": each.cleared,
        "owner": each.owner, "origin": raised.origin,
        "acknowledged": None if seen is None else {"by": seen.by, "at": seen.at, "note": seen.note},
    }  # fmt: skip


def change(each: Changed) -> dict[str, Any]:
    """A change as a page gets it."""
    told = {
        "at": each.at, "id": each.id, "name": each.name or each.id.partition(":")[2], "layer": each.layer,
        "domain": each.domain, "nations": list(each.nations), "what": each.what, "was": each.was, "now": each.now,
        "why": each.why, "origin": each.origin, "source": each.source,
    }  # fmt: skip
    return told if each.happened is None else told | {"happened": each.happened}


def table(world: str, asked: dict[str, Any], changes: Iterable[Changed]) -> str:
    """Changes as CSV. The first line has the marking, the world, the times, and whether anything is missing."""
    mark = "EXERCISE EXERCISE EXERCISE" if is_exercise(world) else "REAL"
    whole = "complete" if asked["complete"] else f"incomplete before {iso(asked['first'])}"
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write([f"{mark}; world {world}; changes from {iso(asked['since'])} to {iso(asked['until'])}; {whole}"])
    write(COLUMNS)
    for each in changes:
        told = change(each)
        happened = told.get("happened")
        cells = [iso(each.at), each.id, told["name"], each.layer, each.domain, " ".join(each.nations), each.what]
        cells += [each.was, each.now, each.why, each.origin, each.source, "" if happened is None else iso(happened)]
        write([harmless(cell) for cell in cells])
    return out.getvalue()


def iso(at: Millis) -> str:
    """`2026-11-25T10:15:00Z`."""
    try:
        return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "beyond the calendar"


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


# -- what is taken -----------------------------------------------------------------------------------------------------


def wanted_view(name: str, wanted: WantedView) -> ViewSaved:
    """The view that somebody wants to keep. Raises `HTTPException` 422 in plain words."""
    if bool(wanted.query) == bool(wanted.views) and wanted.views:
        raise HTTPException(422, "a view has a query, a wall plan has views: not both")
    if len(wanted.views) > PLAN:
        raise HTTPException(422, f"a wall plan shows {PLAN} views at most")
    turn_s = wanted.turn_s or (20 if wanted.views else 0)
    if turn_s and not (wanted.views and TURN_S[0] <= turn_s <= TURN_S[1]):
        raise HTTPException(422, f"turn_s is {TURN_S[0]} to {TURN_S[1]} seconds, and only a wall plan has it")
    return ViewSaved(
        at=0,
        name=_name(name),
        version=0,
        by=_who(wanted.by),
        query=kept_query(wanted.query),
        views=tuple(_name(each) for each in wanted.views),
        turn_s=turn_s,
        title=_short(wanted.title, 200, "the title"),
    )


def kept_query(text: str) -> str:
    """The address after the `?` without what belongs to who looks and when. Raises `HTTPException` 422."""
    if len(text) > QUERY:
        raise HTTPException(422, f"the query has {len(text)} letters, {QUERY} are the most")
    if not text.isprintable():
        raise HTTPException(422, "the query has letters that no address has")
    pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=True)
    return urlencode([(key, value) for key, value in pairs if key not in NOT_KEPT], safe=",:;/")


def _name(text: str) -> str:
    try:
        return view_name(text)
    except BadName as error:
        raise HTTPException(422, str(error)) from error


def _who(text: str) -> str:
    if not text.strip():
        raise HTTPException(422, "say who does it: `by` is empty")
    return _short(text, 100, "`by`")


def _short(text: str, most: int, what: str) -> str:
    told = text.strip()
    if len(told) > most:
        raise HTTPException(422, f"{what} has {len(told)} letters, {most} are the most")
    if not told.replace("\n", "").isprintable():
        raise HTTPException(422, f"{what} has letters that can't be printed")
    return told


async def answered(work: Awaitable[T]) -> T:
    """Turn what can go wrong on the desk into answers that say so."""
    try:
        return await work
    except Nothing as error:
        raise HTTPException(404, str(error)) from error
    except Conflict as error:
        raise HTTPException(409, str(error)) from error
    except Refused as error:
        raise HTTPException(422, str(error)) from error
    except BusDown as error:
        raise HTTPException(503, f"the desk is out of reach: {error}") from error
