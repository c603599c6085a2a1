"""What the API says of movements in a running system, what it refuses, and that nothing else but papers is written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from cop.bus.redis import RedisBus
from cop.event import Status
from dashboard.embedded import Embedded
from dashboard.exercises import Exercises
from dashboard.hub import Hub
from dashboard.moveapi import WantedEffect, made, routes
from tests.system import System, wait_for

DEMO = "exercise/demo"
WORLD = f"?world={DEMO}"
LIGHT = "wheeled:16"
KEKAVA, SALASPILS = "24.21,56.815", "24.31,56.862"
CUT = {"subject": "bridge:B15", "effect": "limit", "measures": {"mlc_wheeled": 70, "mlc_tracked": 50}}
CONVOYS = [f"convoy:C{number:02}" for number in range(1, 13)]
FORM = "LT20260106UO000004"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(tmp_path_factory.mktemp("moveapi"), COP_SIM_SCALE="1").start()
    wait_for("the movements", lambda: len(listed(running)) == 12 and listed(running)["convoy:C12"]["verdict"] == "go")
    yield running
    running.stop()


def get(system: System, path: str) -> tuple[int, Any]:
    return system.send("GET", path)


def listed(system: System) -> dict[str, dict[str, Any]]:
    code, told = get(system, f"/api/v1/movements{WORLD}")
    return {each["id"]: each for each in told} if code == 200 else {}


def detail(system: System, convoy: str) -> dict[str, Any]:
    found: dict[str, Any] = system.get(f"/api/v1/movements/convoy:{convoy}{WORLD}")
    return found


# -- what is told ------------------------------------------------------------------------------------------------------


def test_the_movements_are_listed_the_most_trouble_first(system: System) -> None:
    told = system.get(f"/api/v1/movements{WORLD}")
    assert sorted(each["id"] for each in told) == CONVOYS
    ranks = [["go", "caution", "unknown", "no-go"].index(each["verdict"]) for each in told]
    assert ranks == sorted(ranks, reverse=True)
    c10 = listed(system)["convoy:C10"]
    assert (c10["verdict"], c10["limiting"], c10["rule"], c10["may_move"]) == (
        "no-go", "Tapa railway overpass", "MLC-04", False
    )  # fmt: skip
    assert c10["world"] == DEMO
    assert c10["marking"] == "EXERCISE DATA"
    assert system.get("/api/v1/movements") == [], "nobody marches in the real picture"


@pytest.mark.parametrize("convoy", CONVOYS)
def test_one_movement_tells_its_way_its_times_and_its_reasons(system: System, convoy: str) -> None:
    told = system.get(f"/api/v1/movements/{quote(convoy)}{WORLD}")
    assert told["id"] == convoy
    assert told["tied"]
    assert len(told["line"]) > 5
    assert told["reasons"]
    assert all(reason["rule"] and reason["text"] for reason in told["reasons"])
    assert [each["km"] for each in told["things"]] == sorted(each["km"] for each in told["things"])
    assert [each["due"] for each in told["points"]] == sorted(each["due"] for each in told["points"])
    assert all(each["clear"] > each["due"] for each in told["points"])
    assert told["fleet"]


def test_a_thing_on_the_way_tells_its_margin_with_source_and_basis(system: System) -> None:
    (bridge,) = (each for each in detail(system, "C10")["things"] if each["id"] == "bridge:B57")
    assert (bridge["verdict"], bridge["margin"], bridge["unit"]) == ("no-go", -56, "MLC")
    assert bridge["source"] == "demo-facts"
    assert bridge["basis"].startswith("EXERCISE DATA")
    assert bridge["lon"] == pytest.approx(25.965)


def test_conflicts_are_told_unasked_with_all_their_points(system: System) -> None:
    def seeded() -> list[Any]:
        told = system.get(f"/api/v1/conflicts{WORLD}")
        return [each for each in told if each["pair"] == ["convoy:C05", "convoy:C07"]]

    wait_for("the seeded conflict, which comes after the verdicts", seeded, 10)
    told, first = system.get(f"/api/v1/conflicts{WORLD}"), seeded()[0]
    assert first["text"].startswith("C05 and C07")
    assert "crossing:XB10" in {each.get("subject") for each in first["conflicts"]}
    assert [each["since"] for each in told] == sorted(each["since"] for each in told)
    assert "convoy:C07" in str(detail(system, "C05")["conflicts_with"])
    assert system.get("/api/v1/conflicts") == []


def test_the_board_of_clearances_is_under_any_rule_set(system: System) -> None:
    told = system.get(f"/api/v1/clearances{WORLD}")
    assert {(each["movement"], each["state"]) for each in told[:2]} == {
        ("convoy:C08", "late"), ("convoy:C04", "missing")
    }  # fmt: skip
    assert len(told) == 10
    fast = system.get(f"/api/v1/clearances{WORLD}&rules=harmonised")
    assert {each["ruleset"] for each in fast} != {each["ruleset"] for each in told}
    assert {each["state"] for each in fast if each["movement"] == "convoy:C08"} == {"pending"}
    assert get(system, "/api/v1/clearances?rules=none")[0] == 422


def test_the_rule_sets_and_what_they_save_are_told(system: System) -> None:
    sets = {each["id"]: each for each in system.get("/api/v1/rulesets")}
    assert {"pledge", "national", "harmonised"} <= sets.keys()
    assert all(each["source"] for each in sets.values())
    told = system.get(f"/api/v1/movements/convoy:C11/saved-days{WORLD}")
    assert (told["national"], told["harmonised"]) == (sets["national"]["name"], sets["harmonised"]["name"])
    (border,) = told["borders"]
    assert border["border"] == "crossing:XB01"
    assert told["saved_days"] == pytest.approx(border["national_days"] - border["harmonised_days"])


# -- routes and what-if ------------------------------------------------------------------------------------------------


def ask(system: System, **wanted: Any) -> tuple[int, Any]:
    body = {"start": KEKAVA, "goal": SALASPILS, **wanted}
    return system.send("POST", f"/api/v1/routes{WORLD}", body)


def test_a_way_is_offered_with_its_line_and_what_is_shorter_is_refused_with_a_reason(system: System) -> None:
    code, told = ask(system, movement="convoy:C06", what_if=[CUT])
    assert code == 200
    best, refused = told["offers"][0], told["refused"][0]
    assert "bridge:B14" in {each["id"] for each in best["ties"]}
    assert "R22" in best["routes"]
    assert len(best["line"]) > 2
    assert refused["minutes"] < best["minutes"]
    assert (refused["reasons"][0]["object"], refused["reasons"][0]["margin"]) == ("bridge:B15", -10)
    code, told = ask(system, movement="convoy:C06")
    assert "bridge:B15" in {each["id"] for each in told["offers"][0]["ties"]}, "what if was only tried"


def test_places_may_be_things_and_vehicles_go_before_those_of_the_movement(system: System) -> None:
    code, told = ask(system, start="crossing:XB10", goal="bridge:B15", vehicles=[LIGHT], movement="convoy:C10", count=1)
    assert (code, len(told["offers"])) == (200, 1)
    assert told["offers"][0]["reasons"][0]["vehicle"] == "wheeled 16"
    code, told = ask(system, vehicles=[LIGHT], via=["24.32,56.945"], avoid=["bridge:B14"])
    assert (code, len(told["offers"])) == (200, 1)
    code, told = ask(system, vehicles=[LIGHT], avoid=["24.272,56.852"])  # the dam
    assert code == 200
    assert all("bridge:B15" not in {tie["id"] for tie in each["ties"]} for each in told["offers"])
    assert told["offers"]
    code, told = ask(system, vehicles=[LIGHT], avoid=["bridge:B82", "R22", "R04", "LV A5"])
    assert code == 200
    assert told["offers"] or told["note"]


@pytest.mark.parametrize(
    ("wanted", "status", "reason"),
    [
        ({}, 422, "name the vehicles"),
        ({"vehicles": ["bike"]}, 422, "is no vehicle"),
        ({"vehicles": ["wheeled:-1"]}, 422, "above 0"),
        ({"vehicles": [LIGHT], "start": "Riga"}, 422, "neither lon,lat nor a thing"),
        ({"vehicles": [LIGHT], "start": "bridge:NONE"}, 422, "is nothing that has a place"),
        ({"vehicles": [LIGHT], "goal": "0,0"}, 422, "no road of the network is near"),
        ({"vehicles": [LIGHT], "goal": "nan,nan"}, 422, "no road of the network is near"),
        ({"vehicles": [LIGHT], "via": ["1,2,3"]}, 422, "neither lon,lat nor a thing"),
        ({"vehicles": [LIGHT], "avoid": ["B99", "R22"]}, 422, "is called B99"),
        ({"vehicles": [LIGHT], "what_if": [{"subject": "bridge:NONE", "effect": "close"}]}, 404, "bridge:NONE"),
        ({"vehicles": [LIGHT], "count": 0}, 422, "count"),
        ({"vehicles": [LIGHT], "speed_kmh": -1}, 422, "speed_kmh"),
        ({"vehicles": [LIGHT], "what_if": [{"subject": "bridge:B15", "effect": "explode"}]}, 422, "bridge:B15"),
        ({"movement": "convoy:NONE"}, 404, "convoy:NONE"),
    ],
)
def test_a_route_that_cannot_be_asked_is_refused_with_the_reason(
    system: System, wanted: dict[str, Any], status: int, reason: str
) -> None:
    code, told = ask(system, **wanted)
    assert (code, reason in str(told["detail"])) == (status, True), told


def test_what_if_tells_who_would_be_late_and_changes_nothing(system: System) -> None:
    before = {each: (row["verdict"], row["limiting"]) for each, row in listed(system).items()}
    effect = {"subject": "bridge:B15", "effect": "close", "for_min": 300, "reason": "tried"}
    code, told = system.send("POST", f"/api/v1/what-if{WORLD}", [effect])
    assert code == 200
    changed = {each["id"]: each for each in told}
    assert sorted(changed) == CONVOYS[:8]
    c06 = changed["convoy:C06"]
    assert (c06["verdict_before"], c06["verdict"]) == ("go", "caution")
    assert c06["added_min"] == pytest.approx(300 - 169, abs=3)
    assert c06["eta"] - c06["eta_before"] == pytest.approx(c06["added_min"] * 60_000, abs=4000)
    assert c06["costs"] == ["Riga HPP dam crossing: tried"]
    assert {each: (row["verdict"], row["limiting"]) for each, row in listed(system).items()} == before
    assert system.get(f"/api/v1/things/bridge:B15{WORLD}")["statuses"][0]["state"] == "open"


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        ({"subject": "bridge:B15", "effect": "explode"}, "explode"),
        ({"subject": "bridge:B15", "effect": "limit"}, "needs one of"),
        ({"subject": "bridge:B15", "effect": "close", "measures": {"delay_min": 1}}, "no measure"),
        ({"subject": "bridge:B15", "effect": "close", "for_min": 0}, "lasts"),
        ({"subject": "bridge", "effect": "close"}, "is not a name"),
        ({"effect": "close"}, "subject"),
    ],
)
def test_an_effect_that_cannot_be_is_refused(system: System, effect: dict[str, Any], reason: str) -> None:
    code, told = system.send("POST", f"/api/v1/what-if{WORLD}", [effect])
    assert code == 422
    assert reason in str(told["detail"])


def test_what_if_of_nothing_is_refused(system: System) -> None:
    code, told = system.send("POST", f"/api/v1/what-if{WORLD}", [{"subject": "bridge:NONE", "effect": "close"}])
    assert (code, "bridge:NONE" in told["detail"]) == (404, True)


def test_an_effect_lasts_as_long_as_the_exercise_s_clock_says() -> None:
    (slow,), (fast,) = (made([WantedEffect(subject="bridge:B1", effect="close", for_min=120)], s) for s in (1.0, 60.0))
    for event, minutes in ((slow, 120), (fast, 2)):
        assert isinstance(event.body, Status)
        assert event.body.since is not None
        assert event.body.until is not None
        assert event.body.until - event.body.since == minutes * 60_000
    with pytest.raises(HTTPException, match="bridge:B1"):
        made([WantedEffect(subject="bridge:B1", effect="none")])


# -- what is refused everywhere ----------------------------------------------------------------------------------------

BODIES: dict[str, Any] = {
    "routes": {"start": KEKAVA, "goal": SALASPILS, "vehicles": [LIGHT]},
    "what-if": [{"subject": "bridge:B15", "effect": "close"}],
    "movements/convoy:C06/approvals": {"object": "bridge:B15", "by": "Maj Ozols"},
    "clearances/C04-XB11": {"movement": "convoy:C04", "border": "crossing:XB11", "by": "Maj Ozols"},
}


GETS = ["movements", "movements/convoy:C01", "conflicts", "clearances", "movements/convoy:C01/saved-days"]


def method(path: str) -> str:
    return "PUT" if path.startswith("clearances/") else "POST" if path in BODIES else "GET"


@pytest.mark.parametrize("path", [*GETS, *BODIES])
def test_a_world_that_is_not_there_is_404(system: System, path: str) -> None:
    code, told = system.send(method(path), f"/api/v1/{path}?world=exercise/none", BODIES.get(path))
    assert (code, told["detail"]) == (404, "there is no world 'exercise/none'")


@pytest.mark.parametrize("path", ["movements/convoy:NONE", "movements/bridge:B15", "movements/convoy:NONE/saved-days"])
def test_a_movement_that_is_not_there_is_404(system: System, path: str) -> None:
    code, told = get(system, f"/api/v1/{path}{WORLD}")
    assert code == 404
    assert "there is no movement" in told["detail"]


@pytest.mark.parametrize("path", ["movements/convoy:C06/approvals", "clearances/C04-XB11"])
def test_nothing_is_approved_or_submitted_in_the_real_world(system: System, path: str) -> None:
    code, told = system.send(method(path), f"/api/v1/{path}?world=real", BODIES[path])
    assert code == 409
    assert "the real picture takes this from its feeds only" in told["detail"]


def test_nobody_but_our_own_pages_may_approve_or_submit(system: System) -> None:
    for path, body in BODIES.items():
        code, _ = system.send(method(path), f"/api/v1/{path}{WORLD}", body, origin="https://evil.example")
        assert code == 403


def test_while_the_road_network_is_loading_it_says_so(server: Embedded) -> None:
    async def asked() -> None:
        bus = RedisBus(server.url, user="dashboard", password=server.passwords["dashboard"])
        hub, app = Hub(bus), FastAPI()
        app.include_router(routes(hub, Exercises(bus, hub.pictures.get)))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://cop") as client:
            for path in (*GETS, *BODIES):
                body = BODIES.get(path)
                answer = await client.request(method(path), f"/api/v1/{path}", json=body)
                assert (answer.status_code, answer.json()["detail"]) == (503, "the road network is still being loaded")
            assert (await client.get("/api/v1/rulesets")).status_code == 200
            assert (await client.get("/api/v1/movements?world=exercise/none")).status_code == 404
        await bus.close()

    asyncio.run(asked())


# -- what is written ---------------------------------------------------------------------------------------------------


def test_an_approval_lets_a_caution_move(system: System) -> None:
    path = f"/api/v1/movements/convoy:C06/approvals{WORLD}"
    code, told = system.send("POST", path, {"object": "bridge:B15", "by": "Maj Ozols"})
    assert (code, told["detail"]) == (422, "nothing at bridge:B15 waits for an approval of convoy:C06")
    code, inject = system.send("POST", "/api/v1/exercises/demo/injects", CUT | {"for_min": 600, "reason": "inspection"})
    assert code == 201
    wait_for("the caution", lambda: listed(system)["convoy:C06"]["verdict"] == "caution", 5)
    c06 = detail(system, "C06")
    assert (c06["rule"], c06["limiting"], c06["may_move"]) == ("MLC-05", "Riga HPP dam crossing", False)
    for wrong, status in (
        ({"object": "bridge:B14", "by": "Maj Ozols"}, 422),
        ({"object": "bridge:B15", "by": "M"}, 422),
        ({"object": "bridge:B15", "by": "Maj Ozols", "until_min": 0}, 422),
        ({"by": "Maj Ozols"}, 422),
    ):
        assert system.send("POST", path, wrong)[0] == status
    assert not detail(system, "C06")["approvals"]
    code, said = system.send("POST", path, {"object": "bridge:B15", "by": "Maj Ozols", "until_min": 60, "note": "50 m"})
    assert (code, said["id"]) == (201, "approval:C06-B15")
    wait_for("the approval", lambda: detail(system, "C06")["may_move"], 5)
    (given,) = detail(system, "C06")["approvals"]
    assert (given["object"], given["by"], given["at"]) == ("bridge:B15", "Maj Ozols", said["at"])
    assert given["until"] == pytest.approx(said["at"] + 3_600_000, abs=1000)
    assert listed(system)["convoy:C06"]["verdict"] == "caution", "it stays one, and somebody answers for it"
    code, told = system.send(
        "POST", f"/api/v1/movements/convoy:C05/approvals{WORLD}", {"object": "bridge:B15", "by": "Maj Ozols"}
    )
    assert code in (201, 422)
    assert not detail(system, "C05")["may_move"], "100 on a caution class of 87.5 is no-go whoever signs"
    assert system.send("DELETE", f"/api/v1/exercises/demo/injects/{inject['serial']}")[0] == 200
    wait_for("the end", lambda: listed(system)["convoy:C06"]["verdict"] == "go", 5)


def papers(system: System) -> dict[str, Any]:
    (found,) = detail(system, "C04")["clearances"]
    return dict(found)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("LT20260106UO00000", "17 characters, not 18"),
        ("lt20260106UO000004", "position 1"),
        ("XX20260106UO000004", "'XX' is no EU or NATO state"),
        ("LT20261306UO000004", "is no date"),
        ("LT20260106AO000004", "position 11"),
        ("LT20260106UX000004", "position 12"),
        ("LT20260106UO00000X", "position 18"),
    ],
)
def test_a_form_302_that_cannot_be_is_refused_and_nothing_is_written(system: System, form: str, reason: str) -> None:
    before, events = papers(system), system.get(f"/api/v1/things/clearance:C04-XB11{WORLD}")["reports"]
    body = {"movement": "convoy:C04", "border": "crossing:XB11", "permission": "APPROVED", "form302": form, "by": "S3"}
    code, told = system.send("PUT", f"/api/v1/clearances/C04-XB11{WORLD}", body | {"by": "S3 cell"})
    assert code == 422
    assert told["detail"].startswith("form 302: ")
    assert reason in told["detail"]
    after = system.get(f"/api/v1/things/clearance:C04-XB11{WORLD}")["reports"]
    assert [each["source"] for each in after] == [each["source"] for each in events]
    assert (papers(system)["state"], papers(system)["form302"]) == (before["state"], before["form302"])


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [
        ("C04-XB10", {}, 404),
        ("C05-XB11", {}, 404),
        ("C04-XB11", {"movement": "convoy:NONE"}, 404),
        ("C04-XB99", {"border": "crossing:XB99"}, 404),
        ("C04-B15", {"border": "bridge:B15"}, 404),
        ("C04-XB11", {"permission": "PERHAPS"}, 422),
        ("C04-XB11", {"vehicles_declared": -1}, 422),
        ("C04-XB11", {"by": ""}, 422),
    ],
)
def test_a_clearance_of_nobody_or_with_a_wrong_word_is_refused(
    system: System, key: str, body: dict[str, Any], status: int
) -> None:
    wanted = {"movement": "convoy:C04", "border": "crossing:XB11", "by": "S3 cell", "form302": FORM} | body
    assert system.send("PUT", f"/api/v1/clearances/{key}{WORLD}", wanted)[0] == status


def test_the_missing_form_clears_the_border_once_it_is_submitted(system: System) -> None:
    assert papers(system)["state"] == "missing"
    wanted = {
        "movement": "convoy:C04", "border": "crossing:XB11", "permission": "APPROVED", "form302": FORM,
        "vehicles_declared": 24, "by": "S3 cell",
    }  # fmt: skip
    code, said = system.send("PUT", f"/api/v1/clearances/C04-XB11{WORLD}", wanted)
    assert (code, said["id"]) == (201, "clearance:C04-XB11")
    wait_for("the clearance", lambda: papers(system)["state"] == "cleared", 5)
    assert (papers(system)["form302"], papers(system)["source"]) == (FORM, "staff")
    assert listed(system)["convoy:C04"]["verdict"] == "caution", "it is 3.7 m wide"
    code, _ = system.send("PUT", f"/api/v1/clearances/C04-XB11{WORLD}", wanted | {"vehicles_declared": 20})
    assert code == 201
    wait_for("the block", lambda: papers(system)["state"] == "blocked", 5)
    assert "20 vehicles declared, 24 moving" in papers(system)["missing"]
    assert listed(system)["convoy:C04"]["verdict"] == "no-go"
