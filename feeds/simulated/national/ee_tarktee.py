"""What does the simulated Tark Tee say? The scripted events of Estonia in DATEX II v2, and as the layer of its map.

The layer also has the events that are to come: they begin in the future and say when they were last edited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.roads import SCENARIO, RoadEvent, estonia, state
from feeds.simulated.script import MARK, MINUTE, changed

CAUSES: Final = {
    "roadworks": "PAVING",
    "closure": "CULVERT_REPAIR",
    "weight": "BRIDGE_REPAIR",
    "weather": "SLIPPERY_ROAD",
    "accident": "ACCIDENT",
    "obstruction": "OBSTACLE",
}
EFFECTS: Final = {
    "speed": ("SPEED_LIMITED", "Kiirus piiratud {:g} km/h"),
    "weight": ("WEIGHT_LIMITED", "Sõiduki täismass kuni {:g} t"),
    "closed": ("ROAD_CLOSED", "Tee on suletud"),
}
"""What is restricted → the effect's code, and its text."""
ESTONIAN: Final = tuple(script for script in SCENARIO if script.nation == "EE")
NUMBERS: Final = {script.id: number for number, script in enumerate(ESTONIAN, 4001)}
"""Script → the layer's objectid."""


def there(seed: int, at: Millis) -> tuple[RoadEvent, ...]:
    """The Estonian events at this wall time."""
    return tuple(event for event in state(seed, at) if event.script.nation == "EE")


def planned(seed: int, at: Millis) -> Iterator[RoadEvent]:
    """The Estonian events that are not there now, each as it will begin next."""
    shown = {event.script.id for event in there(seed, at)}
    for script in ESTONIAN:
        if script.id not in shown:
            later = (state(seed, at + minute * MINUTE) for minute in range(1, script.period + 1))
            yield next(event for events in later for event in events if event.script.id == script.id)


def restrictions(seed: int, at: Millis) -> bytes:
    """The DATEX II publication."""
    return estonia(there(seed, at))


def layer(seed: int, at: Millis) -> bytes:
    """The answer of the layer's query."""
    told = [(event, event.changed) for event in there(seed, at)]
    told += [(event, changed(seed, event.script.id, at, 30)) for event in planned(seed, at)]
    return msgspec.json.encode({"type": "FeatureCollection", "features": [_feature(*each) for each in told]})


def _feature(event: RoadEvent, edited: Millis) -> dict[str, object]:
    script, number = event.script, NUMBERS[event.script.id]
    effect, text = EFFECTS[script.what]
    return {
        "type": "Feature",
        "id": number,
        "geometry": {"type": "LineString", "coordinates": event.path},
        "properties": {
            "objectid": number,
            "road_nr": int(event.road),
            "road_name": f"{script.start} - {script.end}",
            "cause": CAUSES[script.category],
            "effect": effect,
            "extra_info": f"{MARK}: {script.text}. {text.format(script.value)}.",
            "detour_comment": None,
            "date_from": event.since,
            "date_to": event.until,
            "last_edited_date": edited,
        },
    }


SPEAKERS: Final = (
    Speaker(
        feed="ee-tarktee",
        source="ee-tarktee",
        path="/api/v1/datex/restrictions",
        media="application/xml",
        say=restrictions,
        nations=("EE",),
    ),
    Speaker(
        feed="ee-tarktee-layer",
        source="ee-tarktee",
        path="/tarktee/rest/services/restrictions_traffic/MapServer/1/query?where=1=1&outSR=4326&f=geojson",
        media="application/geo+json",
        say=layer,
        nations=("EE",),
    ),
)
