"""Does the link stay up, notice when it isn't, and never pass off the old as fresh?"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser import Site
from tests.pictures import delta, snapshot, thing

OPEN = """(world) => {
  self.frames = [];
  self.states = [];
  self.link = cop.link.open(world, (frame) => frames.push(frame), (state) => states.push(state));
}"""


def listen(context: BrowserContext, site: Site, world: str = "real") -> Page:
    page = context.new_page()
    page.goto(f"{site.url}/blank")
    page.evaluate(OPEN, world)
    return page


def greet_with_snapshot(site: Site) -> None:
    """As the server does: a snapshot for a stranger, nothing for one that resumes."""
    site.greet = lambda call: [] if call["last"] or call["after"] else [("p.1", snapshot(thing(1), now=now()))]


def now() -> int:
    return time.time_ns() // 1_000_000


def test_two_tabs_share_one_connection_and_the_second_gets_the_picture_at_once(
    context: BrowserContext, site: Site
) -> None:
    greet_with_snapshot(site)
    first = listen(context, site)
    first.wait_for_function("() => frames.length === 1")
    site.say("p.2", delta(put=[thing(2)], now=now()))
    first.wait_for_function("() => frames.length === 2")
    second = listen(context, site)
    second.wait_for_function("() => frames.length === 1")
    assert second.evaluate("() => frames[0].put.map((t) => t.id)") == ["bridge:LV:B01", "bridge:LV:B02"]
    site.say("p.3", delta(drop=[1], now=now()))
    for page in (first, second):
        page.wait_for_function("() => frames.at(-1).k === 'delta' && frames.at(-1).drop")
    assert [call["world"] for call in site.calls] == ["real"]
    assert site.readers == 1
    first.evaluate("() => link.close()")
    site.say("p.4", delta(drop=[2], now=now()))
    second.wait_for_function("() => frames.length === 3")
    second.evaluate("() => link.close()")
    wait_until(lambda: site.readers == 0)


def test_what_another_tab_heard_is_not_fresh(context: BrowserContext, site: Site) -> None:
    greet_with_snapshot(site)
    first = listen(context, site)
    first.wait_for_function("() => frames.length === 1")
    heard = first.evaluate("() => states.at(-1).lastHeard")
    time.sleep(0.7)
    second = listen(context, site)
    second.wait_for_function("() => frames.length === 1")
    assert second.evaluate("() => [frames[0].heard, states.at(-1).lastHeard]") == [heard, heard]
    judged = "() => cop.picture.liveness({ lastHeard: link.state().lastHeard, now: Date.now(), limit: 600 })"
    assert second.evaluate(judged)["live"] is False
    assert second.evaluate("() => cop.link.serverNow(link.state(), Date.now()) - frames[0].now") >= 600


def test_two_worlds_are_two_connections(context: BrowserContext, site: Site) -> None:
    site.greet = lambda call: [("p.1", snapshot(thing(1), w=call["world"], now=now()))]
    for world in ("real", "exercise/demo"):
        listen(context, site, world).wait_for_function("(w) => frames.length && frames[0].w === w", arg=world)
    assert sorted(call["world"] for call in site.calls) == ["exercise/demo", "real"]


@pytest.mark.parametrize("shared", [True, False])
def test_it_resumes_from_the_last_id_by_itself_and_when_refused(
    context: BrowserContext, site: Site, shared: bool
) -> None:
    if not shared:
        context.add_init_script("delete window.SharedWorker")
    greet_with_snapshot(site)
    page = listen(context, site)
    page.wait_for_function("() => frames.length === 1 && states.at(-1).connected")
    assert page.evaluate("() => states.at(-1).shared") is shared
    site.say("p.2", delta(put=[thing(2)], now=now()))
    page.wait_for_function("() => frames.length === 2")
    site.hang_up()
    wait_until(lambda: len(site.calls) == 2)
    assert site.calls[-1]["last"] == "p.2"
    site.say("p.3", delta(put=[thing(3)], now=now()))
    page.wait_for_function("() => frames.length === 3")
    site.refusing = True
    site.hang_up()
    page.wait_for_function("() => states.at(-1).error === 'the server refused the stream'")
    assert page.evaluate("() => states.at(-1).connected") is False
    site.refusing = False
    wait_until(lambda: site.readers == 1)
    assert site.calls[-1]["after"] == "p.3"
    site.say("p.4", delta(put=[thing(4)], now=now()))
    page.wait_for_function("() => frames.length === 4 && states.at(-1).connected")
    assert page.evaluate("() => [states.at(-1).error, states.at(-1).attempts]") == [None, 0]


def test_silence_on_an_open_connection_is_noticed_and_ended(context: BrowserContext, site: Site) -> None:
    greet_with_snapshot(site)
    context.add_init_script("delete window.SharedWorker")
    page = context.new_page()
    page.goto(f"{site.url}/blank")
    page.clock.install()
    page.evaluate(OPEN, "real")
    page.wait_for_function("() => frames.length === 1")
    page.clock.run_for(9_000)
    assert len(site.calls) == 1
    page.clock.run_for(2_500)
    assert page.evaluate("() => [states.at(-1).connected, states.at(-1).error]") == [
        False,
        "nothing was heard for 10 s",
    ]
    wait_until(lambda: site.readers == 0)
    page.clock.run_for(1_100)
    wait_until(lambda: len(site.calls) == 2)
    assert site.calls[-1]["after"] == "p.1"


def test_waking_from_sleep_reconnects_at_once(context: BrowserContext, site: Site) -> None:
    greet_with_snapshot(site)
    context.add_init_script("delete window.SharedWorker")
    page = context.new_page()
    page.goto(f"{site.url}/blank")
    page.clock.install()
    page.evaluate(OPEN, "real")
    page.wait_for_function("() => frames.length === 1")
    page.clock.fast_forward(3_600_000)
    wait_until(lambda: len(site.calls) == 2)
    assert site.calls[-1]["after"] == "p.1"


def test_a_frame_that_cannot_be_read_leads_to_a_fresh_snapshot(context: BrowserContext, site: Site) -> None:
    greet_with_snapshot(site)
    page = listen(context, site)
    page.wait_for_function("() => frames.length === 1")
    site.say_raw('id: p.2\ndata: {"k":"delta","put":[{\n\n')
    page.wait_for_function("() => frames.length === 2")
    assert site.calls[-1] == {"world": "real", "after": "", "last": ""}
    assert page.evaluate("() => frames[1].k") == "snapshot"


def test_a_tab_that_does_not_keep_up_is_spared_and_then_gets_the_whole_picture(
    context: BrowserContext, site: Site
) -> None:
    greet_with_snapshot(site)
    page = listen(context, site)
    page.wait_for_function("() => frames.length === 1")
    page.evaluate("() => { setTimeout(() => { for (const end = Date.now() + 1500; Date.now() < end; ); }) }")
    for n in range(2, 302):
        site.say(f"p.{n}", delta(put=[thing(n)], now=now()))
    page.wait_for_function("() => frames.at(-1).k === 'snapshot' && frames.length > 1")
    assert page.evaluate("() => frames.at(-1).put.length") == 301
    assert page.evaluate("() => frames.length") < 200
    site.say("p.302", delta(drop=[1], now=now()))
    page.wait_for_function("() => frames.at(-1).drop")


def test_without_the_worker_s_file_the_page_connects_by_itself(context: BrowserContext, site: Site) -> None:
    site.missing.add("/assets/link_worker.js")
    greet_with_snapshot(site)
    page = listen(context, site)
    page.wait_for_function("() => frames.length === 1 && states.at(-1).shared === false")


def test_a_worker_that_never_answers_is_given_up(context: BrowserContext, site: Site) -> None:
    greet_with_snapshot(site)
    context.add_init_script("self.SharedWorker = class { port = new MessageChannel().port1; }")
    page = context.new_page()
    page.goto(f"{site.url}/blank")
    page.clock.install()
    page.evaluate(OPEN, "real")
    page.clock.run_for(20_000)
    assert site.calls == []
    page.clock.run_for(40_000)
    page.wait_for_function("() => frames.length === 1 && states.at(-1).shared === false")


def test_frames_that_come_late_are_told_as_lag(parts: Page) -> None:
    lags = parts.evaluate(
        """() => {
        const lag = cop.link.lagMeter();
        const offset = 123456;
        const told = [[0, 40], [200, 30], [400, 35], [600, 4030], [7200e3, 7000]];
        return told.map(([made, transit]) => lag(made, made + offset + transit));
      }"""
    )
    assert lags == [0, 0, 5, 4000, 6970]


def test_backoff_grows_within_its_bounds(parts: Page) -> None:
    waits = parts.evaluate("() => [0, 1, 2, 3, 9, 5000].flatMap((n) => [0, 0.999].map((c) => cop.link.backoff(n, c)))")
    assert min(waits) >= 1000
    assert max(waits) <= 15000
    assert waits[1::2] == sorted(waits[1::2])


def wait_until(held: Callable[[], bool], seconds: float = 8.0) -> None:
    """Wait for something outside the browser."""
    end = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
