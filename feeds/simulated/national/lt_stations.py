"""What do the simulated road stations of Lithuania say? Weather with ice and fog at times, and traffic with jams."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from cop.event import Millis
from cop.geo import Point, from_wgs84
from feeds.eismoinfo import VILNIUS
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, MINUTE, changed, happens, wave

WEATHER: Final[tuple[tuple[str, str, str, float, Point], ...]] = (
    ("9101", "Pasvalys", "A10", 35.1, (24.405, 56.063)),
    ("9102", "Aristava", "A8", 62.8, (24.06, 55.305)),
    ("9103", "Mauručiai", "A5", 16.3, (23.755, 54.765)),
    ("9104", "Kalvarija", "A5", 74.2, (23.215, 54.417)),
    ("9105", "Meškuičiai", "A12", 36.7, (23.45, 56.07)),
    ("9106", "Lauksargiai", "A12", 152.4, (22.13, 55.19)),
    ("9107", "Utena", "A6", 96.1, (25.599, 55.498)),
    ("9108", "Elektrėnai", "A1", 49.5, (24.663, 54.785)),
    ("9109", "Laukuva", "A1", 236.0, (22.235, 55.61)),
    ("9110", "Telšiai", "A11", 65.9, (22.247, 55.97)),
)
"""Number, name, road, kilometre, place."""
TRAFFIC: Final[tuple[tuple[int, str, str, float, Point, int], ...]] = (
    (9101, "Sitkūnai", "A8", 86.4, (23.81, 55.045), 420),
    (9102, "Veiveriai", "A5", 23.0, (23.7, 54.715), 380),
    (9103, "Jonava", "A6", 31.2, (24.275, 55.072), 300),
    (9104, "Vievis", "A1", 39.1, (24.811, 54.773), 610),
    (9105, "Gargždai", "A1", 292.5, (21.394, 55.71), 350),
    (9106, "Bubiai", "A12", 58.6, (23.13, 55.845), 190),
)
"""The same with the most vehicles in a quarter of an hour."""
QUARTER_MIN: Final = 15


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """What a weather station measures at its time."""

    id: str
    name: str
    road: str
    km: float
    place: Point
    at: Millis
    air_c: float
    road_c: float
    wind_ms: float
    visibility_m: int
    icy: bool
    foggy: bool


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What passed a traffic station in the quarter of an hour that ended at its time."""

    id: int
    name: str
    road: str
    km: float
    place: Point
    at: Millis
    vehicles: int
    speed_kmh: float
    jammed: bool


def weather(seed: int, now: Millis) -> tuple[Weather, ...]:
    """Every weather station at this wall time."""
    return tuple(_weather(seed, now, *row) for row in WEATHER)


def _weather(seed: int, now: Millis, key: str, name: str, road: str, km: float, place: Point) -> Weather:
    at = changed(seed, f"weather {key}", now, 5) // 1000 * 1000
    air = round(wave(seed, f"air {key}", at, -7, 2, 24 * 60), 1)
    foggy = happens(seed, f"fog {key}", at, 170, 35) is not None
    icy = happens(seed, f"ice {key}", at, 230, 60) is not None
    return Weather(
        id=key,
        name=name,
        road=road,
        km=km,
        place=place,
        at=at,
        air_c=air,
        road_c=round(min(air, -0.5) - 1 if icy else air - 0.5, 1),
        wind_ms=round(wave(seed, f"wind {key}", at, 1, 9, 180), 1),
        visibility_m=150 if foggy else 20000,
        icy=icy,
        foggy=foggy,
    )


