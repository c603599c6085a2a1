"""Does the DATEX II reader fall into none of the traps that the national publications set?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import Described, Event, Gone, Limit, Status
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.sources.datex2 import MEASURES, SOURCE, TYPES
from layers.roadevents import variant

SAMPLES = Path(__file__).parent.parent / "samples" / "datex2"
ALL = sorted(each for each in SAMPLES.iterdir() if each.suffix != ".expected")
NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
AT = "2026-11-24T10:00:00+02:00"
MANAGED = "RoadOrCarriagewayOrLaneManagement"
RIGA = "<pointCoordinates><latitude>56.95</latitude><longitude>24.1</longitude></pointCoordinates>"
CLOSED = "<roadOrCarriagewayOrLaneManagementType>roadClosed</roadOrCarriagewayOrLaneManagementType>"
SIZES = {
    "grossWeight": "grossVehicleWeight",
    "heaviestAxleWeight": "heaviestAxleWeight",
    "height": "vehicleHeight",
    "width": "vehicleWidth",
}


def record(inside: str = "", *, name: str = "r1", kind: str = MANAGED, at: str = AT, validity: str = "active") -> str:
    """One situation record as text."""
    version = f"<situationRecordVersionTime>{at}</situationRecordVersionTime>" if at else ""
    if "<" not in validity:
        validity = f"<validityStatus>{validity}</validityStatus>"
    return (
        f'<situationRecord xsi:type="{kind}" id="{name}" version="1">{version}<validity>{validity}</validity>{inside}'
        "</situationRecord>"
    )


def publication(*records: str, status: str = "real", country: str = "lv", lang: str = "lv", time: str = AT) -> bytes:
    """A publication of version 2, each record in a situation of its own."""
    header = f"<headerInformation><informationStatus>{status}</informationStatus></headerInformation>"
    situations = "".join(f'<situation id="s{i}">{header}{each}</situation>' for i, each in enumerate(records))
    return (
        '<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<payloadPublication xsi:type="SituationPublication" lang="{lang}"><publicationTime>{time}</publicationTime>'
        f"<publicationCreator><country>{country}</country><nationalIdentifier>x</nationalIdentifier>"
        f"</publicationCreator>{situations}</payloadPublication></d2LogicalModel>"
    ).encode()


def vehicles(size: str, value: str, operator: str = "greaterThan") -> str:
    compared = f"<comparisonOperator>{operator}</comparisonOperator>" if operator else ""
    return (
        f"<forVehiclesWithCharacteristicsOf><{size}Characteristic>{compared}<{SIZES[size]}>{value}</{SIZES[size]}>"
        f"</{size}Characteristic></forVehiclesWithCharacteristicsOf>"
    )


def management(measure: str) -> str:
    return CLOSED.replace("roadClosed", measure)


def place(inside: str) -> str:
    return f"<groupOfLocations>{inside}</groupOfLocations>"


def comment(**texts: str) -> str:
    values = "".join(f'<value lang="{lang}">{text}</value>' for lang, text in texts.items())
    return f"<generalPublicComment><comment><values>{values}</values></comment></generalPublicComment>"


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def events(payload: bytes, context: Context = NOW) -> list[Event]:
    return [each for each in outcomes(payload, context) if isinstance(each, Event)]


def reasons(payload: bytes, context: Context = NOW) -> list[str]:
    return [each.reason for each in outcomes(payload, context) if isinstance(each, Reject)]


def pair(payload: bytes) -> tuple[Described, Status]:
    """What one record says."""
    told, status = outcomes(payload)
    assert isinstance(told, Event)
    assert isinstance(status, Event)
    assert isinstance(told.body, Described)
    assert isinstance(status.body, Status)
    return told.body, status.body


def millis(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


# -- the road is closed, or it is not ---------------------------------------------------------------------------------


def test_closed_for_vehicles_over_12_t_is_a_limit_and_no_closed_road() -> None:
    told, status = pair(publication(record(vehicles("grossWeight", "12.0") + CLOSED)))
    assert status.state == "restricted"
    assert told.limits == (Limit("mass_t", 12.0, "t", "road closed over 12 t"),)
    assert told.properties["category"] == "weight_limit"


@pytest.mark.parametrize(
    ("size", "what", "unit"),
    [
        ("grossWeight", "mass_t", "t"),
        ("heaviestAxleWeight", "axle_t", "t"),
        ("height", "height_m", "m"),
        ("width", "width_m", "m"),
    ],
)
def test_each_size_is_a_limit_in_its_own_unit(size: str, what: str, unit: str) -> None:
    told, status = pair(publication(record(vehicles(size, "3.5", "greaterThanOrEqualTo") + CLOSED)))
    assert told.limits == (Limit(what, 3.5, unit, f"road closed from 3.5 {unit}"),)
    assert status.state == "restricted"


def test_a_road_closed_to_all_is_closed() -> None:
    told, status = pair(publication(record(CLOSED)))
    assert (status.state, told.limits, told.properties["category"]) == ("closed", (), "closure")


def test_closed_for_any_vehicle_is_closed() -> None:
    whom = "<forVehiclesWithCharacteristicsOf><vehicleType>anyVehicle</vehicleType></forVehiclesWithCharacteristicsOf>"
    assert pair(publication(record(whom + CLOSED)))[1].state == "closed"
    assert pair(publication(record(vehicles("height", "4") + whom + CLOSED)))[1].state == "closed"


def test_closed_for_a_kind_of_vehicle_is_restricted_without_a_number() -> None:
    whom = "<forVehiclesWithCharacteristicsOf><vehicleType>lorry</vehicleType></forVehiclesWithCharacteristicsOf>"
    told, status = pair(publication(record(whom + CLOSED)))
    assert (status.state, told.limits, told.properties["conditions"]) == ("restricted", (), "lorry")


def test_closed_for_light_vehicles_is_no_limit_of_mass() -> None:
    told, status = pair(publication(record(vehicles("grossWeight", "3.5", "lessThan") + CLOSED)))
    assert (status.state, told.limits) == ("restricted", ())


@pytest.mark.parametrize(("size", "limits"), [("width", 1), ("grossWeight", 0)])
def test_a_lane_that_some_may_not_use_limits_widths_and_no_masses(size: str, limits: int) -> None:
    told, status = pair(publication(record(vehicles(size, "3") + management("doNotUseSpecifiedLanesOrCarriageways"))))
    assert (status.state, len(told.limits)) == ("restricted", limits)
    assert told.properties["conditions"]


def test_a_lower_speed_for_lorries_is_no_limit_of_mass() -> None:
    slower = vehicles("grossWeight", "3.5") + "<temporarySpeedLimit>60.0</temporarySpeedLimit>"
    told, status = pair(publication(record(slower, kind="SpeedManagement")))
    assert (status.state, told.limits, status.measures) == ("degraded", (), {"speed_kmh": 60.0})


@pytest.mark.parametrize("value", ["12000", "0", "-3", "nan", "heavy", ""])
def test_a_mass_that_cannot_be_meant_is_no_limit_but_the_road_stays_restricted(value: str) -> None:
    told, status = pair(publication(record(vehicles("grossWeight", value) + CLOSED)))
    assert (status.state, told.limits) == ("restricted", ())
    assert "cannot be meant" in str(told.properties["doubt"])


def test_a_text_that_says_another_mass_puts_the_number_in_doubt() -> None:
    text = comment(en="Greatest mass of a vehicle 12 t.")
    told, _ = pair(publication(record(text + vehicles("grossWeight", "2.0") + CLOSED)))
    assert told.limits[0].value == 2.0
    assert told.properties["doubt"] == "the text says 12 t"


@pytest.mark.parametrize(("measure", "state"), MEASURES.items())
def test_each_measure_has_its_state(measure: str, state: str) -> None:
    assert pair(publication(record(management(measure))))[1].state == state


def test_a_measure_that_nobody_knows_is_unknown() -> None:
    assert pair(publication(record(management("hovercraftOnly"))))[1].state == "unknown"


def test_roadworks_that_block_the_road_close_it() -> None:
    blocked = "<impact><trafficConstrictionType>roadBlocked</trafficConstrictionType></impact>"
    assert pair(publication(record(blocked, kind="MaintenanceWorks")))[1].state == "closed"


@pytest.mark.parametrize("kind", [*TYPES, "TransitInformation", "SomethingNew", ""])
def test_no_record_says_that_a_road_is_open(kind: str) -> None:
    told, status = pair(publication(record(kind=kind)))
    assert status.state in ("degraded", "unknown")
    assert told.properties["category"] == TYPES.get(kind, ("other",))[0]


@pytest.mark.parametrize(
    ("kind", "sign"),
    [
        ("ConstructionWorks", "roadworks"),
        ("Accident", "accident"),
        ("WeatherRelatedRoadConditions", "weather"),
        ("VehicleObstruction", "obstruction"),
        ("AbnormalTraffic", "queue"),
        ("PublicEvent", "other"),
    ],
)
def test_a_category_has_a_sign_in_the_layer(kind: str, sign: str) -> None:
    assert variant(str(pair(publication(record(kind=kind)))[0].properties["category"])) == sign


def test_a_limit_of_mass_and_one_of_height_have_their_signs() -> None:
    heavy, high = (pair(publication(record(vehicles(size, "4") + CLOSED)))[0] for size in ("grossWeight", "height"))
    assert variant(str(heavy.properties["category"])) == "weightlimit"
    assert variant(str(high.properties["category"])) == "sizelimit"


def test_a_closed_lane_is_an_obstruction_unless_it_has_a_cause() -> None:
    works = "<cause><causeType>roadMaintenance</causeType></cause>"
    bare, caused = (pair(publication(record(why + management("laneClosures"))))[0] for why in ("", works))
    assert (bare.properties["category"], caused.properties["category"]) == ("obstruction", "roadworks")
    assert caused.properties["cause"] == "road maintenance"


# -- when -------------------------------------------------------------------------------------------------------------


def test_age_is_the_records_own_and_never_the_publications() -> None:
    old = events(publication(record(CLOSED), time="2023-12-27T12:00:00+02:00"))
    assert {each.at for each in old} == {millis(AT)}


def test_without_a_version_time_the_creation_time_counts() -> None:
    created = "<situationRecordCreationTime>2026-11-01T00:00:00Z</situationRecordCreationTime>"
    assert events(publication(record(created, at="")))[0].at == millis("2026-11-01T00:00:00+00:00")


def test_a_record_without_any_time_is_rejected() -> None:
    assert reasons(publication(record(CLOSED, at=""))) == ["no time of its own: its age cannot be told"]


@pytest.mark.parametrize("at", ["START_DATE_TIME", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "12"])
def test_what_is_no_time_is_rejected(at: str) -> None:
    assert len(reasons(publication(record(CLOSED, at=at)))) == 1
    assert not events(publication(record(CLOSED, at=at)))


@pytest.mark.parametrize(
    ("at", "meant"),
    [
        ("2026-11-24T10:00:00+0200", "2026-11-24T08:00:00+00:00"),
        ("2026-11-24T10:00:00.8014543Z", "2026-11-24T10:00:00.801+00:00"),
        ("2026-11-24T24:00:00+02:00", "2026-11-24T22:00:00+00:00"),
        ("2026-11-24T10:00:00", "2026-11-24T08:00:00+00:00"),
        ("2026-07-24T10:00:00", "2026-07-24T07:00:00+00:00"),
    ],
)
def test_times_in_every_form(at: str, meant: str) -> None:
    assert events(publication(record(CLOSED, at=at)))[0].at == millis(meant)


def test_a_time_without_a_zone_from_nobody_is_rejected() -> None:
    (reason,) = reasons(publication(record(CLOSED, at="2026-11-24T10:00:00"), country=""))
    assert "names no zone" in reason


def test_validity_bounds_the_status() -> None:
    spec = (
        "<validityStatus>definedByValidityTimeSpec</validityStatus><validityTimeSpecification>"
        "<overallStartTime>2026-11-25T00:00:00+02:00</overallStartTime>"
        "<overallEndTime>2026-11-26T00:00:00+02:00</overallEndTime></validityTimeSpecification>"
    )
    status = pair(publication(record(CLOSED, validity=spec)))[1]
    assert (status.since, status.until) == (millis("2026-11-25T00:00:00+02:00"), millis("2026-11-26T00:00:00+02:00"))
    overrunning = spec.replace("definedByValidityTimeSpec", "active") + "<overrunning>true</overrunning>"
    told, status = pair(publication(record(CLOSED, validity=overrunning)))
    assert status.until is None
    assert told.properties["planned_end"] == "2026-11-26T00:00:00+02:00"


def test_an_end_before_the_start_is_rejected() -> None:
    spec = (
        "<validityTimeSpecification><overallStartTime>2026-11-26T00:00:00Z</overallStartTime>"
        "<overallEndTime>2026-11-25T00:00:00Z</overallEndTime></validityTimeSpecification>"
    )
    assert reasons(publication(record(CLOSED, validity=spec))) == ["a status ends before it begins"]


def test_a_suspended_closure_is_unknown_and_never_open() -> None:
    status = pair(publication(record(CLOSED, validity="suspended")))[1]
    assert (status.state, status.reason) == ("unknown", "suspended by its source")


@pytest.mark.parametrize("end", ["cancel", "end"])
def test_what_its_source_ended_is_gone(end: str) -> None:
    over = f"<management><lifeCycleManagement><{end}>true</{end}></lifeCycleManagement></management>"
    (event,) = events(publication(record(over + CLOSED)))
    assert isinstance(event.body, Gone)
    assert len(events(publication(record(over.replace("true", "false") + CLOSED)))) == 2


# -- where ------------------------------------------------------------------------------------------------------------


def test_a_point_is_where_its_coordinates_say_even_at_sea() -> None:
    sea = RIGA.replace("56.95", "58.834399").replace("24.1", "20.767505")
    told, _ = pair(publication(record(place(sea))))
    assert (told.lon, told.lat, told.path) == (20.767505, 58.834399, ())


@pytest.mark.parametrize(
    ("srs", "positions", "first"),
    [
        ("", "56.95 24.1 56.96 24.2", (24.1, 56.95)),
        ("", "24.1 56.95 24.2 56.96", (24.1, 56.95)),
        ("EPSG:4326", "56.95 24.1 56.96 24.2", (24.1, 56.95)),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "24.1 56.95 24.2 56.96", (24.1, 56.95)),
        ("25833", "133396.39 7018386.84 133389.16 7018382.62", (7.7248, 63.1063)),
        ("EPSG:31370", "150000 170000 150100 170100", (4.3678, 50.8398)),
        ("EPSG:3301", "6474300 659900 6474450 660050", (26.734, 58.3798)),
        ("EPSG:3301", "659900 6474300 660050 6474450", (26.734, 58.3798)),
        ("http://www.opengis.net/def/crs/EPSG/0/3346", "6085000 495000 6085200 495400", (23.922, 54.901)),
    ],
)
def test_positions_in_each_frame_and_order(srs: str, positions: str, first: tuple[float, float]) -> None:
    named = f' srsName="{srs}"' if srs else ""
    line = f"<gmlLineString{named}><posList>{positions}</posList></gmlLineString>"
    told, _ = pair(publication(record(place(line))))
    assert told.path[0] == pytest.approx(first, abs=2e-3)
    assert len(told.path) == 2


def test_positions_with_heights_are_read_by_threes() -> None:
    line = '<gmlLineString srsDimension="3"><posList>56.95 24.1 8 56.96 24.2 9</posList></gmlLineString>'
    assert pair(publication(record(place(line))))[0].path == ((24.1, 56.95), (24.2, 56.96))


@pytest.mark.parametrize(
    "where",
    [
        '<gmlLineString srsName="EPSG:999999"><posList>1 2 3 4</posList></gmlLineString>',
        '<gmlLineString srsName="my grid"><posList>1 2 3 4</posList></gmlLineString>',
        "<gmlLineString><posList>56.95 24.1 56.96</posList></gmlLineString>",
        "<gmlLineString><posList>56.95 here</posList></gmlLineString>",
        RIGA.replace("56.95", "999"),
        RIGA.replace("24.1", ""),
    ],
)
def test_a_place_that_cannot_be_read_costs_the_place_and_not_the_event(where: str) -> None:
    told, status = pair(publication(record(place(where) + CLOSED)))
    assert (told.lon, told.lat, told.path) == (None, None, ())
    assert told.properties["place_note"]
    assert status.state == "closed"


def test_zero_zero_is_no_place() -> None:
    told, _ = pair(publication(record(place(RIGA.replace("56.95", "0.0").replace("24.1", "0")))))
    assert told.lon is None


def test_alert_c_alone_is_an_event_without_a_place() -> None:
    codes = (
        "<alertCLinear><alertCLocationCountryCode>6</alertCLocationCountryCode><alertCMethod2PrimaryPointLocation>"
        "<alertCLocation><specificLocation>971</specificLocation></alertCLocation></alertCMethod2PrimaryPointLocation>"
        "</alertCLinear>"
    )
    told, status = pair(publication(record(place(codes) + CLOSED)))
    assert (told.lon, told.path, status.state) == (None, (), "closed")
    assert "971" in str(told.properties["alert_c"])


def test_the_two_directions_are_not_merged() -> None:
    def way(name: str, *points: tuple[str, str]) -> str:
        inside = "".join(
            f"<openlrLocationReferencePoint><openlrCoordinates><latitude>{lat}</latitude><longitude>{lon}</longitude>"
            "</openlrCoordinates></openlrLocationReferencePoint>"
            for lat, lon in points
        )
        return f"<{name}>{inside}</{name}>"

    first, second = (("56.0", "24.0"), ("56.1", "24.1")), (("56.2", "24.2"), ("56.0", "24.3"))
    both = f"<openlrLinear>{way('firstDirection', *first)}{way('secondDirection', *second)}</openlrLinear>"
    found = events(publication(record(place(both) + CLOSED)))
    paths = {each.subject: each.body.path for each in found if isinstance(each.body, Described)}
    assert paths == {
        "roadevent:LV:r1": ((24.0, 56.0), (24.1, 56.1)),
        "roadevent:LV:r1:opposite": ((24.2, 56.2), (24.3, 56.0)),
    }
    assert {each.subject for each in found if isinstance(each.body, Status)} == set(paths)


@pytest.mark.parametrize(
    ("binary", "point", "path", "notes"),
    [
        (
            "CwRbWyNG9RpsCQCb/jsbtAT/6/+jK1lE",
            (6.127752, 49.605794),
            3,
            {"offsets": "27% of its first leg, 0% of its last"},
        ),
        ("KwOg5iUNnCOTAv+D/5QjQ1j/gP/r", (5.101301, 52.105788), 0, {}),
        ("AwOgxCUNmwEs", (5.101851, 52.105976), 0, {"radius_m": 300.0}),
        ("QwOgcSUNGgGIAX8=", (5.10203, 52.105123), 5, {}),  # the middle of the area, not of its outline
        ("CgRb", None, 0, {"place_note": "OpenLR version 2, not 3"}),
    ],
)
def test_binary_openlr_is_a_place(
    binary: str, point: tuple[float, float] | None, path: int, notes: dict[str, object]
) -> None:
    told, status = pair(publication(record(place(f"<openlrBinary>{binary}</openlrBinary>") + CLOSED)))
    assert (told.lon, told.lat) == (pytest.approx(point, abs=1e-4) if point else (None, None))
    assert len(told.path) == path
    assert notes.items() <= told.properties.items()
    assert status.state == "closed"


def test_the_two_ends_of_a_stretch_run_from_the_one_to_the_other() -> None:
    ends = f"<tpegLinearLocation><to>{RIGA}</to><from>{RIGA.replace('24.1', '24.0')}</from></tpegLinearLocation>"
    assert pair(publication(record(place(ends))))[0].path == ((24.0, 56.95), (24.1, 56.95))


# -- who and what -----------------------------------------------------------------------------------------------------


def test_blanks_in_an_id_are_made_safe() -> None:
    assert events(publication(record(CLOSED, name=" a\tb c ")))[0].subject == "roadevent:LV:a_b_c"


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_record_without_a_fit_id_is_rejected(name: str) -> None:
    assert len(reasons(publication(record(CLOSED, name=name)))) == 1


@pytest.mark.parametrize(("country", "nations"), [("lv", ("LV",)), ("EE", ("EE",)), ("fi", ("FI",)), ("latvia", ())])
def test_the_nation_is_the_publishers(country: str, nations: tuple[str, ...]) -> None:
    event = events(publication(record(CLOSED), country=country))[0]
    assert isinstance(event.body, Described)
    assert event.body.nations == nations
    assert event.subject == f"roadevent:{country.upper()}:r1"


@pytest.mark.parametrize(
    ("texts", "lang", "chosen"),
    [
        ({"lv": "Slēgts", "en": "Closed"}, "lv", "Closed"),
        ({"en": "", "ru": "Закрыто", "lv": "Slēgts"}, "lv", "Slēgts"),
        ({"ru-RU": "Закрыто", "lv-LV": "Slēgts"}, "en-US", "Slēgts"),
        ({"ru": "Закрыто"}, "lv", "Закрыто"),
    ],
)
def test_english_is_preferred_then_the_nations_language(texts: dict[str, str], lang: str, chosen: str) -> None:
    told, _ = pair(publication(record(comment(**texts)), lang=lang))
    assert told.properties["text"] == chosen


def test_a_delay_of_zero_is_a_default_and_no_delay() -> None:
    delays = "<impact><delays><delayTimeValue>{}</delayTimeValue></delays></impact>"
    assert pair(publication(record(delays.format(0))))[1].measures == {}
    assert pair(publication(record(delays.format(900))))[1].measures == {"delay_min": 15.0}


def test_an_exercise_in_a_real_feed_is_rejected_and_marked_elsewhere() -> None:
    played = publication(record(CLOSED), status="securityExercise")
    assert reasons(played) == ["its informationStatus is 'securityExercise', not real"]
    marked = events(played, Context(NOW.received, "exercise/amber", "injected"))[0]
    assert isinstance(marked.body, Described)
    assert marked.body.marking == "SECURITY EXERCISE"


# -- payloads that are not what they say ------------------------------------------------------------------------------


def test_a_utf16_label_on_utf8_is_read_and_the_quarantine_told() -> None:
    label = b'<?xml version="1.0" encoding="UTF-16"?>'
    noted, *rest = outcomes(label + publication(record(comment(lv="Slēgts") + CLOSED)))
    assert noted == Reject("labelled UTF-16 and is not: read as UTF-8", 0, label)
    assert rest == outcomes(publication(record(comment(lv="Slēgts") + CLOSED)))


def test_what_is_truly_utf16_is_read() -> None:
    payload = publication(record(comment(lv="Slēgts") + CLOSED))
    assert outcomes(payload.decode().encode("utf-16")) == outcomes(payload)


@pytest.mark.parametrize("payload", [b"", b" \r\n", b"\xef\xbb\xbf", publication()])
def test_empty_is_empty_and_not_failed(payload: bytes) -> None:
    assert outcomes(payload) == []


@pytest.mark.parametrize(
    "payload",
    [
        b"None",
        b'{"situations": []}',
        b"<html><head><title>403 Forbidden</title></head></html>",
        b"<rss><channel/></rss>",
        publication().replace(b"SituationPublication", b"MeasuredDataPublication"),
        (SAMPLES / "fault.xml").read_bytes(),
    ],
)
def test_what_is_no_situation_publication_is_one_reject_with_all_its_bytes(payload: bytes) -> None:
    (outcome,) = outcomes(payload)
    assert isinstance(outcome, Reject)
    assert outcome.raw == payload


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE d2LogicalModel [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    inside = publication(record(comment(en="&b;") + CLOSED))
    (outcome,) = outcomes(bomb + inside)
    assert isinstance(outcome, Reject)
    assert b"&b;" in outcome.raw


def test_a_file_of_the_machine_is_not_read() -> None:
    wanted = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{Path(__file__).as_uri()}">]>'.encode()
    (outcome,) = outcomes(wanted + publication(record(comment(en="&x;") + CLOSED)))
    assert isinstance(outcome, Reject)


@pytest.mark.parametrize(
    "broken",
    [
        record(comment(lv="Rīga & Jelgava") + CLOSED, name="bad"),
        record("<open>" + CLOSED, name="bad"),
        record("\x0b" + CLOSED, name="bad"),
        record(CLOSED, name="bad", at="soon"),
        record(CLOSED, name="bad").removesuffix("</situationRecord>"),
    ],
)
def test_one_bad_record_never_costs_its_neighbours(broken: str) -> None:
    payload = publication(record(CLOSED, name="before"), broken, record(CLOSED, name="after"))
    assert {each.subject.rpartition(":")[2] for each in events(payload)} == {"before", "after"}
    (reject,) = (each for each in outcomes(payload) if isinstance(each, Reject))
    assert b'id="bad"' in reject.raw
    assert payload[reject.offset : reject.offset + len(reject.raw)] == reject.raw


def test_a_bad_record_costs_none_of_its_own_situation() -> None:
    three = record(CLOSED, name="a") + record("&" + CLOSED, name="b") + record(CLOSED, name="c")
    payload = publication(three, status="real")
    assert {each.subject.rpartition(":")[2] for each in events(payload)} == {"a", "c"}
    assert not events(publication(three, status="test"))


def test_of_a_cut_payload_the_whole_records_count_and_there_is_a_reject() -> None:
    payload = publication(record(CLOSED, name="a"), record(CLOSED, name="b"))
    cut = payload[: payload.index(b'id="b"') + 30]
    assert {each.subject for each in events(cut)} == {"roadevent:LV:a"}
    assert reasons(cut)


# -- whatever comes ---------------------------------------------------------------------------------------------------


def test_every_cut_of_a_sample_is_read_without_raising_and_never_as_a_whole() -> None:
    payload = publication(record(place(RIGA) + CLOSED, name="a"), record(vehicles("height", "4") + CLOSED, name="b"))
    for end in range(1, len(payload)):
        assert reasons(payload[:end]), end


@pytest.mark.parametrize("sample", ALL, ids=lambda path: path.name)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_mutations_of_a_sample_raise_nothing(sample: Path, data: st.DataObject) -> None:
    payload = bytearray(sample.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(payload) - 1))
        long = data.draw(st.integers(0, 40))
        payload[at : at + long] = data.draw(
            st.binary(max_size=12) | st.sampled_from([b"<", b">", b"&", b"9" * 12, b'"'])
        )
    for outcome in outcomes(bytes(payload)):
        assert isinstance(outcome, Event | Reject)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_raise_nothing(payload: bytes) -> None:
    assert all(isinstance(each, Event | Reject) for each in outcomes(payload))


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters='<&"\ufffe\uffff')),
    st.text("0123456789.-+eE_ ", max_size=20),
)
def test_any_words_and_numbers_are_read_or_rejected(words: str, number: str) -> None:
    spot = RIGA.replace("24.1", number)
    inside = place(spot) + comment(en=words.replace(">", "")) + vehicles("height", number) + CLOSED
    payload = publication(record(inside, name=re.sub(r"\s", " ", words)))
    assert len({each.subject for each in events(payload)}) + len(reasons(payload)) == 1


def test_chunks_may_be_cut_anywhere() -> None:
    payload = (SAMPLES / "ee-restrictions-v2.xml").read_bytes()
    decoder = SOURCE.decoder()
    found = [each for start in range(0, len(payload), 97) for each in decoder.feed(payload[start : start + 97], NOW)]
    assert [*found, *decoder.close(NOW)] == outcomes(payload)


def test_when_it_was_fetched_changes_nothing_that_was_said() -> None:
    payload = (SAMPLES / "lv-situations-v3.xml").read_bytes()
    early, late = (events(payload, Context(received)) for received in (1, 2_000_000_000_000))
    assert [(each.id, each.at, each.body) for each in early] == [(each.id, each.at, each.body) for each in late]
