"""What answers who wants to see a moment of the past? `/api/v1/past`, with the frames of the push."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from cop.event import REAL, is_exercise
from dashboard.past import Past
from dashboard.scene import NoSuchMoment

World = Annotated[str, Query(description="`real` or `exercise/<name>`")]
FRESH = {"cache-control": "no-store"}
LATEST = 253_402_300_799_000
"""The last millisecond of the year 9999, which a time can be written of."""


def routes(past: Past | None) -> APIRouter:
    """The routes of the past; without an archive nothing can be shown."""
    api = APIRouter(prefix="/api/v1", tags=["picture"])

    def there(world: str) -> Past:
        if world != REAL and not is_exercise(world):
            raise HTTPException(404, f"there is no world {world!r}")
        if past is None:
            raise HTTPException(404, "nothing is kept of the past here")
        return past

    @api.get("/past/span")
    async def span(response: Response, world: World = REAL) -> dict[str, Any]:
        """From when to when a world can be shown, ms; `gaps` are the times between of which nothing was kept."""
        response.headers.update(FRESH)
        try:
            found = await there(world).span(world)
        except NoSuchMoment as error:
            raise HTTPException(404, str(error)) from error
        return {"first": found.first, "last": found.last, "gaps": [list(each) for each in found.gaps]}

    @api.get("/past", response_class=Response)
    async def past_frame(
        at: Annotated[int, Query(ge=0, le=LATEST, description="the moment, ms UTC")],
        session: Annotated[str, Query(min_length=1, max_length=64, description="a name of your own making")],
        world: World = REAL,
    ) -> Response:
        """A frame of the push protocol: the world as it was known at a moment.

        A snapshot; or, when the session's last answer was of a moment a little before, the delta from there.
        """
        try:
            frame = await there(world).frame(world, at, session)
        except NoSuchMoment as error:
            raise HTTPException(404, str(error)) from error
        return Response(frame, media_type="application/json", headers=FRESH)

    return api
