"""What does a view say on one sheet of paper? The situation report: map, tables, time and marking, in one HTML file.

It is the view of an address: the same filters, world and moment. It prints on one A4 page and needs nothing but itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from fastapi import APIRouter, HTTPException, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cop.event import EXERCISE, Millis, is_exercise
from cop.movement.engine import Engine
from dashboard import reportmap
from dashboard.exportapi import moment
from dashboard.exports import words
from dashboard.movements import rows as movement_rows
from dashboard.parts import DOMAINS, NATIONS
from dashboard.scene import NoSuchMoment, Scene, Scenes
from dashboard.sieve import BadQuery, Sieve, rows, sieve, stale
from dashboard.texts import COOKIE, translate, wanted
from dashboard.words import MARKS, minutes, span, utc
from layers.progress import progress

MOVEMENTS: Final = 14
TROUBLE: Final = 15
LIGHTS: Final = (("red", "Closed"), ("amber", "Limited"), ("green", "Open"), ("unknown", "Unknown"))
STATE_MARKS: Final = {"closed": "■", "restricted": "▲", "degraded": "◆"}
CREDITS: Final = "Map: © OpenStreetMap contributors (ODbL); GSHHG / WDBII (LGPL)."
RIGA: Final = ZoneInfo("Europe/Riga")
"""All three states keep the same time, summer time included."""


def routes(scenes: Scenes, default_world: str) -> APIRouter:
    """`GET /report?<the view's query>`."""
    api = APIRouter(tags=["picture"])

    @api.get("/report", response_class=Response)
    async def situation_report(request: Request) -> Response:
        """The situation report of a view: the query is that of the staff page's address."""
        query = dict(request.query_params)
        world = query.get("world") or default_world
        language = wanted(request.cookies.get(COOKIE, ""), request.headers.get("accept-language", ""))
        try:
            view, at = sieve(query), moment(query.get("at", ""))
            scene = await scenes.at(world, at)
        except (BadQuery, NoSuchMoment) as error:
            raise HTTPException(404 if isinstance(error, NoSuchMoment) else 422, str(error)) from error
        if world not in scene.views:
            raise HTTPException(404, f"there is no world {world!r}")
        page = report(scene, world, view, query, language, past=at is not None, made=scenes.now.now)
        return Response(page, media_type="text/html; charset=utf-8", headers={"cache-control": "no-store"})

    return api


def report(
    scene: Scene, world: str, view: Sieve, query: Mapping[str, str], language: str, *, past: bool, made: Millis
) -> str:
    """The page. `made` is when it is made, which in the past is not what it shows."""
    now = scene.now
    shown = rows(scene, world, view)
    trouble = sorted(
        (row for row in shown if row["state"] in STATE_MARKS),
        key=lambda row: (row["state"] != "closed", -(row.get("since") or row["at"])),
    )
    engine = scene.engines.get(world)
    passed = {row["id"] for row in shown}
    movements = [row for row in movement_rows(engine) if row["id"] in passed] if engine else []
    where = reportmap.frame(
        _number(query, "lon", 24.5), _number(query, "lat", 57.0), max(5.0, min(16.0, _number(query, "z", 7.0)))
    )
    told = {
        "language": language,
        "exercise": is_exercise(world),
        "marking": _marking(world),
        "marking_text": f"EXERCISE {world.removeprefix(EXERCISE)} · EXERCISE · EXERCISE"
        if is_exercise(world)
        else "REAL",
        "warning": _warning(scene, past),
        "as_of_utc": _zulu(scene.heard),
        "as_of_local": local(scene.heard, language),
        "t_plus": "",
        "filter_words": words(view),
        "total": len(shown),
        "stale": sum(stale(row, now) for row in shown),
        "map": reportmap.draw(shown, where, view.area or ()),
        "lights": LIGHTS,
        "counts": _counts(shown, now),
        "movements": [_movement(scene, world, engine, row, now) for row in movements[:MOVEMENTS]] if engine else [],
        "movements_total": len(movements),
        "trouble": [_trouble(row, now) for row in trouble[:TROUBLE]],
        "trouble_total": len(trouble),
        "feeds": _feeds(scene.views[world].feeds, now),
        "made": _zulu(made),
        "credits": CREDITS,
        "file_name": f"situation-{world}-{_zulu(scene.heard)}.html".replace(":", "")
        .replace(" ", "-")
        .replace("/", "-"),
        "download": f"/report?{urlencode(query)}",
        "back": f"/?{urlencode(query)}",
    }
    return str(_template(language).render(told))


