"""Does a clearance clear only who has all that a border asks for, and does its time count by the chosen rules?"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Body, Described, Scalar, Sighted, Status, event
from cop.movement.clearance import (
    TROUBLE,
    Assessment,
    Clearance,
    Ruleset,
    assess,
    board,
    clearance_of,
    form302_problem,
    rulesets,
    saved_days,
)
from cop.movement.rulesets import DAY, HOUR
from cop.picture import Entity, fold

MARCH = Path(__file__).parents[2] / "feeds" / "reference" / "march"
MINUTE = 60_000
SETS = rulesets()
FORM = "LT20260805UO000005"


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW = ms("2026-09-09T06:00")  # a Wednesday
ETA = NOW + 10 * DAY


def clearance(**changed: object) -> Clearance:
    """A clearance that has everything, with changes."""
    full = Clearance(
        movement="convoy:C05",
        border="crossing:XB10",
        nation_from="LT",
        nation_to="LV",
        permission="APPROVED",
        requested_at=NOW - 50 * DAY,
        decided_at=NOW - 20 * DAY,
        by="LV NMCC",
        vehicles_declared=28,
        form302=FORM,
        source="simulated",
        at=NOW - DAY,
    )
    return msgspec.structs.replace(full, **changed)


def judged(has: Clearance | None, rules: str = "pledge", eta: int = ETA, **more: object) -> Assessment:
    return assess(
        has,
        movement="convoy:C05",
        border="crossing:XB10",
        nations=("LT", "LV"),
        eta=eta,
        now=NOW,
        ruleset=SETS[rules],
        **more,  # type: ignore[arg-type]
    )


# -- what a clearance is worth ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed, eta, state, words",
    [
        ({}, ETA, "cleared", ()),
        ({}, NOW - HOUR, "cleared", ()),
        ({"form302": ""}, ETA, "missing", ("form 302 missing",)),
        ({"form302": FORM[:-1]}, ETA, "blocked", (f"form 302 {FORM[:-1]}: position 18: the serial has 17",)),
        (
            {"permission": "REQUESTED", "decided_at": None, "requested_at": NOW},
            ETA,
            "pending",
            ("decision of LV NMCC",),
        ),
        (
            {"permission": "REQUESTED", "decided_at": None, "requested_at": NOW},
            NOW + 5 * DAY,
            "late",
            ("decision of LV NMCC outstanding", "5 working days end 2.0 days after the ETA"),
        ),
        (
            {"permission": "REQUESTED", "decided_at": None},
            ETA,
            "pending",
            ("decision of LV NMCC outstanding, overdue",),
        ),
        ({"permission": "REQUESTED", "form302": ""}, ETA, "missing", ("decision", "form 302 missing")),
        ({"permission": "REQUESTED", "pre_authorised": True}, ETA, "cleared", ()),
        ({"permission": "", "pre_authorised": True}, ETA, "missing", ("no notification",)),
        ({"permission": ""}, ETA, "missing", ("no permission requested",)),
        ({"permission": ""}, NOW + DAY, "late", ("no permission requested", "5 working days end 6.0 days after")),
        ({"permission": "REJECTED"}, ETA, "blocked", ("permission rejected by LV NMCC",)),
        ({"permission": "CANCELLED"}, ETA, "blocked", ("permission cancelled",)),
        ({"permission": "AMENDED"}, ETA, "cleared", ()),
        ({"permission": "AMENDED", "decided_at": None}, ETA, "pending", ("decision",)),
        ({"permission": "AMENDED", "requested_at": NOW - DAY}, ETA, "pending", ("decision",)),
        ({"permission": "USED"}, NOW, "cleared", ()),
        ({"permission": "USED"}, ETA, "blocked", ("permission used already",)),
        ({"decided_at": NOW + 1, "requested_at": NOW}, ETA, "pending", ("decision",)),  # decided only later
        ({"decided_at": None}, ETA, "cleared", ()),
        ({"blocked": "count does not match"}, ETA, "blocked", ("count does not match",)),
        ({"nation_from": "BY"}, ETA, "cleared", ()),
        ({"nation_from": "BY", "permission": "REQUESTED"}, ETA, "unknown", ("decision", "no rule gives a lead time")),
        ({"nation_from": "BY", "permission": ""}, ETA, "missing", ("no permission", "no rule gives a lead time")),
    ],
)
def test_states(changed: dict[str, object], eta: int, state: str, words: tuple[str, ...]) -> None:
    got = judged(clearance(**changed), eta=eta)
    assert got.state == state
    assert got.trouble == TROUBLE[got.state]
    assert len(got.missing) == len(words)
    assert all(said.startswith(word) for said, word in zip(got.missing, words, strict=True))
    assert (got.deadline is None) == (got.left_ms is None) == (state == "cleared")


def test_without_any_clearance_both_objects_are_missing_and_the_deadline_is_the_last_request() -> None:
    got = judged(None)
    assert got.state == "missing"
    assert got.missing == ("no permission requested", "form 302 missing")
    assert (got.movement, got.border, got.nations) == ("convoy:C05", "crossing:XB10", ("LT", "LV"))
    assert got.earliest == ms("2026-09-16T06:00")
    assert got.slack_ms == ETA - got.earliest
    assert got.deadline == ms("2026-09-11T23:59:59.999")  # the ETA is a Saturday
    assert got.left_ms == got.deadline - NOW


@pytest.mark.parametrize(
    "rules, state",
    [
        ("pledge", "late"),
        ("pledge-rapid", "pending"),
        ("national", "late"),
        ("proposal", "pending"),
        ("emers", "pending"),
        ("harmonised", "pending"),
    ],
)
def test_a_request_three_working_days_before_startex_counts_by_the_chosen_rules(rules: str, state: str) -> None:
    startex = ms("2026-09-10T06:00")  # a Thursday
    asked = clearance(permission="REQUESTED", requested_at=startex - 4320 * MINUTE, decided_at=None)
    got = assess(asked, eta=startex + 268 * MINUTE, now=startex, ruleset=SETS[rules])
    assert got.state == state
    assert got.ruleset == rules


def test_more_vehicles_than_declared_are_blocked() -> None:
    assert judged(clearance(), vehicles=28).state == "cleared"
    assert judged(clearance(), vehicles=27).state == "cleared"
    got = judged(clearance(vehicles_declared=34), vehicles=36)
    assert (got.state, got.missing) == ("blocked", ("34 vehicles declared, 36 moving",))


@pytest.mark.parametrize(
    "changed, since, state",
    [
        ({}, None, "unknown"),
        ({}, NOW - DAY, "cleared"),
        ({}, NOW - 30 * DAY, "unknown"),
        ({"decided_at": None}, NOW, "unknown"),
        ({"permission": "REQUESTED", "requested_at": NOW}, None, "unknown"),
        ({"permission": ""}, None, "missing"),
        ({"permission": "REJECTED"}, NOW, "blocked"),
        ({"form302": ""}, NOW, "missing"),
    ],
)
def test_a_lost_exchange_never_clears(changed: dict[str, object], since: int | None, state: str) -> None:
    got = judged(clearance(**changed), confidence_lost="Form 302 exchange", lost_since=since)
    assert got.state == state
    assert (state == "unknown") == ("can't be confirmed: Form 302 exchange" in got.missing)


@given(
    st.sampled_from(("", "REQUESTED", "APPROVED", "AMENDED", "REJECTED", "CANCELLED", "USED")),
    st.none() | st.integers(-60, 5),
    st.none() | st.integers(-60, 5),
    st.sampled_from((FORM, "", "bad")),
    st.integers(0, 60),
    st.sampled_from(list(SETS)),
    st.booleans(),
)
def test_what_is_lost_never_betters_a_state_and_only_what_is_complete_is_cleared(
    permission: str, asked: int | None, decided: int | None, form: str, days: int, rules: str, pre: bool
) -> None:
    has = clearance(
        permission=permission,
        requested_at=None if asked is None else NOW + asked * DAY,
        decided_at=None if decided is None else NOW + decided * DAY,
        form302=form,
        pre_authorised=pre,
    )
    got = judged(has, rules, NOW + days * DAY)
    lost = judged(has, rules, NOW + days * DAY, confidence_lost="x")
    assert lost.trouble >= got.trouble
    assert lost.state != "cleared"
    if got.state == "cleared":
        assert form == FORM
        assert permission in ("APPROVED", "AMENDED", "USED") or (pre and permission == "REQUESTED")
        assert got.missing == ()
    else:
        assert got.missing


def test_the_board_has_the_most_trouble_first() -> None:
    states = [
        judged(clearance()),
        judged(clearance(permission="REJECTED")),
        judged(None),
        judged(clearance(permission=""), eta=NOW + DAY),
        judged(clearance(permission="REQUESTED", requested_at=NOW, decided_at=None)),
        judged(clearance(), confidence_lost="x"),
        judged(None, eta=ETA - DAY),
    ]
    got = board(states)
    assert [each.state for each in got] == ["blocked", "late", "missing", "missing", "unknown", "pending", "cleared"]
    assert got[2].eta == ETA - DAY


def test_the_days_that_harmonised_rules_save() -> None:
    borders = [
        clearance(),
        clearance(border="crossing:XB01", nation_from="LV", nation_to="EE"),
        clearance(border="crossing:XB30", nation_from="PL", nation_to="LT"),
    ]
    baltic = saved_days(borders[:2], NOW, SETS["national"], SETS["harmonised"])
    assert [each.saved_days for each in baltic.borders] == [44, 44]
    assert (baltic.national_days, baltic.harmonised_days, baltic.saved_days, baltic.sum_days) == (45, 1, 44, 88)
    assert saved_days(borders, NOW, SETS["national"], SETS["harmonised"]).saved_days == 45 - 7
    beyond = [*borders, clearance(nation_from="BY")]
    assert saved_days(beyond, NOW, SETS["national"], SETS["harmonised"]).saved_days is None
    assert saved_days([], NOW, SETS["national"], SETS["harmonised"]).saved_days is None


# -- reading the picture ----------------------------------------------------------------------------------------------

TOLD: dict[str, Scalar] = {
    "nation_from": "LT",
    "nation_to": "LV",
    "permission": "APPROVED",
    "requested_at": NOW - 50 * DAY,
    "decided_at": NOW - 20 * DAY,
    "by": "LV NMCC",
    "vehicles_declared": 28,
    "form302": FORM,
    "note": "",
}


def thing(*bodies: tuple[str, int, Body], subject: str = "clearance:C05-XB10") -> Entity:
    told = (
        event(source, subject, at, body, received=at, world="exercise/x", origin="injected")
        for source, at, body in bodies
    )
    found = fold(told).entity(subject)
    assert found is not None
    return found


def described(**changed: Scalar) -> Described:
    return Described("C05 at XB10", properties=TOLD | changed, marking="EXERCISE DATA")


def test_a_clearance_is_read_from_the_picture() -> None:
    got = clearance_of(thing(("simulated", NOW - DAY, described())), NOW)
    assert got == clearance(marking="EXERCISE DATA")
    assert got.form302_state == "valid"


def test_nations_come_from_the_description_too_and_convoys_may_have_dashes() -> None:
    bare: dict[str, Scalar] = {"permission": "requested"}
    said = Described(nations=("EE", "LV"), properties=bare)
    got = clearance_of(thing(("s", NOW, said), subject="clearance:SIM-0001-XB01"), NOW)
    assert got is not None
    assert (got.movement, got.border) == ("convoy:SIM-0001", "crossing:XB01")
    assert (got.nations, got.permission, got.form302_state) == (("EE", "LV"), "REQUESTED", "none")


def test_a_word_that_is_no_state_of_a_permission_is_none() -> None:
    got = clearance_of(thing(("s", NOW, described(permission="GRANTED?"))), NOW)
    assert got is not None
    assert got.permission == ""


def test_a_newer_submission_counts_as_a_whole() -> None:
    asked: dict[str, Scalar] = {"permission": "REQUESTED", "requested_at": NOW}
    found = thing(("simulated", NOW - DAY, described()), ("staff", NOW, Described(properties=asked)))
    got = clearance_of(found, NOW)
    assert got is not None
    assert (got.permission, got.decided_at, got.form302, got.source) == ("REQUESTED", None, "", "staff")


def test_a_status_that_closes_it_blocks_it_while_it_lasts() -> None:
    closed = Status("closed", since=NOW, until=NOW + HOUR, reason="34 declared, 36 moving")
    found = thing(("simulated", NOW - DAY, described()), ("inject:INJ-004", NOW, closed))
    for at, blocked in ((NOW - 1, ""), (NOW, "34 declared, 36 moving"), (NOW + HOUR, "")):
        got = clearance_of(found, at)
        assert got is not None
        assert got.blocked == blocked
    got = clearance_of(found, NOW)
    assert got is not None
    assert (got.source, got.at) == ("inject:INJ-004", NOW)
    assert assess(got, eta=ETA, now=NOW, ruleset=SETS["pledge"]).state == "blocked"


@pytest.mark.parametrize(
    "subject, body",
    [
        ("convoy:C05-XB10", described()),
        ("clearance:C05", described()),
        ("clearance:C05-", described()),
        ("clearance:C05-XB10", Described("only a name")),
        ("clearance:C05-XB10", Sighted(24.0, 56.0)),
        ("clearance:C05-XB10", Status("closed")),
    ],
)
def test_what_is_no_clearance_is_none(subject: str, body: Body) -> None:
    assert clearance_of(thing(("s", NOW, body), subject=subject), NOW) is None


# -- the exercise's own clearances ------------------------------------------------------------------------------------


def rows(name: str) -> list[dict[str, str]]:
    with (MARCH / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_exercise_has_a_clearance_for_every_border_that_a_convoy_passes() -> None:
    borders = {"Meitene-Kalviai": "XB11", "Grenctale-Salociai": "XB10", "Ikla-Ainazi": "XB01", "Valga-Valka": "XB02"}
    passed = {
        (row["convoy_id"], borders[row["point"].removesuffix(" border")])
        for row in rows("march_table.csv")
        if row["point"].endswith(" border")
    }
    told = rows("clearances.csv")
    assert {(row["convoy_id"], row["border"]) for row in told} == passed
    vehicles = {row["convoy_id"]: row["vehicles"] for row in rows("convoys.csv")}
    for row in told:
        assert row["vehicles_declared"] == vehicles[row["convoy_id"]]
        assert row["label"] == "EXERCISE DATA"
        assert int(row["requested_min"]) < int(row["decided_min"] or 0)
        if row["convoy_id"] != "C04":
            assert form302_problem(row["form302"]) is None
            assert row["form302"][2:6] == "2026"


@pytest.mark.parametrize("rules", list(SETS.values()), ids=list(SETS))
def test_at_startex_only_c04_and_c08_are_in_trouble(rules: Ruleset) -> None:
    startex = ms("2026-09-10T06:00")
    found = {}
    for row in rows("clearances.csv"):
        properties: dict[str, Scalar] = {
            **row,
            "vehicles_declared": int(row["vehicles_declared"]),
            "requested_at": startex + int(row["requested_min"]) * MINUTE,
            "decided_at": startex + int(row["decided_min"]) * MINUTE if row["decided_min"] else None,
        }
        said = Described(properties=properties, marking=row["label"])
        has = clearance_of(
            thing(("s", startex, said), subject=f"clearance:{row['convoy_id']}-{row['border']}"), startex
        )
        assert has is not None
        got = assess(has, eta=startex + 4 * HOUR, now=startex, ruleset=rules)
        if got.state != "cleared":
            found[row["convoy_id"]] = got.state
    late = rules.id in ("pledge", "national")
    assert found == {"C04": "missing", "C08": "late" if late else "pending"}
