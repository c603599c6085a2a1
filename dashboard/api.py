"""What can a program ask? The same picture as the page, as GeoJSON, and what the pages need beside the push."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from cop.event import REAL, Event, InvalidEvent, Status, encode, is_exercise
from cop.exercise import MEASURES, Inject
from cop.picture import Entity
from dashboard.answers import told
from dashboard.exercises import Exercises, NoSuchThing
from dashboard.hub import Hub
from dashboard.scene import Scene
from dashboard.sieve import BadQuery, rows, sieve
from feeds.clock import clock
from layers.layer import layers, popup, thing
from layers.symbols import render

Words = Annotated[list[str] | None, Query(description="a list: a,b or repeated")]
World = Annotated[str, Query(description="`real` or `exercise/<name>`")]
GEOJSON = "application/geo+json"
OPEN_S = 3.0
T = TypeVar("T")
FOREVER = {"cache-control": "public, max-age=31536000, immutable", "content-type": "image/svg+xml"}


class NewExercise(BaseModel):
    """An exercise to open: STARTEX is now."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="letters, digits, - and _")
    title: str = Field("", max_length=200)


class NewInject(BaseModel):
    """An effect on one thing, from now or from T+ for a while."""

    subject: str = Field(description="the thing, as `bridge:B15`")
    effect: Literal["close", "limit", "slow", "degrade"]
    measures: dict[str, float] = Field(default_factory=dict, description="named numbers, see `/api/v1/effects`")
    t_plus_min: float | None = Field(None, description="start in minutes after STARTEX; absent: now")
    for_min: float = Field(60.0, description="how long, minutes")
    reason: str = Field("", max_length=500)


