"""All figures: runs every benchmark, prints their JSON, and keeps the ones with a bar in docs/figures.json.

`make bench` runs this; `python -m bench NAME…` runs some. The README's table is made from docs/figures.json.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

FIGURES: Final = Path(__file__).resolve().parent.parent / "docs" / "figures.json"
Row = dict[str, Any]


def row(bench: str, name: str, value: float, unit: str, bar: str = "", baseline: str = "") -> Row:
    """One line of the table. `bar` is what is to be reached, `baseline` what was measured beside it in the same run."""
    return {"bench": bench, "name": name, "value": value, "unit": unit, "bar": bar, "baseline": baseline}


def push(told: Row) -> list[Row]:
    """The push at each number of readers and rate, against polling."""
    bars = {(200, 5_000): "under 150", (500, 5_000): "under 300"}
    polled = told["baseline_whole_geojson_polled_each_second"]
    slow = max(polled, key=lambda each: each["pollers"])
    said = (
        f"{slow['pollers']} pollers of the whole GeoJSON: p99 {slow['reply_p99_ms']:.0f} ms, {slow['server_core']} core"
    )
    rows = []
    for each in told["push"]:
        readers, rate = each["readers"], each["events_per_s"]
        what = f"{readers} readers, {rate} events/s"
        rows.append(
            row("push", f"{what}: XADD to socket, p99", each["p99_ms"], "ms", bars.get((readers, rate), ""), said)
        )
        rows.append(row("push", f"{what}: server", each["server_core"], "core", "under 0.25" if rate == 5_000 else ""))
        rows.append(row("push", f"{what}: a reader", round(each["bytes_per_s_reader"] / 1e6, 3), "MB/s", "at most 0.1"))
    return rows


def fold(told: Row) -> list[Row]:
    """The fold alone, and with frames made of it."""
    base = f"decode and keep in a dict: {told['baseline_decode_and_dict_events_per_s']}/s"
    return [
        row("fold", "picture fold", told["fold_events_per_s"], "events/s", "", base),
        row("fold", "fold and frames", told["fold_and_frame_events_per_s"], "events/s"),
    ]


def xadd(told: Row) -> list[Row]:
    """The stream's append."""
    base = f"redis-benchmark, pipelined XADD: {told['baseline_redis_benchmark_per_s']}/s"
    return [row("xadd", "append to the stream", told["append_events_per_s"], "events/s", "", base)]


def decode_ais(told: Row) -> list[Row]:
    """AIS lines to events."""
    base = f"pyais alone: {told['pyais_lines_per_s']:.0f} lines/s"
    return [row("decode_ais", "AIS decode to events", round(told["lines_per_s"]), "lines/s", "at least 10000", base)]


def decode_datex2(told: Row) -> list[Row]:
    """DATEX II situations to events."""
    base = f"lxml parse alone: {told['lxml_mb_per_s']:.0f} MB/s"
    return [row("decode_datex2", "DATEX II decode to events", round(told["records_per_s"]), "records/s", "", base)]


def decode_sources(told: Row) -> list[Row]:
    """Every source's decoder, beside its container's parser."""
    return [
        row(
            "decode_sources",
            f"decode {each['source']} ({each['bytes'] / 1e3:,.1f} kB)",
            each["records_per_s"],
            "records/s",
            "",
            f"{each['mb_per_s']:.3g} MB/s; {each['container']} alone: {each['container_mb_per_s']:.3g} MB/s",
        )
        for each in told["sources"]
    ]


def decode_stream(told: Row) -> list[Row]:
    """A long file through `cop decode`, and its memory."""
    what = f"cop decode ais, {told['megabytes']:.0f} MB"
    base = f"Python counts the lines: {told['baseline_count_lines_per_s']}/s"
    peaks = ", ".join(f"{share}: {peak:.1f} MB" for share, peak in told["peak_rss_mb"].items())
    return [
        row("decode_stream", what, told["lines_per_s"], "lines/s", "", base),
        row("decode_stream", f"{what}: peak memory grown from 10 % to the end", told["peak_rss_grown_mb"], "MB"),
        row("decode_stream", f"{what}: peak memory", told["peak_rss_mb"]["end"], "MB", "", peaks),
    ]


def play_day(told: Row) -> list[Row]:
    """A recording of all feeds at many times its pace."""
    what = f"{told['hours']:g} h of {told['feeds']} feeds played at {told['pace']:g} times their pace"
    paced, most = told["played"], told["baseline_pace_max"]
    base = f"pace=max: {most['events_per_s']} events/s"
    lag = f"largest: {paced['largest_lag_ms']} ms, after the start {paced['largest_lag_after_start_ms']} ms"
    busy = ", ".join(f"{feed} {seconds} s" for feed, seconds in paced["busiest_cpu_s"].items())
    core = round(paced["cpu_s"] / paced["seconds"], 3)
    return [
        row("play_day", what, paced["events_per_s"], "events/s", "", base),
        row("play_day", f"{what}: lag at the end", paced["lag_at_end_ms"], "ms", "under 1000", lag),
        row("play_day", f"{what}: the workers' process", core, "core", "", f"busiest: {busy}"),
    ]


