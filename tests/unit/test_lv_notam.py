"""Is the Latvian page of NOTAMs read whole, and is a page that is not whole no withdrawal?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cop.event import Described, Event, Status
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national import lv_notam as speaker
from feeds.sources.lv_notam import SOURCE

NOW = round(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1000)
NOTICE = (
    "<h6>A{number}/26</h6>\n<div class='p1'>EVRA&nbsp;(RIGA&nbsp;(INTL))&nbsp;<br>GND&nbsp;TO&nbsp;1500FT&nbsp;AMSL<br>"
    "B)2026/11/20&nbsp;06:00&nbsp;C)2026/12/20&nbsp;15:00&nbsp;EST<br>D)DAILY&nbsp;0500-<br>"
    "E)<b>RWY&nbsp;18/36</b>&nbsp;CLSD&nbsp;&amp;&nbsp;WIP<br></div>\n"
)
PAGE = "<html><body>" + NOTICE.format(number=1) + NOTICE.format(number=2) + "</body></html>"


def read(page: str, now: int = NOW) -> list[Outcome]:
    return list(decode(SOURCE, page.encode(), Context(now)))


def reasons(page: str) -> list[str]:
    return [each.reason for each in read(page) if isinstance(each, Reject)]


def test_the_page_gives_no_q_line_and_dates_with_slashes() -> None:
    first, second, *_ = (each for each in read(PAGE) if isinstance(each, Event))
    assert isinstance(first.body, Described)
    assert first.subject == "notam:EVRA:A1/26"
    assert first.body.properties == {
        "number": "A1/26",
        "topic": "aerodrome",
        "meaning": "runway closed",
        "places": "EVRA",
        "lower": "GND",
        "upper": "1500FT AMSL",
        "schedule": "DAILY 0500-",
        "text": "RWY 18/36 CLSD & WIP",
        "validity": "2026-11-20 06:00 to 2026-12-20 15:00 (estimated)",
        "estimated": True,
    }
    assert isinstance(second.body, Status)
    assert (second.body.state, second.body.since, second.body.until) == ("restricted", first.at, None)
    assert first.at == round(datetime(2026, 11, 20, 6, tzinfo=UTC).timestamp() * 1000)


def test_the_state_of_an_aerodrome_is_as_new_as_the_page() -> None:
    (said,) = (each for each in read(PAGE) if isinstance(each, Event) and each.subject == "airfield:EVRA")
    assert said.at == NOW, "else one that left the page would go on"


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        (PAGE, []),
        (PAGE.removesuffix("</html>"), ["the page ends before its end"]),
        (PAGE[: PAGE.index("WIP<br></div>\n</body>")], ["A2/26 breaks off", "the page ends before its end"]),
        (NOTICE.format(number=1), []),
        (NOTICE.format(number=1)[:-10], ["A1/26 breaks off"]),
        ("<h6>A1/26</h6>", ["A1/26 has no text"]),
    ],
)
def test_a_page_that_was_cut_withdraws_nothing(page: str, wanted: list[str]) -> None:
    assert reasons(page) == wanted


@pytest.mark.parametrize(
    "page", ["", " \n", "<html><title>502</title></html>", "<h6>Valid NOTAM</h6><div>none</div>", "{}"]
)
def test_a_page_without_notams_is_no_all_clear(page: str) -> None:
    assert len(reasons(page)) == 1


def test_what_is_in_a_comment_is_not_on_the_page() -> None:
    page = PAGE.replace("</body>", f"<!-- {NOTICE.format(number=3)} --></body>")
    assert read(page) == read(PAGE)


def test_the_simulated_page_has_the_notices_of_the_scenario() -> None:
    sizes = set()
    for minutes in range(0, 120, 7):
        now = NOW + minutes * 60_000 + 17_000
        said = {
            f"notam:{each.script.place}:{each.number}"
            for each in speaker.state(3, now)
            if not each.script.text.startswith("CHECKLIST") and (each.script.end or each.until > now)
        }
        outcomes = read(speaker.say(3, now).decode(), now)
        assert not [each for each in outcomes if isinstance(each, Reject)]
        told = [each for each in outcomes if isinstance(each, Event) and isinstance(each.body, Described)]
        assert {each.subject for each in told} == said
        assert all("SIMULATED" in str(each.body.properties["text"]) for each in told)  # type: ignore[union-attr]
        sizes.add(len(said))
    assert len(sizes) > 1, "some come and go"
