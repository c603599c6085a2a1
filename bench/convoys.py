"""How many reports a second do 500 simulated convoys make at 60 times real time, and what does disturbing 50 cost?

`python -m bench.convoys` prints JSON. The baseline, in the same run, is where the same convoys are when nothing holds
them up: their heads and nothing more. Every step is one second of wall time, as the simulator makes it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final

from cop.event import Millis
from cop.movement.forecast import Hold
from feeds.simulated.convoys import disturbed, positions, reports, told
from feeds.simulated.marches import START, Simulation, load
from feeds.sources.simulated import write

CONVOYS: Final = 500
HELD: Final = 50
SCALE: Final = 60.0
STEP_MS: Final = 1_000
STEPS: Final = 60
ROUNDS: Final = 5
NOW: Final = 1_700_000_000_000


def holds(scene: Simulation) -> dict[str, tuple[Hold, ...]]:
    """For each of the last convoys a closure, a queue that it shares with nine others, and a slow stretch."""
    found: dict[str, tuple[Hold, ...]] = {}
    for number, march in enumerate(scene.marches[-HELD:]):
        way = march.km[-1]
        queue = f"crossing:{number // 10}"
        found[march.who.id] = (
            Hold(0.4 * way, f"road:{number}", "closure", "closed", NOW, NOW + 60_000, closed=True, source="a"),
            Hold(0.6 * way, queue, "border", "paper", NOW, NOW + 300_000, processing_min=10, source="b"),
            Hold(0.7 * way, f"road:ice{number}", "ice", "ice", NOW, None, to_km=0.8 * way, speed_kmh=20, source="c"),
        )
    return found


def best(work: Callable[[], Any]) -> float:
    """Seconds, the least of some rounds: what else runs here only ever makes it slower."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def steps() -> list[tuple[Millis, Millis]]:
    """The steps of a minute."""
    return [(NOW + i * STEP_MS, NOW + (i + 1) * STEP_MS) for i in range(STEPS)]


def run() -> dict[str, Any]:
    """The figures."""
    scene = load(seed=1, scale=SCALE, count=CONVOYS - 12, start=START, start_wall=NOW)
    held = holds(scene)
    now = disturbed(scene, held, NOW)
    made = sum(len(list(reports(now, a, b))) for a, b in steps())
    heads = sum(len(positions(scene, scene.minute(b))) for _, b in steps())
    plain = best(lambda: [positions(scene, scene.minute(b)) for _, b in steps()])
    free = best(lambda: [told(scene, a, b) for a, b in steps()])
    busy = best(lambda: [told(now, a, b) for a, b in steps()])
    wire = best(lambda: [write(told(now, a, b)[1]) for a, b in steps()])
    all_at_once = best(lambda: disturbed(scene, held, NOW))
    one = {key: value for key, value in held.items() if key == scene.marches[-1].who.id}
    alone = best(lambda: disturbed(scene, one, NOW))
    return {
        "bench": "convoys",
        "convoys": len(scene.marches),
        "disturbed": len(held),
        "scale": SCALE,
        "reports_per_s": round(made / wire),
        "step_ms": round(wire / STEPS * 1000, 2),
        "step_unwritten_ms": round(busy / STEPS * 1000, 2),
        "step_undisturbed_ms": round(free / STEPS * 1000, 2),
        "disturb_50_ms": round(all_at_once * 1000, 1),
        "disturb_1_ms": round(alone * 1000, 2),
        "join_ms": round(best(lambda: write(list(reports(now, -1, NOW + 300_000)))) * 1000, 1),
        "baseline_heads_per_s": round(heads / plain),
        "baseline_step_ms": round(plain / STEPS * 1000, 2),
    }


if __name__ == "__main__":
    print(json.dumps(run()))
