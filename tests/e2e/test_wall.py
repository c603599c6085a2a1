"""The wall in a real browser: what the watch officer must be able to tell from five metres, untouched."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cop.bus.desk import RedisDesk
from cop.event import REAL, Described, Sighted, event
from dashboard.desk import Desk
from tests.browser import Site
from tests.system import ROOT, System, wait_for

STATE = "cop.page.state()"
WORLD = "exercise/demo"
SIZES = ((1920, 1080), (3840, 2160))
LEAST_PX = 23 / 0.70
"""Type whose capitals are 10' high at five metres on a 55-inch screen of 1920×1080: see assets/wall.css."""
CHIEF_PX = 39 / 0.70
"""1/200 of the distance."""
SHOWN = """() => [...document.querySelectorAll('.wall *')].filter((e) => {
  const box = e.getBoundingClientRect();
  const own = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
  return own && box.width && box.height && !e.closest('#credits, .unseen');
}).map((e) => {
  const box = e.getBoundingClientRect();
  const style = getComputedStyle(e);
  const may = style.textOverflow === 'ellipsis' || style.display === 'inline';
  const whole = may || e.closest('.edge, .window, .reddest');
  const out = box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1;
  return {
    what: `${e.tagName} ${e.id || e.className} ${e.textContent.slice(0, 30)}`, px: parseFloat(style.fontSize),
    outside: !e.closest('.edge, .window') && out,
    cut: !whole && e.scrollWidth > e.clientWidth + 1,
  };
})"""
OVERLAPS = """() => {
  const parts = ['.top', '.strip', '.turn', '.wall-legend', '#map-box', 'aside', '.ticker', '.nations']
    .map((name) => [name, document.querySelector(`.wall ${name}`).getBoundingClientRect()]);
  const found = [];
  for (const [n, a] of parts) for (const [m, b] of parts) {
    const across = a.left < b.right - 1 && b.left < a.right - 1;
    if (n < m && across && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push([n, m]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One system for all."""
    running = System(tmp_path_factory.mktemp("system")).start()
    yield running
    running.stop()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one wall at 1920×1080."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    context.set_default_timeout(20_000)
    yield context
    context.close()


def wall(context: BrowserContext, url: str) -> Page:
    """A wall with a live picture."""
    page = context.new_page()
    page.goto(url)
    live(page)
    return page


def live(page: Page) -> None:
    """Wait until the wall shows a live picture with things in it."""
    page.wait_for_function(
        f"document.body && document.body.dataset.live === 'yes' && {STATE}.picture.byId.size > 100", timeout=40_000
    )


def things(page: Page) -> dict[str, Any]:
    """What the page's picture has, by id."""
    return {t["id"]: t for t in page.evaluate(f"[...{STATE}.picture.byId.values()]")}