def routes(hub: Hub, exercises: Exercises) -> APIRouter:
    """All of `/api/v1` but the push stream."""
    api = APIRouter(prefix="/api/v1", tags=["picture"])

    def seen(world: str) -> str:
        if world not in hub.views:
            raise HTTPException(404, f"there is no world {world!r}")
        return world

    @api.get("/picture", response_class=JSONResponse)
    async def picture(
        world: World = REAL,
        domain: Words = None,
        nation: Words = None,
        layer: Words = None,
        state: Words = None,
        origin: Words = None,
        verdict: Words = None,
        source: Words = None,
        hide: Words = None,
        age: Annotated[str, Query(description="fresh, stale, or a number: newest report so many minutes old")] = "",
        area: Annotated[str, Query(description="corners of a polygon: lon,lat;lon,lat;lon,lat in degrees")] = "",
        q: Annotated[str, Query(description="words, each in the name, id, label or a column")] = "",
        text: Annotated[str, Query(description="part of a name or id, any case")] = "",
        bbox: Annotated[str, Query(description="west,south,east,north in degrees")] = "",
    ) -> Response:
        """The picture as a GeoJSON FeatureCollection. Things without a place have a null geometry.

        The filters are those of the staff page, so what stands after the `?` in its address can be asked here as it is.
        """
        seen(world)
        only = frozenset(_listed(layer).split(",")) if layer else frozenset(layers())
        if strange := sorted(only - layers().keys()):
            raise HTTPException(422, f"there is no layer {', '.join(strange)}; there are {', '.join(layers())}")
        lists = {"domain": domain, "nation": nation, "state": state, "origin": origin, "verdict": verdict}
        lists |= {"source": source, "hide": hide}
        try:
            wanted = sieve({key: _listed(words) for key, words in lists.items()} | {"age": age, "area": area, "q": q})
        except BadQuery as error:
            raise HTTPException(422, str(error)) from error
        inside = _bbox(bbox)
        features = [
            _feature(row)
            for row in rows(hub, world, wanted)
            if row["layer"] in only
            and (not text or text.casefold() in f"{row['name']} {row['id']} {row['label']}".casefold())
            and inside(row)
        ]
        found = {
            "type": "FeatureCollection",
            "world": world,
            "marking": "EXERCISE" if is_exercise(world) else "",
            "live": hub.fresh,
            "as_of": hub.heard,
            "features": features,
        }
        return Response(msgspec.json.encode(found), media_type=GEOJSON)

    @api.get("/things/{subject}")
    async def one(subject: str, world: World = REAL) -> dict[str, Any]:
        """All that is known of one thing: its lines with their sources, every report side by side, and its history."""
        entity = hub.look(seen(world), subject)
        row = thing(entity, clock()) if entity is not None else None
        if entity is None or row is None:
            raise HTTPException(404, f"there is no {subject!r} in {world}")
        return details(hub, world, entity, row)

    @api.get("/layers")
    async def all_layers() -> list[dict[str, Any]]:
        """The layers in drawing order with their legend and columns."""
        return [
            {
                "name": layer.name,
                "title": layer.title,
                "domain": layer.domain,
                "stale_s": layer.stale_s,
                "legend": [{"symbol": key.symbol, "text": key.text} for key in layer.legend],
                "fields": [{"key": f.key, "title": f.title, "unit": f.unit, "table": f.table} for f in layer.fields],
            }
            for layer in layers().values()
        ]

    @api.get("/worlds")
    async def worlds() -> list[str]:
        """The worlds that can be looked at."""
        return hub.worlds()

    @api.get("/feeds")
    async def feeds(world: World = REAL) -> list[dict[str, Any]]:
        """How each feed is doing."""
        return hub.views[seen(world)].feeds

    @api.get("/feeds/{source}/minutes")
    async def minutes(source: str, world: World = REAL) -> list[dict[str, Any]]:
        """Reports and delay of a feed, minute by minute, of the last day."""
        return [each._asdict() for each in hub.histories[seen(world)].minutes(source)]

    @api.get("/health")
    async def health() -> JSONResponse:
        """200 while the picture is live, 503 with the reason while it isn't."""
        fresh = hub.fresh
        found = {
            "live": fresh,
            "trouble": hub.trouble,
            "as_of": hub.heard,
            "readers": hub.readers,
            "events": hub.events,
            "unreadable": hub.unreadable,
        }
        return JSONResponse(found, 200 if fresh else 503, {"cache-control": "no-store"})

    @api.get("/effects")
    async def effects() -> dict[str, dict[str, str]]:
        """The effects that an inject can have, with their measures and units."""
        return {effect: dict(measures) for effect, measures in MEASURES.items()}

    _quarantine_routes(api, hub, seen)
    _exercise_routes(api, hub, exercises)
    return api


