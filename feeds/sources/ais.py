"""What do the ships say of themselves? AIS (ITU-R M.1371) in NMEA 0183 sentences, from a receiver or a file.

`pyais` reads sentences and bits; this file decides what they mean here. A line is one record, the lines of a
multi-part message together are one. Each record becomes events, or a reject, or counts as `ignored` because it is
sound and has no place in the picture: base stations, aids to navigation, texts, reports without a position, empty
payloads, and NMEA sentences of other kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from msgspec import structs
from pyais.exceptions import AISBaseException, UnknownMessageException
from pyais.messages import AISSentence, NMEASentence, NMEASentenceFactory

from cop.event import Body, Described, Millis, Scalar, Sighted, State, Status
from feeds.adapter import Context, Counts, Outcome, Reject, Source, report

LINE_MAX: Final = 1024
"""NMEA allows 82 characters and TAG blocks as many again; what is longer than this is no sentence."""
PENDING_MAX: Final = 64
"""Multi-part messages under way at once. Sequence id (0-9) times channel (A, B) makes 20 from one receiver."""
PART_WAIT_MS: Final = 10_000
PART_WAIT_LINES: Final = 1000
"""Beyond this the sequence id has come round, and the next part belongs to another message."""
STATIONS_MAX: Final = 20_000
CLOCK_START: Final = 946_684_800_000
"""2000-01-01: no AIS receiver stamped anything before."""
SIMULATOR: Final = "SIM"
"""The station's name in our simulator's TAG blocks: its reports stay `simulated`, whoever relays them."""
SKEW_MS: Final = 2_000
HOLD_MS: Final = 600_000
REPEAT_MS: Final = 180_000
"""A hindered ship is told again at the slowest reporting interval (M.1371-5 table 1: 3 min) and held for three."""

KNOT: Final = 1852 / 3600
PRECISE_M: Final = 10.0
"""M.1371-5 table 46, position accuracy: 1 is high (10 m or better), 0 is low (worse than 10 m, the default), which
bounds nothing: no radius is then given."""
COARSE_M: Final = 141.0
"""Type 27 rounds to 1/10 minute, half a step being 93 m north and up to 93 m east; with the fix's own 10 m."""

POSITIONS: Final = frozenset({1, 2, 3, 9, 18, 19, 27})
STATICS: Final = frozenset({5, 19, 24})
PLACELESS: Final = frozenset({4, 6, 7, 8, *range(10, 18), 20, 21, 22, 23, 25, 26, 28})
BITS: Final = {1: 168, 2: 168, 3: 168, 5: 422, 9: 168, 18: 168, 19: 301, 24: 160, 27: 96}
"""The shortest payload that has every field read here (type 5 up to the destination, 24 part A up to the name): a
shorter one is cut inside a number."""
PART_B_BITS: Final = 162
SIX_BIT: Final = bytes((*range(48, 88), *range(96, 120)))
"""The payload's alphabet (IEC 61162-1). pyais reads anything else as zero."""

NAV_STATES: Final[dict[int, tuple[State, str]]] = {
    0: ("open", "under way using engine"),
    1: ("open", "at anchor"),
    2: ("degraded", "not under command"),
    3: ("restricted", "restricted manoeuvrability"),
    4: ("restricted", "constrained by her draught"),
    5: ("open", "moored"),
    6: ("closed", "aground"),
    7: ("open", "engaged in fishing"),
    8: ("open", "under way sailing"),
    11: ("open", "towing astern"),
    12: ("open", "pushing ahead or towing alongside"),
    14: ("closed", "search and rescue transmitter active"),
}
"""Navigational status, M.1371-5 table 45; the rest are reserved or undefined. What is `open` is not worth an event,
unless it ends a hindrance."""
HINDERED: Final = frozenset(code for code, (state, _) in NAV_STATES.items() if state != "open")