def traffic(seed: int, now: Millis) -> tuple[Traffic, ...]:
    """Every traffic station at this wall time."""
    at = now - now % (QUARTER_MIN * MINUTE)
    found = []
    for key, name, road, km, place, most in TRAFFIC:
        jammed = happens(seed, f"jam {key}", at, 240, 30) is not None
        vehicles = round(wave(seed, f"traffic {key}", at, most / 8, most, 24 * 60))
        speed = round(wave(seed, f"speed {key}", at, 84, 104, 90) / (4 if jammed else 1), 1)
        station = Traffic(
            id=key, name=name, road=road, km=km, place=place, at=at, vehicles=vehicles, speed_kmh=speed, jammed=jammed
        )
        found.append(station)
    return tuple(found)


def say_weather(seed: int, now: Millis) -> bytes:
    """The list of weather stations: every number a string, local time without a zone."""
    return msgspec.json.encode([_weather_record(station) for station in weather(seed, now)])


def _weather_record(station: Weather) -> dict[str, object]:
    east, north = from_wgs84(3346, station.place, order="en")
    fine = not (station.icy or station.foggy)
    return {
        "surinkimo_data_unix": str(station.at // 1000),
        "surinkimo_data": datetime.fromtimestamp(station.at / 1000, VILNIUS).strftime("%Y-%m-%d %H:%M"),
        "id": station.id,
        "irenginys": f"{MARK} {station.name} {station.road} {station.km}".replace(".", ","),
        "numeris": station.road,
        "pavadinimas": station.name,
        "kilometras": str(station.km),
        "oro_temperatura": str(station.air_c),
        "vejo_greitis_vidut": str(station.wind_ms),
        "krituliu_tipas": "Kritulių nėra",
        "krituliu_kiekis": "0",
        "dangos_temperatura": str(station.road_c),
        "matomumas": str(station.visibility_m),
        "rasos_taskas": None,
        "kelio_danga": "Apledėjusi" if station.icy else "Sausa",
        "uzsalimo_taskas": None,
        "vejo_greitis_maks": str(round(station.wind_ms * 1.6, 1)),
        "vejo_kryptis": "Pietvakarių",
        "sukibimo_koeficientas": "0.25" if station.icy else "0.82",
        "ilguma": str(round(east)),
        "platuma": str(round(north)),
        "lat": str(station.place[1]),
        "lng": str(station.place[0]),
        "perspejimai": [{"pavadinimas": "Geros oro sąlygos", "kodas": "GS"}] if fine else [],
    }


def say_traffic(seed: int, now: Millis) -> bytes:
    """The list of traffic stations: x is the latitude, the two directions share what passed."""
    return msgspec.json.encode([_traffic_record(station) for station in traffic(seed, now)])


def _traffic_record(station: Traffic) -> dict[str, object]:
    east, north = (round(metre) for metre in from_wgs84(3346, station.place, order="en"))
    forward = station.vehicles // 2
    flow = {"winterSpeed": 110, "summerSpeed": 130, "averageSpeed": station.speed_kmh}
    ends = {"startX": east, "startY": north, "endX": east + 500, "endY": north + 200}
    kind = "queuing" if station.jammed else "normal"
    return {
        "id": station.id,
        "name": f"{MARK} {station.name}",
        "roadNr": station.road,
        "roadName": station.name,
        "km": station.km,
        "x": station.place[1],
        "y": station.place[0],
        "timeInterval": QUARTER_MIN,
        "date": datetime.fromtimestamp(station.at / 1000, VILNIUS).isoformat(timespec="milliseconds"),
        "roadSegments": [
            {"direction": direction, "numberOfVehicles": vehicles, "trafficType": kind, **flow, **ends}
            for direction, vehicles in (("FORWARD", forward), ("BACKWARD", station.vehicles - forward))
        ],
    }


SPEAKERS = (
    Speaker(
        feed="lt-stations",
        source="lt-stations",
        path="/weather-conditions-service",
        media="application/json",
        say=say_weather,
        nations=("LT",),
        rate_s=30.0,
    ),
    Speaker(
        feed="lt-stations-traffic",
        source="lt-stations",
        path="/traffic-intensity-service",
        media="application/json",
        say=say_traffic,
        nations=("LT",),
        rate_s=30.0,
    ),
)
