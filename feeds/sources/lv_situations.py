"""How are the road situations of Latvia read? DATEX II, version 3, of the national access point, placed by OpenLR.

Accidents, works, closed roads and lanes, and slippery roads are data sets of their own, each with its own key: an
operator sets up a feed for each, all with this source. Their records have ids of their own, so that they share a
picture. An answer 204 is an empty publication and no failure.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from feeds.adapter import Records, Source
from feeds.lv_access import ADDRESS, request
from feeds.sources import datex2

NAME: Final = "lv-situations"

SOURCE = Source(
    name=NAME,
    title="Road situations of Latvia",
    domain="land",
    nations=("LV",),
    kinds=("roadevent",),
    transport="http",
    formats="DATEX II situation publication, version 3, in UTF-8; 204 for an empty one",
    licence="CC0 1.0",
    attribution="VSIA Latvijas Valsts ceļi, transportdata.gov.lv",
    address=ADDRESS,
    request=request("xml"),
    rate_s=120.0,
    stale_s=86400.0,
    identity="the situation record's id",
    grid="WGS 84 degrees",
    complete=True,
    mapping=datex2.SOURCE.mapping,
    quirks=(
        ("test_a_location_may_be_openlr_and_nothing_else", "Most records have no other location than OpenLR."),
        (
            "test_age_is_the_records_and_not_that_of_a_publication_years_old",
            "A live publication says a time years ago.",
        ),
        ("test_a_point_in_the_sea_stays_where_it_is_said", "A sample of the publisher lies in the open sea."),
        (
            "test_first_and_second_direction_stay_apart",
            "Both directions are in one record; joined they run back and forth.",
        ),
        ("test_204_is_empty_and_not_failed", "Nothing to tell is an answer 204 without a body."),
        ("test_a_delay_of_0_is_no_delay", "Every record says a delay of 0, which is a default."),
    ),
    decoder=lambda: Records(partial(datex2.read, name=NAME)),
)
