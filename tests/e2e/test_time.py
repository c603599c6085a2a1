"""Does the staff page go back in time, and do the map, the table and the boards then show the same moment?"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import Site
from tests.e2e.test_movements import DEMO, cell, tab
from tests.e2e.test_pages import LOOKS, STATE, Visit, live
from tests.system import System, wait_for

NOON = 1_795_608_000_000
"""2026-11-25 12:00:00Z."""
BRIDGE = "bridge:B15"
CONVOY = "convoy:C07"
WHY = "cracked bearing, test of time"
MOMENT = f"{STATE}.moment"

# -- what is meant ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moments(browser: Browser, module_site: Site) -> Iterator[Page]:
    """A page with the browser's part that reads and writes moments."""
    page = browser.new_page()
    page.goto(f"{module_site.url}/blank")
    page.add_script_tag(url=f"{module_site.url}/assets/36_moment.js")
    yield page
    page.close()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-25 10:15", NOON - 6_300_000),
        ("2026-11-25T10:15:00Z", NOON - 6_300_000),
        ("  2026-11-25 10:15:07z ", NOON - 6_293_000),
        ("2026-11-25 1015", NOON - 6_300_000),
        ("10:15", NOON - 6_300_000),
        ("9:05:01 UTC", NOON - 10_499_000),
        ("251015Z NOV 26", NOON - 6_300_000),
        ("251015ZNOV2026", NOON - 6_300_000),
        ("2024-02-29 00:00", 1_709_164_800_000),
    ],
)
def test_a_moment_is_read_as_it_is_written_in_utc(moments: Page, text: str, at: int) -> None:
    assert moments.evaluate("([text, near]) => cop.moment.parse(text, near)", [text, NOON]) == {"at": at}


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "25:00", "10:60", "2026-02-30 10:00", "2026-13-01 10:00", "2026-11-25", "321015Z NOV 26"),
        *("251015Z XXX 26", "251015 NOV 26", "10:15 EET", "<b>10:15</b>", "10.15"),
    ],
)
def test_what_is_no_moment_is_told_with_how_to_write_one(moments: Page, text: str) -> None:
    told = moments.evaluate("([text, near]) => cop.moment.parse(text, near)", [text, NOON])
    assert "at" not in told
    assert text in told["error"]
    assert "Write 2026-11-25 10:15" in told["error"]


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 4_000_000_000).map(lambda s: s * 1000))
def test_an_address_says_the_moment_to_the_second(moments: Page, at: int) -> None:
    assert moments.evaluate("(at) => cop.moment.parse(cop.moment.iso(at), 0).at", at) == at


@settings(max_examples=60, deadline=None)
@given(first=st.integers(1_600_000_000_000, 1_900_000_000_000), long=st.integers(60_000, 40 * 86_400_000))
def test_a_scale_has_few_round_marks_in_it_in_order(moments: Page, first: int, long: int) -> None:
    ticks = moments.evaluate("([a, b]) => cop.moment.ticks(a, b, 9)", [first, first + long])
    times = [tick["at"] for tick in ticks]
    assert len(times) <= 10
    assert times == sorted(set(times))
    assert all(first <= at <= first + long and at % 60_000 == 0 for at in times)


def test_a_mark_tells_utc_and_local_and_at_midnight_the_day(moments: Page) -> None:
    ticks = moments.evaluate("([a, b]) => cop.moment.ticks(a, b, 9)", [NOON + 10 * 3_600_000, NOON + 13 * 3_600_000])
    assert [(tick["utc"], tick["local"]) for tick in ticks][:5:2] == [
        ("22:00Z", "00:00"),
        ("23:00Z", "01:00"),
        ("26 NOV", "02:00"),
    ]
    assert moments.evaluate("(at) => cop.moment.words(at)", NOON) == "2026-11-25 12:00:00Z (14:00 local)"