def threaded(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on a thread of its own: Playwright holds this one's event loop."""
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join(20)


def inject(system: System, subject: str, reason: str) -> str:
    """Close a thing of the exercise for five minutes; the inject's serial."""
    body = {"subject": subject, "effect": "close", "for_min": 5, "reason": reason}
    status, said = system.send("POST", "/api/v1/exercises/demo/injects", body)
    assert status == 201, said
    return str(said["serial"])


def save(system: System, name: str, **body: Any) -> None:
    """Save a view or a wall plan, whatever was there."""
    known = [each for each in system.get("/api/v1/views") if each["name"] == name]
    version = {"version": known[0]["version"]} if known else {}
    status, said = system.send("PUT", f"/api/v1/views/{quote(name)}", {"by": "watch", **body, **version})
    assert status == 200, said


# -- the watch officer's questions -------------------------------------------------------------------------------------


def test_watch_1_from_five_metres_untouched_exercise_or_real_both_clocks_and_each_nations_freshness(
    system: System, visitor: BrowserContext
) -> None:
    page = wall(visitor, f"{system.url}/wall?world={WORLD}")
    expect(page.locator("#world-name")).to_have_text("EXERCISE demo")
    expect(page.locator("#clock-utc")).to_have_text(re.compile(r"^\d\d:\d\d:\d\dZ$"))
    expect(page.locator("#clock-local")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    expect(page.locator("#clock-zone")).to_have_text(re.compile(r"^EES?T$"))
    expect(page.locator("#clock-exercise")).to_have_text(re.compile("^T"))
    for nation, name in (("EE", "Estonia"), ("LV", "Latvia"), ("LT", "Lithuania")):
        told = page.locator(f"#nations [data-nation={nation}]")
        expect(told).to_contain_text(name)
        expect(told.locator(".silence")).to_have_text(re.compile(r"^[●◐○] \d+ (s|min)"))
    for side in ("top", "right", "bottom", "left"):
        expect(page.locator(f".edge-{side}")).to_be_visible()
        expect(page.locator(f".edge-{side}")).to_contain_text("EXERCISE demo")
    for chief in ("#world-name", "#clock-utc", "#clock-local", "#clock-exercise", "#w-domain-land-red"):
        size = page.evaluate(f"parseFloat(getComputedStyle(document.querySelector('{chief}')).fontSize)")
        assert size >= CHIEF_PX, chief
    assert page.evaluate("getComputedStyle(document.querySelector('#page-wall')).cursor") == "none"
    real = wall(visitor, f"{system.url}/wall?world=real")
    expect(real.locator("#world-name")).to_have_text("REAL")
    expect(real.locator(".edge-top")).to_be_hidden()
    expect(real.locator("#clock-exercise-box")).to_be_hidden()


def test_watch_2_one_red_amber_green_count_per_domain_red_sorts_first_and_cannot_scroll_off(
    system: System, visitor: BrowserContext
) -> None:
    page = wall(visitor, f"{system.url}/wall?world={WORLD}&turn=0")

    def counted() -> bool:
        told: bool = page.evaluate(
            f"""() => {{
              const {{ picture }} = {STATE};
              const all = cop.picture.counts(picture, null, cop.page.now());
              const said = (d, l) => document.getElementById(`w-domain-${{d}}-${{l}}`).textContent;
              return ['land', 'maritime', 'air', 'cyber'].every((d) => ['red', 'amber', 'green'].every(
                (l) => said(d, l) === String((all.domain[d] || {{}})[l] || 0)));
            }}"""
        )
        return told

    wait_for("the counts of every domain", counted, 10)
    for shape in ("red", "amber", "green", "unknown"):
        content = page.evaluate(
            f"getComputedStyle(document.getElementById('w-domain-land-{shape}'), '::before').content"
        )
        assert content in ('"■"', '"▲"', '"✓"', '"?"')

    def every_red_is_there() -> bool:
        told: bool = page.evaluate(
            f"""() => {{
              const list = document.getElementById('reddest');
              const rows = [...list.children];
              const said = rows.filter((r) => r.querySelector('.state.closed'));
              const n = said.reduce((sum, r) => sum + Number(r.dataset.count || 1), 0);
              const {{ reds }} = cop.reddest.sorted({STATE}.picture, cop.page.now());
              const first = rows.findIndex((r) => !r.querySelector('.state.closed'));
              const bottom = rows.length ? rows[rows.length - 1].getBoundingClientRect().bottom : 0;
              return n === reds.length && (first < 0 || first >= said.length)
                && bottom <= list.getBoundingClientRect().bottom + 1;
            }}"""
        )
        return told

    wait_for("every red on the screen, before all others", every_red_is_there, 10)


def test_watch_3_a_live_track_silent_for_over_120_s_turns_stale_and_stays_and_real_and_simulated_differ_in_shape(
    system: System, visitor: BrowserContext
) -> None:
    async def report() -> None:
        bus = system.bus("feeds")
        now = time.time_ns() // 1_000_000
        said = [
            event("watch", "convoy:LIVE1", now - 113_000, Sighted(24.1, 57.0, 90.0, 12.0), received=now),
            event("watch", "convoy:LIVE1", now - 113_000, Described("Live one", ("LV",)), received=now),
            event("watch", "convoy:SIM1", now, Sighted(24.3, 57.1, 90, 12), received=now, origin="simulated"),
            event("watch", "convoy:SIM1", now, Described("Made up", ("LV",)), received=now, origin="simulated"),
        ]
        await bus.append(REAL, said)
        await bus.close()

    page = wall(visitor, f"{system.url}/wall?world=real&turn=0")
    threaded(report())
    thing = f"{STATE}.picture.byId.get('convoy:LIVE1')"
    page.wait_for_function(f"{thing} && !cop.picture.stale({thing}, cop.page.now())")
    page.wait_for_function(f"cop.picture.stale({thing}, cop.page.now())", timeout=15_000)
    shapes = page.evaluate(
        f"""async () => {{
          const {{ byId }} = {STATE}.picture;
          const {{ sprites }} = cop.canvas.screens.values().next().value;
          const [live, made] = [byId.get('convoy:LIVE1'), byId.get('convoy:SIM1')];
          const shape = (thing, old) => {{
            const image = sprites.stamp(thing, 'none', old).image;
            return [...image.getContext('2d').getImageData(0, 0, image.width, image.height).data]
              .filter((_, n) => n % 4 === 3).join();
          }};
          const until = performance.now() + 10000;
          for (const t of [live, made]) shape(t, false);
          while (cop.canvas.stats().busy && performance.now() < until) await new Promise((r) => setTimeout(r, 100));
          return {{ live: shape(live, false), stale: shape(live, true), made: shape(made, false) }};
        }}"""
    )
    assert shapes["live"] != shapes["stale"]
    assert shapes["live"] != shapes["made"]
    assert page.evaluate(f"cop.canvas.index.byId.has('convoy:LIVE1') && {thing} !== undefined")


def test_watch_4_a_new_red_event_is_on_every_wall_within_2_s_with_place_and_number_of_convoys(
    system: System, browser: Browser, visitor: BrowserContext
) -> None:
    second = browser.new_context(viewport={"width": 3840, "height": 2160})
    try:
        walls = [wall(context, f"{system.url}/wall?world={WORLD}&turn=0") for context in (visitor, second)]
        subject = next(
            each["id"]
            for each in things(walls[0]).values()
            if each["layer"] == "bridges" and each["state"] == "open" and passing(system, each["id"]) > 0
        )
        many = passing(system, subject)
        serial = inject(system, subject, "pier under-washed")
        for page in walls:
            row = page.locator(f'#reddest li[data-id="{subject}"]')
            expect(row).to_be_visible(timeout=2_000)
            expect(row).to_have_class(re.compile("new"))
            expect(row).to_contain_text(f"{many} convoy")
            seen = things(page)[subject]
            expect(row).to_contain_text(seen["nations"][0])
            expect(page.locator("#ticker")).to_contain_text("pier under-washed")
            expect(page.locator("#ticker li").filter(has_text="pier under-washed")).to_contain_text(f"{many} convoy")
            before = page.evaluate(
                "(id) => [...document.querySelectorAll('#reddest li')].findIndex((r) => r.dataset.id === id)", subject
            )
            assert 0 <= before <= 3  # the convoys that it stops come after it: only what else turned red may not
            assert page.evaluate("(id) => cop.canvas.index.byId.get(id).redAt > 0", subject)
        assert system.send("DELETE", f"/api/v1/exercises/demo/injects/{serial}")[0] == 200
    finally:
        second.close()


def passing(system: System, subject: str) -> int:
    """How many convoys' ways lead over a bridge, by the movements' own words."""
    found = system.get(f"/api/v1/movements?world={WORLD}")
    rows = found["movements"] if isinstance(found, dict) else found
    return sum(subject in str(system.get(f"/api/v1/movements/{row['id']}?world={WORLD}")) for row in rows)


def test_watch_5_a_lost_server_is_across_the_whole_width_within_10_s_and_the_as_of_time_is_frozen(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = System(tmp_path_factory.mktemp("lost")).start()
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    try:
        save(own, "Latvia red", query=f"world={WORLD}&nation=LV&state=closed")
        page = wall(context, f"{own.url}/wall/Latvia red?world={WORLD}")
        expect(page.locator("#turn")).to_have_text("Latvia red")
        page.evaluate("self.asWas = true")
        code = own.get("/code")
        own.stop()
        expect(page.locator("#not-live")).to_be_visible(timeout=12_000)
        count_before = page.evaluate(f"{STATE}.picture.byId.size")
        assert count_before > 200
        expect(page.locator("#not-live")).to_contain_text("NOT LIVE")
        box = page.locator("#not-live").bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, 1920)
        expect(page.locator("#not-live-since")).to_contain_text("the picture is of")
        frozen = page.locator("#not-live-since").inner_text()[:38]
        page.wait_for_timeout(2_500)
        assert page.locator("#not-live-since").inner_text()[:38] == frozen
        assert page.evaluate(f"{STATE}.picture.byId.size") == count_before
        expect(page.locator("#turn")).to_have_text("Latvia red")
        own.start()
        expect(page.locator("#not-live")).to_be_hidden(timeout=40_000)
        live(page)
        expect(page.locator("#turn")).to_have_text("Latvia red")
        if own.get("/code") == code:
            assert page.evaluate("self.asWas")  # the same code came back: there was no need to load the page anew
        page.reload()
        live(page)
        expect(page.locator("#turn")).to_have_text("Latvia red")
        expect(page.locator("#turn-filter")).to_have_text("Latvia · ■ closed")
    finally:
        context.close()
        own.stop()


def test_watch_6_unattended_there_is_no_sign_out_no_growth_past_a_bound_and_a_reload_keeps_the_view(
    system: System, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    page.add_init_script(path=Path(ROOT) / "bench" / "soak.js")
    page.goto(f"{system.url}/wall?world=real&turn=20&theme=light")
    page.wait_for_function("self.cop && cop.page && cop.page.state().map !== null")
    page.evaluate("soak.ready()")
    page.evaluate("soak.run(120)")
    before = page.evaluate("soak.held()")
    address = page.url
    page.evaluate("soak.run(1200)")  # twenty minutes; `python -m bench.soak` does a day and looks at the heap
    after = page.evaluate("soak.held()")
    assert page.url == address
    assert after["intervals"] == before["intervals"]
    assert after["timeouts"] <= before["timeouts"] + 4
    assert after["elements"] <= before["elements"] + 120
    assert after["notices"] <= 200
    assert after["ticker"] <= 12
    assert after["animations"] <= before["animations"] + 8
    assert page.evaluate("soak.errors") == []
    expect(page.get_by_text(re.compile("sign (in|out)|log ?(in|out)", re.I))).to_have_count(0)


# -- how it looks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_word_is_high_enough_for_five_metres_and_nothing_is_cut_off_or_overlaps(
    system: System, browser: Browser, width: int, height: int, theme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    try:
        page = wall(context, f"{system.url}/wall?world={WORLD}&theme={theme}&turn=5")
        expect(page.locator("#clock-exercise")).to_have_text(re.compile("^T"))
        wait_for("the list and the legend", lambda: page.locator(".wall-legend li").count() > 4, 20)
        for _ in range(2):
            shown = page.evaluate(SHOWN)
            assert len(shown) > 60
            assert [each["what"] for each in shown if each["px"] * 1920 / width < LEAST_PX] == []
            assert [each["what"] for each in shown if each["outside"] or each["cut"]] == []
            assert page.evaluate(OVERLAPS) == []
            root = "document.documentElement"
            assert page.evaluate(f"{root}.scrollWidth <= innerWidth && {root}.scrollHeight <= innerHeight")
            assert page.evaluate("12 * cop.canvas.options.scale") * 1920 / width >= LEAST_PX
            page.wait_for_timeout(5_500)  # the next turn
        page.evaluate("document.getElementById('not-live').hidden = false")
        assert page.evaluate(f"({SHOWN})()[0].px") * 1920 / width >= CHIEF_PX
    finally:
        context.close()


# -- turns -------------------------------------------------------------------------------------------------------------


def test_without_a_name_the_domains_take_turns(system: System, visitor: BrowserContext) -> None:
    page = wall(visitor, f"{system.url}/wall?world={WORLD}&turn=1")
    turns = set()

    def all_seen() -> bool:
        turns.add(page.locator("#turn").inner_text())
        return turns >= {"All domains", "Land", "Maritime", "Air", "Cyber"}

    wait_for("every domain's turn", all_seen, 20)
    expect(page.locator("#turn-dots")).to_have_text(re.compile("^[○● ]{9}$"))


def test_a_wall_plan_turns_through_its_views_with_filter_place_theme_and_legend_and_takes_changes_up_by_itself(
    system: System, visitor: BrowserContext
) -> None:
    save(system, "Bridges south", query=f"world={WORLD}&nation=LT&domain=land&lat=55.2&lon=24.2&z=8&theme=light")
    save(system, "Sea", query=f"world={WORLD}&domain=maritime")
    save(system, "Jūras plāns", views=["Bridges south", "Sea"], turn_s=5)
    page = wall(visitor, f"{system.url}/wall/{quote('Jūras plāns')}")
    expect(page.locator("#world-name")).to_have_text("EXERCISE demo")  # the plan's world, though the address has none
    expect(page.locator("#turn")).to_have_text("Bridges south")
    expect(page.locator("#turn-filter")).to_have_text("land · Lithuania")
    expect(page.locator("body")).to_have_attribute("data-theme", "light")
    middle = page.evaluate(f"(({{ lat, lng }}) => [lat, lng])({STATE}.map.getCenter())")
    assert middle == pytest.approx([55.2, 24.2], abs=0.05)
    expect(page.locator(".wall-legend li[data-layer=bridges]")).to_have_count(1)
    expect(page.locator(".wall-legend li[data-layer=vessels]")).to_have_count(0)
    everything = page.evaluate(f"cop.picture.counts({STATE}.picture, null, cop.page.now()).domain.air.green")
    assert everything > 0
    expect(page.locator("#w-domain-air-green")).not_to_have_text("0")  # the counts are of everything
    expect(page.locator("#turn")).to_have_text("Sea", timeout=10_000)
    expect(page.locator("body")).to_have_attribute("data-theme", "dark")
    expect(page.locator(".wall-legend li[data-layer=vessels]")).to_have_count(1)
    save(system, "Plain", query=f"world={WORLD}&q=riga", title="What is in Riga")
    save(system, "Jūras plāns", views=["Plain"], turn_s=5)
    expect(page.locator("#turn")).to_have_text("What is in Riga", timeout=75_000)
    expect(page.locator("#turn-filter")).to_have_text("“riga”")
    expect(page.locator("#turn-dots")).to_be_empty()
    expect(page.locator("#wall-said")).to_be_hidden()


def test_an_unknown_name_is_said_in_plain_words_and_the_domains_take_turns(
    system: System, visitor: BrowserContext
) -> None:
    page = wall(visitor, f"{system.url}/wall/Nobody saved this?world={WORLD}&turn=2")
    said = "There is no view or wall plan named “Nobody saved this”: the domains take turns instead."
    expect(page.locator("#wall-said")).to_have_text(said)
    expect(page.locator("#turn")).to_have_text("Land", timeout=10_000)


# -- markings and tokens -----------------------------------------------------------------------------------------------


def test_exercise_data_that_ever_appeared_in_a_real_wall_would_mark_every_edge(
    system: System, visitor: BrowserContext
) -> None:
    page = wall(visitor, f"{system.url}/wall?world=real")
    expect(page.locator(".edge-left")).to_be_hidden()
    thing = f"{STATE}.picture.byId.get('bridge:B15')"
    page.evaluate(f"{thing}.world = 'exercise/stray'")
    for side in ("top", "right", "bottom", "left"):
        expect(page.locator(f".edge-{side}")).to_be_visible()
        expect(page.locator(f".edge-{side}")).to_contain_text("EXERCISE stray")
    page.evaluate(f"Object.assign({thing}, {{ world: 'real', origin: 'injected' }})")
    expect(page.locator(".edge-top")).to_contain_text("EXERCISE DATA")
    page.evaluate(f"{thing}.origin = 'observed'")
    expect(page.locator(".edge-top")).to_be_hidden()
    expect(page.locator("#world-name")).to_have_text("REAL")


def test_a_token_opens_its_own_wall_and_a_wrong_or_withdrawn_one_gets_403_in_plain_words(
    system: System, visitor: BrowserContext
) -> None:
    save(system, "Guard room", query=f"world={WORLD}&domain=air")
    told: dict[str, str] = {}
    folder = system.data / "valkey"
    words = dict(line.split(" ", 1) for line in (folder / "passwords").read_text("utf-8").splitlines())

    async def issue(withdraw: str = "") -> None:
        passwords = {role: words[role] for role in ("desk", "exercise")}
        desk = Desk(RedisDesk((folder / "url").read_text("utf-8"), passwords))
        try:
            await desk.refresh()
            if withdraw:
                await desk.revoke(withdraw, "watch")
            else:
                issued, told["secret"] = await desk.issue("Guard room", "watch")
                told["id"] = issued.id
        finally:
            await desk.bus.close()

    threaded(issue())
    url = f"{system.url}/wall/Guard room?token={told['secret']}"
    page = wall(visitor, url)
    expect(page.locator("#turn")).to_have_text("Guard room")
    assert told["secret"] not in page.locator("body").inner_text()
    assert told["secret"] not in system.log.read_text("utf-8", "replace")
    for wrong in (url + "x", f"{system.url}/wall/Sea?token={told['secret']}", f"{system.url}/wall?token=", url):
        if wrong == url:
            threaded(issue(withdraw=told["id"]))
            wait_for("the withdrawal", lambda: visitor.request.get(url).status == 403, 10)
        refused = visitor.request.get(wrong)
        assert refused.status == 403
        assert "This wall may not be opened" in refused.text()
        assert told["secret"] not in refused.text()


def test_a_server_with_other_code_makes_the_wall_load_itself_anew(system: System, visitor: BrowserContext) -> None:
    page = wall(visitor, f"{system.url}/wall?world={WORLD}")
    page.evaluate("self.asWas = true")
    page.route("**/code", lambda route: route.fulfill(json={"code": "another"}))
    page.evaluate("document.body.dataset.live = 'no'; cop.desk.emit('tick', cop.page.now())")
    page.wait_for_function("self.asWas === undefined && self.cop && cop.page", timeout=15_000)
    live(page)
    page.evaluate("self.asWas = true")
    page.evaluate("document.body.dataset.live = 'no'; cop.desk.emit('tick', cop.page.now())")
    page.wait_for_timeout(1_500)
    assert page.evaluate("self.asWas")  # but once: servers of two kinds must not toss it to and fro


# -- the laws, without a system ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def laws(parts: Page, module_site: Site) -> Page:
    """A page with the wall's own scripts."""
    for name in ("38_desk.js", "47_reddest.js", "47_views.js"):
        parts.add_script_tag(url=f"{module_site.url}/assets/{name}")
    return parts


@pytest.mark.parametrize("lines", [1, 4, 10, 15])
@pytest.mark.parametrize("reds", [0, 1, 3, 7, 15, 16, 40, 500])
def test_every_red_is_a_row_or_in_a_group_and_all_fit(laws: Page, reds: int, lines: int) -> None:
    made = laws.evaluate(
        """([reds, lines]) => {
          const layers = ['bridges', 'rail', 'ports', 'airfields', 'convoys'];
          const entry = (n, rank) => ({ rank, news: 0, when: 1000 - n, thing: {
            id: `${rank}:${n}`, layer: layers[n % 5], domain: ['land', 'air'][n % 2],
            state: rank ? 'restricted' : 'closed', nations: [['EE', 'LV', 'LT'][n % 3]],
            cells: layers[n % 5] === 'convoys' ? { verdict: 'no-go' } : {} } });
          const all = (count, rank) => Array.from({ length: count }, (_, n) => entry(n, rank));
          const { rows, ambers } = cop.reddest.pack(all(reds, 0), all(9, 1), lines);
          return { ambers, rows: rows.map((r) => r.group ? ['group', r.group.entries.map((e) => e.thing.id), 1]
            : ['row', [r.entry.thing.id], r.full ? 2 : 1]) };
        }""",
        [reds, lines],
    )
    rows = made["rows"]
    assert sum(row[2] for row in rows) <= lines
    said = [each for row in rows for each in row[1]]
    assert sorted(each for each in said if each[0] == "0") == sorted(f"0:{n}" for n in range(reds))
    ranks = [row[1][0][0] for row in rows]
    assert ranks == sorted(ranks)
    alone = [int(row[1][0][2:]) for row in rows if row[0] == "row" and row[1][0][0] == "0"]
    newest = [row for row in rows if row[1][0][0] == "0"]
    grouped = next((n for n, row in enumerate(newest) if row[0] == "group"), len(newest))
    assert alone[:grouped] == list(range(min(grouped, reds)))
    assert len(said) - reds == made["ambers"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ""),
        ("domain=land,air&nation=EE&state=closed,restricted", "land, air · Estonia · ■ closed, ▲ restricted"),
        ("verdict=no-go&origin=observed&source=reference", "verdict no-go · observed · by reference"),
        ("age=fresh", "fresh"),
        ("age=30&q=riga%20hpp", "reported within 30 min · “riga hpp”"),
        ("hide=b", "without B"),
        ("hide=b,c,d", "only A, E"),
        ("area=24,57;25,57;25,58", "in an area"),
        ("area=24,57;25", ""),
    ],
)
def test_a_views_filter_in_words(laws: Page, query: str, words: str) -> None:
    layers = [{"name": n, "title": n.upper()} for n in "abcde"]
    told = "([q, layers]) => cop.views.words(cop.views.filterOf(q, layers.map((l) => l.name)), layers)"
    assert laws.evaluate(told, [query, layers]) == words


@pytest.mark.parametrize(
    ("name", "turns", "said"),
    [
        ("", ["All domains", "Land", "Maritime", "Air", "Cyber"], ""),
        ("A", ["A"], ""),
        ("Plan", ["A", "Bee"], ""),
        ("Gone", ["A"], "No longer there, so left out: X."),
        ("Mixed", ["A"], "Of another world, so left out: E."),
        (
            "None",
            ["All domains", "Land", "Maritime", "Air", "Cyber"],
            "No longer there, so left out: X. The domains take turns instead.",
        ),
    ],
)
def test_the_turns_of_a_name(laws: Page, name: str, turns: list[str], said: str) -> None:
    views = [
        {"name": "A", "query": "world=real&domain=air", "views": []},
        {"name": "B", "query": "domain=land", "views": [], "title": "Bee"},
        {"name": "E", "query": "world=exercise/demo", "views": []},
        {"name": "Plan", "views": ["A", "B"], "turn_s": 7, "query": ""},
        {"name": "Gone", "views": ["A", "X"], "turn_s": 7, "query": ""},
        {"name": "Mixed", "views": ["A", "E"], "turn_s": 7, "query": ""},
        {"name": "None", "views": ["X"], "turn_s": 7, "query": ""},
    ]
    told = laws.evaluate("([name, views]) => cop.views.turnsOf(name, views, 'real', 20)", [name, views])
    assert [each["title"] for each in told["turns"]] == turns
    assert told["said"] == said
    assert told["seconds"] == (7 if name in ("Plan", "Gone", "Mixed", "None") else 20)
