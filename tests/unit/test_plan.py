"""The plan of feeds: the default one, and what an operator's file may and may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cop.event import REAL
from dashboard.plan import DEMO, groups, plan
from dashboard.settings import BadSetting, load
from feeds.adapter import sources
from feeds.feed import Feed


def planned(tmp_path: Path, text: str) -> dict[str, Feed]:
    file = tmp_path / "feeds.toml"
    file.write_text(text)
    return plan(load({"COP_FEEDS": str(file)}))


def test_the_default_plan_simulates_all_that_moves_and_marks_it() -> None:
    feeds = plan(load({}))
    spoken_by_no_simulator = {"datex2"}  # but by those of two national sources
    assert {feed.source.name for feed in feeds.values()} == set(sources()) - spoken_by_no_simulator
    for feed in feeds.values():
        assert (feed.origin == "observed") == (feed.name == "reference")
        assert (feed.world == REAL) != (feed.group == "exercise")
    assert {feed.world for feed in feeds.values()} == {REAL, DEMO}


def test_without_the_demo_only_the_reference_facts_run() -> None:
    feeds = plan(load({"COP_DEMO": "0"}))
    assert list(feeds) == ["reference"]
    assert feeds["reference"].origin == "observed"


def test_a_file_switches_off_renames_and_overrides(tmp_path: Path) -> None:
    feeds = planned(
        tmp_path,
        """
        [ais]
        on = false
        [harbour]
        source = "ais"
        address = "udp://127.0.0.1:10111"
        nations = ["LV"]
        rate_s = 30
        [winter]
        source = "simulated"
        world = "exercise/winter"
        origin = "simulated"
        """,
    )
    assert list(feeds) == ["harbour", "winter"]
    harbour, winter = feeds["harbour"], feeds["winter"]
    assert (harbour.nations, harbour.every_s, harbour.group, harbour.world) == (("LV",), 30, "maritime", REAL)
    assert (winter.group, winter.every_s) == ("exercise", sources()["simulated"].rate_s)
    assert groups(feeds) == {"maritime": ["harbour"], "exercise": ["winter"]}


@pytest.mark.parametrize("name", sorted(sources()))
def test_every_source_runs_by_its_bare_name_if_its_own_address_can_be(tmp_path: Path, name: str) -> None:
    feed = planned(tmp_path, f"[{name}]")[name]
    assert (feed.source.name, feed.address) == (name, sources()[name].address)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[nothing]\naddress='file:x'", "is no source; there are"),
        ("[ais]\nspeed=3", "unknown field `speed`; it takes"),
        ("[ais]\nworld='mars'", "world 'mars'"),
        ("[ais]\norigin='dreamt'", "origin"),
        ("[ais]\nnations='EE'", "nations"),
        ("[ais]\nrate_s='often'", "rate_s"),
        ("[ais]\nrate_s=-1", "rate_s"),
        ("[ais]\nrate_s=nan", "rate_s"),
        ("[ais]\non='no'", "`on`|on"),
        ("[ais]\naddress='tcp://127.0.0.1'", "has no port"),
        ("[ais]\naddress='gopher://x'", "neither"),
        ("[ais]\nworld='exercise/x'\ngroup='land'", "belong in the group"),
        ("[ais]\ngroup='exercise'", "belong in the group"),
        ("[ais]\naddress='play:x.rec.gz'", "never the real picture"),
        ("[ais]\naddress='play:x.rec.gz?pace=-1'\nworld='exercise/x'", "pace"),
        ("[ais]\noptions={zone='UTC'}", "takes no options"),
        ("[probe]\noptions={targets={'SYS-302'='gopher://x'}}", "neither"),
        ("[ais]\naddress='mqtt://x'", "topics"),
        ("['two words']\nsource='ais'", "no blanks"),
        ("ais=1", "is no table"),
        ("[ais", "COP_FEEDS"),
    ],
)
def test_what_cannot_be_is_told_with_the_file_and_the_feed(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadSetting, match=reason) as told:
        planned(tmp_path, text)
    assert "feeds.toml" in str(told.value)


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(BadSetting, match=r"COP_FEEDS names /no/such/file"):
        plan(load({"COP_FEEDS": "/no/such/file"}))