def test_one_moment_is_asked_for_at_a_time_and_of_those_that_wait_the_newest(moments: Page) -> None:
    found = moments.evaluate("""async () => {
      const began = [], waiting = [];
      let under = 0, most = 0;
      const asker = cop.moment.asker(async (at) => {
        most = Math.max(most, ++under);
        began.push(at);
        await new Promise((done) => waiting.push(done));
        under--;
      });
      const turn = async () => { waiting.shift()(); await new Promise((done) => setTimeout(done)); };
      for (const at of [1, 2, 3, 4]) asker.want(at);
      await turn();
      asker.want(5); asker.want(6);
      const waits = asker.waits();
      await turn(); await turn();
      asker.want(7); asker.want(8); asker.drop();
      await turn();
      const rest = asker.busy();
      asker.want(9);
      await turn();
      return { began, most, waits, rest };
    }""")
    assert found == {"began": [1, 4, 6, 7, 9], "most": 1, "waits": True, "rest": False}


# -- in a running system ----------------------------------------------------------------------------------------------


class Story:
    """A system in which a bridge was closed at a known time."""

    def __init__(self, system: System) -> None:
        self.system = system
        wait_for("the movements", self.assessed, 60)
        wait_for("an archive", lambda: self.last() > self.now() - 20_000, 60)
        begun = self.last()
        wait_for("a past before the bridge is closed", lambda: self.last() > begun + 12_000, 60)
        self.before = self.now() - 2_000
        body = {"subject": BRIDGE, "effect": "close", "for_min": 900, "reason": WHY}
        assert system.send("POST", "/api/v1/exercises/demo/injects", body)[0] == 201
        wait_for("the archive after it", lambda: self.last() > self.before + 25_000, 60)
        self.after = self.before + 12_000

    def assessed(self) -> bool:
        """Whether movements are judged."""
        status, found = self.system.send("GET", f"/api/v1/movements?{DEMO}")
        return status == 200 and CONVOY in {row["id"] for row in found}

    def now(self) -> int:
        """The clock in whole seconds: what a link can say."""
        return int(time.time()) * 1000

    def last(self) -> int:
        """Until when the past is kept."""
        status, found = self.system.send("GET", f"/api/v1/past/span?{DEMO}")
        return int(found["last"]) if status == 200 else 0

    def link(self, at: int, more: str = "") -> str:
        """The address of a moment."""
        return f"{self.system.url}/?{DEMO}&at={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at / 1000))}{more}"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A system with a past."""
    running = System(tmp_path_factory.mktemp("time")).start()
    yield Story(running)
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """A moment is folded from the archive, and the boards follow: wait for longer than 5 s."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one user."""
    context = browser.new_context(viewport=LOOKS)  # type: ignore[arg-type]
    context.set_default_timeout(25_000)
    yield context
    context.close()


def go(page: Page, at: int) -> None:
    """Type a moment and go there."""
    if not page.locator("#time-body").is_visible():
        page.locator("#time-open").click()
    page.locator("#time-typed").fill(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at / 1000)))
    page.locator("#time-go").click()
    at_moment(page, at)


def opened(context: BrowserContext, address: str) -> Page:
    """A page that opens in the past: it is never live."""
    page = context.new_page()
    page.goto(address)
    return page


def at_moment(page: Page, at: int) -> None:
    """Wait until the page shows a moment."""
    page.wait_for_function(f"(at) => {MOMENT} === at && {STATE}.picture.now === at", arg=at)


def state_of(page: Page, thing: str = BRIDGE) -> Any:
    """The state of a thing in the page's picture."""
    return page.evaluate(f"(id) => ({STATE}.picture.byId.get(id) || {{}}).state", thing)


