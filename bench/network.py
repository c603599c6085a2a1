"""How fast is a route found on the network, and how long does an OpenStreetMap extract take to read?

`python -m bench.network` prints JSON: on the shipped network the time of a shortest way and of three alternatives, by
rustworkx, which is used, and igraph, if installed, as the baseline; and the seconds and peak memory of a made-up
extract, which is read in a process of its own.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

from cop.network import Network
from feeds.network.store import SHIPPED, load

PAIRS: Final = 200
WAYS: Final = 300_000
SEED: Final = 1
KINDS: Final = ("trunk", "primary", "secondary", "tertiary")


def routes() -> dict[str, Any]:
    """Milliseconds a route, over random pairs of places that roads and ferries join."""
    began = time.perf_counter()
    network = load(SHIPPED)
    load_s = time.perf_counter() - began
    costs = [edge.km if edge.mode in ("road", "ferry") else float("inf") for edge in network.edges]
    places = sorted({end for edge in network.edges if edge.mode == "road" for end in (edge.a, edge.b)})
    dice = random.Random(SEED)
    pairs = [(dice.choice(places), dice.choice(places)) for _ in range(PAIRS)]
    network.shortest(*pairs[0], costs)  # makes the indexes
    found = [network.alternatives(a, b, costs, 3) for a, b in pairs]
    return {
        "nodes": len(network.nodes),
        "edges": len(network.edges),
        "load_s": round(load_s, 2),
        "shortest_rustworkx": _timed(pairs, lambda a, b: network.shortest(a, b, costs)),
        "baseline_shortest_igraph": _igraph(network, costs, pairs),
        "alternatives_3": _timed(pairs, lambda a, b: network.alternatives(a, b, costs, 3)),
        "alternatives_found": round(sum(map(len, found)) / len(found), 2),
    }


def _timed(pairs: list[tuple[int, int]], search: Callable[[int, int], Any]) -> dict[str, float]:
    times = []
    for a, b in pairs:
        began = time.perf_counter()
        search(a, b)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return {"p50_ms": round(median(times), 2), "p99_ms": round(times[int(len(times) * 0.99) - 1], 2)}


def _igraph(network: Network, costs: list[float], pairs: list[tuple[int, int]]) -> dict[str, float] | None:
    try:
        import igraph  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return None
    graph = igraph.Graph(n=len(network.nodes), edges=[(edge.a, edge.b) for edge in network.edges])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of each pair without a way
        return _timed(pairs, lambda a, b: graph.get_shortest_path(a, b, weights=costs, output="epath"))


def extract(path: Path, ways: int) -> None:
    """Write a made-up extract: a grid of roads with bends; one in twenty is a bridge, one in ten has a limit."""
    import osmium

    mutable = osmium.osm.mutable
    side = int((ways / 2) ** 0.5)
    bends = 6
    dice = random.Random(SEED)
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:

        def spot(column: float, row: float) -> tuple[float, float]:
            return 21.0 + 7.0 * column / side, 54.0 + 5.5 * row / side

        corner = [[1 + column * (side + 1) + row for row in range(side + 1)] for column in range(side + 1)]
        for column in range(side + 1):
            for row in range(side + 1):
                writer.add_node(mutable.Node(id=corner[column][row], location=spot(column, row)))
        node, lines = (side + 1) ** 2, []
        for column in range(side):
            for row in range(side):
                for across, up in ((1, 0), (0, 1)):
                    refs = [corner[column][row]]
                    for bend in range(1, bends):
                        node += 1
                        share, off = bend / bends, dice.random() / 10
                        place = spot(column + across * share + up * off, row + up * share + across * off)
                        writer.add_node(mutable.Node(id=node, location=place))
                        refs.append(node)
                    lines.append([*refs, corner[column + across][row + up]])
        for number, refs in enumerate(lines, 1):
            tags = {"highway": dice.choice(KINDS), "ref": f"P{number % 500}", "surface": "asphalt"}
            if number % 20 == 0:
                tags["bridge"] = "yes"
            if number % 10 == 0:
                tags["maxweight"] = dice.choice(("7.5", "10 t", "none", "default"))
            writer.add_way(mutable.Way(id=number, nodes=refs, tags=tags))


def scale() -> dict[str, Any]:
    """Seconds and peak MB of reading and writing the made-up extract."""
    with tempfile.TemporaryDirectory() as kept:
        path = Path(kept) / "made.osm.pbf"
        extract(path, WAYS)
        code = (
            "import json, sys; from pathlib import Path; from feeds.network.osm import write;"
            "print(json.dumps(write(Path(sys.argv[1]), Path(sys.argv[2]), '')))"
        )
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, str(path), kept + "/out"], stdout=subprocess.PIPE, text=True, check=True
        )
        seconds = time.perf_counter() - began
        told = json.loads(done.stdout)
        began = time.perf_counter()
        network = load(Path(kept) / "out")
        load_s = time.perf_counter() - began
        costs = [edge.km for edge in network.edges]
        dice = random.Random(SEED)
        pairs = [(dice.randrange(len(network.nodes)), dice.randrange(len(network.nodes))) for _ in range(20)]
        network.shortest(*pairs[0], costs)
        return {
            "ways": told["ways"],
            "edges": told["edges"],
            "bridges": told["bridges"],
            "extract_mb": round(path.stat().st_size / 1e6, 1),
            "kept_mb": round(sum(each.stat().st_size for each in Path(kept, "out").iterdir()) / 1e6, 1),
            "seconds": round(seconds, 1),
            "peak_mb": told["peak memory MB"],
            "load_s": round(load_s, 1),
            "shortest": _timed(pairs, lambda a, b: network.shortest(a, b, costs)),
        }


def run() -> dict[str, Any]:
    """The figures."""
    return {"bench": "network", "routes": routes(), "extract": scale()}


if __name__ == "__main__":
    print(json.dumps(run()))