def convoys(told: Row) -> list[Row]:
    """The simulated convoys' reports, and what disturbing some of them costs."""
    what = f"{told['convoys']} simulated convoys at {told['scale']:g} times real time"
    base = f"undisturbed heads alone: {told['baseline_heads_per_s']}/s"
    still = f"undisturbed heads: {told['baseline_step_ms']} ms"
    one = f"one: {told['disturb_1_ms']} ms"
    return [
        row("convoys", f"{what}: reports", told["reports_per_s"], "reports/s", "", base),
        row("convoys", f"{what}: a step", told["step_ms"], "ms", "", still),
        row("convoys", f"{what}: disturbing {told['disturbed']}", told["disturb_50_ms"], "ms", "", one),
    ]


def movements(told: Row) -> list[Row]:
    """Judging all movements over all bridges, taking one event in, and finding a route."""
    what = f"{told['movements']} movements over {told['bridges']} bridges"
    touched = told["effect"]["movements_touched_p50"]
    base = f"everything anew: {told['baseline_everything_anew_ms']} ms"
    met = told["conflicts_after_an_effect"]
    return [
        row("movements", f"{what}: full judgement", told["full_judgement_ms"], "ms", "under 2000"),
        row("movements", f"{what}: their conflicts", told["conflicts_ms"], "ms"),
        row("movements", f"one event, {touched} movements: p50", told["effect"]["p50_ms"], "ms", "under 50", base),
        row("movements", f"one event, {touched} movements: p99", told["effect"]["p99_ms"], "ms", "", base),
        row("movements", "conflicts after it: p50", met["p50_ms"], "ms", "", f"p99: {met['p99_ms']} ms"),
        row("movements", "route with its refusals: p50", told["route"]["p50_ms"], "ms", "under 20"),
        row("movements", "route with its refusals: p99", told["route"]["p99_ms"], "ms", "under 20"),
    ]


def network(told: Row) -> list[Row]:
    """Searching the shipped network, and building one from a made-up extract."""
    routes, scale = told["routes"], told["extract"]
    known = routes["baseline_shortest_igraph"]
    base = "igraph not installed" if known is None else f"igraph: {known['p50_ms']} ms"
    size = f"{scale['ways']} ways to {scale['edges']} edges"
    return [
        row(
            "network",
            f"shortest way, {routes['edges']} edges: p50",
            routes["shortest_rustworkx"]["p50_ms"],
            "ms",
            "",
            base,
        ),
        row("network", "three alternatives: p99", routes["alternatives_3"]["p99_ms"], "ms", "under 20"),
        row("network", "load the shipped network", routes["load_s"], "s"),
        row("network", f"build from an extract, {size}", scale["seconds"], "s", "minutes"),
        row("network", "build from an extract: peak memory", scale["peak_mb"], "MB", "under 4000"),
    ]


def canvas(told: list[Row]) -> list[Row]:
    """The longest time that moving tracks held the main thread, each moving every second."""
    plain = {each["tracks"]: each for each in told if each["way"] == "circle_marker"}
    rows = []
    for each in (each for each in told if each["way"] == "canvas"):
        tracks = each["tracks"]
        base = f"Leaflet circleMarker: {plain[tracks]['longest_task_ms'] or 'under 50'} ms" if tracks in plain else ""
        name = f"{tracks} moving tracks: longest block of the main thread"
        longest = max(each["longest_task_ms"] or 0, each["frame_ms"]["max"], each["slice_ms"]["max"])
        rows.append(row("canvas", name, longest, "ms", "under 50", base))
    return rows


def replay(told: Row) -> list[Row]:
    """Showing a moment of the past, and going on from there."""
    what = f"a moment in an archive of {told['events']} events"
    base = f"fold all from the start: {told['baseline_fold_from_the_start_ms']} ms"
    opened, step = told["open"], told["step_1_s"]
    return [
        row("replay", f"{what}: opened, p50", opened["p50_ms"], "ms", "", base),
        row("replay", f"{what}: opened, longest", opened["max_ms"], "ms", "", base),
        row("replay", "going on by a second: p50", step["p50_ms"], "ms", "", f"longest: {step['max_ms']} ms"),
        row("replay", "a scene for the boards, with a day's history", told["boards_again_ms"], "ms", "",
            f"the first of a day: {told['boards_first_ms']} ms"),
        row("replay", f"the archive, {told['files']} files", told["megabytes"], "MB"),
    ]  # fmt: skip


BENCHES: Final[dict[str, Callable[[Any], list[Row]]]] = {
    "push": push,
    "fold": fold,
    "xadd": xadd,
    "decode_ais": decode_ais,
    "decode_datex2": decode_datex2,
    "decode_sources": decode_sources,
    "decode_stream": decode_stream,
    "play_day": play_day,
    "movements": movements,
    "network": network,
    "convoys": convoys,
    "canvas": canvas,
    "replay": replay,
}


def main(names: list[str]) -> int:
    """Run the benchmarks of these names, or all."""
    if strange := set(names) - set(BENCHES):
        print(f"no benchmark {', '.join(sorted(strange))}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    known: list[Row] = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else []
    for name in names or BENCHES:
        print(f"bench {name} …", file=sys.stderr, flush=True)
        done = subprocess.run([sys.executable, "-m", f"bench.{name}"], stdout=subprocess.PIPE, text=True, check=True)
        print(done.stdout.strip(), flush=True)
        known = [each for each in known if each["bench"] != name] + BENCHES[name](json.loads(done.stdout))
    known.sort(key=lambda each: list(BENCHES).index(each["bench"]))
    FIGURES.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
