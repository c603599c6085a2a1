"""How do the pages come onto the server? One Dash app on the FastAPI one; a page a path, and nothing else answers 200.

Nothing that moves goes through a Dash property: the browser's part in `assets/` reads the push and paints by itself.
Dash lays out, filters, tabulates, plots and asks.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import dash
import dash_mantine_components as dmc
from dash import Dash, html
from dash.backends._fastapi import reset_current_request, set_current_request
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from dashboard import excon, feedpage, report, staff, wall
from dashboard.desk import Desk
from dashboard.exercises import Exercises
from dashboard.hub import Hub
from dashboard.maps import extra_layers, tile_routes
from dashboard.scene import Scenes
from dashboard.settings import Values
from dashboard.texts import COOKIE, script, wanted

ASSETS: Final = Path(__file__).resolve().parent.parent / "assets"
_INDEX: Final = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<meta name="viewport" content="width=device-width, initial-scale=1"><title>{%title%}</title>{%favicon%}
{%css%}<script src="/language.js"></script><script type="application/json" id="cop-config">CONFIG</script></head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


def pages_of(settings: Values) -> Callable[[FastAPI, Hub, Exercises, Scenes], None]:
    """What `dashboard.web` calls to add the pages to its server."""

    def add(server: FastAPI, hub: Hub, exercises: Exercises, scenes: Scenes) -> None:
        layers = extra_layers(settings)
        code = wall.code_of(ASSETS.parent / part for part in ("assets", "cop", "dashboard", "layers"))
        config = json.dumps({"world": settings.world, "code": code}).replace("<", "\\u003c")
        app = Dash(
            __name__,
            server=server,
            use_pages=True,
            pages_folder="",
            assets_folder=str(ASSETS),
            assets_ignore=r"link_worker\.js|\.json$|\.md$",
            title="Baltic mobility picture",
            update_title=None,
            suppress_callback_exceptions=True,
            serve_locally=True,
            index_string=_INDEX.replace("CONFIG", config),
        )
        app.backend.websocket_capability = False  # the push is ours: pages must not try Dash's WebSocket as well
        app.layout = dmc.MantineProvider(
            id="theme",
            forceColorScheme="dark",
            children=html.Div(dash.page_container, id="page"),
        )
        pages: dict[str, tuple[str, Callable[..., Any]]] = {
            "/": ("Baltic mobility picture", lambda **query: staff.layout(hub, settings, layers, query)),
            "/wall": ("Wall display", lambda **query: wall.layout(settings, layers, query)),
            "/excon": ("Exercise control", lambda **query: excon.layout(hub, settings, layers, query)),
        }
        pages["/feeds"] = "Feeds and quarantine", lambda **query: feedpage.layout(settings, query)
        for path, (title, layout) in pages.items():
            dash.register_page(f"page{path.replace('/', '.')}", path=path, title=title, layout=layout)
            if path != "/":
                page = _wall(app) if path == "/wall" else _index(app)
                server.add_api_route(path, page, include_in_schema=False)
        dash.register_page(
            "page.wall.view",
            path_template="/wall/<view>",
            title="Wall display",
            layout=lambda view="", **query: wall.layout(settings, layers, query, view),
        )
        server.add_api_route("/wall/{view}", _wall(app), include_in_schema=False)
        server.add_api_route("/code", _code(code), include_in_schema=False)
        server.include_router(report.routes(scenes, settings.world))
        server.add_api_route("/language.js", _language, include_in_schema=False)
        tile_routes(server, layers)
        staff.callbacks(app, hub, scenes)
        excon.callbacks(app, hub, exercises)
        feedpage.callbacks(app, hub)

    return add


async def _language(request: Request) -> Response:
    """The phrases of the reader's language, before anything is written."""
    language = wanted(request.cookies.get(COOKIE, ""), request.headers.get("accept-language", ""))
    headers = {"cache-control": "no-cache", "vary": "cookie, accept-language"}
    return Response(script(language), media_type="text/javascript", headers=headers)


def _wall(app: Dash) -> Callable[[Request], Any]:
    """A wall by the name of its plan or view. A token that its address brings must be good for that name.

    The token stays in the address alone: nothing here writes it into a page or a log, and no other site is told it.
    """
    index = _index(app)

    async def walled(request: Request) -> Response:
        token = request.query_params.get("token")
        desk: Desk = request.app.state.desk
        if token is not None and not desk.opens(token, request.path_params.get("view", "")):
            return HTMLResponse(wall.REFUSED, 403, {"cache-control": "no-store", "referrer-policy": "no-referrer"})
        found: Response = await index(request)
        body = bytes(found.body).replace(b"</head>", wall.RETRY.encode() + b"</head>", 1)
        headers = {"cache-control": "no-cache", "referrer-policy": "no-referrer"}
        return Response(body, media_type="text/html", headers=headers)

    return walled


def _code(code: str) -> Callable[[], Any]:
    async def told() -> Response:
        return JSONResponse({"code": code}, headers={"cache-control": "no-store"})

    return told


def _index(app: Dash) -> Callable[[Request], Any]:
    async def index(request: Request) -> Response:
        token = set_current_request(request)  # Dash's middleware does this, and the hooks, for its own paths only
        try:
            for hook in app.backend._before_request_funcs:
                done = hook()
                if inspect.isawaitable(done):
                    await done
            return Response(app.index(), media_type="text/html", headers={"cache-control": "no-cache"})
        finally:
            reset_current_request(token)

    return index
