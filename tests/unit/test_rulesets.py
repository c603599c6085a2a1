"""Is a lead time counted in its own units, and a serial of a form 302 known from one that can't be?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.movement.clearance import form302_problem, rulesets
from cop.movement.rulesets import DAY, Lead, border_kind


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW = ms("2026-09-09T06:00")  # a Wednesday
SETS = rulesets()


@pytest.mark.parametrize(
    "serial, where",
    [
        ("LT20260805UO000005", None),
        ("US20240229NN123456", None),
        ("", "position 1:"),
        ("LT20260805UO00000", "position 18:"),
        ("LT20260805UO0000051", "position 19:"),
        ("lT20260805UO000005", "position 1:"),
        ("L020260805UO000005", "position 2:"),
        ("LT2O260805UO000005", "position 4:"),
        ("LT20260805XO000005", "position 11:"),
        ("LT20260805UX000005", "position 12:"),
        ("LT20260805UO00000A", "position 18:"),
        ("LT2026-08-05UO0005", "position 7:"),
        ("LT20260805UO00000٣", "position 18:"),
        ("LT20260230UO000005", "positions 3-10:"),
        ("LT00000101UO000005", "positions 3-10:"),
        ("LT20261301UO000005", "positions 3-10:"),
        ("XX20260805UO000005", "positions 1-2:"),
        ("RU20260805UO000005", "positions 1-2:"),
        (" LT20260805UO000005", "position 1:"),
        ("LT20260805UO000005\n", "position 19:"),
    ],
)
def test_a_serial_is_one_of_a_form_302_or_its_problem_says_where(serial: str, where: str | None) -> None:
    problem = form302_problem(serial)
    assert (problem is None) == (where is None)
    assert where is None or str(problem).startswith(where)


@given(st.text(max_size=20) | st.from_regex(r"[A-Z]{2}20[0-9]{6}[UNX][NEOX][0-9]{6}", fullmatch=True))
def test_no_text_breaks_the_check(serial: str) -> None:
    problem = form302_problem(serial)
    assert problem is None or problem.startswith("position")


@pytest.mark.parametrize(
    "lead, asked, answered",
    [
        (Lead(6, "hours"), "2026-09-09T06:00", "2026-09-09T12:00"),
        (Lead(45, "days"), "2026-09-09T06:00", "2026-10-24T06:00"),
        (Lead(5, "working days"), "2026-09-09T06:00", "2026-09-16T06:00"),
        (Lead(3, "working days"), "2026-09-07T06:00", "2026-09-10T06:00"),
        (Lead(1, "working days"), "2026-09-11T18:00", "2026-09-14T18:00"),  # Friday to Monday
        (Lead(1, "working days"), "2026-09-12T18:00", "2026-09-15T00:00"),  # on a Saturday: counts from Monday
        (Lead(0, "working days"), "2026-09-12T18:00", "2026-09-12T18:00"),
    ],
)
def test_a_lead_time_counts_in_its_own_units(lead: Lead, asked: str, answered: str) -> None:
    assert lead.after(ms(asked)) == ms(answered)


@given(st.integers(0, 10), st.sampled_from(("hours", "days", "working days")), st.integers(0, 60 * DAY))
def test_the_last_time_to_ask_is_the_last(value: int, unit: str, at: int) -> None:
    lead, at = Lead(value, unit), NOW + at  # type: ignore[arg-type]
    last = lead.before(at)
    assert lead.after(last) <= at < lead.after(last + 1)


def test_the_rule_sets_say_where_they_come_from_and_what_is_assumed() -> None:
    assert list(SETS) == ["pledge", "pledge-rapid", "national", "proposal", "emers", "harmonised"]
    assert {each.id for each in SETS.values() if each.assumed} == {"harmonised"}
    for each in SETS.values():
        assert all((each.name, each.applies, each.source, each.confidence))
        assert each.version >= 1
        assert each.pre_authorised.after(NOW) == NOW
        assert {"baltic", "internal"} == set(each.lead)
    assert "ours" in SETS["harmonised"].source
    texts = {key: each.lead["baltic"].text for key, each in SETS.items()}
    assert texts == {
        "pledge": "5 working days",
        "pledge-rapid": "3 working days",
        "national": "45 days",
        "proposal": "3 days",
        "emers": "6 hours",
        "harmonised": "24 hours",
    }


@pytest.mark.parametrize(
    "nations, kind",
    [
        (("LT", "LV"), "baltic"),
        (("EE", "LV"), "baltic"),
        (("LT", "PL"), "internal"),
        (("LV", "RU"), "external"),
        (("LV",), "external"),
        ((), "external"),
    ],
)
def test_kinds_of_border(nations: tuple[str, ...], kind: str) -> None:
    assert border_kind(nations) == kind