def test_before_an_inject_the_bridge_is_open_on_map_table_and_boards_and_a_step_over_it_closes_it(
    story: Story, visitor: BrowserContext
) -> None:
    visit = Visit(visitor, f"{story.system.url}/?{DEMO}&sel={BRIDGE}&q=Riga HPP dam")
    page = visit.page
    page.wait_for_function(f"{STATE}.picture.byId.get('{BRIDGE}').state === 'closed'")
    expect(page.locator("#past-band")).to_be_hidden()
    go(page, story.before)
    assert state_of(page) == "open"
    expect(page.locator("body")).to_have_attribute("data-live", "past")
    expect(page.locator("#past-band")).to_contain_text("PAST")
    expect(page.locator("#past-band")).to_contain_text("Z (")
    expect(page.locator("#past-band")).to_contain_text("ago")
    expect(page.locator("#live-text")).to_contain_text("past")
    expect(page.locator(".edge-top")).to_contain_text("EXERCISE demo")
    row = page.locator(f'#grid [row-id="{BRIDGE}"]')
    expect(row.locator('[col-id="state"]')).to_have_text("✓ open")
    expect(page.locator("#detail")).not_to_contain_text(WHY)
    tab(page, "Movements")
    delay = cell(page, "moves-grid", CONVOY, "delay_min")
    expect(delay).not_to_have_text(re.compile(r"^\+\d{3}"))
    for _ in range(2):
        page.get_by_role("button", name="Step ▸").click()
    at_moment(page, story.before + 20_000)
    assert state_of(page) == "closed"
    expect(delay).to_have_text(re.compile(r"^\+\d{3}"))
    expect(page.locator("#detail")).to_contain_text(WHY)
    tab(page, "Table")
    expect(row.locator('[col-id="state"]')).to_have_text("■ closed")
    page.locator("#time-live").click()
    live(page)
    assert page.evaluate(MOMENT) is None
    page.wait_for_function("!location.search.includes('&at=')")
    expect(page.locator("#past-band")).to_be_hidden()
    assert visit.complaints == []


def test_a_link_to_a_moment_shows_another_user_the_same(
    story: Story, visitor: BrowserContext, browser: Browser
) -> None:
    page = Visit(visitor, f"{story.system.url}/?{DEMO}&sel={BRIDGE}").page
    go(page, story.before)
    page.wait_for_function("location.search.includes('&at=')")
    visitor.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#time-copy").click()
    expect(page.locator("#time-told")).to_contain_text("copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert f"at={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(story.before / 1000))}" in link
    seen = f"Object.fromEntries([...{STATE}.picture.byId.values()].map((t) => [t.id, [t.state, t.why, t.lon, t.lat]]))"
    other = browser.new_context(viewport=LOOKS)  # type: ignore[arg-type]
    second = other.new_page()
    second.goto(link)
    at_moment(second, story.before)
    assert second.evaluate(seen) == page.evaluate(seen)
    expect(second.locator("#detail")).to_contain_text(BRIDGE)
    expect(second.locator("#detail")).not_to_contain_text(WHY)
    expect(second.locator("#time-body")).to_be_visible()
    other.close()


