"""What does the AIS decoder make of each sentinel, quirk and broken line?"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyais import encode_dict

from cop.event import Body, Described, Event, Sighted, Status
from cop.picture import fold
from feeds.adapter import Context, Outcome, Reject
from feeds.simulated.nmea import checksum
from feeds.sources import ais
from feeds.sources.ais import AisDecoder, clean, moment, nations

NOW = 1773150000000  # 2026-03-10 13:40:00 UTC
CONTEXT = Context(NOW)
SHIP = 275990101
FIX: dict[str, Any] = {"mmsi": SHIP, "lon": 21.4, "lat": 57.45, "course": 271.4, "speed": 12.3, "second": 58}


def lines(kind: int, sequence: int = 0, **fields: Any) -> list[bytes]:
    """The sentences of one message."""
    return [line.encode() for line in encode_dict({"type": kind, **fields}, "AI", "VDM", "A", sequence)]


def signed(body: bytes, start: bytes = b"!") -> bytes:
    """Any sentence with the checksum that fits."""
    return b"%b%b*%02X" % (start, body, checksum(body))


def tagged(block: bytes, line: bytes) -> bytes:
    return b"\\%b*%02X\\%b" % (block, checksum(block), line)


def read(*sent: bytes, received: int = NOW) -> tuple[list[Outcome], int]:
    """All outcomes of these lines, and how many records were ignored."""
    decoder = AisDecoder()
    context = Context(received)
    outcomes = [*decoder.feed(b"".join(line + b"\r\n" for line in sent), context), *decoder.close(context)]
    return outcomes, decoder.counts.ignored


def events(*sent: bytes, received: int = NOW) -> list[Event]:
    outcomes, _ = read(*sent, received=received)
    assert all(isinstance(each, Event) for each in outcomes), outcomes
    return [each for each in outcomes if isinstance(each, Event)]


def body(kind: int, **fields: Any) -> Body:
    """The body of the only event of one message."""
    (event,) = events(*lines(kind, **fields))
    return event.body


def sighted(kind: int, **fields: Any) -> Sighted:
    found = body(kind, **{**FIX, **fields})
    assert isinstance(found, Sighted)
    return found


def described(*sent: bytes) -> Described:
    """The last description that these lines give."""
    found = [event.body for event in events(*sent) if isinstance(event.body, Described)]
    return found[-1]


def reasons(*sent: bytes) -> list[str]:
    outcomes, _ = read(*sent)
    return [each.reason for each in outcomes if isinstance(each, Reject)]


# -- positions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [1, 2, 3, 18, 19, 27])
def test_every_kind_of_position_report_is_sighted_in_metres_a_second(kind: int) -> None:
    found = events(*lines(kind, **{**FIX, "speed": 12, "course": 271}))[0]
    assert found.subject == "vessel:275990101"
    assert found.body == Sighted(21.4, 57.45, 271.0, round(12 * 1852 / 3600, 3))


@pytest.mark.parametrize("place", [{"lon": 181, "lat": 91}, {"lon": 181}, {"lat": 91}])
@pytest.mark.parametrize("kind", [1, 18, 27])
def test_a_report_without_a_position_is_ignored_and_counted(kind: int, place: dict[str, float]) -> None:
    assert read(*lines(kind, **{**FIX, **place})) == ([], 1)


@pytest.mark.parametrize(("kind", "course"), [(1, 360.0), (1, 409.5), (18, 360.0), (9, 360.0), (27, 511)])
def test_course_360_or_511_is_none(kind: int, course: float) -> None:
    assert sighted(kind, course=course).course is None


@pytest.mark.parametrize(("kind", "speed"), [(1, 102.3), (18, 102.3), (9, 1023), (27, 63)])
def test_speed_at_its_sentinel_is_none(kind: int, speed: float) -> None:
    assert sighted(kind, speed=speed).speed is None


@pytest.mark.parametrize(("kind", "speed"), [(1, 102.2), (18, 102.2), (9, 1022), (27, 62)])
def test_the_fastest_speed_is_a_speed(kind: int, speed: float) -> None:
    assert sighted(kind, speed=speed).speed == round(speed * 1852 / 3600, 3)


def test_heading_511_changes_nothing_because_a_heading_is_not_a_course() -> None:
    assert sighted(1, heading=511) == sighted(1, heading=90)
    assert sighted(1, heading=90, course=360.0).course is None


@pytest.mark.parametrize(("kind", "flag", "radius"), [(1, 1, 10.0), (1, 0, None), (27, 1, 141.0), (27, 0, None)])
def test_only_a_precise_position_has_a_radius(kind: int, flag: int, radius: float | None) -> None:
    assert sighted(kind, accuracy=flag).accuracy == radius


@pytest.mark.parametrize(("mmsi", "kind"), [(111276990, 9), (111276990, 1), (276990000, 9)])
def test_rescue_aircraft_are_aircraft(mmsi: int, kind: int) -> None:
    (event,) = events(*lines(kind, **{**FIX, "mmsi": mmsi}))
    assert event.subject == f"aircraft:mmsi-{mmsi}"


@pytest.mark.parametrize(("altitude", "said"), [(300, 300.0), (0, 0.0), (4095, None)])
def test_altitude_4095_is_none(altitude: int, said: float | None) -> None:
    assert sighted(9, alt=altitude).altitude == said


def test_mmsi_has_nine_digits() -> None:
    (event,) = events(*lines(1, **{**FIX, "mmsi": 2759901}))
    assert event.subject == "vessel:002759901"


@pytest.mark.parametrize("mmsi", [0, 1_000_000_000, 1_073_741_823])
def test_an_impossible_mmsi_is_rejected(mmsi: int) -> None:
    assert reasons(*lines(1, **{**FIX, "mmsi": mmsi})) == [f"MMSI {mmsi} names nobody"]


def test_a_position_that_is_not_on_earth_is_rejected() -> None:
    assert reasons(*lines(1, **{**FIX, "lon": 200})) == ["position 200.0, 57.45 is not on Earth"]


def test_values_are_plain_python() -> None:
    for event in events(*lines(27, **{**FIX, "status": 6}), *lines(5, mmsi=SHIP, ship_type=70, draught=6.1)):
        values = [getattr(event.body, name) for name in event.body.__struct_fields__]
        values += event.body.properties.values() if isinstance(event.body, Described) else ()
        assert {type(value) for value in values} <= {str, int, float, bool, tuple, dict, type(None)}


# -- navigational status -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "state"), [(2, "degraded"), (3, "restricted"), (4, "restricted"), (6, "closed")])
def test_a_hindered_ship_has_a_status_for_ten_minutes(code: int, state: str) -> None:
    status = events(*lines(1, **FIX, status=code))[1]
    assert isinstance(status.body, Status)
    assert (status.body.state, status.body.until) == (state, status.at + 600_000)


@pytest.mark.parametrize("code", [0, 1, 5, 7, 8, 9, 15])
def test_an_unhindered_ship_has_no_status(code: int) -> None:
    assert [type(event.body) for event in events(*lines(1, **FIX, status=code))] == [Sighted]


def test_a_hindrance_ends_with_the_next_status() -> None:
    said = events(*lines(1, **{**FIX, "second": 10}, status=6), *lines(1, **{**FIX, "second": 20}, status=0))
    assert [event.body.state for event in said if isinstance(event.body, Status)] == ["closed", "open"]
    there = fold(said).entity("vessel:275990101")
    assert there is not None
    assert there.state(NOW) == "open"


def test_a_lasting_hindrance_is_told_again_after_three_minutes() -> None:
    decoder = AisDecoder()
    line = lines(1, **{**FIX, "second": 60}, status=2)[0] + b"\n"
    told = [len(list(decoder.feed(line, Context(NOW + 60_000 * minute)))) for minute in range(7)]
    assert told == [2, 1, 1, 2, 1, 1, 2]


# -- who she is --------------------------------------------------------------------------------------------------------


def test_static_data_in_plain_words() -> None:
    told = body(
        5,
        mmsi=SHIP,
        imo=9074729,
        callsign="SIM01",
        shipname="SIM AMBER",
        ship_type=70,
        to_bow=120,
        to_stern=32,
        to_port=10,
        to_starboard=14,
        month=3,
        day=11,
        hour=18,
        minute=30,
        draught=6.1,
        destination="LV RIX",
    )
    assert told == Described(
        name="SIM AMBER",
        nations=("LV",),
        properties={
            "mmsi": "275990101",
            "callsign": "SIM01",
            "destination": "LV RIX",
            "ship_type": "cargo",
            "ship_type_code": 70,
            "length": 152,
            "beam": 24,
            "imo": 9074729,
            "draught": 6.1,
            "eta": "03-11 18:30 UTC",
        },
        basis="AIS, as set by the crew",
    )


def test_static_data_that_say_nothing_leave_nothing() -> None:
    told = body(5, mmsi=SHIP, hour=24, minute=60)
    assert told == Described(nations=("LV",), properties={"mmsi": "275990101"}, basis="AIS, as set by the crew")


@pytest.mark.parametrize(
    ("text", "said"),
    [("SIM AMBER@OLD NAME", "SIM AMBER"), ("@@@@@", ""), ("  A   B  ", "A B"), ("", ""), (None, ""), ("X@", "X")],
)
def test_text_ends_at_the_first_at_sign(text: str | None, said: str) -> None:
    assert clean(text) == said


@pytest.mark.parametrize(
    ("month", "day", "hour", "minute", "said"),
    [
        (3, 11, 18, 30, "03-11 18:30 UTC"),
        (3, 11, 24, 60, "03-11"),
        (3, 11, 18, 60, "03-11"),
        (3, 11, 24, 0, "03-11"),
        (0, 0, 24, 60, None),
        (13, 1, 24, 60, None),
        (0, 0, 0, 0, "00:00 UTC"),
    ],
)
def test_eta_hour_24_and_minute_60_are_none(month: int, day: int, hour: int, minute: int, said: str | None) -> None:
    told = described(*lines(5, mmsi=SHIP, month=month, day=day, hour=hour, minute=minute))
    assert told.properties.get("eta") == said


@pytest.mark.parametrize(("decimetres", "metres"), [(0, None), (61, 6.1), (255, 25.5)])
def test_draught_is_in_decimetres(decimetres: int, metres: float | None) -> None:
    assert described(*lines(5, mmsi=SHIP, draught=decimetres / 10)).properties.get("draught") == metres


@pytest.mark.parametrize("imo", [0, 999_999, 10_000_000])
def test_a_number_outside_the_imo_range_is_no_imo_number(imo: int) -> None:
    assert "imo" not in described(*lines(5, mmsi=SHIP, imo=imo)).properties


@pytest.mark.parametrize(
    ("code", "words"),
    [(30, "fishing"), (35, "military"), (52, "tug"), (69, "passenger"), (84, "tanker"), (99, "other")],
)
def test_ship_types_have_words(code: int, words: str) -> None:
    assert described(*lines(24, mmsi=SHIP, partno=1, ship_type=code)).properties["ship_type"] == words


def test_a_reserved_ship_type_keeps_its_number() -> None:
    first, second = lines(5, mmsi=SHIP, ship_type=70)
    fields = first.split(b",")
    bits = int("".join(f"{c - 48 - 8 * (c > 87):06b}" for c in fields[5]), 2)
    shift = len(fields[5]) * 6 - 240
    bits ^= (70 ^ 76) << shift  # pyais itself writes 75 for it
    codes = [bits >> 6 * place & 63 for place in range(len(fields[5]) - 1, -1, -1)]
    fields[5] = bytes(code + 48 + 8 * (code > 39) for code in codes)
    told = described(signed(b",".join(fields)[1:].partition(b"*")[0]), second)
    assert (told.properties["ship_type"], told.properties["ship_type_code"]) == ("cargo", 76)


def test_the_pieces_of_a_class_b_station_come_together() -> None:
    name = lines(24, mmsi=SHIP, partno=0, shipname="SIM GULL")
    rest = lines(24, mmsi=SHIP, partno=1, ship_type=36, callsign="SIM36")
    for order in ([*name, *rest], [*rest, *name]):
        there = fold(events(*order)).entity("vessel:275990101")
        assert there is not None
        assert there.described is not None
        told = there.described.body
        assert isinstance(told, Described)
        assert (told.name, told.properties["callsign"]) == ("SIM GULL", "SIM36")


def test_the_same_pieces_again_are_the_same_event() -> None:
    name = lines(24, mmsi=SHIP, partno=0, shipname="SIM GULL")
    rest = lines(24, mmsi=SHIP, partno=1, ship_type=36)
    said = events(*name, *rest, *name, *rest)
    assert said[1].id == said[2].id == said[3].id


def test_type_19_is_sighted_and_described() -> None:
    seen, told = events(*lines(19, **FIX, shipname="SIM SPRAT", ship_type=30))
    assert isinstance(seen.body, Sighted)
    assert isinstance(told.body, Described)
    assert told.body.name == "SIM SPRAT"


def test_type_19_without_a_position_still_says_who_she_is() -> None:
    assert body(19, mmsi=SHIP, lon=181, lat=91, shipname="SIM SPRAT") == Described(
        name="SIM SPRAT", nations=("LV",), properties={"mmsi": "275990101"}, basis="AIS, as set by the crew"
    )


def test_an_auxiliary_craft_names_her_mothership() -> None:
    told = described(*lines(24, mmsi=982759901, partno=1, mothership_mmsi=SHIP))
    assert told.properties["mothership"] == "275990101"
    assert told.nations == ("LV",)


@pytest.mark.parametrize(
    ("mmsi", "flag"),
    [
        (276000001, ("EE",)), (275000001, ("LV",)), (277000001, ("LT",)), (230000001, ("FI",)), (265000001, ("SE",)),
        (266000001, ("SE",)), (261000001, ("PL",)), (273000001, ("RU",)), (211000001, ("DE",)), (218000001, ("DE",)),
        (219000001, ("DK",)), (220000001, ("DK",)), (111276001, ("EE",)), (982770001, ("LT",)), (970123456, ()),
        (2759901, ()), (100000001, ()),
    ],
)  # fmt: skip
def test_the_flag_comes_from_the_mmsi(mmsi: int, flag: tuple[str, ...]) -> None:
    assert nations(mmsi) == flag


# -- time --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "received", "at"),
    [
        (58, NOW, NOW - 2_000),
        (0, NOW, NOW),
        (10, NOW + 9_500, NOW + 9_500),  # half a second ahead: our clock or theirs
        (10, NOW + 7_000, NOW - 50_000),
        (1, NOW + 500, NOW + 500),
        (5, NOW + 5_999, NOW + 5_000),
        (60, NOW + 1, NOW + 1),
        (61, NOW + 1, NOW + 1),
        (62, NOW + 1, NOW + 1),
        (63, NOW + 1, NOW + 1),
    ],
)
def test_the_second_of_the_report_is_the_last_one_before_it_was_received(second: int, received: int, at: int) -> None:
    assert moment(None, second, received) == at
    (event,) = events(*lines(1, **{**FIX, "second": second}), received=received)
    assert event.at == at


@pytest.mark.parametrize(
    ("block", "at"),
    [
        (b"c:1773149990", 1773149990000),
        (b"c:1773149990123", 1773149990123),
        (b"s:r003669945,n:3,c:1773149990", 1773149990000),
        (b"s:r003669945", NOW - 2_000),
        (b"c:4102444800", NOW - 2_000),  # after it was received
        (b"c:12415440354", NOW - 2_000),
        (b"c:0", NOW - 2_000),
        (b"c:-1773149990", NOW - 2_000),
        (b"c:yesterday", NOW - 2_000),
        (b"c:17731499901234567890", NOW - 2_000),
    ],
)
def test_the_receivers_stamp_counts_in_s_and_ms_when_it_can_be(block: bytes, at: int) -> None:
    (event,) = events(tagged(block, lines(1, **FIX)[0]))
    assert event.at == at


def test_a_damaged_tag_block_gives_no_time_and_costs_no_report() -> None:
    (event,) = events(b"\\c:1773149990*00\\" + lines(1, **FIX)[0])
    assert event.at == NOW - 2_000


def test_the_stamp_of_a_multi_part_message_stands_on_its_first_line() -> None:
    first, second = lines(5, mmsi=SHIP, destination="LV RIX")
    (event,) = events(tagged(b"g:1-2-7,c:1773149990", first), tagged(b"g:2-2-7", second))
    assert event.at == 1773149990000


def test_our_simulator_stays_simulated_whoever_relays_it() -> None:
    assert events(tagged(b"s:SIM,c:1773149990", lines(1, **FIX)[0]))[0].origin == "simulated"
    assert events(tagged(b"s:VNT,c:1773149990", lines(1, **FIX)[0]))[0].origin == "observed"
    decoder = AisDecoder()
    context = Context(NOW, "exercise/amber", "injected")
    (event,) = decoder.feed(tagged(b"s:SIM", lines(1, **FIX)[0]) + b"\n", context)
    assert isinstance(event, Event)
    assert (event.world, event.origin) == ("exercise/amber", "injected")


# -- lines -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end(end: bytes) -> None:
    decoder = AisDecoder()
    payload = end.join([lines(1, **FIX)[0], b"", lines(18, **FIX)[0], b""])
    assert len([*decoder.feed(payload, CONTEXT), *decoder.close(CONTEXT)]) == 2


def test_a_last_line_without_an_end_is_read_at_close() -> None:
    decoder = AisDecoder()
    assert list(decoder.feed(lines(1, **FIX)[0], CONTEXT)) == []
    assert len(list(decoder.close(CONTEXT))) == 1


@pytest.mark.parametrize("line", [b"# comment", b"!# comment", b"", b"   ", b"#" * 5000])
def test_comments_and_blank_lines_are_no_records(line: bytes) -> None:
    assert read(line) == ([], 0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"foobar", "not an NMEA sentence"),
        (b"\xff\xfe", "not an NMEA sentence"),
        (b"!AIVDM,1,1,,A,\xff,0*00", "malformed sentence"),
        (b"!AIVDM,1,1,,A", "malformed sentence"),
        (b"!AIVDM,0,1,,A,1,0*00", "malformed sentence"),
        (b"\\s:x", "checksum does not fit"),
        (b"!AIVDM,1,1,,A,15MrVH0000KH<:V:NtBLoqFP2H9:,0*2E", "checksum does not fit"),
        (b"!AIVDM,1,1,,A,15MrVH0000KH<:V:NtBLoqFP2H9:,0", "checksum does not fit"),
        (b"$GPGGA,1*00", "checksum does not fit"),
        (signed(b"AIVDM,1,1,,A,1^MrVH0000KH<:V:NtBLoqFP2H9:,0"), "payload outside the six-bit alphabet"),
        (signed(b"AIVDM,1,1,,A,15MrVH0000KH,0"), "type 1 cut short: 72 of 168 bits"),
        (signed(b"AIVDM,1,1,,A,05MrVH0000KH<:V:NtBLoqFP2H9:,0"), "message type 0 is not in M.1371"),
        (signed(b"AIVDM,1,1,,A,w5MrVH0000KH<:V:NtBLoqFP2H9:,0"), "message type 63 is not in M.1371"),
        (b"x" * 1025, "line longer than 1024 bytes"),
    ],
)
def test_what_cannot_be_read_is_rejected_as_it_came(line: bytes, reason: str) -> None:
    outcomes, ignored = read(b"# one line before", line)
    assert outcomes == [Reject(reason, 19, line[:1024])]
    assert ignored == 0


def test_a_part_number_that_type_24_does_not_have_is_rejected() -> None:
    line = lines(24, mmsi=SHIP, partno=0, shipname="X")[0]
    fields = line[1:].split(b",")
    fields[5] = fields[5][:6] + bytes([fields[5][6] + 8]) + fields[5][7:]  # bits 38 and 39
    assert reasons(signed(b",".join(fields).partition(b"*")[0])) == ["type 24 cannot be read: Partno 2 is not allowed!"]


@pytest.mark.parametrize(
    "line",
    [
        signed(b"GPZDA,133959.00,10,03,2026,00,00", b"$"),
        signed(b"AIVDM,1,1,,B,,0"),
        lines(4, mmsi=2759901, lon=21.5, lat=57.4)[0],
        lines(21, mmsi=992759901, lon=21.5, lat=57.4, name="SIM BUOY")[0],
        lines(14, mmsi=2759901, text="SIM TEST")[0],
        lines(8, mmsi=SHIP, dac=1, fid=31, data=b"\x01\x02")[0],
    ],
)
def test_sound_sentences_without_a_place_in_the_picture_are_counted(line: bytes) -> None:
    assert read(line) == ([], 1)


def test_one_bad_line_never_costs_its_neighbours() -> None:
    outcomes, _ = read(lines(1, **FIX)[0], b"noise", lines(18, **FIX)[0])
    assert [type(each).__name__ for each in outcomes] == ["Event", "Reject", "Event"]


# -- messages in parts -------------------------------------------------------------------------------------------------


def long(sequence: int, name: str) -> list[bytes]:
    return lines(5, sequence, mmsi=SHIP + sequence, shipname=name, destination="LV RIX")


def test_interleaved_messages_come_apart_by_sequence_id() -> None:
    one, other = long(3, "SIM ONE"), long(4, "SIM OTHER")
    said = events(one[0], other[0], other[1], one[1])
    assert [event.body.name for event in said if isinstance(event.body, Described)] == ["SIM OTHER", "SIM ONE"]


def test_parts_that_never_complete_are_rejected_at_close() -> None:
    first, _ = long(3, "SIM ONE")
    assert read(b"#", first)[0] == [Reject("incomplete message", 3, first)]


def test_a_second_part_alone_is_rejected_at_once() -> None:
    _, second = long(3, "SIM ONE")
    assert reasons(second) == ["incomplete message"]


def test_a_new_first_part_ends_the_wait_for_the_old_second() -> None:
    lost, (first, second) = long(3, "SIM LOST")[0], long(3, "SIM NEW")
    outcomes, _ = read(lost, first, second)
    assert isinstance(outcomes[0], Reject)
    assert isinstance(outcomes[1], Event)
    assert isinstance(outcomes[1].body, Described)
    assert outcomes[1].body.name == "SIM NEW"


@pytest.mark.parametrize(("lines_later", "ms_later"), [(1001, 0), (0, 10_001)])
def test_parts_far_apart_are_strangers(lines_later: int, ms_later: int) -> None:
    first, second = long(3, "SIM ONE")
    decoder = AisDecoder()
    outcomes = [*decoder.feed(first + b"\n" * (1 + lines_later), CONTEXT)]
    outcomes += decoder.feed(second + b"\n", Context(NOW + ms_later))
    assert [each.reason for each in outcomes if isinstance(each, Reject)] == ["incomplete message"] * 2


def test_memory_for_parts_is_bounded_and_the_oldest_is_rejected() -> None:
    decoder = AisDecoder()
    outcomes: list[Outcome] = []
    for number in range(ais.PENDING_MAX + 3):
        payload = b"AIVDM,3,1,%d,A,5%05d,0" % (number, number)
        outcomes += decoder.feed(signed(payload) + b"\n", CONTEXT)
    assert [each.raw[13:21] for each in outcomes if isinstance(each, Reject)] == [b"A,500000", b"A,500001", b"A,500002"]
    assert len(list(decoder.close(CONTEXT))) == ais.PENDING_MAX


def test_an_endless_line_costs_no_memory_and_one_reject() -> None:
    decoder = AisDecoder()
    outcomes = [each for _ in range(500) for each in decoder.feed(b"z" * 1000, CONTEXT)]
    outcomes += decoder.feed(b"\n" + lines(1, **FIX)[0] + b"\nnoise", CONTEXT)
    outcomes += decoder.close(CONTEXT)
    assert isinstance(outcomes[0], Reject)
    assert (outcomes[0].offset, len(outcomes[0].raw)) == (0, 1024)
    assert isinstance(outcomes[1], Event)
    assert isinstance(outcomes[2], Reject)
    assert outcomes[2].offset == 500_000 + 1 + len(lines(1, **FIX)[0]) + 1


# -- any input ---------------------------------------------------------------------------------------------------------

RECORDS: list[tuple[bytes, int, int, int]] = [
    # lines, events, rejects, ignored
    (b"\n".join(lines(1, **FIX)), 1, 0, 0),
    (b"\n".join(lines(1, **{**FIX, "mmsi": SHIP + 9}, status=6)), 1, 0, 0),
    (b"\n".join(lines(1, **{**FIX, "lon": 181})), 0, 0, 1),
    (b"\n".join(long(1, "SIM ONE")), 1, 0, 0),
    (long(2, "SIM LOST")[0] + b"\n" + long(3, "SIM FOUND")[0] + b"\n" + long(3, "SIM FOUND")[1], 1, 1, 0),
    (tagged(b"s:SIM,c:1773149990", lines(18, **FIX)[0]), 1, 0, 0),
    (b"\n".join(lines(24, mmsi=SHIP, partno=0, shipname="SIM A")), 1, 0, 0),
    (b"\n".join(lines(4, mmsi=2759901)), 0, 0, 1),
    (b"garbage", 0, 1, 0),
    (b"# nothing", 0, 0, 0),
    (b"\r\n", 0, 0, 0),
]


def pieces(payload: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(payload) + 1) for cut in cuts), len(payload)]
    return [payload[a:b] for a, b in pairwise(edges)]


def outcomes_of(chunks: list[bytes]) -> tuple[list[Outcome], int]:
    decoder = AisDecoder()
    found = [each for chunk in chunks for each in decoder.feed(chunk, CONTEXT)]
    return [*found, *decoder.close(CONTEXT)], decoder.counts.ignored


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(RECORDS), max_size=12), st.lists(st.integers(0, 5000), max_size=8))
def test_any_cut_gives_the_same_outcomes_and_every_record_is_accounted_for(
    records: list[tuple[bytes, int, int, int]], cuts: list[int]
) -> None:
    payload = b"".join(record[0] + b"\r\n" for record in records)
    found, ignored = outcomes_of(pieces(payload, cuts))
    assert (found, ignored) == outcomes_of([payload])
    # A hindered ship's first report has a status beside its place: it is one record all the same.
    read_records = sum(isinstance(each, Event) and not isinstance(each.body, Status) for each in found)
    rejected = sum(isinstance(each, Reject) for each in found)
    assert read_records == sum(record[1] for record in records)
    assert rejected == sum(record[2] for record in records)
    assert ignored == sum(record[3] for record in records)


SAMPLE = b"\r\n".join(record[0] for record in RECORDS) + b"\r\n"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=20))
def test_damaged_bytes_never_raise(damage: list[tuple[int, int]]) -> None:
    payload = bytearray(SAMPLE)
    for place, value in damage:
        payload[place] = value
    outcomes_of([bytes(payload)])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60).map(lambda raw: raw.translate(bytes(ais.SIX_BIT[i % 64] for i in range(256)))))
def test_any_payload_with_a_fitting_checksum_is_an_outcome_or_ignored(payload: bytes) -> None:
    outcomes, ignored = read(signed(b"AIVDM,1,1,,A,%b,0" % payload))
    assert bool(outcomes) != bool(ignored)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_are_read_alike_however_cut(payload: bytes, cuts: list[int]) -> None:
    assert outcomes_of(pieces(payload, cuts)) == outcomes_of([payload])
