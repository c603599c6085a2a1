"""What answers on the port? The ASGI application: push, API, symbols and the Dash pages, in that order.

The push stream goes past every middleware. What nobody knows answers 404 (Dash alone would answer with its page).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, Response

from cop.bus import Bus
from cop.bus.desk import VIEWS, DeskBus, MemoryDesk
from cop.event import REAL
from dashboard.api import routes, symbol_response
from dashboard.desk import Desk
from dashboard.deskapi import routes as desk_routes
from dashboard.exercises import Exercises
from dashboard.exportapi import routes as export_routes
from dashboard.hub import Hub
from dashboard.marching import routes as march_routes
from dashboard.moveapi import routes as movement_routes
from dashboard.past import Past
from dashboard.pastapi import routes as past_routes
from dashboard.places import routes as place_routes
from dashboard.push import Push
from dashboard.rulebook import Rules
from dashboard.scene import Scenes

log = logging.getLogger("cop.web")

STREAM: Final = "/api/v1/stream"
WARM_AFTER_S: Final = 2.0
SAFE: Final = ("GET", "HEAD", "OPTIONS")
_DESCRIPTION: Final = "The common operating picture of the Baltic military mobility area. Times are ms UTC."


class Web:
    """The application of one dashboard process. `pages` adds the Dash pages; without it there is only the API.

    `rules` is called on a thread: by what it gives movements are judged. `warm` is run on a thread soon after the
    start: what is slow to load and not needed for the first page. Without `books` the desk is this process's own, and
    without `past` only the present is shown.
    """

    def __init__(
        self,
        hub: Hub,
        control: Bus,
        pages: Callable[[FastAPI, Hub, Exercises, Scenes], None] | None = None,
        warm: Callable[[], None] = lambda: None,
        rules: Callable[[], Rules | None] = lambda: None,
        *,
        push: Callable[[Hub], Push] = Push,
        books: DeskBus | None = None,
        past: Past | None = None,
    ) -> None:
        self.hub = hub
        self.desk = Desk(books if books is not None else MemoryDesk(), grew=self._grew)
        self._warm = warm
        self._rules = rules
        self.push = push(hub)
        self.scenes = Scenes(hub, past)
        exercises = Exercises(
            control,
            lambda world: hub.pictures.get(world) if world != REAL else None,
            forget=self.desk.bus.drop,
        )
        app = FastAPIOffline(
            title="Baltic mobility picture",
            description=_DESCRIPTION,
            docs_url="/api/docs",
            redoc_url=None,
            openapi_url="/api/openapi.json",
            static_url="/api/static",
            lifespan=self._life,
        )
        app.state.desk = self.desk
        app.include_router(routes(hub, exercises))
        app.include_router(desk_routes(hub, self.desk))
        app.include_router(movement_routes(hub, exercises))
        app.include_router(march_routes(hub))
        app.include_router(place_routes(hub))
        app.include_router(export_routes(self.scenes))
        app.include_router(past_routes(past))
        app.add_api_route("/symbols/{key:path}.svg", symbol_response, include_in_schema=False)
        if pages is not None:
            pages(app, hub, exercises, self.scenes)
        app.add_api_route("/{path:path}", _nobody, include_in_schema=False, methods=["GET", "HEAD"])
        self._app = GZipMiddleware(app, minimum_size=1024, compresslevel=5)

    @contextlib.asynccontextmanager
    async def _life(self, app: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(work()) for work in (self.hub.run, self.push.watch, self.desk.run)]
        for task in tasks:
            task.add_done_callback(_must_not_end)
        loop = asyncio.get_running_loop()
        equipping = asyncio.create_task(self._equip())
        equipping.add_done_callback(_must_not_end)
        loop.call_later(WARM_AFTER_S, lambda: loop.run_in_executor(None, self._warm))
        yield
        for task in (*tasks, equipping):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _grew(self, book: str, number: int) -> None:
        """The desk has more to say: the readers of that world are told, and of views and plans all."""
        for world, view in self.hub.views.items():
            if book in (world, VIEWS):
                view.desk = self.desk.number(world)

    async def _equip(self) -> None:
        """Load the road network beside the page, which doesn't wait for it, and judge from then on."""
        rules = await asyncio.to_thread(self._rules)
        if rules is not None:
            self.hub.equip(rules)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if scope["path"] == STREAM:
                await self.push(scope, receive, send)
                return
            if scope["method"] not in SAFE and not _same_origin(scope):
                await JSONResponse({"detail": "a change must come from a page of this server"}, 403)(
                    scope, receive, send
                )
                return
        await self._app(scope, receive, send)


def _same_origin(scope: Any) -> bool:
    """Whether a request that changes something comes from our own page, or from no page at all."""
    headers = {k: v.decode("latin-1") for k, v in scope["headers"]}
    origin = headers.get(b"origin")
    return origin is None or urlsplit(origin).netloc == headers.get(b"host")


async def _nobody(path: str) -> Response:
    return JSONResponse({"detail": f"there is nothing at /{path}"}, 404)


def _must_not_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "a reader of the stream ended", "exception": error}
        )
        raise SystemExit(1) from error  # a dashboard without its reader must not stay up: it is started anew
