"""How is a Latvian register of bridges read, in LKS-92?

In Latvia 305 to 448 km can be an easting as well as a northing, so no number tells which comes first: it is a matter
of the feed. Files of GIS programs have the easting first, which is what is read without an option; `order = "ne"`
is for a service that keeps to the definition of EPSG:3059. A position that falls out of Latvia shows the mistake.
"""

from __future__ import annotations

from typing import Final

from feeds.adapter import Source
from feeds.bridges import Options, Register

REGISTER: Final = Register(
    source="lv-bridges",
    nation="LV",
    basis="Latvian State Roads, register of bridges",
    epsg=3059,
    bounds=(20.9, 55.6, 28.3, 58.15),
    options=Options(
        id=("tilta_id", "numurs", "kods", "id"),
        name=("nosaukums", "name"),
        road=("autocels", "cels", "road"),
        river=("skerslis", "upe", "river"),
        length=("garums", "garums_m", "length_m"),
        width=("platums", "platums_m", "width_m"),
        mass=("masas_ierobezojums", "masas_ierobezojums_t", "mass_t"),
        axle=("ass_slodze", "axle_t"),
        height=("augstuma_ierobezojums", "height_m"),
        width_limit=("platuma_ierobezojums",),
        built=("buves_gads", "built"),
        date=("aktualizets", "datums", "as_of"),
        order="en",
    ),
)

SOURCE = Source(
    name=REGISTER.source,
    title="Bridges of Latvia",
    domain="land",
    nations=("LV",),
    kinds=("bridge",),
    transport="file",
    formats="GeoJSON, one document or one feature a line; GeoPackage; zipped shapefile",
    licence="As the register's keeper says",
    attribution="Latvian State Roads",
    address="file:dropped/bridges/lv/*",
    rate_s=86400.0,
    stale_s=366 * 86400.0,
    identity="the register's id",
    grid="LKS-92 (EPSG:3059) metres, easting first unless the option order says ne; or degrees",
    complete=True,
    mapping=(
        ("tilta_id, numurs, kods, id", "subject bridge:LV:<id>"),
        ("geometry", "described.lon, lat: within an outline, half-way along a line; path: a line"),
        ("nosaukums", "described.name"),
        ("autocels; skerslis, upe", "described.properties.road; river_or_obstacle"),
        ("garums; platums; buves_gads", "described.properties.length_m; width_m; built"),
        ("masas_ierobezojums; ass_slodze", "described.limits mass_t; axle_t (t, basis register), never a class"),
        ("augstuma_ierobezojums; platuma_ierobezojums", "described.limits height_m; width_m"),
        ("a limit that is no number, or beyond all bounds", "described.properties.limits_not_understood"),
        ("columns mlc_* of the options, with class_basis", "described.limits (MLC, that basis)"),
        ("a column status of the options", "status.state; without it no status, which is unknown"),
        ("aktualizets; else the option or member as_of; else the hearing", "at, described.properties.as_of"),
    ),
    quirks=(
        ("test_the_order_of_latvian_metres_is_set_per_feed", "305-448 km is an easting or a northing: option order."),
        ("test_a_bridge_out_of_its_country_is_rejected", "A wrong order or grid: the bridge falls out of Latvia."),
    ),
    decoder=REGISTER.decoder,
    configure=REGISTER.configure,
)