def _quarantine_routes(api: APIRouter, hub: Hub, seen: Callable[[str], str]) -> None:
    @api.get("/quarantine")
    async def quarantine(
        world: World = REAL,
        feed: Annotated[str, Query(description="only of this feed")] = "",
        count: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> list[dict[str, Any]]:
        """What could not be read or can't be true, the newest first: who said it, when, and why it was rejected."""
        kept = await told(hub.quarantined(seen(world), count))
        return [
            {"id": k.id, "world": k.world, "feed": k.source, "reason": k.reason, "received": k.received,
             "offset": k.offset, "bytes": len(k.raw), "name": k.name}
            for k in kept
            if feed in ("", k.source)
        ]  # fmt: skip

    @api.get("/quarantine/{record}", response_class=Response)
    async def rejected(record: str, world: World = REAL) -> Response:
        """The bytes of one rejected record, as they came."""
        found = await told(hub.kept(seen(world), record))
        if found is None:
            raise HTTPException(404, f"no record {record!r} is in quarantine")
        return Response(found.raw, media_type="application/octet-stream")


def _exercise_routes(api: APIRouter, hub: Hub, exercises: Exercises) -> None:
    @api.post("/exercises", status_code=201, tags=["exercise"])
    async def new_exercise(wanted: NewExercise) -> dict[str, Any]:
        """Open an exercise; STARTEX is now."""
        world = await told(exercises.open(wanted.name, wanted.title))
        await hub.until(lambda: world in hub.views and hub.views[world].settled, OPEN_S)  # then it can be fired at
        return {"world": world}

    @api.delete("/exercises/{name}", tags=["exercise"])
    async def end_exercise(name: str) -> dict[str, Any]:
        """End an exercise: its stream is deleted, the real picture stays as it is."""
        await told(exercises.end(name))
        return {"ended": name}

    @api.get("/exercises/{name}", tags=["exercise"])
    async def exercise(name: str) -> dict[str, Any]:
        """STARTEX and the injects of an exercise that are not taken back."""
        now = clock()
        try:
            clock_of = exercises.clock(name)
            injects = [effect(e, now) for e in exercises.effects(name)]
        except (NoSuchThing, InvalidEvent) as error:
            raise HTTPException(404, str(error)) from error
        return {"name": name, "startex": clock_of.startex, "scale": clock_of.scale, "injects": injects}

    @api.post("/exercises/{name}/injects", status_code=201, tags=["exercise"])
    async def fire(name: str, wanted: NewInject) -> dict[str, Any]:
        """Fire an inject on one thing of the exercise."""
        inject = Inject(**wanted.model_dump())
        said = await told(exercises.fire(name, inject, lambda s: hub.look(f"exercise/{name}", s) is not None))
        return effect(said, clock())

    @api.delete("/exercises/{name}/injects/{serial}", tags=["exercise"])
    async def undo(name: str, serial: str) -> dict[str, Any]:
        """Take an inject back."""
        said = await told(exercises.take_back(name, serial))
        return {"taken_back": serial, "subject": said.subject, "at": said.at}


def symbol_response(key: str) -> Response:
    """The symbol of that key, cached for ever: a key always means the same image."""
    svg = render(key)
    if svg is None:
        return Response(status_code=404)
    return Response(svg, headers=FOREVER)


def effect(said: Event, now: int) -> dict[str, Any]:
    """An inject as the controller's list shows it."""
    body = said.body
    assert isinstance(body, Status)
    since, until = body.since or said.at, body.until or said.at
    return {
        "serial": said.source.partition(":")[2],
        "subject": said.subject,
        "state": body.state,
        "measures": body.measures,
        "reason": body.reason,
        "since": since,
        "until": until,
        "at": said.at,
        "phase": "to come" if now < since else "in force" if now < until else "over",
    }


def details(hub: Scene, world: str, entity: Entity, row: dict[str, Any]) -> dict[str, Any]:
    """Everything that the detail panel shows of a thing."""
    worlds = [world, REAL] if world != REAL else [REAL]
    track = max((hub.histories[w].track(entity.subject) for w in worlds), key=len)
    statuses = [s._asdict() for w in worlds for s in hub.histories[w].statuses(entity.subject)]
    return {
        "thing": row,
        "lines": popup(entity, hub.now),
        "reports": [msgspec.json.decode(encode(e)) for e in entity.events],
        "track": [{"at": at, "lon": lon, "lat": lat, "speed": speed} for at, lon, lat, speed in track],
        "statuses": sorted(statuses, key=lambda s: s["at"]),
        "live": hub.fresh,
        "as_of": hub.heard,
    }


def _listed(words: list[str] | None) -> str:
    """A list as an address has it: `state=closed,open` and `state=closed&state=open` ask the same."""
    return ",".join(words or ())


def _bbox(text: str) -> Callable[[dict[str, Any]], bool]:
    if not text:
        return lambda row: True
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        if not (west <= east and south <= north):
            raise ValueError
    except ValueError:
        raise HTTPException(422, "bbox is west,south,east,north in degrees") from None
    return lambda row: "lon" in row and west <= row["lon"] <= east and south <= row["lat"] <= north


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    geometry: dict[str, Any] | None = None
    if len(row.get("path", ())) > 1:
        geometry = {"type": "LineString", "coordinates": row["path"]}
    elif "lon" in row:
        geometry = {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
    properties = {key: value for key, value in row.items() if key not in ("lon", "lat", "path")}
    return {"type": "Feature", "id": row["id"], "geometry": geometry, "properties": properties}