MIDS: Final[dict[str, tuple[int, ...]]] = {
    "EE": (276,), "LV": (275,), "LT": (277,), "FI": (230,), "SE": (265, 266), "PL": (261,), "RU": (273,),
    "DE": (211, 218), "DK": (219, 220), "NO": (257, 258, 259), "IS": (251,), "NL": (244, 245, 246), "BE": (205,),
    "LU": (253,), "GB": (232, 233, 234, 235), "IE": (250,), "FR": (226, 227, 228), "ES": (224, 225),
    "PT": (204, 255, 263), "IT": (247,), "GR": (237, 239, 240, 241), "MT": (215, 229, 248, 249, 256),
    "CY": (209, 210, 212), "HR": (238,), "SI": (278,), "RO": (264,), "BG": (207,), "TR": (271,), "UA": (272,),
    "BY": (206,), "GE": (213,), "GI": (236,), "FO": (231,), "US": (303, 338, 366, 367, 368, 369), "CA": (316,),
    "AG": (304, 305), "BB": (314,), "BM": (310,), "BS": (308, 309, 311), "BZ": (312,), "VC": (375, 376, 377),
    "PA": (351, 352, 353, 354, 355, 356, 357, 370, 371, 372, 373, 374), "LR": (636, 637), "MH": (538,),
    "SG": (563, 564, 565, 566), "HK": (477,), "CN": (412, 413, 414), "JP": (431, 432), "KR": (440, 441),
    "IN": (419,), "VU": (576, 577), "CK": (518,), "KM": (616, 620), "SL": (667,), "GA": (626,), "CM": (613,),
}  # fmt: skip
"""Maritime identification digits of the flags met in the Baltic (ITU table of MIDs), by ISO 3166 code."""
FLAG: Final = {str(mid): nation for nation, mids in MIDS.items() for mid in mids}

SHIP_TYPES: Final = {
    2: "wing in ground", 4: "high-speed craft", 6: "passenger", 7: "cargo", 8: "tanker", 9: "other",
    30: "fishing", 31: "towing", 32: "towing, long or wide", 33: "dredging or underwater work", 34: "diving",
    35: "military", 36: "sailing", 37: "pleasure craft", 50: "pilot", 51: "search and rescue", 52: "tug",
    53: "port tender", 54: "anti-pollution", 55: "law enforcement", 58: "medical transport", 59: "non-combatant",
}  # fmt: skip
"""Type of ship and cargo, M.1371-5 table 53: the whole number first, else its tens."""
SHIP_TYPE_BITS: Final = {5: 232, 19: 263, 24: 40}
"""Where the eight bits begin: pyais turns a reserved type into another one."""


_Said = dict[str, Scalar]


