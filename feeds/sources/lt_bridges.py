"""How is a Lithuanian register of bridges read, in LKS-94?

ArcGIS writes wkid 2600 for EPSG:3346. In Lithuania no easting is also a northing, so the numbers tell which comes
first.
"""

from __future__ import annotations

from typing import Final

from feeds.adapter import Source
from feeds.bridges import Options, Register

REGISTER: Final = Register(
    source="lt-bridges",
    nation="LT",
    basis="Via Lietuva, register of bridges",
    epsg=3346,
    bounds=(20.9, 53.85, 26.95, 56.5),
    options=Options(
        id=("tilto_nr", "objekto_nr", "numeris", "id"),
        name=("pavadinimas", "name"),
        road=("kelio_nr", "kelias", "road"),
        river=("kliutis", "upe", "river"),
        length=("ilgis", "ilgis_m", "length_m"),
        width=("plotis", "plotis_m", "width_m"),
        mass=("mases_ribojimas", "mases_ribojimas_t", "mass_t"),
        axle=("asies_apkrova", "axle_t"),
        height=("aukscio_ribojimas", "height_m"),
        width_limit=("plocio_ribojimas",),
        built=("statybos_metai", "built"),
        date=("atnaujinta", "data", "as_of"),
    ),
)

SOURCE = Source(
    name=REGISTER.source,
    title="Bridges of Lithuania",
    domain="land",
    nations=("LT",),
    kinds=("bridge",),
    transport="file",
    formats="GeoJSON, one document or one feature a line; GeoPackage; zipped shapefile",
    licence="As the register's keeper says",
    attribution="AB Via Lietuva",
    address="file:dropped/bridges/lt/*",
    rate_s=86400.0,
    stale_s=366 * 86400.0,
    identity="the register's id",
    grid="LKS-94 (EPSG:3346, ArcGIS 2600) metres or degrees; the numbers tell which and in which order",
    complete=True,
    mapping=(
        ("tilto_nr, objekto_nr, numeris, id", "subject bridge:LT:<id>"),
        ("geometry", "described.lon, lat: within an outline, half-way along a line; path: a line"),
        ("pavadinimas", "described.name"),
        ("kelio_nr, kelias; kliutis, upe", "described.properties.road; river_or_obstacle"),
        ("ilgis; plotis; statybos_metai", "described.properties.length_m; width_m; built"),
        ("mases_ribojimas; asies_apkrova", "described.limits mass_t; axle_t (t, basis register), never a class"),
        ("aukscio_ribojimas; plocio_ribojimas", "described.limits height_m; width_m"),
        ("a limit that is no number, or beyond all bounds", "described.properties.limits_not_understood"),
        ("columns mlc_* of the options, with class_basis", "described.limits (MLC, that basis)"),
        ("a column status of the options", "status.state; without it no status, which is unknown"),
        ("atnaujinta; else the option or member as_of; else the hearing", "at, described.properties.as_of"),
    ),
    quirks=(("test_lithuanian_metres_tell_their_order", "LKS-94, or ArcGIS's 2600, with northing or easting first."),),
    decoder=REGISTER.decoder,
    configure=REGISTER.configure,
)
