"""How is the Estonian register of bridges read: the topographic database's bridges, in L-EST97 or degrees?

ETAK (E_505) has outlines and hardly a word: no name, no limit, no date. The road register's columns are read where
there are any. In Estonia no easting is also a northing, so the numbers tell which comes first.
"""

from __future__ import annotations

from typing import Final

from feeds.adapter import Source
from feeds.bridges import Options, Register

REGISTER: Final = Register(
    source="ee-bridges",
    nation="EE",
    basis="Estonian Land and Spatial Development Board, ETAK",
    epsg=3301,
    bounds=(21.7, 57.4, 28.3, 59.9),
    options=Options(
        id=("etak_id", "registri_nr", "id"),
        name=("nimetus", "nimi", "name"),
        road=("tee_nr", "tee", "road"),
        river=("takistus", "veekogu", "jogi", "river"),
        length=("pikkus", "pikkus_m", "length_m"),
        width=("laius", "laius_m", "width_m"),
        mass=("massipiirang", "massipiirang_t", "mass_t"),
        axle=("teljekoormus", "axle_t"),
        height=("korguspiirang", "height_m"),
        width_limit=("laiuspiirang",),
        built=("ehitusaasta", "built"),
        date=("muudetud", "seisuga", "as_of"),
    ),
)

SOURCE = Source(
    name=REGISTER.source,
    title="Bridges of Estonia",
    domain="land",
    nations=("EE",),
    kinds=("bridge",),
    transport="file",
    formats="GeoJSON, one document or one feature a line; GeoPackage; zipped shapefile",
    licence="Estonian Land Board open data licence",
    attribution="Estonian Land and Spatial Development Board, ETAK",
    address="file:dropped/bridges/ee/*",
    rate_s=86400.0,
    stale_s=366 * 86400.0,
    identity="the register's id (etak_id)",
    grid="L-EST97 (EPSG:3301) metres or degrees; the numbers tell which and in which order",
    complete=True,
    mapping=(
        ("etak_id, registri_nr, id", "subject bridge:EE:<id>"),
        ("geometry", "described.lon, lat: within an outline, half-way along a line; path: a line"),
        ("nimetus, nimi", "described.name"),
        ("tee_nr; takistus, veekogu", "described.properties.road; river_or_obstacle"),
        ("pikkus; laius; ehitusaasta", "described.properties.length_m; width_m; built"),
        ("massipiirang; teljekoormus", "described.limits mass_t; axle_t (t, basis register), never a class"),
        ("korguspiirang; laiuspiirang", "described.limits height_m; width_m"),
        ("a limit that is no number, or beyond all bounds", "described.properties.limits_not_understood"),
        ("columns mlc_* of the options, with class_basis", "described.limits (MLC, that basis)"),
        ("a column status of the options", "status.state; without it no status, which is unknown"),
        ("muudetud, seisuga; else the option or member as_of; else the hearing", "at, described.properties.as_of"),
    ),
    quirks=(
        ("test_estonian_metres_are_read_in_either_order", "L-EST97 with the northing or the easting first."),
        ("test_a_tonnage_is_a_mass_and_never_a_class", "Civil tonnes: a mass limit, and no MLC without a basis."),
        ("test_a_register_without_dates_is_as_old_as_its_hearing", "No dates: as_of of the operator, else heard."),
        ("test_garbage_is_one_reject", "Bytes that no library can read, or that make it warn: one reject."),
    ),
    decoder=REGISTER.decoder,
    configure=REGISTER.configure,
)
