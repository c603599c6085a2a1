"""What changed, what wants attention, and which views are kept? The staff page's desk, in browsers before a system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.test_movements import DEMO, movements, tab
from tests.e2e.test_pages import LOOKS, STATE, Visit, live
from tests.system import System, wait_for

WORLD = "exercise/demo"
DAM, DAM_NAME = "bridge:B15", "Riga HPP dam crossing"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system whose movements have been judged."""
    running = System(tmp_path_factory.mktemp("desk")).start()
    wait_for("the movements", lambda: "convoy:C07" in {row["id"] for row in movements(running)}, 60)
    yield running
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """An alert waits for three seconds before it is raised, and many tests at once slow the machine."""
    expect.set_options(timeout=15_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def first(browser: Browser) -> Iterator[BrowserContext]:
    """The browser of one user."""
    yield from _user(browser)


@pytest.fixture
def second(browser: Browser) -> Iterator[BrowserContext]:
    """The browser of another."""
    yield from _user(browser)


def _user(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=LOOKS, accept_downloads=True)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    yield context
    context.close()


@contextmanager
def inject(system: System, subject: str, reason: str) -> Iterator[dict[str, Any]]:
    """An inject that closes something, taken back at the end."""
    body = {"subject": subject, "effect": "close", "for_min": 900, "reason": reason}
    status, said = system.send("POST", "/api/v1/exercises/demo/injects", body)
    assert status == 201
    try:
        yield said
    finally:
        system.send("DELETE", f"/api/v1/exercises/demo/injects/{said['serial']}")


def visit(context: BrowserContext, system: System, more: str = "") -> Page:
    """The staff page of the exercise, live."""
    return Visit(context, f"{system.url}/?{DEMO}{more}").page


def answer(page: Page, who: str = "", word: str = "") -> None:
    """Answer the small dialog."""
    if who:
        page.locator("#ask-who").fill(who)
    if word:
        page.locator("#ask-word").fill(word)
    page.locator("#ask-send").click()
    expect(page.locator("#ask-send")).to_have_count(0)


def alert_on(page: Page, name: str) -> Locator:
    """The closure's row in the list of alerts."""
    return page.locator("#alerts-list tbody tr").filter(has_text=f"{name} (").filter(has_text="is closed").first


def number(page: Page, identifier: str) -> int:
    """The first number of an element, 0 when there is none."""
    found = re.search(r"\d+", page.locator(f"#{identifier}").text_content() or "")
    return int(found[0]) if found else 0


def listed(page: Page) -> list[str]:
    """What the tab lists, as it is copied: a line a change."""
    lines: list[str] = page.evaluate("cop.changes.text()").splitlines()
    return lines[1:]


def test_a_closure_on_a_route_in_use_is_an_alert_at_the_bell_and_in_the_tab_is_acknowledged_and_others_see_that(
    system: System, first: BrowserContext, second: BrowserContext
) -> None:
    page, other = visit(first, system), visit(second, system)
    tab(page, "Alerts")
    expect(page.locator("#alerts-silent")).to_be_hidden()
    assert page.locator("#alerts-list tbody tr").filter(has_text=DAM_NAME).count() == 0
    with inject(system, DAM, "cracked bearing, desk"):
        row = alert_on(page, DAM_NAME)
        expect(row).to_contain_text("still lies ahead of")
        expect(row).to_contain_text("■ red")
        expect(row).to_contain_text("LV")
        expect(row.locator(".when")).to_have_text(re.compile(r"\d\d:\d\d:\d\dZ.*ago"))
        expect(page.locator("#say-at-once")).to_contain_text(f"Red alert: {DAM_NAME}")
        expect(page.locator("#bell-count .alert-red")).to_have_text(re.compile(r"^■ \d+$"))
        expect(page.locator("#n-alerts")).to_contain_text(page.locator("#bell-count .alert-red").inner_text())

        other.locator("#bell").click()
        theirs = alert_on(other, DAM_NAME)
        expect(theirs).to_have_class(re.compile("open"))
        before = number(other, "bell-count")
        row.get_by_role("button", name=re.compile("^Acknowledge")).click()
        page.locator("#ask-send").click()
        expect(page.locator("#ask-said")).to_contain_text("Say who you are")
        answer(page, "MAJ Ozols", "engineers are on the way")
        expect(row).to_contain_text("MAJ Ozols")
        expect(theirs).to_contain_text("MAJ Ozols")
        expect(theirs).to_contain_text("engineers are on the way")
        wait_for("one open alert less at the bell", lambda: number(other, "bell-count") < before)

        row.get_by_role("button", name=re.compile("^Take")).click()  # the name is known: it isn't asked again
        expect(theirs).to_contain_text(re.compile("MAJ Ozols.*MAJ Ozols", re.S))
        page.locator("#alerts-mine").click()
        expect(page.locator("#alerts-list tbody tr")).to_have_count(1)
        page.locator("#alerts-mine").click()
        theirs.get_by_role("button", name=re.compile("^Hand over")).click()
        answer(other, word="CPT Kask")
        expect(row.locator("td").nth(5)).to_have_text("CPT Kask")

        row.get_by_role("button", name=re.compile("^Reopen")).click()
        expect(theirs).to_have_class(re.compile("open"))
        expect(theirs.get_by_role("button", name=re.compile("^Acknowledge"))).to_be_visible()

        row.locator("[data-select]").click()
        page.wait_for_function(f"{STATE}.selected === '{DAM}'")
    page.locator("#alerts-cleared").click()
    expect(page.locator("#alerts-list tr.cleared").filter(has_text=DAM_NAME)).to_contain_text("over", timeout=40_000)


def test_the_sound_is_off_until_somebody_wants_it_and_that_is_remembered(system: System, first: BrowserContext) -> None:
    page = visit(first, system)
    tab(page, "Alerts")
    sound = page.locator("#alerts-sound")
    expect(sound).to_have_text("Sound off")
    expect(sound).to_have_attribute("aria-pressed", "false")
    page.evaluate("""() => {
        self.tones = 0;
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) { self.tones++; return start.call(this, at); };
    }""")
    with inject(system, DAM, "a silent one"):
        expect(page.locator("#say-at-once")).to_contain_text(DAM_NAME)
        assert page.evaluate("tones") == 0
    page.locator("#alerts-try").click()
    assert page.evaluate("tones") == 3
    sound.click()
    expect(sound).to_have_text("Sound on")
    page.reload()
    tab(page, "Alerts")
    expect(page.locator("#alerts-sound")).to_have_text("Sound on")


def test_in_the_past_the_alerts_say_that_they_are_of_now(system: System, first: BrowserContext) -> None:
    page = visit(first, system)
    tab(page, "Alerts")
    expect(page.locator("#alerts-past")).to_be_hidden()
    page.evaluate(f"({STATE}.moment = cop.desk.clock() - 60000, cop.desk.emit('moment', {STATE}.moment))")
    expect(page.locator("#alerts-past")).to_be_visible()
    expect(page.locator("#alerts-past")).to_contain_text("of now")


def test_10_what_changed_since_my_last_look_is_complete_ordered_and_exportable(
    system: System, first: BrowserContext, tmp_path: Path
) -> None:
    page = visit(first, system)
    tab(page, "What changed")
    wait_for("what changed since the system began", lambda: number(page, "n-changes"))
    expect(page.locator("#changes-said")).to_contain_text("Complete only from")
    page.locator("#changes-seen").click()
    wait_for("a new mark", lambda: page.evaluate("cop.changes.mark().seen !== null"))
    with inject(system, "port:P30", "wind 25 m/s, desk"):
        wait_for("the inject", lambda: any("wind 25 m/s, desk" in line for line in listed(page)))
    wait_for("its end", lambda: sum("(port:P30), state" in line for line in listed(page)) == 2)

    end, begin = [line for line in listed(page) if "(port:P30), state" in line]
    assert "→ closed; wind 25 m/s, desk" in begin
    assert re.search(r"closed → (?!closed)", end)
    assert listed(page) == sorted(listed(page), key=lambda line: line[:20], reverse=True)
    expect(page.locator("#changes-said")).to_be_hidden()  # since the last look nothing is missing
    expect(page.locator("#changes-grid")).to_contain_text("wind 25 m/s, desk")
    page.locator("#changes-order").click()
    assert [line for line in listed(page) if "(port:P30), state" in line] == [begin, end]

    with page.expect_download() as coming:
        page.locator("#changes-csv").click()
    coming.value.save_as(tmp_path / "changes.csv")
    head, titles, *rows = (tmp_path / "changes.csv").read_text("utf-8-sig").splitlines()
    assert head.startswith(f"EXERCISE EXERCISE EXERCISE; world {WORLD}; changes from 20")
    assert head.endswith("; complete")
    assert titles.startswith("time_utc,id,name,layer,domain,nations,what,was,now,why,origin,source")
    assert len(rows) >= 2
    assert next(row for row in rows if ",port:P30," in row).count("wind 25 m/s, desk") == 1

    page.locator(".ag-row", has_text="wind 25 m/s, desk").first.locator("[col-id=name]").click()
    page.wait_for_function(f"{STATE}.selected === 'port:P30'")
    page.locator("#n-domain-cyber").click()
    page.locator("#changes-filtered").click()
    wait_for("the filter on the list", lambda: not any("port:P30" in line for line in listed(page)))
    expect(page.locator("#changes-count")).to_contain_text("of")
    page.locator("#clear").click()
    page.locator("#changes-filtered").click()

    mark = page.evaluate("cop.changes.mark().at")
    seen = number(page, "n-changes")
    page.locator("#changes-seen").click()
    wait_for("nothing new", lambda: number(page, "n-changes") < seen)
    page.locator("#changes-undo").click()
    wait_for("the earlier mark", lambda: number(page, "n-changes") >= seen)
    assert page.evaluate("cop.changes.mark().at") == mark
    page.reload()
    page.wait_for_function(f"cop.changes && cop.changes.mark() && cop.changes.mark().at === {mark}")


@pytest.mark.parametrize(
    ("typed", "told"),
    [("25:61", "There is no 25:61"), ("yesterday", "is not a moment"), ("2999-01-01 00:00", "still to come")],
)
def test_a_time_that_is_none_is_told_and_stays_where_it_was_typed(
    system: System, first: BrowserContext, typed: str, told: str
) -> None:
    page = visit(first, system)
    tab(page, "What changed")
    field = page.locator("#changes-since")
    field.fill(typed)
    field.press("Enter")
    expect(page.locator("#changes-said")).to_contain_text(told)
    page.evaluate("cop.desk.emit('tick', cop.desk.now())")  # it stays until something else is typed
    expect(page.locator("#changes-said")).to_contain_text(told)
    expect(field).to_have_value(typed)
    field.fill("2026-01-02 03:04")
    field.press("Enter")
    expect(page.locator("#changes-mark")).to_have_text("Since 2026-01-02 03:04:00Z")
    page.locator("[data-span='15']").click()
    expect(page.locator("#changes-mark")).not_to_have_text("Since 2026-01-02 03:04:00Z")


def save(page: Page, name: str, who: str = "") -> None:
    """Save what is shown."""
    page.locator("#views-open").click()
    page.locator("#views-name").fill(name)
    page.locator("#views-save").click()
    if who:
        answer(page, who)


def view(page: Page, name: str) -> Locator:
    """The row of a view in the open dialog."""
    return page.locator(f'#views-list li[data-view="{name}"]')


def test_a_view_saved_in_one_browser_opens_the_same_in_another_and_nobody_overwrites_it_unasked(
    system: System, first: BrowserContext, second: BrowserContext
) -> None:
    page = visit(first, system, "&lat=57.1&lon=24.3&z=9")
    page.locator("#n-domain-cyber").click()
    expect(page.locator("#n-all")).to_contain_text("shown of")
    shown = page.locator("#n-all").inner_text()
    save(page, "Cyber ķēde", "MAJ Ozols")
    expect(page.locator("#views-said")).to_have_text("“Cyber ķēde” is saved.")

    other = visit(second, system)
    other.locator("#views-open").click()
    expect(view(other, "Cyber ķēde")).to_contain_text("by MAJ Ozols")
    other.locator("#views-search").fill("kede cyb")
    expect(other.locator("#views-list li")).to_have_count(1)
    other.locator("#views-search").fill("nothing of that name")
    expect(other.locator("#views-list")).to_contain_text("No view has that name")
    other.locator("#views-search").fill("")
    view(other, "Cyber ķēde").get_by_role("button", name=re.compile("^Open")).click()
    other.wait_for_url(re.compile("domain=cyber"))
    other.wait_for_function(f"document.body.dataset.live === 'yes' && {STATE}.map")
    expect(other.locator("#n-all")).to_contain_text(shown.split(" ")[0] + " shown of")
    assert other.evaluate(f"{STATE}.map.getZoom()") == 9

    save(other, "Cyber ķēde", "CPT Kask")
    expect(other.locator("#views-said")).to_contain_text("was saved by MAJ Ozols at 20")
    expect(other.locator("#views-name")).to_have_value("Cyber ķēde")
    assert {each["name"]: each["by"] for each in system.get("/api/v1/views")}["Cyber ķēde"] == "MAJ Ozols"
    other.locator("#views-over").click()
    expect(other.locator("#views-said")).to_contain_text("saved over that of MAJ Ozols")
    expect(view(page, "Cyber ķēde")).to_contain_text("by CPT Kask")  # the open list follows
    other.locator("#views-name").fill("no / slash")
    other.locator("#views-save").click()
    expect(other.locator("#views-said")).to_contain_text("Not saved: ")
    expect(other.locator("#views-name")).to_have_value("no / slash")


def test_a_wall_plan_has_an_address_and_follows_a_rename_and_a_deleted_view_comes_back(
    system: System, first: BrowserContext
) -> None:
    page = visit(first, system)
    save(page, "north", "MAJ Ozols")
    expect(view(page, "north")).to_be_visible()
    for name in ("south", "west"):
        page.locator("#views-name").fill(name)
        page.locator("#views-save").click()
        expect(view(page, name)).to_be_visible()
    page.locator("#plan-open").click()
    page.locator("#plan-save").click()
    expect(page.locator("#plan-said")).to_contain_text("Give the plan a name")
    page.locator("#plan-name").fill("ops wall")
    page.locator("#plan-save").click()
    expect(page.locator("#plan-said")).to_contain_text("Tick at least one view")
    page.locator("[data-tick=west]").click()
    page.locator("[data-tick=north]").click()
    page.locator('[data-move=north][data-step="-1"]').click()
    page.locator("#plan-seconds").fill("30")
    page.locator("#plan-save").click()
    expect(page.locator("#plan-address")).to_have_text(f"{system.url}/wall/ops wall")
    plan = system.get("/api/v1/views/ops%20wall")
    assert (plan["views"], plan["turn_s"], plan["by"]) == (["north", "west"], 30, "MAJ Ozols")
    page.keyboard.press("Escape")
    expect(page.locator("#plan-name")).to_have_count(0)

    page.locator("#views-open").click()
    view(page, "north").get_by_role("button", name=re.compile("^Delete")).click()
    expect(page.locator("#views-said")).to_contain_text("is shown by the wall plan ops wall")
    view(page, "north").get_by_role("button", name=re.compile("^Rename")).click()
    page.locator("#ask-word").fill("south")
    page.locator("#ask-send").click()
    expect(page.locator("#ask-said")).to_contain_text("There is a view “south” already")
    answer(page, word="far north")
    expect(page.locator("#views-said")).to_contain_text("is now “far north”")
    assert system.get("/api/v1/views/ops%20wall")["views"] == ["far north", "west"]
    kept = system.get("/api/v1/views/south")
    view(page, "south").get_by_role("button", name=re.compile("^Delete")).click()
    expect(view(page, "south")).to_have_count(0)
    page.locator("#views-undo").click()
    expect(view(page, "south")).to_be_visible()
    assert system.get("/api/v1/views/south")["query"] == kept["query"]


def test_with_the_keyboard_only_a_view_is_saved_and_opened_and_no_key_is_taken_from_who_types(
    system: System, first: BrowserContext
) -> None:
    page = visit(first, system)
    keys = page.keyboard
    keys.press("v")
    expect(page.locator("#views-name")).to_be_focused()
    keys.type("nat vhat")  # letters that are keys of the page as well
    expect(page.locator("#views-name")).to_have_value("nat vhat")
    keys.press("Enter")
    expect(page.locator("#ask-who")).to_be_focused()
    keys.type("MAJ Ozols")
    keys.press("Enter")
    expect(page.locator("#views-said")).to_have_text("“nat vhat” is saved.")
    expect(page.locator("#ask-who")).to_have_count(0)
    expect(page.locator("#views-name")).to_be_focused()
    for _ in range(2):  # past the button, to the search
        keys.press("Tab")
    expect(page.locator("#views-search")).to_be_focused()
    keys.type("nat")
    expect(page.locator("#views-list li")).to_have_count(1)
    keys.press("Enter")
    page.wait_for_function("document.querySelector('#views-list') === null")
    live(page)
    expect(page.locator("#n-all")).to_contain_text("shown of")
    expect(page.locator("#table-count")).to_have_text(re.compile(r"^[1-9]\d* rows$"))
    keys.press("a")
    expect(page.get_by_role("tab", name=re.compile("^Alerts"))).to_have_attribute("aria-selected", "true")
    keys.press("n")
    expect(page.get_by_role("tab", name=re.compile("^What changed"))).to_have_attribute("aria-selected", "true")
    keys.press("?")
    table = page.locator("#help-keys")
    for key in ("?", "/", "a", "h", "n", "t", "v", "Escape"):
        expect(table.locator("kbd").get_by_text(key, exact=True)).to_be_visible()
    keys.press("t")  # a dialog is open: the page's keys rest
    assert page.evaluate(f"{STATE}.theme") == "dark"
    keys.press("Escape")
    expect(table).to_have_count(0)
    keys.press("t")
    page.wait_for_function(f"{STATE}.theme === 'light'")
    keys.press("/")
    keys.type("van")
    expect(page.locator("#filter-text")).to_have_value("van")