def test_play_goes_on_and_follow_keeps_the_convoy_in_view(story: Story, visitor: BrowserContext) -> None:
    page = opened(visitor, story.link(story.before, "&lat=54.2&lon=28&z=9"))
    at_moment(page, story.before)
    page.locator("#time-follow").click()
    expect(page.locator("#time-said")).to_contain_text("Choose a convoy")
    page.evaluate(f"cop.page.select('{CONVOY}', false)")
    page.evaluate(f"{STATE}.map.setView([54.2, 28], 9, {{ animate: false }})")
    page.locator("#time-follow").click()
    page.locator("#time-speed-10").click()
    page.locator("#time-play").click()
    expect(page.locator("#time-play")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(f"(at) => {MOMENT} > at + 5000", arg=story.before)
    assert page.evaluate(
        f"(() => {{ const t = {STATE}.picture.byId.get('{CONVOY}');"
        f" return {STATE}.map.getBounds().contains([t.lat, t.lon]); }})()"
    )
    page.wait_for_function(f"{STATE}.picture.byId.get('{BRIDGE}').state === 'closed'")
    page.locator("#time-play").click()
    expect(page.locator("#time-play")).to_have_attribute("aria-pressed", "false")


def test_typed_nonsense_and_what_is_not_kept_are_told_and_lose_nothing(story: Story, visitor: BrowserContext) -> None:
    page = opened(visitor, story.link(story.before))
    at_moment(page, story.before)
    for text, said in (
        ("the day before", "is not a moment"),
        ("2026-02-30 10:00", "There is no"),
        ("1999-12-31 23:59", "before what is kept"),
        ("2099-01-01 00:00", "later than what is there"),
    ):
        page.locator("#time-typed").fill(text)
        page.locator("#time-typed").press("Enter")
        expect(page.locator("#time-said")).to_contain_text(said)
        assert page.evaluate(MOMENT) == story.before
        assert state_of(page) == "open"
    page.goto(story.link(0))
    live(page)
    expect(page.locator("#time-said")).to_contain_text("can’t be shown")
    page.goto(f"{story.system.url}/?{DEMO}&at=yesterday")
    live(page)
    expect(page.locator("#time-said")).to_contain_text("is not a moment")


def test_the_keyboard_alone_goes_back_steps_plays_and_returns(story: Story, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{story.system.url}/?{DEMO}").page
    page.keyboard.press("h")
    slider = page.get_by_role("slider", name="Moment")
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "live")
    page.wait_for_function("document.getElementById('time-range').max > 0")
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_function(f"{MOMENT} !== null")
    there = page.evaluate(MOMENT)
    expect(slider).to_have_attribute("aria-valuetext", re.compile("local"))
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"(at) => {MOMENT} === at + 10000", arg=there)
    page.keyboard.press("Space")
    page.wait_for_function(f"(at) => {MOMENT} > at + 10000", arg=there)
    page.keyboard.press("Space")
    expect(page.locator("#time-play")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Tab")
    expect(page.locator("#time-live")).to_be_focused()
    page.keyboard.press("Enter")
    live(page)
    page.locator("#time-fold").focus()
    page.keyboard.press("h")
    expect(page.locator("#time-body")).to_be_hidden()
    expect(page.locator("#time-open")).to_be_focused()


def test_nothing_is_written_from_the_past(story: Story, visitor: BrowserContext) -> None:
    page = opened(visitor, story.link(story.before, "&sel=convoy:C10"))
    at_moment(page, story.before)
    tab(page, "Clearances")
    button = page.locator("#clearance-open")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_attribute("title", re.compile("return to live"))
    button.click(force=True)
    expect(page.locator("#time-said")).to_contain_text("return to live")
    expect(page.get_by_role("dialog", name="Clearance at a border")).to_be_hidden()
    tab(page, "Route")
    expect(page.locator("#route-find")).to_have_attribute("aria-disabled", "true")
    page.locator("#time-live").click()
    live(page)
    expect(page.locator("#route-find")).not_to_have_attribute("aria-disabled", "true")


def test_a_lost_server_is_told_in_the_past_and_the_picture_stays(
    browser: Browser, visitor: BrowserContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = System(tmp_path_factory.mktemp("lost")).start()
    try:
        wait_for("half a minute of archive", lambda: _kept_ms(own) > 30_000, 90)
        page = Visit(visitor, f"{own.url}/?{DEMO}").page
        page.keyboard.press("h")
        page.wait_for_function("document.getElementById('time-range').max > 0")
        page.keyboard.press("ArrowLeft")
        page.wait_for_function(f"{MOMENT} !== null")
    finally:
        own.stop()
    there = page.evaluate(MOMENT)
    expect(page.locator("#past-lost")).to_contain_text("can’t be reached", timeout=30_000)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#time-said")).to_contain_text("can’t be reached")
    assert page.evaluate(MOMENT) == there
    assert page.evaluate(f"{STATE}.picture.byId.size") > 100
    page.locator("#time-live").click()
    expect(page.locator("#time-loading")).to_contain_text("Returning to live")
    expect(page.locator("body")).to_have_attribute("data-live", "past")


def _kept_ms(system: System) -> int:
    """How long a past there is."""
    status, found = system.send("GET", f"/api/v1/past/span?{DEMO}")
    return int(found["last"] - found["first"]) if status == 200 else 0