class AisDecoder:
    """Reads NMEA lines cut anywhere. Sound records that the picture has no place for are ignored and counted."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._rest = b""
        self._offset = 0  # of the first byte of _rest
        self._cut = 0  # bytes of an endless line that were let go
        self._lines = 0
        self._pending: dict[tuple[int | None, str, str, int], _Group] = {}
        self._parts: dict[int, tuple[Millis, _Said, dict[tuple[int, int], _Said]]] = {}
        self._hindered: dict[str, tuple[int, Millis]] = {}

    def feed(self, chunk: bytes, context: Context) -> Iterable[Outcome]:
        """Take the next bytes; a line is read when its end has come."""
        outcomes: list[Outcome] = []
        lines = (self._rest + chunk).splitlines(keepends=True)
        self._rest = lines.pop() if lines and lines[-1][-1:] not in b"\r\n" else b""
        for line in lines:
            outcomes.extend(self._counted(self._line(line.rstrip(b"\r\n"), context)))
            self._offset += len(line) + self._cut
            self._cut = 0
        if len(self._rest) > LINE_MAX:
            self._cut += len(self._rest) - LINE_MAX - 1
            self._rest = self._rest[: LINE_MAX + 1]
        return outcomes

    def close(self, context: Context) -> Iterable[Outcome]:
        """Read the last line if it has no end, and give up on the messages that are still in parts."""
        outcomes = self.feed(b"\n", context) if self._rest else ()
        left = self._counted(group.reject() for group in self._pending.values())
        self._pending.clear()
        return [*outcomes, *left]

    def _counted(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """What a line led to: at most one message, and the rejects of such as were never completed."""
        found = list(outcomes)
        rejected = sum(isinstance(each, Reject) for each in found)
        self.counts.rejected += rejected
        self.counts.told += len(found) > rejected
        return found

    def _line(self, line: bytes, context: Context) -> Iterable[Outcome]:
        self._lines += 1
        if not line or line.startswith((b"#", b"!#")):
            return ()
        if len(line) > LINE_MAX:
            return (Reject(f"line longer than {LINE_MAX} bytes", self._offset, line[:LINE_MAX]),)
        if line.isspace():
            return ()
        if line.lstrip()[:1] not in (b"!", b"$", b"\\"):
            return (Reject("not an NMEA sentence", self._offset, line),)
        try:
            sentence = NMEASentenceFactory.produce(line)
            sound = sentence.is_valid
        except UnknownMessageException as error:
            sentence, sound = None, NMEASentence(error.args[0]).is_valid
        except (AISBaseException, ValueError):
            return (Reject("malformed sentence", self._offset, line),)
        if not sound:
            return (Reject("checksum does not fit", self._offset, line),)
        if not isinstance(sentence, AISSentence) or (not sentence.payload and sentence.frag_cnt == 1):
            self.counts.ignored += 1
            return ()
        if sentence.payload.translate(None, SIX_BIT):
            return (Reject("payload outside the six-bit alphabet", self._offset, line),)
        if sentence.frag_cnt == 1:
            return self._message(sentence, sentence.tag_block, context, line, self._offset)
        return self._part(sentence, context, line)

    def _part(self, sentence: AISSentence, context: Context, line: bytes) -> Iterator[Outcome]:
        """Parts come in order, as receivers send them: taking them in any order would marry strangers."""
        key = (sentence.seq_id, sentence.channel, sentence.talker_id, sentence.frag_cnt)
        group = self._pending.pop(key, None)
        if group is not None and not group.takes(sentence.frag_num, self._lines, context.received):
            yield group.reject()
            group = None
        if group is None:
            group = _Group(self._offset, self._lines, context.received)
            if sentence.frag_num != 1:
                group.lines.append(line)
                yield group.reject()
                return
        group.add(sentence, line)
        if len(group.sentences) < sentence.frag_cnt:
            self._pending[key] = group
            if len(self._pending) > PENDING_MAX:
                yield self._pending.pop(next(iter(self._pending))).reject()
            return
        tag = next((each.tag_block for each in group.sentences if each.tag_block is not None), None)
        whole = AISSentence.assemble_from_iterable(group.sentences)
        yield from self._message(whole, tag, context, b"\n".join(group.lines), group.offset)

    def _message(self, sentence: AISSentence, tag: Any, context: Context, raw: bytes, offset: int) -> Iterable[Outcome]:
        kind = sentence.ais_id
        if kind in PLACELESS:
            self.counts.ignored += 1
            return ()
        if kind not in BITS:
            return (Reject(f"message type {kind} is not in M.1371", offset, raw),)
        length = len(sentence.bv)
        needed = PART_B_BITS if kind == 24 and sentence.bv.get(38, 2) == 1 else BITS[kind]
        if length < needed:
            return (Reject(f"type {kind} cut short: {length} of {needed} bits", offset, raw),)
        try:
            message: Any = sentence.decode()
        except (AISBaseException, ValueError) as error:
            return (Reject(f"type {kind} cannot be read: {error}", offset, raw),)
        mmsi: int = message.mmsi
        if not 0 < mmsi < 1_000_000_000:
            return (Reject(f"MMSI {mmsi} names nobody", offset, raw),)

        if tag is not None:
            tag.init()
            if context.origin == "observed" and tag.is_valid and tag.source_station == SIMULATOR:
                context = structs.replace(context, origin="simulated")
        craft = "aircraft:mmsi-" if kind == 9 or mmsi // 1_000_000 == 111 else "vessel:"
        subject = f"{craft}{mmsi:09d}"
        at = moment(tag, getattr(message, "second", 60), context.received)
        bodies: list[tuple[Millis, Body]] = []
        if kind in POSITIONS and not (message.lon == 181.0 or message.lat == 91.0):
            bodies.append((at, _sighted(kind, message)))
        if kind in POSITIONS and (state := self._state(subject, getattr(message, "status", None), at)) is not None:
            bodies.append((at, state))
        if kind in STATICS:
            bodies.append(self._described(kind, mmsi, message, sentence, at))
        if not bodies:
            self.counts.ignored += 1
        outcomes = [report(SOURCE.name, subject, when, body, context, raw, offset) for when, body in bodies]
        # One record is one reject at most, and a reject quarantines the whole record.
        return next(([each] for each in outcomes if isinstance(each, Reject)), outcomes)

    def _state(self, subject: str, code: int | None, at: Millis) -> Status | None:
        """A hindrance when it begins and at times while it lasts, and whatever ends it."""
        if code is None:
            return None
        code = int(code)  # pyais's enums hash by name
        known = self._hindered.get(subject)
        if known is None and code not in HINDERED:
            return None
        state, reason = NAV_STATES.get(code, ("unknown", "navigational status not defined"))
        if code not in HINDERED:
            del self._hindered[subject]
            return Status(state, until=at + HOLD_MS, reason=reason)
        if known is not None and known[0] == code and 0 <= at - known[1] < REPEAT_MS:
            return None
        _keep(self._hindered, subject, (code, at))
        return Status(state, until=at + HOLD_MS, reason=reason)

    def _described(
        self, kind: int, mmsi: int, message: Any, sentence: AISSentence, at: Millis
    ) -> tuple[Millis, Described]:
        """Who she is and since when that is known. A class B station says it in pieces, often at the same time: what
        is known of her is told whole with each piece, and the fuller word is always the later one."""
        said: _Said = dict(_particulars(kind, message, sentence))
        if kind != 5:
            since, before, pieces = self._parts.get(mmsi) or (-1, {}, {})
            pieces = {**pieces, (kind, getattr(message, "partno", 0)): said}
            said = dict(chain.from_iterable(piece.items() for piece in pieces.values()))
            at = max(at, since if said == before else since + 1)
            _keep(self._parts, mmsi, (at, said, pieces))
        properties: _Said = {"mmsi": f"{mmsi:09d}", **said}
        return at, Described(
            name=str(properties.pop("name", "")),
            nations=nations(mmsi),
            properties=properties,
            basis="AIS, as set by the crew",
        )


class _Group:
    """The parts of one message so far."""

    __slots__ = ("line", "lines", "offset", "received", "sentences")

    def __init__(self, offset: int, line: int, received: Millis) -> None:
        self.offset, self.line, self.received = offset, line, received
        self.lines: list[bytes] = []
        self.sentences: list[AISSentence] = []

    def takes(self, number: int, line: int, received: Millis) -> bool:
        soon = line - self.line <= PART_WAIT_LINES and received - self.received <= PART_WAIT_MS
        return soon and number == len(self.sentences) + 1

    def add(self, sentence: AISSentence, line: bytes) -> None:
        self.sentences.append(sentence)
        self.lines.append(line)

    def reject(self) -> Reject:
        return Reject("incomplete message", self.offset, b"\n".join(self.lines))


def moment(tag: Any, second: int, received: Millis) -> Millis:
    """When a report was true: the receiver's stamp, else the last time that UTC showed the report's own second.

    A stamp in s or ms counts if its block's checksum holds and it lies between 2000 and now. A second that lies up
    to 2 s ahead of our clock is a clock's error, not a report of a minute ago. 60 to 63 are no time.
    """
    if tag is not None and tag.is_valid and (stamp := tag.receiver_timestamp) and stamp.isdigit() and len(stamp) <= 13:
        for millis in (int(stamp) * 1000, int(stamp)):
            if CLOCK_START <= millis <= received:
                return millis
    if second >= 60:
        return received
    age = (received - second * 1000) % 60_000
    return received if age > 60_000 - SKEW_MS else received - age


def nations(mmsi: int) -> tuple[str, ...]:
    """The flag in an MMSI: MIDxxxxxx, craft of a ship 98MIDxxxx, rescue aircraft 111MIDxxx (ITU-R M.585)."""
    digits = f"{mmsi:09d}"
    start = 2 if digits.startswith("98") else 3 if digits.startswith("111") else 0
    flag = FLAG.get(digits[start : start + 3])
    return () if flag is None else (flag,)


def clean(text: str | None) -> str:
    """Six-bit text ends at its first `@`; what stands behind is an older text's remains. Blanks pad."""
    return " ".join((text or "").partition("@")[0].split())