def local(at: Millis, language: str) -> str:
    """Local time of all three states, in the language's own form, with its zone."""
    zoned = datetime.fromtimestamp(at / 1000, RIGA)
    form = {"en": "yyyy-MM-dd HH:mm"}.get(language, "short")
    return f"{format_datetime(zoned, form, locale=language)} {zoned.tzname()}"


def _marking(world: str) -> str:
    return f"EXERCISE {world.removeprefix(EXERCISE)}" if is_exercise(world) else "REAL"


def _warning(scene: Scene, past: bool) -> str:
    if past:
        return "PAST: this is the picture as it was, not as it is"
    return "" if scene.fresh else "NOT LIVE: nothing newer is known"


def _counts(shown: Sequence[dict[str, Any]], now: Millis) -> list[tuple[str, Counter[str]]]:
    by: dict[str, Counter[str]] = {}
    for row in shown:
        for key in (row["domain"], *row["nations"]):
            by.setdefault(key, Counter())[_light(row, now)] += 1
    return [(name, by.get(key, Counter())) for key, name in (*DOMAINS, *NATIONS)]


def _light(row: Mapping[str, Any], now: Millis) -> str:
    """The light that a thing shows, as the page reckons it: an "open" past its time is unknown."""
    if row["state"] == "unknown" and ("course" in row or "speed" in row):
        return "none"
    light = {"closed": "red", "restricted": "amber", "degraded": "amber", "open": "green"}.get(row["state"], "unknown")
    return "unknown" if light == "green" and stale(row, now) else light


def _movement(scene: Scene, world: str, engine: Engine, row: dict[str, Any], now: Millis) -> dict[str, Any]:
    entity = scene.look(world, row["id"])
    way = progress(entity) if entity is not None else None
    found = engine.assessment(row["id"])
    left = [each.left_ms for each in found.clearances if each.left_ms is not None] if found else []
    return {
        "verdict": row["verdict"],
        "mark": MARKS.get(row["verdict"], "?"),
        "name": f"{row['id'].partition(':')[2]} {row['name']}",
        "next": "arrived" if row["arrived"] else way.next.name if way and way.next else "",
        "eta": utc(row["eta"], now),
        "late": minutes(row["delay_min"]),
        "left": span(min(left)) if left else "–",
        "why": ": ".join(part for part in (row["limiting"], row["why"]) if part),
    }


def _trouble(row: dict[str, Any], now: Millis) -> dict[str, Any]:
    return {
        "state": row["state"],
        "mark": STATE_MARKS[row["state"]],
        "name": row["name"],
        "nations": " ".join(row["nations"]),
        "why": row.get("why", ""),
        "source": row["source"],
        "origin": row["origin"],
        "since": utc(row.get("since") or row["at"], now),
    }


def _feeds(feeds: Iterable[Mapping[str, Any]], now: Millis) -> list[dict[str, Any]]:
    names = dict(NATIONS)
    found: dict[str, dict[str, Any]] = {
        name: {"nation": name, "ok": 0, "late": 0, "failed": 0, "named": []} for name in (*names.values(), "Others")
    }
    for feed in feeds:
        overdue = feed["newest"] is None or (feed["stale_s"] and now - feed["newest"] > feed["stale_s"] * 1000)
        state = "late" if feed["state"] == "ok" and overdue else feed["state"]
        for nation in feed["nations"] or [""]:
            row = found[names.get(nation, "Others")]
            row[state] += 1
            if state != "ok":
                row["named"].append(feed["source"])
    return [row | {"named": ", ".join(dict.fromkeys(row["named"]))} for row in found.values()]


def _zulu(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _number(query: Mapping[str, str], key: str, default: float) -> float:
    try:
        return float(query.get(key) or default)
    except ValueError:
        return default


def _template(language: str) -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["t"] = lambda text: translate(str(text), language)
    return environment.get_template("report.html")
