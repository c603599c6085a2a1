"""How many movements a closed thing touches: told with its row and its notice, and again when it changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cop.event import REAL, Described, State, Status, event
from cop.picture import Picture
from dashboard.frames import View


def put(frame: bytes) -> dict[str, Any]:
    told = json.loads(frame.decode().split("\ndata: ")[1])
    return {thing["id"]: thing for thing in told.get("put", ())} | {"notices": told.get("notices", [])}


@pytest.mark.parametrize(
    ("state", "passing", "told"),
    [("closed", 3, 3), ("restricted", 0, 0), ("open", 3, None), ("unknown", 3, None), ("closed", None, None)],
)
def test_what_is_limited_or_closed_tells_how_many_movements_pass_it(
    state: State, passing: int | None, told: int | None
) -> None:
    picture, counted = Picture(), {"bridge:B": passing}
    view = View(REAL, "proc", picture.entity, counted.get)
    view.settle(0)
    for body in (Described("B", ("LV",)), Status(state, reason="ice")):
        said = event("test", "bridge:B", 1_000, body, received=1_000)
        picture.fold(said)
        view.touch(said)
    found = put(view.frame(1_000).plain)
    assert found["bridge:B"].get("convoys") == told
    assert [each.get("convoys") for each in found["notices"]] == ([told] if state in ("closed", "restricted") else [])
    view.recount()
    assert not view.pending
    counted["bridge:B"] = 5
    view.recount()
    again = put(view.frame(2_000).plain)
    if state in ("closed", "restricted"):
        assert again["bridge:B"]["convoys"] == 5
        assert again["notices"] == []  # who passes it is no change of its state
    else:
        assert "bridge:B" not in again