def _sighted(kind: int, message: Any) -> Sighted:
    """Sentinels: course 360.0 (511 in type 27), speed 102.3 kn (1023 in type 9, 63 in type 27), altitude 4095."""
    course, speed = message.course, message.speed
    silent = 1023 if kind == 9 else 63 if kind == 27 else 102.3
    altitude = message.alt if kind == 9 else 4095
    return Sighted(
        lon=message.lon,
        lat=message.lat,
        course=course if course < 360 else None,
        speed=round(speed * KNOT, 3) if speed < silent else None,
        accuracy=None if not message.accuracy else COARSE_M if kind == 27 else PRECISE_M,
        altitude=float(altitude) if altitude != 4095 else None,
    )


def _particulars(kind: int, message: Any, sentence: AISSentence) -> Iterator[tuple[str, Scalar]]:
    """What a static report says, field by field, without the fields that say `not available`."""
    for key, field in (("name", "shipname"), ("callsign", "callsign"), ("destination", "destination")):
        if text := clean(getattr(message, field, None)):
            yield key, text
    if hasattr(message, "ship_type") and (number := int(sentence.bv.get(SHIP_TYPE_BITS[kind], 8))):
        yield "ship_type", SHIP_TYPES.get(number) or SHIP_TYPES.get(number // 10) or "unknown"
        yield "ship_type_code", number
    if hasattr(message, "to_bow"):
        if length := message.to_bow + message.to_stern:
            yield "length", length
        if beam := message.to_port + message.to_starboard:
            yield "beam", beam
    if mother := getattr(message, "mothership_mmsi", 0):
        yield "mothership", f"{mother:09d}"
    if kind == 5:
        if 1_000_000 <= message.imo <= 9_999_999:  # beyond it is a flag state's own number
            yield "imo", message.imo
        if message.draught:
            yield "draught", message.draught
        if eta := _eta(message):
            yield "eta", eta


def _eta(message: Any) -> str:
    """`11-24 18:30 UTC` as far as said: month 0, day 0, hour 24 and minute 60 say nothing."""
    day = f"{message.month:02d}-{message.day:02d}" if 1 <= message.month <= 12 and message.day else ""
    clock = f"{message.hour:02d}:{message.minute:02d} UTC" if message.hour < 24 and message.minute < 60 else ""
    return f"{day} {clock}".strip()


def _keep(memory: dict[Any, Any], key: Any, value: Any) -> None:
    """Remember, and forget who was silent longest when there are too many."""
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > STATIONS_MAX:
        del memory[next(iter(memory))]


SOURCE = Source(
    name="ais",
    title="AIS",
    domain="maritime",
    nations=("EE", "LV", "LT"),
    kinds=("vessel", "aircraft"),
    transport="tcp",
    formats="NMEA 0183 AIVDM/AIVDO, multi-part, with or without TAG blocks",
    licence="the receiver's operator decides",
    attribution="AIS receiver named by the operator",
    address="tcp://127.0.0.1:10110",
    rate_s=60,
    stale_s=300,
    identity="MMSI",
    grid="WGS 84, longitude and latitude in 1/10000 minute (type 27: 1/10 minute)",
    complete=False,
    mapping=(
        ("MMSI", "subject: vessel:<nine digits>; rescue aircraft (type 9, 111…) aircraft:mmsi-<nine digits>"),
        ("MMSI, country digits (MID)", "described.nations"),
        ("TAG block c (s or ms)", "at"),
        ("TAG block s:SIM, our simulator", "origin simulated"),
        ("UTC second of the report, when there is no TAG time", "at: its last occurrence before it was received"),
        ("longitude, latitude; 181 or 91 is none", "sighted.lon, lat; without them the report is counted as ignored"),
        ("course over ground; 360.0 (type 27: 511) is none", "sighted.course"),
        ("speed over ground, knots; 102.3 (type 9: 1023, type 27: 63) is none", "sighted.speed, m/s"),
        ("position accuracy 1", "sighted.accuracy 10 m (type 27: 141 m by its rounding); 0 is none"),
        ("altitude (type 9); 4095 is none", "sighted.altitude"),
        ("true heading, rate of turn", "not carried: a heading is not a course"),
        ("navigational status 2 not under command", "status degraded, for ten minutes"),
        ("navigational status 3 restricted, 4 constrained by draught", "status restricted, for ten minutes"),
        ("navigational status 6 aground, 14 rescue transmitter", "status closed, for ten minutes"),
        ("any other navigational status", "no status, unless it ends one of these"),
        ("name, call sign, destination", "described.name, properties callsign, destination; cut at the first @"),
        ("type of ship and cargo", "properties ship_type (words), ship_type_code (number)"),
        ("dimensions, m", "properties length, beam"),
        ("draught, decimetres; 0 is none", "properties draught, m"),
        ("IMO number 1000000 to 9999999", "properties imo"),
        ("mothership of an auxiliary craft", "properties mothership"),
        ("ETA; month 0, day 0, hour 24, minute 60 are none", "properties eta: MM-DD HH:MM UTC, as far as said"),
    ),
    decoder=AisDecoder,
)
