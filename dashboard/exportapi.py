"""What answers who wants a file of what is shown? `/api/v1/export/{format}` with the view's address after the `?`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from cop.event import REAL, Millis
from dashboard.columns import NoSuchTable, pick
from dashboard.exports import FORMATS, Sheet, words
from dashboard.scene import NoSuchMoment, Scene, Scenes
from dashboard.sieve import BadQuery, Sieve, sieve


def routes(scenes: Scenes) -> APIRouter:
    """The one route of the exports."""
    api = APIRouter(prefix="/api/v1", tags=["picture"])

    @api.get("/export/{format}", response_class=Response)
    async def export(
        request: Request,
        format: Annotated[str, Path(description=f"one of {', '.join(FORMATS)}")],
        world: Annotated[str, Query(description="`real` or `exercise/<name>`")] = REAL,
        table: Annotated[str, Query(description="a layer, or `events`; empty: everything")] = "",
        at: Annotated[str, Query(description="a moment as `2026-11-25T10:15:00Z` or ms UTC; empty: now")] = "",
    ) -> Response:
        """A file of what a view shows: its world, moment and filters, in csv, xlsx, geojson, gpx or kml.

        The filters are those of the page's address: domain, nation, state, origin, verdict, source, hide, age, q, area.
        """
        if format not in FORMATS:
            raise HTTPException(404, f"there is no format {format!r}; there are {', '.join(FORMATS)}")
        try:
            wanted, when = sieve(dict(request.query_params)), moment(at)
        except BadQuery as error:
            raise HTTPException(422, str(error)) from error
        if world not in scenes.now.views:
            raise HTTPException(404, f"there is no world {world!r}")
        try:
            scene = await scenes.at(world, when)
        except NoSuchMoment as error:
            raise HTTPException(404, str(error)) from error
        try:
            sheet, body = await make(scene, format, world, table, wanted, when)
        except NoSuchTable as error:
            raise HTTPException(422, str(error)) from error
        headers = {
            "content-disposition": f'attachment; filename="{sheet.name(format)}"',
            "x-rows": str(len(sheet.rows)),
            "cache-control": "no-store",
        }
        return Response(body, media_type=FORMATS[format].media, headers=headers)

    return api


async def make(
    scene: Scene, format: str, world: str, table: str, wanted: Sieve, when: Millis | None
) -> tuple[Sheet, bytes]:
    """The file of a scene. What is known is taken at once, and written on a thread. Raises `NoSuchTable`."""
    entities, now, live = scene.entities(world), scene.now, scene.fresh
    at = now if live or when is not None else scene.heard or now

    def write() -> tuple[Sheet, bytes]:
        sheet = Sheet(
            world=world, table=table, at=at, live=live, past=when is not None, filter=words(wanted),
            rows=pick(entities, now, wanted, table),
        )  # fmt: skip
        return sheet, FORMATS[format].write(sheet)

    return await asyncio.to_thread(write)


def moment(text: str) -> Millis | None:
    """The moment of an address, None for now. Raises `BadQuery`."""
    if not text:
        return None
    try:
        if text.isdecimal() and len(text) < 15:
            return int(text)
        told = datetime.fromisoformat(text)
        return round((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise BadQuery(f"at is a moment as 2026-11-25T10:15:00Z, not {text[:40]!r}") from None
