"""The HTTP API of a running system: the same picture as the pages, filters, refusals, and exercise control."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from cop.bus import Quarantined
from cop.exercise import MEASURES, STATES
from dashboard.sieve import haystack
from layers.layer import layers
from tests.system import System, wait_for

DEMO = "exercise/demo"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(tmp_path_factory.mktemp("api")).start()
    wait_for("the simulated feeds", lambda: len(picture(running, "layer=roadevents")) > 3)
    wait_for("the exercise", lambda: DEMO in running.get("/api/v1/worlds"))
    wait_for("the convoys", lambda: picture(running, f"world={DEMO}&layer=convoys"))
    yield running
    running.stop()


def picture(system: System, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = system.get(f"/api/v1/picture?{query}")["features"]
    return found


def raw(system: System, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(system.url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {k.lower(): v for k, v in error.headers.items()}


def test_the_picture_is_geojson_and_says_its_world_time_and_whether_it_is_live(system: System) -> None:
    status, _, headers = raw(system, "/api/v1/picture")
    assert (status, headers["content-type"]) == (200, "application/geo+json")
    told = system.get("/api/v1/picture")
    assert (told["type"], told["world"], told["marking"], told["live"]) == ("FeatureCollection", "real", "", True)
    assert told["as_of"] > 1_700_000_000_000
    assert len(told["features"]) >= 200
    for feature in told["features"]:
        assert feature["type"] == "Feature"
        assert feature["id"] == feature["properties"]["id"]
        if feature["geometry"] is not None:
            assert feature["geometry"]["type"] in ("Point", "LineString")
    play = system.get(f"/api/v1/picture?world={DEMO}")
    assert (play["marking"], play["world"]) == ("EXERCISE", DEMO)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("domain=cyber", lambda p: "cyber" in p.get("domains", [p["domain"]])),  # and what a failing system affects
        ("domain=cyber&domain=air", lambda p: {"cyber", "air"} & {p["domain"], *p.get("domains", ())}),
        ("domain=cyber,air", lambda p: {"cyber", "air"} & {p["domain"], *p.get("domains", ())}),
        ("source=reference&q=riga", lambda p: "reference" in p.get("sources", [p["source"]]) and "riga" in haystack(p)),
        ("hide=bridges,roads", lambda p: p["layer"] not in ("bridges", "roads")),
        ("nation=LV", lambda p: "LV" in p["nations"]),
        ("layer=bridges", lambda p: p["layer"] == "bridges"),
        ("state=unknown", lambda p: p["state"] == "unknown"),
        ("origin=simulated", lambda p: p["origin"] == "simulated"),
        ("text=grenct", lambda p: "grenct" in f"{p['name']} {p['id']} {p['label']}".lower()),
        ("domain=land&nation=EE&layer=crossings", lambda p: p["layer"] == "crossings" and "EE" in p["nations"]),
    ],
)
def test_a_filter_keeps_what_fits_and_nothing_else(system: System, query: str, holds: Any) -> None:
    every = {f["id"] for f in picture(system) if holds(f["properties"]) and f["properties"]["layer"] != "vessels"}
    kept = {f["id"] for f in picture(system, query) if f["properties"]["layer"] != "vessels"}
    assert kept == every
    assert kept or "simulated" in query


def test_a_box_keeps_what_lies_in_it(system: System) -> None:
    for feature in picture(system, "bbox=24,56.9,24.5,57.2"):
        assert feature["geometry"]["type"] == "LineString" or 24 <= feature["geometry"]["coordinates"][0] <= 24.5


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/picture?world=exercise/none", 404),
        ("/api/v1/picture?domain=space", 422),
        ("/api/v1/picture?bbox=1,2,3", 422),
        ("/api/v1/picture?bbox=a,b,c,d", 422),
        ("/api/v1/picture?bbox=nan,50,30,60", 422),
        ("/api/v1/picture?bbox=30,50,20,60", 422),
        ("/api/v1/picture?layer=bridges&layer=briges", 422),
        ("/api/v1/picture?state=fine", 422),
        ("/api/v1/picture?origin=guessed", 422),
        ("/api/v1/picture?verdict=maybe", 422),
        ("/api/v1/picture?age=old", 422),
        ("/api/v1/picture?area=24,57;25,57", 422),
        ("/api/v1/picture?hide=briges", 422),
        ("/api/v1/things/bridge:B15?world=exercise/none", 404),
        ("/api/v1/things/exercise:demo?world=exercise/demo", 404),
        ("/api/v1/feeds/ais/minutes?world=exercise/none", 404),
        ("/api/v1/exercises/bad%20name", 404),
        ("/api/v1/things/bridge:NONE", 404),
        ("/api/v1/feeds?world=exercise/none", 404),
        ("/api/v1/exercises/none", 404),
        ("/api/v1/nothing", 404),
        ("/nothing/at/all", 404),
        ("/walls/none", 404),
        ("/symbols/app6/none.svg", 404),
        ("/symbols/../settings.svg", 404),
        ("/assets/none.js", 404),
    ],
)
def test_what_is_not_there_is_refused(system: System, path: str, status: int) -> None:
    assert raw(system, path)[0] == status


def test_one_thing_tells_its_lines_its_reports_and_its_history(system: System) -> None:
    ships = [each["id"] for each in picture(system, "layer=vessels")]
    ship = next(each for each in ships if each[10:12] != "98")  # those of the Finnish simulator have 98 there
    told = system.get(f"/api/v1/things/{quote(ship)}")
    assert told["thing"]["id"] == ship
    assert {line["key"] for line in told["lines"]} >= {"mmsi"} or told["lines"]
    assert {report["source"] for report in told["reports"]} == {"ais"}
    assert all(line["source"] == "ais" for line in told["lines"] if "source" in line)
    wait_for("a track", lambda: len(system.get(f"/api/v1/things/{quote(ship)}")["track"]) >= 1)
    crossing = system.get(f"/api/v1/things/crossing:XB10?world={DEMO}")
    assert crossing["statuses"][0]["state"] == "open"


def test_layers_worlds_feeds_and_effects_are_told(system: System) -> None:
    assert [layer["name"] for layer in system.get("/api/v1/layers")] == list(layers())
    assert system.get("/api/v1/worlds")[:2] == ["real", DEMO]
    feeds = {feed["source"]: feed for feed in system.get("/api/v1/feeds")}
    assert feeds.keys() >= {"ais", "reference", "lt-eismoinfo", "ee-tarktee", "lv-situations"}
    assert feeds["lv-situations"]["nations"] == ["LV"]
    assert feeds["ais"]["origin"] == "simulated"
    minutes = system.get("/api/v1/feeds/ais/minutes")
    assert minutes[-1]["reports"] > 0
    assert system.get("/api/v1/effects") == {k: dict(v) for k, v in MEASURES.items()}


def test_what_is_in_quarantine_is_listed_and_given_byte_for_byte(system: System) -> None:
    raw_bytes = bytes(range(256))

    async def put() -> None:
        bus = system.bus("feeds")
        await bus.quarantine("real", [Quarantined("ais", "it says bad", 7, raw_bytes, 1_795_000_000_000, "a:b")])
        await bus.close()

    asyncio.run(put())
    (told,) = system.get("/api/v1/quarantine?feed=ais")
    assert told == {
        "id": told["id"], "world": "real", "feed": "ais", "reason": "it says bad", "received": 1_795_000_000_000,
        "offset": 7, "bytes": 256, "name": "a:b",
    }  # fmt: skip
    assert told in system.get(f"/api/v1/quarantine?world={DEMO}")
    assert system.get("/api/v1/quarantine?feed=nobody") == []
    status, body = raw(system, f"/api/v1/quarantine/{told['id']}")[:2]
    assert (status, body) == (200, raw_bytes)
    assert raw(system, "/api/v1/quarantine/1-1")[0] == 404
    assert raw(system, "/api/v1/quarantine?count=0")[0] == 422


def test_symbols_are_immutable_images(system: System) -> None:
    key = picture(system, "layer=airfields")[0]["properties"]["sym"]
    status, body, headers = raw(system, f"/symbols/{key}.svg")
    assert (status, headers["content-type"].partition(";")[0]) == (200, "image/svg+xml")
    assert "immutable" in headers["cache-control"]
    assert body.startswith(b"<svg")


def test_the_api_documents_itself_without_any_other_host(system: System) -> None:
    paths = system.get("/api/openapi.json")["paths"]
    assert "/api/v1/picture" in paths
    assert "/api/v1/exercises/{name}/injects" in paths
    status, page, _ = raw(system, "/api/docs")
    assert status == 200
    for word in (b"http://", b"https://", b"//cdn"):
        assert word not in page


def test_large_answers_are_compressed_for_who_takes_it(system: System) -> None:
    plain = raw(system, "/api/v1/picture")
    zipped = raw(system, "/api/v1/picture", **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain[2]
    assert zipped[2]["content-encoding"] == "gzip"
    assert len(zipped[1]) < len(plain[1]) / 4


def test_a_change_from_a_page_of_another_server_is_refused_and_from_our_own_taken(system: System) -> None:
    body = {"name": "csrf"}
    assert system.send("POST", "/api/v1/exercises", body, origin="https://evil.example")[0] == 403
    assert "exercise/csrf" not in system.get("/api/v1/worlds")
    assert system.send("POST", "/api/v1/exercises", body, origin=system.url)[0] == 201
    wait_for("the exercise", lambda: "exercise/csrf" in system.get("/api/v1/worlds"))
    assert system.send("DELETE", "/api/v1/exercises/csrf")[0] == 200


def test_an_inject_is_fired_seen_and_taken_back_and_the_real_picture_stays(system: System) -> None:
    def state(world: str) -> dict[str, Any]:
        (found,) = [f["properties"] for f in picture(system, f"world={world}&layer=ports&text=P30")]
        return dict(found)

    before = state("real")
    body = {"subject": "port:P30", "effect": "close", "for_min": 30, "reason": "wind"}
    status, said = system.send("POST", "/api/v1/exercises/demo/injects", body)
    assert (status, said["phase"], said["state"]) == (201, "in force", "closed")
    wait_for("the closure", lambda: state(DEMO)["state"] == "closed", 2)
    assert state(DEMO)["why"] == "wind"
    assert state("real") == before
    listed = system.get("/api/v1/exercises/demo")["injects"]
    assert said["serial"] in [each["serial"] for each in listed]
    assert system.send("DELETE", f"/api/v1/exercises/demo/injects/{said['serial']}")[0] == 200
    wait_for("the end", lambda: state(DEMO)["state"] == "open", 2)
    assert system.send("DELETE", f"/api/v1/exercises/demo/injects/{said['serial']}")[0] == 404
    assert state("real") == before


def test_an_inject_can_begin_at_a_time_of_the_exercise(system: System) -> None:
    clock = system.get("/api/v1/exercises/demo")
    later = (system.get("/api/v1/health")["as_of"] - clock["startex"]) * clock["scale"] / 60_000 + 30
    body = {"subject": "port:P20", "effect": "degrade", "measures": {"capacity_pct": 50}, "t_plus_min": later}
    status, said = system.send("POST", "/api/v1/exercises/demo/injects", body)
    assert (status, said["phase"]) == (201, "to come")
    assert said["until"] - said["since"] == pytest.approx(60 * 60_000 / clock["scale"], abs=2)
    (port,) = picture(system, f"world={DEMO}&layer=ports&text=P20")
    assert port["properties"]["state"] == "open"
    assert system.send("DELETE", f"/api/v1/exercises/demo/injects/{said['serial']}")[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"subject": "bridge:NONE", "effect": "close"}, 404, "bridge:NONE"),
        ({"subject": "bridge:B15", "effect": "explode"}, 422, "effect"),
        ({"subject": "bridge:B15", "effect": "limit"}, 422, "needs one of"),
        ({"subject": "bridge:B15", "effect": "close", "measures": {"delay_min": 3}}, 422, "no measure"),
        ({"subject": "bridge:B15", "effect": "slow", "measures": {"delay_min": -3}}, 422, "measure"),
        ({"subject": "bridge:B15", "effect": "close", "for_min": 0}, 422, "lasts"),
        ({"subject": "bridge:B15", "effect": "close", "t_plus_min": -900}, 422, "ended already"),
        ({"subject": "bridge:B15", "effect": "close", "t_plus_min": -99_999}, 422, "at most"),
        ({"subject": "bridge:B15", "effect": "close", "t_plus_min": 1e300}, 422, "at most"),
        ({"subject": "bridge:B15", "effect": "close", "t_plus_min": float("nan")}, 422, "at most"),
        ({"subject": "bridge:B15", "effect": "close", "for_min": float("inf")}, 422, "lasts"),
        ({"subject": "bridge:B15", "effect": "slow", "measures": {"delay_min": float("nan")}}, 422, "measure"),
        ({"subject": "bridge:B15", "effect": "limit", "measures": {"mlc_wheeled": "40 t"}}, 422, "measures"),
        ({"subject": "bridge:B15", "effect": "close", "reason": "x" * 501}, 422, "reason"),
        ([], 422, "dict"),
        ({"effect": "close"}, 422, "subject"),
    ],
)
def test_a_wrong_inject_is_refused_with_the_reason(
    system: System, body: dict[str, Any], status: int, reason: str
) -> None:
    code, told = system.send("POST", "/api/v1/exercises/demo/injects", body)
    assert code == status
    assert reason in str(told)


def test_exercises_are_opened_once_under_a_name_that_can_be_and_ended(system: System) -> None:
    assert system.send("POST", "/api/v1/exercises", {"name": "../real"})[0] == 422
    assert system.send("POST", "/api/v1/exercises", {"name": "real"})[0] == 201  # a name as any other: its own key
    wait_for("the exercise", lambda: "exercise/real" in system.get("/api/v1/worlds"))
    code, told = system.send("POST", "/api/v1/exercises", {"name": "real"})
    assert code == 422
    assert "already" in told["detail"]
    assert system.send("DELETE", "/api/v1/exercises/real")[0] == 200
    wait_for("its end", lambda: "exercise/real" not in system.get("/api/v1/worlds"))
    assert system.send("DELETE", "/api/v1/exercises/real")[0] == 404
    assert len(picture(system)) >= 200


def test_an_exercise_can_be_fired_at_as_soon_as_it_is_open_and_not_after_it_ended(system: System) -> None:
    assert system.send("POST", "/api/v1/exercises", {"name": "short", "title": "Short"})[0] == 201
    body = {"subject": "bridge:B15", "effect": "slow", "measures": {"delay_min": 15}}
    assert system.send("POST", "/api/v1/exercises/short/injects", body)[0] == 201
    assert system.send("DELETE", "/api/v1/exercises/short")[0] == 200
    for method, path in (("POST", "injects"), ("DELETE", "injects/0123abcd")):
        assert system.send(method, f"/api/v1/exercises/short/{path}", body)[0] == 404
    time.sleep(1.5)  # a stream that was opened again by what came late would be found by now
    assert "exercise/short" not in system.get("/api/v1/worlds")


def test_an_exercise_that_feeds_still_write_to_is_not_ended(system: System) -> None:
    code, told = system.send("DELETE", "/api/v1/exercises/demo")
    assert code == 422
    assert "demo-convoys, demo-facts" in told["detail"]
    assert picture(system, f"world={DEMO}&layer=convoys")


def test_every_effect_with_every_measure_shows_on_the_exercise_and_never_on_the_real_picture(system: System) -> None:
    def real() -> bytes:
        """The real picture of what stands still, byte for byte."""
        found = [f for f in picture(system) if f["properties"]["source"] == "reference"]
        return json.dumps(found, sort_keys=True).encode()

    def shown() -> dict[str, Any]:
        return {f["id"]: f["properties"] for f in picture(system, f"world={DEMO}&origin=injected")}

    before = real()
    subjects = iter(["crossing:XB01", "crossing:XB02", "crossing:XB03", "crossing:XB04", "crossing:XB05"] * 4)
    serials = []
    for kind, measures in MEASURES.items():
        for measure in measures or [""]:
            subject = next(subjects)
            body = {"subject": subject, "effect": kind, "measures": {measure: 7.0} if measure else {}}
            code, said = system.send("POST", "/api/v1/exercises/demo/injects", body)
            assert (code, said["state"], said["measures"]) == (201, STATES[kind], body["measures"])
            serials.append(said["serial"])
            wait_for("the effect", lambda s=subject: s in shown() and shown()[s]["origin"] == "injected", 2)  # type: ignore[misc]
            assert shown()[subject]["world"] == DEMO
            assert shown()[subject]["marking"]
    assert real() == before
    assert not picture(system, "origin=injected")
    for serial in serials:
        assert system.send("DELETE", f"/api/v1/exercises/demo/injects/{serial}")[0] == 200
    wait_for("the end of all", lambda: not_listed(system, serials), 2)
    assert real() == before


def not_listed(system: System, serials: list[str]) -> bool:
    return not {each["serial"] for each in system.get("/api/v1/exercises/demo")["injects"]} & set(serials)


def test_nobody_but_our_own_pages_may_change_anything(system: System) -> None:
    for method, path in (
        ("POST", "/api/v1/exercises"),
        ("POST", "/api/v1/exercises/demo/injects"),
        ("DELETE", "/api/v1/exercises/demo"),
        ("DELETE", "/api/v1/exercises/demo/injects/x"),
        ("PUT", "/api/v1/picture"),
    ):
        for origin in ("https://evil.example", "null", system.url.replace("http://", "http://evil.")):
            assert system.send(method, path, {}, origin=origin)[0] == 403
    assert system.send("PUT", "/api/v1/picture", {})[0] == 405


def test_the_page_of_the_api_asks_no_other_host_for_anything(system: System) -> None:
    page = raw(system, "/api/docs")[1].decode()
    parts = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert parts
    for part in parts:
        assert part.startswith("/")
        status, body, _ = raw(system, part)
        assert (status, bool(body)) == (200, True)


def test_the_health_says_how_many_look(system: System) -> None:
    told = system.get("/api/v1/health")
    assert (told["live"], told["trouble"], told["unreadable"]) == (True, "", 0)
    assert told["events"] > 200
    assert raw(system, "/api/v1/health")[2]["cache-control"] == "no-store"


def test_geojson_is_as_rfc_7946_wants_it(system: System) -> None:
    for world in ("real", DEMO):
        for feature in picture(system, f"world={world}"):
            assert set(feature) == {"type", "id", "geometry", "properties"}
            if feature["geometry"] is None:
                continue
            line = feature["geometry"]["coordinates"]
            for lon, lat in line if feature["geometry"]["type"] == "LineString" else [line]:
                assert -180 <= lon <= 180
                assert -90 <= lat <= 90
            assert feature["geometry"]["type"] == "Point" or len(line) >= 2
            assert not {"lon", "lat", "path"} & set(feature["properties"])
