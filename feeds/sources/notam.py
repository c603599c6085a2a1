"""How is a text of NOTAMs in the ICAO form read? One or many, with or without a Q-line, from a file or an address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from feeds import notam_events
from feeds.adapter import Context, Outcome, Records, Reject, Source
from feeds.notam import split
from feeds.xml import page

NAME: Final = "notam"
MAPPING: Final = (
    ("A) or the FIR, and the number", "subject notam:<place>:<number>"),
    ("filing time, CREATED; else B), not later than received", "at"),
    ("Q-code, else words of E)", "described.properties.code, meaning, topic; status.state"),
    ("Q-line FIR, traffic, purpose, scope, radius", "described.properties.fir, traffic, purpose, scope, radius_nm"),
    ("Q-line position and radius up to 100 NM (not of scope A)", "described.lon, lat; described.path, a circle"),
    ("three or more positions in a row in E)", "described.path, before the circle"),
    ("the only position in E), without one in a Q-line", "described.lon, lat"),
    ("F), G); else Q-line levels", "described.properties.lower, upper"),
    ("A), D), E)", "described.properties.places, schedule, text"),
    ("B), C)", "status.since, until; described.properties.validity"),
    ("C) with EST or UFN", "described.properties.estimated; no status.until: it lasts until replaced or cancelled"),
    ("C) PERM", "described.properties.permanent; no status.until"),
    ("C) that has passed", "gone at that time"),
    ("NOTAMR, NOTAMC and the number that follows", "gone of that number, at the time of the new one"),
    ("aerodrome, runway, fuel, fire category, … of an aerodrome of the register", "status of airfield:<ICAO>"),
    ("D)", "at worst restricted, the schedule in status.reason: it is not evaluated"),
)
QUIRKS: Final = (
    ("test_est_is_glued_to_the_time_and_ends_nothing", "EST without a space; an estimated end ends nothing by itself"),
    ("test_perm_has_no_end", "C) may be PERM"),
    ("test_a_checklist_is_ignored", "Checklists (QKKKK) list the valid numbers and say nothing of any"),
    ("test_a_trigger_is_described_and_has_no_state", "Trigger NOTAMs point to a change of the AIP"),
    (
        "test_a_schedule_cut_in_mid_text_never_opens_or_closes_anything",
        "Schedules in D) are free text, cut in mid-text",
    ),
    ("test_without_a_q_line_the_words_tell_and_only_at_the_beginning_of_a_sentence", "LGS gives no Q-line"),
    ("test_month_and_year_of_a_filing_time_come_from_the_caller", "A telegram's filing time has a day and a time only"),
    ("test_dates_come_in_two_forms", "2610160600 and 2026/10/16 06:00"),
    ("test_a_replaced_or_cancelled_notam_is_gone", "NOTAMR and NOTAMC end another NOTAM"),
    ("test_a_notam_that_begins_later_is_never_from_the_future", "B) may lie weeks ahead"),
)


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one NOTAM after the other."""
    if not payload.strip():
        yield [Reject("an empty answer, which does not say that there are no NOTAMs", 0, payload)]
    elif (title := page(payload)) is not None:
        yield [Reject(f"an HTML page instead of NOTAM text: {title}".removesuffix(": "), 0, payload)]
    else:
        pieces = ((offset, raw, raw.decode("utf-8", "replace")) for offset, raw in split(payload))
        yield from notam_events.read(NAME, "NOTAM", pieces, context, whole=False)


SOURCE = Source(
    name=NAME,
    title="NOTAMs as text",
    domain="air",
    nations=("EE", "LV", "LT"),
    kinds=("notam", "airfield"),
    transport="file",
    formats="ICAO NOTAM text (Annex 15, Doc 8126), many in one document, each after its header",
    licence="Official notices; terms of the office that issues them",
    attribution="The aeronautical information service that issued each NOTAM",
    address="file:notam/*.txt",
    rate_s=300.0,
    stale_s=7 * 86400.0,
    identity="place and number; the end of one is told by NOTAMR, NOTAMC or its C), never by absence",
    grid="WGS 84, degrees and minutes, latitude first",
    complete=False,
    mapping=MAPPING,
    quirks=QUIRKS,
    decoder=lambda: Records(read),
)
